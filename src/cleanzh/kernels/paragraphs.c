/* Whether long lines of a text begin alike, and which of the first may have a label: see cleanzh.filters.repeats. */
#include "text.h"

#include <string.h>

#define OPENING 9 /* characters behind the blanks that a line begins with, in which a label shows */

FOR_EACH_WIDTH(FIRST_OF, first_of)

/* Beginnings of lines, entered by their hash: where each starts, counted from 1, and how many bytes it has. */
typedef struct {
    const char *data;
    Py_ssize_t width, bytes; /* of a character, of a beginning */
    Py_ssize_t *slots;
    uint64_t mask;
} Beginnings;

/* Whether another line began as the one from START on does, which is entered if none did. */
static int
is_again(const Beginnings *known, Py_ssize_t start)
{
    const char *begins = known->data + start * known->width;
    uint64_t hash = 0, word;
    for (Py_ssize_t i = 0; i < known->bytes; i += 8) {
        word = 0;
        memcpy(&word, begins + i, (size_t)(known->bytes - i < 8 ? known->bytes - i : 8));
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    uint64_t slot = hash & known->mask;
    for (; known->slots[slot]; slot = (slot + 1) & known->mask)
        if (memcmp(begins, known->data + (known->slots[slot] - 1) * known->width, (size_t)known->bytes) == 0)
            return 1;
    known->slots[slot] = start + 1;
    return 0;
}

static PyObject *
alike(PyObject *module, PyObject *args)
{
    PyObject *text, *labels;
    Py_ssize_t least, key, first, count = 0, size = 16;
    if (!PyArg_ParseTuple(args, "UnnUn", &text, &least, &key, &labels, &first))
        return NULL;
    if (key < 1 || least < key) {
        PyErr_SetString(PyExc_ValueError, "alike: a line is as long as what it begins with");
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), again = 0;
    int kind = PyUnicode_KIND(text);
    const void *chars = PyUnicode_DATA(text);
    while (size < 2 * (length / (least + 1) + 1)) /* there are no more such lines */
        size *= 2;
    Beginnings known = {chars, kind, key * kind, PyMem_Calloc((size_t)size, sizeof(Py_ssize_t)), (uint64_t)size - 1};
    PyObject *labelled = PyList_New(0);
    if (known.slots == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t start = 0, end; start <= length && !PyErr_Occurred(); start = end + 1) {
        end = BY_WIDTH(first_of, text, '\n', start, length);
        if (end - start < least)
            continue;
        again = again || is_again(&known, start);
        Py_ssize_t ink = start;
        while (ink < end && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, chars, ink)))
            ink++;
        if (ink == end)
            continue;
        if (++count > 1 && again)
            break;
        for (Py_ssize_t at = ink; at < end && at < ink + OPENING && count <= first; at++)
            if (PyUnicode_FindChar(labels, PyUnicode_READ(kind, chars, at), 0, PyUnicode_GET_LENGTH(labels), 1) >= 0) {
                append_pair(labelled, start, end);
                break;
            }
    }
    PyMem_Free(known.slots);
    if (PyErr_Occurred() || labelled == NULL) {
        Py_XDECREF(labelled);
        return NULL;
    }
    return Py_BuildValue("(NN)", PyBool_FromLong(again && count > 1), labelled);
}

static PyMethodDef methods[] = {
    {"alike", alike, METH_VARARGS,
     "alike(text, least, key, labels, first) -> tuple[bool, list[tuple[int, int]]]\n\n"
     "Whether two lines of that length begin with the same key characters, and if not, which of the first that are not "
     "blank have a character of labels where they open."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(paragraphs, methods)
