/* Which of some tens of words a text holds, and how many pairs of characters of a line it has; see cleanzh.flags.
 *
 * Two characters in a row are asked for in a map of 2 KB, so that nothing else has to leave the cache for it. One place in
 * a hundred is let pass; there the words are compared.
 */
#include "text.h"
#include <string.h>

#define MAP_BITS 14
#define MAP_BYTES (1 << (MAP_BITS - 3))

/* Two characters as one number, of which some bits say where in a map they are, and others where in a second one. */
#define MIXED(FIRST, SECOND) ((uint32_t)(FIRST) * 0x9E3779B1u + (uint32_t)(SECOND) * 0x85EBCA6Bu)
#define FIRST_BIT(MIX) ((MIX) >> (32 - MAP_BITS))
#define SECOND_BIT(MIX) ((MIX) >> 4 & ((1u << MAP_BITS) - 1))
#define HAS(MAP, BIT) ((MAP)[(BIT) >> 3] >> ((BIT) & 7))

/* The first place from START on whose two characters have their bits, or the end: eight places at once. */
#define LOOP(NAME, UNIT)                                                                                       \
    static Py_ssize_t NAME(const UNIT *chars, const uint8_t *map, const uint8_t *other, Py_ssize_t start,      \
                           Py_ssize_t end)                                                                     \
    {                                                                                                          \
        while (start + 1 < end) {                                                                              \
            unsigned found = 0;                                                                                \
            Py_ssize_t stop = start + 8 < end ? start + 8 : end - 1;                                           \
            if (stop == start + 8)                                                                             \
                for (int i = 0; i < 8; i++)                                                                    \
                    found |= HAS(map, FIRST_BIT(MIXED(chars[start + i], chars[start + i + 1])));               \
            else                                                                                               \
                found = 1;                                                                                     \
            if (found & 1)                                                                                     \
                for (Py_ssize_t i = start; i < stop; i++) {                                                    \
                    uint32_t mix = MIXED(chars[i], chars[i + 1]);                                              \
                    if (HAS(map, FIRST_BIT(mix)) & HAS(other, SECOND_BIT(mix)) & 1)                            \
                        return i;                                                                              \
                }                                                                                              \
            start = stop;                                                                                      \
        }                                                                                                      \
        return end;                                                                                            \
    }
FOR_EACH_WIDTH(LOOP, first_pair)
#undef LOOP

typedef struct {
    PyObject_HEAD
    PyObject *words; /* a tuple, sorted */
    uint8_t map[MAP_BYTES], other[MAP_BYTES];
} Words;

/* Adds the words that stand at a place to a set; -1 without memory. */
static int
add_words(const Words *self, PyObject *text, Py_ssize_t place, PyObject *found)
{
    Py_UCS4 first = PyUnicode_READ_CHAR(text, place);
    Py_ssize_t low = 0, high = PyTuple_GET_SIZE(self->words);
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        if (PyUnicode_READ_CHAR(PyTuple_GET_ITEM(self->words, middle), 0) < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < PyTuple_GET_SIZE(self->words); low++) {
        PyObject *word = PyTuple_GET_ITEM(self->words, low);
        if (PyUnicode_READ_CHAR(word, 0) != first)
            break;
        Py_ssize_t there = PyUnicode_Tailmatch(text, word, place, PyUnicode_GET_LENGTH(text), -1);
        if (there < 0 || (there && PySet_Add(found, word) < 0))
            return -1;
    }
    return 0;
}

static PyObject *
held(Words *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "held(text)");
        return NULL;
    }
    PyObject *found = PySet_New(NULL);
    Py_ssize_t place = 0, length = PyUnicode_GET_LENGTH(text);
    for (; found != NULL && (place = BY_WIDTH(first_pair, text, self->map, self->other, place, length)) < length; place++)
        if (add_words(self, text, place, found) < 0)
            Py_CLEAR(found);
    return found;
}

static PyObject *
words_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *given;
    if (!PyArg_ParseTuple(args, "O", &given))
        return NULL;
    PyObject *sorted = PySequence_List(given);
    if (sorted == NULL || PyList_Sort(sorted) < 0) {
        Py_XDECREF(sorted);
        return NULL;
    }
    Words *self = (Words *)type->tp_alloc(type, 0); /* full of zeros */
    if (self != NULL)
        self->words = PyList_AsTuple(sorted);
    Py_DECREF(sorted);
    if (self == NULL || self->words == NULL) {
        Py_XDECREF(self);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self->words); i++) {
        PyObject *word = PyTuple_GET_ITEM(self->words, i);
        if (!PyUnicode_Check(word) || PyUnicode_GET_LENGTH(word) < 2) {
            PyErr_SetString(PyExc_ValueError, "Words: a word has two characters or more");
            Py_DECREF(self);
            return NULL;
        }
        uint32_t mix = MIXED(PyUnicode_READ_CHAR(word, 0), PyUnicode_READ_CHAR(word, 1));
        self->map[FIRST_BIT(mix) >> 3] |= (uint8_t)(1 << (FIRST_BIT(mix) & 7));
        self->other[SECOND_BIT(mix) >> 3] |= (uint8_t)(1 << (SECOND_BIT(mix) & 7));
    }
    return (PyObject *)self;
}

static void
words_dealloc(Words *self)
{
    Py_XDECREF(self->words);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef words_methods[] = {
    {"held", (PyCFunction)held, METH_O, "held(text) -> set[str]\n\nThe words that the text holds."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject words_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.words.Words",
    .tp_basicsize = sizeof(Words),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Words(words)\n\nWords of two characters and more to look for.",
    .tp_new = words_new,
    .tp_dealloc = (destructor)words_dealloc,
    .tp_methods = words_methods,
};

MODULE_OF_TYPE(words, words_type)
