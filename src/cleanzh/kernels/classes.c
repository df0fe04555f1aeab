/* What stands in a text by classes of characters: a table gives each character the number of its class, one byte.
 * Which characters are alike, and what is to be made of them, is said by whoever asks. */
#include "text.h"

#define CLASSES 32
#define CLASS(CHAR) (table[ENTRY(CHAR)] % CLASSES)

typedef Py_ssize_t counters[CLASSES];

/* How many characters are of each class. Two rows of counters: a single one would be waited for at each character. */
#define LOOP(NAME, UNIT)                                                                                 \
    static void NAME(const UNIT *chars, Py_ssize_t length, const uint8_t *table, counters *counts)       \
    {                                                                                                    \
        for (Py_ssize_t i = 0; i < length; i++)                                                          \
            counts[i & 1][CLASS(chars[i])]++;                                                            \
    }
FOR_EACH_WIDTH(LOOP, counts)
#undef LOOP

/* Reads the arguments (text, table, …, number); NULL and an exception if they are others. */
static const uint8_t *
arguments(PyObject *const *args, Py_ssize_t count, Py_ssize_t wanted, Py_buffer *buffer, Py_ssize_t *number)
{
    if (count != wanted || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "counts_of(text, table, classes)");
        return NULL;
    }
    *number = PyLong_AsSsize_t(args[wanted - 1]);
    if (*number < 0 || *number > CLASSES) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "at most %d are possible", CLASSES);
        return NULL;
    }
    return table_of(args[1], 1, buffer);
}

static PyObject *
counts_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    Py_ssize_t classes;
    counters counts[2] = {{0}, {0}};
    const uint8_t *table = arguments(args, count, 3, &buffer, &classes);
    if (table == NULL)
        return NULL;
    BY_WIDTH(counts, args[0], PyUnicode_GET_LENGTH(args[0]), table, counts);
    PyBuffer_Release(&buffer);
    PyObject *found = PyTuple_New(classes);
    for (Py_ssize_t i = 0; found != NULL && i < classes; i++) {
        PyObject *number = PyLong_FromSsize_t(counts[0][i] + counts[1][i]);
        if (number == NULL)
            Py_CLEAR(found);
        else
            PyTuple_SET_ITEM(found, i, number);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"counts_of", (PyCFunction)(void (*)(void))counts_of, METH_FASTCALL,
     "counts_of(text, table, classes) -> tuple[int, ...]\n\n"
     "How many characters the text has of each of the first classes."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(classes, methods)
