/* How much of what a line speaks of a text speaks of too: see cleanzh.flags and cleanzh.filters.echoes. */
#include "text.h"

#define IS_HAN(CHAR) ((CHAR) >= 0x3400 && (CHAR) <= 0x9FFF)

/* Pairs of Han, in the places of a table that their hashes say, or behind; 0 is none. */
typedef struct {
    uint32_t pair;
    uint32_t heard;
} Slot;

typedef struct {
    Slot *slots;
    uint32_t mask;
    Py_ssize_t pairs, heard;
} Topic;

static inline Slot *
slot_of(const Topic *topic, uint32_t pair)
{
    uint32_t at = pair * 0x9E3779B1u >> 8 & topic->mask;
    while (topic->slots[at].pair != 0 && topic->slots[at].pair != pair)
        at = (at + 1) & topic->mask;
    return &topic->slots[at];
}

static inline void
add(Topic *topic, uint32_t pair)
{
    Slot *slot = slot_of(topic, pair);
    topic->pairs += slot->pair == 0;
    slot->pair = pair;
}

static inline void
hear(Topic *topic, uint32_t pair)
{
    Slot *slot = slot_of(topic, pair);
    if (slot->pair != 0 && !slot->heard) {
        slot->heard = 1;
        topic->heard++;
    }
}

#define LOOP(NAME, UNIT)                                                                                       \
    static void NAME(const UNIT *chars, Topic *topic, Py_ssize_t start, Py_ssize_t end,                        \
                     void (*visit)(Topic *, uint32_t))                                                         \
    {                                                                                                          \
        for (; start + 1 < end; start++)                                                                       \
            if (IS_HAN(chars[start]) && IS_HAN(chars[start + 1]))                                              \
                visit(topic, (uint32_t)chars[start] << 16 | (uint32_t)chars[start + 1]);                       \
    }
FOR_EACH_WIDTH(LOOP, each_pair)
#undef LOOP

static PyObject *
heard(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 4 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "heard(line, text, start, end)");
        return NULL;
    }
    Py_ssize_t start = PyLong_AsSsize_t(args[2]), end = PyLong_AsSsize_t(args[3]);
    Py_ssize_t size = PyUnicode_GET_LENGTH(args[0]);
    if (PyErr_Occurred())
        return NULL;
    if (start < 0 || end > PyUnicode_GET_LENGTH(args[1]) || size >= INT32_MAX / 4) {
        PyErr_SetString(PyExc_ValueError, "no span of the text, or too long a line");
        return NULL;
    }
    Slot few[256] = {{0, 0}};
    Topic topic = {.slots = few, .mask = 255};
    while (topic.mask < 2 * (uint32_t)size) /* so that half of the table stays empty */
        topic.mask = topic.mask << 1 | 1;
    if (topic.mask > 255 && (topic.slots = PyMem_Calloc((size_t)topic.mask + 1, sizeof(Slot))) == NULL)
        return PyErr_NoMemory();
    BY_WIDTH(each_pair, args[0], &topic, 0, size, add);
    BY_WIDTH(each_pair, args[1], &topic, start, end, hear);
    if (topic.slots != few)
        PyMem_Free(topic.slots);
    return Py_BuildValue("(nn)", topic.pairs, topic.heard);
}

/* Where the next part of a line ends, which begins at *START or behind; 0 if there is none. Between parts are blanks and
 * MARKS. */
static Py_ssize_t
next_part(PyObject *text, PyObject *marks, Py_ssize_t *start, Py_ssize_t end)
{
    for (Py_ssize_t place = *start, begun = 0;; place++) {
        Py_UCS4 character = place < end ? PyUnicode_READ_CHAR(text, place) : ' ';
        int apart = Py_UNICODE_ISSPACE(character)
                    || PyUnicode_FindChar(marks, character, 0, PyUnicode_GET_LENGTH(marks), 1) >= 0;
        if (begun && apart)
            return place;
        if (place >= end)
            return 0;
        if (!begun && !apart) {
            *start = place;
            begun = 1;
        }
    }
}

/* Whether a line has parts of which the first stands again behind it, and each, if the first has less than SHORTEST
 * characters; -1 for an error. */
static int
stands_again(PyObject *text, PyObject *marks, Py_ssize_t start, Py_ssize_t end, Py_ssize_t shortest)
{
    Py_ssize_t stop = next_part(text, marks, &start, end), next = stop;
    if (stop == 0 || next_part(text, marks, &next, end) == 0)
        return 0;
    int asked_all = stop - start < shortest;
    for (; stop != 0; start = stop, stop = asked_all ? next_part(text, marks, &start, end) : 0) {
        PyObject *part = PyUnicode_Substring(text, start, stop);
        Py_ssize_t found = part == NULL ? -2 : PyUnicode_Find(text, part, end, PyUnicode_GET_LENGTH(text), 1);
        Py_XDECREF(part);
        if (found < 0)
            return found == -1 ? 0 : -1;
    }
    return 1;
}

static PyObject *
again(PyObject *module, PyObject *args)
{
    PyObject *text, *marks, *found;
    Py_ssize_t lines, longest, shortest;
    if (!PyArg_ParseTuple(args, "UnnnU", &text, &lines, &longest, &shortest, &marks) || (found = PyList_New(0)) == NULL)
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t start = 0, end; lines-- > 0; start = end + 1) {
        end = PyUnicode_FindChar(text, '\n', start, length, 1);
        if (end < 0 || end - start > longest)
            break;
        Py_ssize_t first = start, last = end;
        while (first < last && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, first)))
            first++;
        while (last > first && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, last - 1)))
            last--;
        if (last - first < shortest || PyUnicode_READ_CHAR(text, last - 1) == 0x3002)
            continue;
        int there = stands_again(text, marks, first, end, shortest);
        if (there < 0 || (there && append_pair(found, start, end) < 0)) {
            Py_DECREF(found);
            return NULL;
        }
    }
    return found;
}

static PyMethodDef methods[] = {
    {"again", again, METH_VARARGS,
     "again(text, lines, longest, shortest, marks) -> list[tuple[int, int]]\n\n"
     "Which of the first lines consist of parts, between marks and blanks, of which the first stands again behind the\n"
     "line, and each, if the first has less than shortest characters. Up to the first line that is longer than longest;\n"
     "none of less than shortest characters, or that ends in a full stop."},
    {"heard", (PyCFunction)(void (*)(void))heard, METH_FASTCALL,
     "heard(line, text, start, end) -> tuple[int, int]\n\n"
     "How many different pairs of Han a line has, and how many of them stand in text[start:end]."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(topics, methods)
