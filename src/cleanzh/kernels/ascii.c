/* Whether a text has one of a few words of ASCII: in one look at each character, where a search for each word is as many,
 * and in Chinese one of those stops at every other character that has a byte in common with what it looks for. */
#include "text.h"

#define ASCII 0x80

/* A character that begins a word is compared with all of them: there are few of either. */
#define LOOP(NAME, UNIT)                                                                                     \
    static int NAME(const UNIT *chars, Py_ssize_t length, const uint8_t *begins, PyObject *words)            \
    {                                                                                                        \
        for (Py_ssize_t i = 0; i < length; i++) {                                                            \
            if (chars[i] >= ASCII || !begins[chars[i]])                                                      \
                continue;                                                                                    \
            for (Py_ssize_t w = 0; w < PyTuple_GET_SIZE(words); w++) {                                       \
                PyObject *word = PyTuple_GET_ITEM(words, w);                                                 \
                const Py_UCS1 *letters = PyUnicode_1BYTE_DATA(word);                                         \
                Py_ssize_t size = PyUnicode_GET_LENGTH(word), k = 0;                                         \
                if (size > length - i)                                                                       \
                    continue;                                                                                \
                while (k < size && chars[i + k] == letters[k])                                               \
                    k++;                                                                                     \
                if (k == size)                                                                               \
                    return 1;                                                                                \
            }                                                                                                \
        }                                                                                                    \
        return 0;                                                                                            \
    }
FOR_EACH_WIDTH(LOOP, any_of)
#undef LOOP

static PyObject *
has_any(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    uint8_t begins[ASCII] = {0};
    if (count != 2 || !PyUnicode_Check(args[0]) || !PyTuple_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "has_any(text, tuple of words)");
        return NULL;
    }
    for (Py_ssize_t w = 0; w < PyTuple_GET_SIZE(args[1]); w++) {
        PyObject *word = PyTuple_GET_ITEM(args[1], w);
        if (!PyUnicode_Check(word) || !PyUnicode_IS_ASCII(word) || PyUnicode_GET_LENGTH(word) == 0) {
            PyErr_SetString(PyExc_ValueError, "has_any: words of ASCII");
            return NULL;
        }
        begins[PyUnicode_1BYTE_DATA(word)[0]] = 1;
    }
    return PyBool_FromLong(BY_WIDTH(any_of, args[0], PyUnicode_GET_LENGTH(args[0]), begins, args[1]));
}

static PyMethodDef methods[] = {
    {"has_any", (PyCFunction)(void (*)(void))has_any, METH_FASTCALL,
     "has_any(text, words) -> bool\n\nWhether one of the words, of ASCII, is somewhere in the text."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(ascii, methods)
