/* Where a text holds one of thousands of literals, each in every spelling that folds to it; see cleanzh.rulebook.gate.
 *
 * Each character of a literal has a code, and so has what folds to it; all others have 0. Rows of bits (trie.h) leave one
 * place in fifteen to thirty; from there a trie says which literals start, so that none is missed for another that
 * overlaps it.
 */
#include "narrowing.h"
#include "trie.h"

#define BLOCK 128 /* places that are judged, without a branch, before the trie is asked: so no look-up waits for another */

/* What is done with each literal that is found: its number, that of its value, its start. */
typedef int (*Visit)(void *state, uint32_t form, uint32_t value, Py_ssize_t start);

/* The code of a character, and its class: the tables have all that are not beyond the BMP. */
#define CODE(CHARACTER) (sizeof(CHARACTER) < 4 || (CHARACTER) < self->characters ? self->codes[CHARACTER] : 0)
#define CLASS_OF(CHARACTER) (sizeof(CHARACTER) < 4 || (CHARACTER) < self->characters ? self->classes[CHARACTER] : 0)

/* Visits the literals in chars[low:high] by their start, and of one start the shorter first; -1 if a visit fails. */
#define LOOP(NAME, UNIT)                                                                                               \
    static int NAME##_from(const UNIT *chars, const Forms *self, uint32_t first, uint32_t second, Py_ssize_t start,    \
                           Py_ssize_t high, Visit visit, void *state)                                                  \
    {                                                                                                                  \
        const Pair *pair = pair_of(self, first, second);                                                               \
        const uint16_t *node = pair->key ? self->nodes + pair->node : NULL;                                            \
        for (Py_ssize_t next = start + 2; node != NULL; next++) {                                                      \
            uint32_t head = *node++;                                                                                   \
            if (head & ENDS) {                                                                                         \
                if (visit(state, two_words(node), two_words(node + 2), start) < 0)                                     \
                    return -1;                                                                                         \
                node += 4;                                                                                             \
            }                                                                                                          \
            if (next >= high)                                                                                          \
                break;                                                                                                 \
            node = child_of(self, node, head & ~ENDS, CODE(chars[next]));                                              \
        }                                                                                                              \
        return 0;                                                                                                      \
    }                                                                                                                  \
                                                                                                                       \
    static int NAME##_at(const UNIT *chars, const Forms *self, Py_ssize_t at, Py_ssize_t high, Visit visit,            \
                         void *state)                                                                                  \
    {                                                                                                                  \
        uint32_t first = CODE(chars[at]), second = at + 1 < high ? CODE(chars[at + 1]) : 0;                            \
        if (has(self->alone, CLASS(first)) && NAME##_from(chars, self, first, 0, at, at + 1, visit, state) < 0)        \
            return -1;                                                                                                 \
        return second ? NAME##_from(chars, self, first, second, at, high, visit, state) : 0;                           \
    }                                                                                                                  \
                                                                                                                       \
    static int NAME(const UNIT *chars, const Forms *self, Py_ssize_t low, Py_ssize_t high, Visit visit, void *state)   \
    {                                                                                                                  \
        uint8_t places[BLOCK];                                                                                         \
        const Row *rows = self->rows;                                                                                  \
        uint32_t first = low + 2 < high ? CLASS_OF(chars[low]) : 0, second = low + 2 < high ? CLASS_OF(chars[low + 1]) : 0; \
        while (low + 2 < high) {                                                                                       \
            uint32_t size = high - 2 - low < BLOCK ? (uint32_t)(high - 2 - low) : BLOCK, count = 0;                    \
            for (uint32_t at = 0; at < size; at++) {                                                                   \
                uint32_t third = CLASS_OF(chars[low + at + 2]);                                                        \
                places[count] = (uint8_t)at;                                                                           \
                count += may_begin(&rows[second], first, third);                                                       \
                first = second;                                                                                        \
                second = third;                                                                                        \
            }                                                                                                          \
            for (uint32_t n = 0; n < count; n++)                                                                       \
                if (NAME##_at(chars, self, low + places[n], high, visit, state) < 0)                                   \
                    return -1;                                                                                         \
            low += size;                                                                                               \
        }                                                                                                              \
        for (; low < high; low++) /* no three are left */                                                              \
            if (NAME##_at(chars, self, low, high, visit, state) < 0)                                                   \
                return -1;                                                                                             \
        return 0;                                                                                                      \
    }
FOR_EACH_WIDTH(LOOP, search)
#undef LOOP
#undef CODE
#undef CLASS_OF

/* look(text) */

static int
note(void *places, uint32_t form, uint32_t Py_UNUSED(value), Py_ssize_t start)
{
    return append_pair(places, form, start);
}

static PyObject *
look(Forms *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "look(text)");
        return NULL;
    }
    PyObject *places = PyList_New(0);
    if (places == NULL)
        return NULL;
    if (BY_WIDTH(search, text, self, 0, PyUnicode_GET_LENGTH(text), note, places) < 0)
        Py_CLEAR(places);
    return places;
}

/* lines(text, low, high, narrowing) */

typedef struct {
    const Forms *self;
    const Narrowing *narrowing;
    PyObject *text, *lines;
    Py_ssize_t low, high, start, end; /* what is searched, and the line that the last literal stood on */
    uint64_t *set;
    int any; /* whether the set has something */
} Lines;

/* A number of any size from its bytes, the lowest first; public since Python 3.13. */
#if PY_VERSION_HEX >= 0x030D0000
#define NUMBER_OF(BYTES, SIZE) PyLong_FromUnsignedNativeBytes(BYTES, SIZE, Py_ASNATIVEBYTES_LITTLE_ENDIAN)
#else
#define NUMBER_OF(BYTES, SIZE) _PyLong_FromByteArray(BYTES, SIZE, 1, 0)
#endif

/* Appends (start, end, set, what the line says). */
static int
append_line(Lines *state, PyObject *seen)
{
    Py_ssize_t size = state->self->set_size;
    PyObject *start = PyLong_FromSsize_t(state->start), *end = PyLong_FromSsize_t(state->end), *line = NULL;
    uint8_t *bytes = (uint8_t *)(state->set + state->self->set_words); /* the lowest first, on any machine */
    for (Py_ssize_t at = 0; at < size; at++)
        bytes[at] = (uint8_t)(state->set[at / 8] >> at % 8 * 8);
    PyObject *set = NUMBER_OF(bytes, (size_t)size);
    if (start != NULL && end != NULL && set != NULL)
        line = PyTuple_Pack(4, start, end, set, seen);
    Py_XDECREF(start);
    Py_XDECREF(end);
    Py_XDECREF(set);
    int failed = line == NULL ? -1 : PyList_Append(state->lines, line);
    Py_XDECREF(line);
    return failed;
}

/* Notes the line that was passed. */
static int
close_line(Lines *state)
{
    int some = state->any;
    PyObject *seen = NULL;
    const Narrowing *by = state->narrowing;
    if (some && by != NULL)
        some = by->narrow(by->screen, state->text, state->start, state->end, state->set, &seen);
    if (some > 0 && append_line(state, seen == NULL ? Py_None : seen) < 0)
        some = -1;
    Py_XDECREF(seen);
    if (state->any)
        memset(state->set, 0, (size_t)state->self->set_words * sizeof(*state->set));
    state->any = 0;
    return some < 0 ? -1 : 0;
}

static int
add_to_line(void *given, uint32_t Py_UNUSED(form), uint32_t value, Py_ssize_t start)
{
    Lines *state = given;
    const Forms *self = state->self;
    if (start >= state->end) {
        if (close_line(state) < 0)
            return -1;
        Py_ssize_t before = PyUnicode_FindChar(state->text, '\n', state->low, start, -1);
        Py_ssize_t behind = PyUnicode_FindChar(state->text, '\n', start, state->high, 1);
        if (before == -2 || behind == -2)
            return -1;
        state->start = before < 0 ? state->low : before + 1;
        state->end = behind < 0 ? state->high : behind;
    }
    if (state->end - state->start <= self->reach[value]) {
        const uint64_t *set = self->sets + value * self->set_words;
        for (Py_ssize_t at = 0; at < self->set_words; at++)
            state->set[at] |= set[at];
        state->any = 1;
    }
    return 0;
}

static PyObject *
lines(Forms *self, PyObject *const *args, Py_ssize_t count)
{
    Lines state = {.self = self, .end = -1};
    if (count != 4 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "lines(text, low, high, narrowing)");
        return NULL;
    }
    state.text = args[0];
    state.low = PyLong_AsSsize_t(args[1]);
    state.high = PyLong_AsSsize_t(args[2]);
    if (args[3] != Py_None)
        state.narrowing = PyCapsule_GetPointer(args[3], NARROWING);
    if (PyErr_Occurred())
        return NULL;
    if (state.low < 0 || state.high > PyUnicode_GET_LENGTH(state.text) ||
        (state.narrowing != NULL && self->forms && state.narrowing->words != self->set_words)) {
        PyErr_SetString(PyExc_ValueError, "lines: low and high are places in the text, and the rules are the same");
        return NULL;
    }
    state.lines = PyList_New(0);
    state.set = PyMem_Calloc(2 * (size_t)self->set_words + 1, sizeof(*state.set));
    if (state.lines == NULL || state.set == NULL)
        PyErr_NoMemory();
    if (PyErr_Occurred() ||
        BY_WIDTH(search, state.text, self, state.low, state.high, add_to_line, &state) < 0 || close_line(&state) < 0)
        Py_CLEAR(state.lines);
    PyMem_Free(state.set);
    return state.lines;
}

/* Forms(literals, folds, sets, reach, values) */

/* Takes the values: sets, and how far each reaches; and the number of the value of each literal, or none if each has one
 * of its own. */
static int
take_values(Forms *self, const Py_buffer *sets, const Py_buffer *reach, const Py_buffer *values)
{
    Py_ssize_t count = reach->len / (Py_ssize_t)sizeof(int64_t);
    if (reach->len % (Py_ssize_t)sizeof(int64_t) || (count ? sets->len % count : sets->len))
        return refuse("Forms: a set, and a number of eight bytes, for each value");
    if (values->buf ? values->len != self->forms * (Py_ssize_t)sizeof(uint32_t) : count != self->forms)
        return refuse("Forms: a value for each literal");
    for (uint32_t form = 0; values->buf && form < self->forms; form++)
        if (((const uint32_t *)values->buf)[form] >= count)
            return refuse("Forms: the value of a literal is the number of one");
    self->set_size = count ? sets->len / count : 0;
    self->set_words = (self->set_size + 7) / 8;
    self->sets = PyMem_Calloc((size_t)(count * self->set_words) + 1, sizeof(*self->sets));
    self->reach = PyMem_Malloc((size_t)reach->len + 1);
    if (self->sets == NULL || self->reach == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t value = 0; value < count; value++)
        for (Py_ssize_t at = 0; at < self->set_size; at++)
            self->sets[value * self->set_words + at / 8] |=
                (uint64_t)((const uint8_t *)sets->buf)[value * self->set_size + at] << at % 8 * 8;
    memcpy(self->reach, reach->buf, (size_t)reach->len);
    return 0;
}

static PyObject *
forms_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *literals, *folds;
    Py_buffer sets, reach, values = {0};
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs)) {
        PyErr_SetString(PyExc_TypeError, "Forms(literals, folds, sets, reach, values) takes no keywords");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "O!O!y*y*|y*", &PyList_Type, &literals, &PyDict_Type, &folds, &sets, &reach, &values))
        return NULL;
    Forms *self = (Forms *)type->tp_alloc(type, 0);
    if (self != NULL && PyList_GET_SIZE(literals) < INT32_MAX) {
        self->forms = (uint32_t)PyList_GET_SIZE(literals);
        if (take_values(self, &sets, &reach, &values) == 0)
            make(self, literals, folds, values.buf);
    }
    else if (self != NULL)
        refuse("Forms: too many literals");
    if (PyErr_Occurred())
        Py_CLEAR(self);
    PyBuffer_Release(&sets);
    PyBuffer_Release(&reach);
    if (values.obj != NULL)
        PyBuffer_Release(&values);
    return (PyObject *)self;
}

static void
forms_dealloc(Forms *self)
{
    PyMem_Free(self->codes);
    PyMem_Free(self->classes);
    PyMem_Free(self->rows);
    PyMem_Free(self->pairs);
    PyMem_Free(self->nodes);
    PyMem_Free(self->reach);
    PyMem_Free(self->sets);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef forms_methods[] = {
    {"look", (PyCFunction)look, METH_O,
     "look(text) -> list[tuple[int, int]]\n\nThe number and the start of each literal that the text holds, by start."},
    {"lines", (PyCFunction)(void (*)(void))lines, METH_FASTCALL,
     "lines(text, low, high, narrowing) -> list[tuple[int, int, int, str | None]]\n\nThe lines of text[low:high] that "
     "hold a literal which reaches so far: start, end, the sets of these literals together; of these what the narrowing "
     "of a screen leaves, and what the line says, if that is known. Without a screen, narrowing is None."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject forms_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.forms.Forms",
    .tp_basicsize = sizeof(Forms),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Forms(literals, folds, sets, reach, values)\n\nSorted literals, what folds to their characters, values, which "
              "are a set and the longest line for which it counts, and for each literal the number of its value (left "
              "out: its own number).",
    .tp_new = forms_new,
    .tp_dealloc = (destructor)forms_dealloc,
    .tp_methods = forms_methods,
};

MODULE_OF_TYPE(forms, forms_type)
