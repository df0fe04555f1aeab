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
        PyErr_SetString(PyExc_TypeError, "counts_of(text, table, classes) or runs_of(text, table, answers, run, highest)");
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

enum { START = 1, END }; /* classes: before the text, and behind it */

#define LENGTHS 3 /* 1, 2, more */

/* Appends (start, end) to item INDEX of the tuple FOUND, which is a list once it has something; -1 without memory. */
static int
append_span(PyObject *found, Py_ssize_t index, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *spans = PyTuple_GET_ITEM(found, index);
    if (!PyList_CheckExact(spans)) {
        PyObject *list = PyList_New(0);
        if (list == NULL)
            return -1;
        PyTuple_SET_ITEM(found, index, list);
        Py_DECREF(spans);
        spans = list;
    }
    return append_pair(spans, start, end);
}

/* Appends each run of the character RUN that has an answer to the spans of that answer; -1 without memory. Eight
 * characters are compared at once, which takes a fifth of the time of a look-up of each. */
#define LOOP(NAME, UNIT)                                                                                       \
    static int NAME(const UNIT *chars, Py_ssize_t length, Py_UCS4 run, const uint8_t *table,                   \
                    const uint8_t *answers, Py_ssize_t highest, PyObject *found)                               \
    {                                                                                                          \
        Py_ssize_t i = 0;                                                                                      \
        for (;;) {                                                                                             \
            for (; i + 8 <= length; i += 8) {                                                                  \
                int there = 0;                                                                                 \
                for (int j = 0; j < 8; j++)                                                                    \
                    there |= chars[i + j] == run;                                                              \
                if (there)                                                                                     \
                    break;                                                                                     \
            }                                                                                                  \
            while (i < length && chars[i] != run)                                                              \
                i++;                                                                                           \
            if (i == length)                                                                                   \
                return 0;                                                                                      \
            Py_ssize_t start = i++;                                                                            \
            while (i < length && chars[i] == run)                                                              \
                i++;                                                                                           \
            Py_ssize_t long_as = i - start < LENGTHS ? i - start - 1 : LENGTHS - 1;                            \
            Py_ssize_t before = start > 0 ? CLASS(chars[start - 1]) : START;                                   \
            Py_ssize_t behind = i < length ? CLASS(chars[i]) : END;                                            \
            Py_ssize_t answer = answers[(long_as * CLASSES + before) * CLASSES + behind];                      \
            if (answer > 0 && answer <= highest && append_span(found, answer - 1, start, i) < 0)               \
                return -1;                                                                                     \
        }                                                                                                      \
    }
FOR_EACH_WIDTH(LOOP, runs)
#undef LOOP

static PyObject *
runs_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer, answers;
    Py_ssize_t highest;
    const uint8_t *table = arguments(args, count, 5, &buffer, &highest);
    if (table == NULL)
        return NULL;
    if (!PyUnicode_Check(args[3]) || PyUnicode_GET_LENGTH(args[3]) != 1) {
        PyErr_SetString(PyExc_ValueError, "runs_of: one character is wanted");
        PyBuffer_Release(&buffer);
        return NULL;
    }
    if (PyObject_GetBuffer(args[2], &answers, PyBUF_SIMPLE) < 0) {
        PyBuffer_Release(&buffer);
        return NULL;
    }
    PyObject *found = NULL;
    if (answers.len != LENGTHS * CLASSES * CLASSES) {
        PyErr_Format(PyExc_ValueError, "runs_of: %d answers are wanted", LENGTHS * CLASSES * CLASSES);
        goto done;
    }
    found = PyTuple_New(highest);
    for (Py_ssize_t i = 0; found != NULL && i < highest; i++) {
        PyObject *none = PyTuple_New(0); /* the one there is */
        if (none == NULL)
            Py_CLEAR(found);
        else
            PyTuple_SET_ITEM(found, i, none);
    }
    if (found != NULL &&
        BY_WIDTH(runs, args[0], PyUnicode_GET_LENGTH(args[0]), PyUnicode_READ_CHAR(args[3], 0), table, answers.buf, highest,
                 found) < 0)
        Py_CLEAR(found);
done:
    PyBuffer_Release(&answers);
    PyBuffer_Release(&buffer);
    return found;
}

static PyMethodDef methods[] = {
    {"counts_of", (PyCFunction)(void (*)(void))counts_of, METH_FASTCALL,
     "counts_of(text, table, classes) -> tuple[int, ...]\n\n"
     "How many characters the text has of each of the first classes."},
    {"runs_of", (PyCFunction)(void (*)(void))runs_of, METH_FASTCALL,
     "runs_of(text, table, answers, run, highest) -> tuple[Sequence[tuple[int, int]], ...]\n\n"
     "Where runs of a character start and end, by answer: from 1 to the highest. An answer is one byte, by\n"
     "length of the run (1, 2, more), class of the character before (1 at the start of the text) and behind (2 at its\n"
     "end); 0 for runs that nobody asks for. There are 32 classes."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(classes, methods)
