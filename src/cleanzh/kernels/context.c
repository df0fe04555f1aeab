/* What a document says of characters that may belong into it: see filters/pinyin/context.py.
 *
 * Its pairs of neighbours and its single characters are in one hash table of numbers, filled to a half at most.
 */
#include "bigrams.h"
#include <math.h>

/* The entries of the table of marks, filters/pinyin/context.py: which rules a mark may begin, which it may end. */
#define BEGINS(MARK) ((MARK) & 0xF)
#define ENDS(MARK) ((MARK) >> 4 & 0xF)
#define PAIRED 0x100
#define UNUSUAL 0x200

typedef struct {
    PyObject_HEAD
    Py_buffer buffer;
    const uint16_t *marks;
    const Model *model;
    double seen, known, odd, paired; /* what each is worth, and what it costs */
    double plausible, gone, hardly, dull, begins;
    Py_ssize_t few;
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

/* Some characters of a text, or one. */
typedef struct {
    int kind;
    const void *data;
    Py_ssize_t start, length;
} Part;

static inline Part
whole(PyObject *text)
{
    return (Part){PyUnicode_KIND(text), PyUnicode_DATA(text), 0, PyUnicode_GET_LENGTH(text)};
}

static inline Py_UCS4
char_of(const Part *part, Py_ssize_t place)
{
    return PyUnicode_READ(part->kind, part->data, part->start + place);
}

/* How well the characters of MIDDLE stand between the two others. */
static double
fits(const Context *context, Py_UCS4 left, Part middle, Part right)
{
    Py_ssize_t known = 0, seen = 0;
    Py_UCS4 before = left;
    unsigned kinds = 0;
    int odd = 0;
    for (Py_ssize_t i = 0; i < middle.length + right.length; i++) {
        Py_UCS4 character = i < middle.length ? char_of(&middle, i) : char_of(&right, i - middle.length);
        if (i < middle.length) {
            known += has(context, single(character));
            kinds |= mark(context, character);
        }
        seen += has(context, pair_of(before, character));
        odd |= (BEGINS(mark(context, before)) & ENDS(mark(context, character))) != 0;
        before = character;
    }
    double worth = context->seen * (double)seen;
    if (middle.length)
        worth += context->known * ((double)known / (double)middle.length);
    return worth - (context->odd * (odd || kinds & UNUSUAL) + context->paired * ((kinds & PAIRED) != 0));
}

/* Whether all arguments from FIRST on are texts, the one of number SINGLE of one character. */
static int
are_texts(PyObject *const *args, Py_ssize_t first, Py_ssize_t count, Py_ssize_t single)
{
    for (Py_ssize_t i = first; i < count; i++)
        if (!PyUnicode_Check(args[i]))
            return 0;
    return PyUnicode_Check(args[single]) && PyUnicode_GET_LENGTH(args[single]) == 1;
}

static PyObject *
fit(Context *context, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !are_texts(args, 2, 3, 0)) {
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
            value = PyFloat_FromDouble(fits(context, PyUnicode_READ_CHAR(args[0], 0), whole(middle), whole(args[2])));
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

/* The choice of a ranking that stands best between two characters, and how likely it is. */
static PyObject *
choose(Context *context, PyObject *const *args, Py_ssize_t count)
{
    enum { FEW = 32 };
    PyObject *ranking = count == 3 && are_texts(args, 1, 3, 1) ? args[0] : NULL, *worth, *places, *best;
    double others, values[FEW];
    if (ranking == NULL || !PyTuple_Check(ranking)
        || !PyArg_ParseTuple(ranking, "O!O!Ud", &PyTuple_Type, &worth, &PyTuple_Type, &places, &best, &others)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "choose(ranking, one character, text)");
        return NULL;
    }
    Py_ssize_t all = PyTuple_GET_SIZE(worth), few = all < context->few ? all : context->few, chosen = -1;
    if (!few || few > FEW || PyTuple_GET_SIZE(places) != all || PyUnicode_GET_LENGTH(best) % few) {
        PyErr_SetString(PyExc_ValueError, "choose: a ranking of one choice at the least");
        return NULL;
    }
    Part one = whole(best);
    one.length /= few;
    double highest = 0.0, sum = 0.0;
    for (Py_ssize_t k = 0; k < all; k++) {
        double value = PyFloat_AsDouble(PyTuple_GET_ITEM(worth, k));
        Py_ssize_t place = PyLong_AsSsize_t(PyTuple_GET_ITEM(places, k));
        if (k < few) {
            one.start = k * one.length;
            value += fits(context, PyUnicode_READ_CHAR(args[1], 0), one, whole(args[2]));
            value += context->plausible;
            values[k] = value;
        }
        if (k == 0 || value > highest || (value == highest && place < chosen))
            highest = value, chosen = place;
    }
    if (PyErr_Occurred())
        return NULL;
    for (Py_ssize_t k = 0; k < few; k++)
        sum += exp(values[k] - highest);
    return Py_BuildValue("(nd)", chosen, 1 / (others * exp(-highest) + sum));
}

/* Whether one word has both characters, and gains by it. */
static int
in_a_word(const Model *model, Py_UCS4 first, Py_UCS4 second)
{
    int together;
    double worth = transition(model, standing_for(first), standing_for(second), &together);
    return together && worth - (double)((const float *)model->end.buf)[standing_for(first)]
                               - (double)begins(model, standing_for(second)) != 0.0;
}

/* What a character and the one behind it are worth at their place, where RIGHT has that one and maybe another. */
static double
worth_here(const Model *model, Py_UCS4 left, Py_UCS4 character, const Part *right)
{
    uint32_t codes[4] = {in_bmp(left), in_bmp(character), in_bmp(char_of(right, 0)), 0};
    int to_char, to_right, behind = 1;
    double first = transition(model, codes[0], codes[1], &to_char);
    double second = transition(model, codes[1], codes[2], &to_right);
    if (right->length > 1) {
        codes[3] = in_bmp(char_of(right, 1));
        transition(model, codes[2], codes[3], &behind);
    }
    if (!to_char && !to_right)
        first += alone(model, codes[1]);
    if (!to_right && !behind)
        second += alone(model, codes[2]);
    return first + second;
}

static PyObject *
instead(Context *context, PyObject *const *args, Py_ssize_t count)
{
    int broken = count == 5 ? PyObject_IsTrue(args[4]) : -1;
    if (broken < 0 || !PyTuple_Check(args[0]) || !are_texts(args, 1, 4, 2) || PyUnicode_GET_LENGTH(args[1]) != 1
        || !PyUnicode_GET_LENGTH(args[3])) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "instead(found, one character, one character, text, broken)");
        return NULL;
    }
    Py_UCS4 left = PyUnicode_READ_CHAR(args[1], 0), character = PyUnicode_READ_CHAR(args[2], 0);
    Part right = whole(args[3]), one = whole(args[2]);
    PyObject *two = NULL;
    double worth = 0.0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[0]); i++) {
        PyObject *found = PyTuple_GET_ITEM(args[0], i), *both;
        double value;
        if (!PyTuple_Check(found) || !PyArg_ParseTuple(found, "dU", &value, &both)) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_TypeError, "instead: pairs of what it is worth and two characters");
            return NULL;
        }
        if (PyUnicode_GET_LENGTH(both) != 2) {
            PyErr_SetString(PyExc_ValueError, "instead: two characters");
            return NULL;
        }
        value += fits(context, left, whole(both), right);
        if (two == NULL || value > worth || (value == worth && PyUnicode_Compare(both, two) > 0))
            worth = value, two = both;
    }
    if (two == NULL)
        Py_RETURN_NONE;
    if (broken)
        return Py_NewRef(two);
    const Model *model = context->model;
    int hardly_a_word = !(alone(model, in_bmp(character)) > -1)
                        && in_a_word(model, PyUnicode_READ_CHAR(two, 0), PyUnicode_READ_CHAR(two, 1))
                        && !in_a_word(model, left, character) && !in_a_word(model, character, char_of(&right, 0));
    double here = worth_here(model, left, character, &right) + fits(context, left, one, right);
    if (worth + (hardly_a_word ? context->hardly : context->gone) < here)
        Py_RETURN_NONE;
    return Py_NewRef(two);
}

static PyObject *
worth(Context *context, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !are_texts(args, 1, 3, 0) || PyUnicode_GET_LENGTH(args[2]) != 1) {
        PyErr_SetString(PyExc_TypeError, "worth(one character, text, one character)");
        return NULL;
    }
    Part middle = whole(args[1]), right = whole(args[2]);
    uint32_t before = in_bmp(PyUnicode_READ_CHAR(args[0], 0));
    double sum = 0.0;
    int joined = 1;
    for (Py_ssize_t i = 0; i <= middle.length; i++) {
        int inside;
        uint32_t code = in_bmp(i < middle.length ? char_of(&middle, i) : char_of(&right, 0));
        double next = transition(context->model, before, code, &inside);
        if (!inside && !joined)
            sum += alone(context->model, before);
        sum += next;
        joined = inside;
        before = code;
    }
    return PyFloat_FromDouble(sum + fits(context, PyUnicode_READ_CHAR(args[0], 0), middle, right));
}

#define MARK 0xA3 /* the first byte of a mark */

/* Which of some characters may hide two others: they read badly, are broken, or begin as a mark does. */
static PyObject *
doubtful(Context *context, PyObject *const *args, Py_ssize_t count)
{
    if (count != 4 || !are_texts(args, 1, 3, 0) || !PyUnicode_GET_LENGTH(args[2]) || !PyBytes_Check(args[3])
        || PyBytes_GET_SIZE(args[3]) < 2 * PyUnicode_GET_LENGTH(args[1])) {
        PyErr_SetString(PyExc_TypeError, "doubtful(one character, characters, some more, two bytes for each)");
        return NULL;
    }
    Part chars = whole(args[1]), after = whole(args[2]);
    const Model *model = context->model;
    const uint8_t *pairs = (const uint8_t *)PyBytes_AS_STRING(args[3]);
    double *worth = PyMem_Malloc(((size_t)chars.length + 3) * sizeof(double));
    if (worth == NULL)
        return PyErr_NoMemory();
    uint32_t before = in_bmp(PyUnicode_READ_CHAR(args[0], 0));
    int joined = 1, inside;
    for (Py_ssize_t i = 0; i < chars.length + after.length && i <= chars.length + 1; i++) {
        uint32_t code = in_bmp(i < chars.length ? char_of(&chars, i) : char_of(&after, i - chars.length));
        worth[i] = transition(model, before, code, &inside);
        if (i && !inside && !joined)
            worth[i - 1] += alone(model, before);
        joined = inside;
        before = code;
    }
    PyObject *places = PyList_New(0);
    for (Py_ssize_t i = 0; places != NULL && i < chars.length; i++) {
        Py_UCS4 character = char_of(&chars, i);
        int dull = worth[i] <= context->dull && (worth[i] <= context->begins || worth[i + 1] <= context->dull + 2);
        int broken = (character >= 0xE000 && character <= 0xF8FF) || character == 0xFFFD;
        if ((dull || broken || pairs[2 * i] == MARK) && append_number(places, i) < 0)
            Py_CLEAR(places);
    }
    PyMem_Free(worth);
    return places;
}

static void
forget(Context *context)
{
    PyBuffer_Release(&context->buffer);
    PyMem_Free(context->table);
    Py_XDECREF((PyObject *)context->model);
    Py_TYPE(context)->tp_free(context);
}

static PyObject *
made(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *text, *marks, *model;
    Context *context = (Context *)type->tp_alloc(type, 0);
    if (context == NULL)
        return NULL;
    if (!PyArg_ParseTuple(args, "UOOn(ddddddddd)", &text, &marks, &model, &context->few, &context->seen, &context->known,
                          &context->odd, &context->paired, &context->plausible, &context->gone, &context->hardly,
                          &context->dull, &context->begins)
        || (context->marks = table_of(marks, sizeof(uint16_t), &context->buffer)) == NULL)
        goto failed;
    if (strcmp(Py_TYPE(model)->tp_name, MODEL) || Py_TYPE(model)->tp_basicsize != sizeof(Model)) {
        PyErr_SetString(PyExc_TypeError, "Context: a model of bigrams is expected");
        goto failed;
    }
    context->model = (const Model *)Py_NewRef(model);
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
    {"choose", (PyCFunction)(void (*)(void))choose, METH_FASTCALL,
     "choose(ranking, left, right) -> (place, chance)\n\nWhich choice stands best between the two."},
    {"doubtful", (PyCFunction)(void (*)(void))doubtful, METH_FASTCALL,
     "doubtful(before, characters, after, pairs of bytes) -> list of places"},
    {"instead", (PyCFunction)(void (*)(void))instead, METH_FASTCALL,
     "instead(found, left, character, right, broken) -> the best two characters, or None where the one is better"},
    {"worth", (PyCFunction)(void (*)(void))worth, METH_FASTCALL, "worth(left, middle, right) -> float"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject context_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.context.Context",
    .tp_basicsize = sizeof(Context),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Context(text, marks, model, few, (seen, known, odd, paired, plausible, gone, hardly, dull, begins))",
    .tp_new = made,
    .tp_dealloc = (destructor)forget,
    .tp_methods = methods,
};

MODULE_OF_TYPE(context, context_type)
