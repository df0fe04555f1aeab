/* How much of what a line speaks of a text speaks of too: see cleanzh.flags. */
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

static PyMethodDef methods[] = {
    {"heard", (PyCFunction)(void (*)(void))heard, METH_FASTCALL,
     "heard(line, text, start, end) -> tuple[int, int]\n\n"
     "How many different pairs of Han a line has, and how many of them stand in text[start:end]."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(topics, methods)
