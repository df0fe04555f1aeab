/* Which kinds of characters a text has, how many and where: see cleanzh.lexicon.kinds, whose table says the kinds as
 * bits. */
#include "text.h"

/* The bits of all characters; in the upper half those that three characters in a row have. */
#define LOOP(NAME, UNIT)                                                               \
    static uint64_t NAME(const UNIT *chars, Py_ssize_t length, const uint32_t *table)  \
    {                                                                                  \
        uint32_t kinds = 0, thrice = 0, last = 0, last_but_one = 0;                    \
        for (Py_ssize_t i = 0; i < length; i++) {                                      \
            uint32_t here = table[ENTRY(chars[i])];                                    \
            kinds |= here;                                                             \
            thrice |= here & last & last_but_one;                                      \
            last_but_one = last;                                                       \
            last = here;                                                               \
        }                                                                              \
        return (uint64_t)thrice << 32 | kinds;                                         \
    }
FOR_EACH_WIDTH(LOOP, kinds)
#undef LOOP

/* How many characters have one of the bits. */
#define LOOP(NAME, UNIT)                                                                              \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, const uint32_t *table, uint32_t kinds) \
    {                                                                                                 \
        Py_ssize_t count = 0;                                                                         \
        for (Py_ssize_t i = 0; i < length; i++)                                                       \
            count += (table[ENTRY(chars[i])] & kinds) != 0;                                           \
        return count;                                                                                 \
    }
FOR_EACH_WIDTH(LOOP, count)
#undef LOOP

/* Appends the places of those that have one of the bits to a list; -1 without memory. */
#define LOOP(NAME, UNIT)                                                                                    \
    static int NAME(const UNIT *chars, Py_ssize_t length, const uint32_t *table, uint32_t kinds, PyObject *list) \
    {                                                                                                       \
        for (Py_ssize_t i = 0; i < length; i++)                                                             \
            if (table[ENTRY(chars[i])] & kinds && append_number(list, i) < 0)                               \
                return -1;                                                                                  \
        return 0;                                                                                           \
    }
FOR_EACH_WIDTH(LOOP, places)
#undef LOOP

/* Reads the arguments (text, table[, kinds]); NULL and an exception if they are others. */
static const uint32_t *
arguments(PyObject *const *args, Py_ssize_t count, Py_ssize_t wanted, Py_buffer *buffer, uint32_t *kinds)
{
    if (count != wanted || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "a text, a table, and but for kinds_of the kinds are wanted");
        return NULL;
    }
    if (count > 2) {
        unsigned long bits = PyLong_AsUnsignedLong(args[2]);
        if (bits == (unsigned long)-1 && PyErr_Occurred())
            return NULL;
        *kinds = (uint32_t)bits;
    }
    return table_of(args[1], sizeof(uint32_t), buffer);
}

static PyObject *
kinds_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    const uint32_t *table = arguments(args, count, 2, &buffer, NULL);
    if (table == NULL)
        return NULL;
    uint64_t kinds = BY_WIDTH(kinds, args[0], PyUnicode_GET_LENGTH(args[0]), table);
    PyBuffer_Release(&buffer);
    return PyLong_FromUnsignedLongLong(kinds);
}

static PyObject *
count_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    uint32_t kinds;
    const uint32_t *table = arguments(args, count, 3, &buffer, &kinds);
    if (table == NULL)
        return NULL;
    Py_ssize_t found = BY_WIDTH(count, args[0], PyUnicode_GET_LENGTH(args[0]), table, kinds);
    PyBuffer_Release(&buffer);
    return PyLong_FromSsize_t(found);
}

static PyObject *
places_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    uint32_t kinds;
    const uint32_t *table = arguments(args, count, 3, &buffer, &kinds);
    if (table == NULL)
        return NULL;
    PyObject *found = PyList_New(0);
    if (found != NULL && BY_WIDTH(places, args[0], PyUnicode_GET_LENGTH(args[0]), table, kinds, found) < 0)
        Py_CLEAR(found);
    PyBuffer_Release(&buffer);
    return found;
}

static PyMethodDef methods[] = {
    {"kinds_of", (PyCFunction)(void (*)(void))kinds_of, METH_FASTCALL,
     "kinds_of(text, table) -> int\n\nThe entries of the table for all characters of the text, joined by or; 32 bits\n"
     "higher what three characters in a row have in common."},
    {"count_of", (PyCFunction)(void (*)(void))count_of, METH_FASTCALL,
     "count_of(text, table, kinds) -> int\n\nHow many characters have an entry with one of the bits."},
    {"places_of", (PyCFunction)(void (*)(void))places_of, METH_FASTCALL,
     "places_of(text, table, kinds) -> list[int]\n\nWhere the characters stand whose entry has one of the bits."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(kinds, methods)
