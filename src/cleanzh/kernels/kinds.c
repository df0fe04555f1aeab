/* Which kinds of characters a text has, and where: see cleanzh.lexicon.kinds, whose table says the kinds as bits. */
#include "text.h"

#define TABLE_SIZE 0x10000 /* one entry for each code unit of UTF-16 */

/* The bits of all characters; a character past U+FFFF has those of a surrogate, as its two code units have. */
#define LOOP(NAME, UNIT)                                                               \
    static uint32_t NAME(const UNIT *chars, Py_ssize_t length, const uint32_t *table)  \
    {                                                                                  \
        uint32_t kinds = 0;                                                            \
        for (Py_ssize_t i = 0; i < length; i++)                                        \
            kinds |= table[chars[i] < TABLE_SIZE ? chars[i] : 0xD800];                 \
        return kinds;                                                                  \
    }
FOR_EACH_WIDTH(LOOP, kinds)
#undef LOOP

static PyObject *
kinds_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer table;
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "kinds_of(text, table)");
        return NULL;
    }
    if (PyObject_GetBuffer(args[1], &table, PyBUF_SIMPLE) < 0)
        return NULL;
    if (table.len != TABLE_SIZE * (Py_ssize_t)sizeof(uint32_t)) {
        PyBuffer_Release(&table);
        PyErr_SetString(PyExc_ValueError, "kinds_of: the table has four bytes for each of 65,536 code units");
        return NULL;
    }
    uint32_t kinds = BY_WIDTH(kinds, args[0], PyUnicode_GET_LENGTH(args[0]), table.buf);
    PyBuffer_Release(&table);
    return PyLong_FromUnsignedLong(kinds);
}

static PyMethodDef methods[] = {
    {"kinds_of", (PyCFunction)(void (*)(void))kinds_of, METH_FASTCALL,
     "kinds_of(text, table) -> int\n\nThe entries of the table for all characters of the text, joined by or."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "kinds", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_kinds(void)
{
    return PyModule_Create(&definition);
}
