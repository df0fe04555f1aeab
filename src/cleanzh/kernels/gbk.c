/* The characters that bytes stand for when each trail byte is taken for a lead byte: see filters/pinyin/gbk.py. */
#include "text.h"

#define LONGEST_RUN 4096

static PyObject *
pair_anew(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer pairs_buffer, glyphs_buffer;
    if (count != 6 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "pair_anew(text, position, stop, pending, pairs, glyphs)");
        return NULL;
    }
    Py_ssize_t position = PyLong_AsSsize_t(args[1]), stop = PyLong_AsSsize_t(args[2]), number = 0;
    long pending = PyLong_AsLong(args[3]);
    if (PyErr_Occurred())
        return NULL;
    if (position < 0 || stop > PyUnicode_GET_LENGTH(args[0]) || stop - position > LONGEST_RUN || pending < 0 || pending > 0xFF) {
        PyErr_Format(PyExc_ValueError, "pair_anew: at most %d characters of the text, and a byte", LONGEST_RUN);
        return NULL;
    }
    const uint16_t *pairs = table_of(args[4], sizeof(uint16_t), &pairs_buffer);
    if (pairs == NULL)
        return NULL;
    if (PyObject_GetBuffer(args[5], &glyphs_buffer, PyBUF_SIMPLE) < 0) {
        PyBuffer_Release(&pairs_buffer);
        return NULL;
    }
    PyObject *result = NULL;
    const uint16_t *glyphs = glyphs_buffer.buf;
    Py_UCS2 chars[LONGEST_RUN];
    uint8_t bytes[2 * LONGEST_RUN];
    if (glyphs_buffer.len != 0x10000 * (Py_ssize_t)sizeof(uint16_t)) {
        PyErr_SetString(PyExc_ValueError, "pair_anew: a glyph for each pair of bytes");
        goto done;
    }
    while (position < stop) {
        Py_UCS4 character = PyUnicode_READ_CHAR(args[0], position);
        uint16_t pair = pairs[ENTRY(character)];
        if (pair == 0)
            break;
        bytes[2 * number] = (uint8_t)pending;
        bytes[2 * number + 1] = (uint8_t)(pair >> 8);
        chars[number] = glyphs[pending << 8 | pair >> 8];
        pending = pair & 0xFF;
        position++;
        if (chars[number++] == 0xFFFD || pending < 0x80)
            break;
    }
    result = Py_BuildValue("(Ny#nl)", PyUnicode_FromKindAndData(PyUnicode_2BYTE_KIND, chars, number), bytes, 2 * number,
                           position, pending);
done:
    PyBuffer_Release(&pairs_buffer);
    PyBuffer_Release(&glyphs_buffer);
    return result;
}

static PyMethodDef methods[] = {
    {"pair_anew", (PyCFunction)(void (*)(void))pair_anew, METH_FASTCALL,
     "pair_anew(text, position, stop, pending, pairs, glyphs) -> (characters, their bytes, position, pending)"},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(gbk, methods)
