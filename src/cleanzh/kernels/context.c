/* What a document says of characters that may belong into it: see filters/pinyin/context.py.
 *
 * Its pairs of neighbours and its single characters are in one hash table of numbers, filled to a half at most.
 */
#include "text.h"

/* The entries of the table of marks, filters/pinyin/context.py: which rules a mark may begin, which it may end. */
#define BEGINS(MARK) ((MARK) & 0xF)
#define ENDS(MARK) ((MARK) >> 4 & 0xF)
#define PAIRED 0x100
#define UNUSUAL 0x200

typedef struct {
    PyObject_HEAD
    Py_buffer buffer;
    const uint16_t *marks;
    double seen, known, odd, paired; /* what each is worth, and what it costs */
    uint64_t *table;
    uint64_t mask;
} Context;

/* Numbers of pairs and of single characters, none of them zero, which marks a free place. */
static inline uint64_t
pair_of(Py_UCS4 first, Py_UCS4 second)
{
    return 1ULL << 63 | (uint64_t)first << 21 | second;
}

static inline uint64_t
single(Py_UCS4 character)
{
    return 1ULL << 62 | character;
}

static inline uint64_t *
place(const Context *context, uint64_t number)
{
    uint64_t at = number * 0x9E3779B97F4A7C15ULL >> 32 & context->mask;
    while (context->table[at] != 0 && context->table[at] != number)
        at = (at + 1) & context->mask;
    return context->table + at;
}

static inline int
has(const Context *context, uint64_t number)
{
    return *place(context, number) != 0;
}

static inline unsigned
mark(const Context *context, Py_UCS4 character)
{
    return context->marks[ENTRY(character)];
}

/* How well the characters of MIDDLE stand between the two others. */
static double
fits(const Context *context, PyObject *left, PyObject *middle, PyObject *right)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(middle), known = 0, seen = 0;
    Py_UCS4 before = PyUnicode_READ_CHAR(left, 0);
    unsigned kinds = 0;
    int odd = 0;
    for (Py_ssize_t i = 0; i < length + PyUnicode_GET_LENGTH(right); i++) {
        Py_UCS4 character = i < length ? PyUnicode_READ_CHAR(middle, i) : PyUnicode_READ_CHAR(right, i - length);
        if (i < length) {
            known += has(context, single(character));
            kinds |= mark(context, character);
        }
        seen += has(context, pair_of(before, character));
        odd |= (BEGINS(mark(context, before)) & ENDS(mark(context, character))) != 0;
        before = character;
    }
    double worth = context->seen * (double)seen;
    if (length)
        worth += context->known * ((double)known / (double)length);
    return worth - (context->odd * (odd || kinds & UNUSUAL) + context->paired * ((kinds & PAIRED) != 0));
}

static PyObject *
fit(Context *context, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !PyUnicode_Check(args[0]) || PyUnicode_GET_LENGTH(args[0]) != 1 || !PyUnicode_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "fit(one character, texts, text)");
        return NULL;
    }
    PyObject *all = PySequence_Fast(args[1], "texts are expected");
    if (all == NULL)
        return NULL;
    PyObject *found = PyList_New(PySequence_Fast_GET_SIZE(all));
    for (Py_ssize_t i = 0; found != NULL && i < PySequence_Fast_GET_SIZE(all); i++) {
        PyObject *middle = PySequence_Fast_GET_ITEM(all, i), *value = NULL;
        if (PyUnicode_Check(middle))
            value = PyFloat_FromDouble(fits(context, args[0], middle, args[2]));
        else
            PyErr_SetString(PyExc_TypeError, "texts are expected");
        if (value == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, i, value);
    }
    Py_DECREF(all);
    return found;
}

static void
forget(Context *context)
{
    PyBuffer_Release(&context->buffer);
    PyMem_Free(context->table);
    Py_TYPE(context)->tp_free(context);
}

static PyObject *
made(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *text, *marks;
    Context *context = (Context *)type->tp_alloc(type, 0);
    if (context == NULL)
        return NULL;
    if (!PyArg_ParseTuple(args, "UOdddd", &text, &marks, &context->seen, &context->known, &context->odd, &context->paired)
        || (context->marks = table_of(marks, sizeof(uint16_t), &context->buffer)) == NULL)
        goto failed;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    uint64_t size = 16;
    while (size / 4 < (uint64_t)length) /* two numbers a character */
        size *= 2;
    context->mask = size - 1;
    context->table = PyMem_Calloc(size, sizeof(uint64_t));
    if (context->table == NULL) {
        PyErr_NoMemory();
        goto failed;
    }
    Py_UCS4 before = 0;
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(text, i);
        *place(context, single(character)) = single(character);
        if (i)
            *place(context, pair_of(before, character)) = pair_of(before, character);
        before = character;
    }
    return (PyObject *)context;
failed:
    Py_DECREF(context);
    return NULL;
}

static PyMethodDef methods[] = {
    {"fit", (PyCFunction)(void (*)(void))fit, METH_FASTCALL,
     "fit(left, middles, right) -> list\n\nHow well each of some texts stands between a character and a text."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject context_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.context.Context",
    .tp_basicsize = sizeof(Context),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Context(text, marks, seen, known, odd, paired)",
    .tp_new = made,
    .tp_dealloc = (destructor)forget,
    .tp_methods = methods,
};

MODULE_OF_TYPE(context, context_type)
