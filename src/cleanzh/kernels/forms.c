/* Where a text holds one of thousands of literals, each in every spelling that folds to it; see cleanzh.rulebook.gate.
 *
 * Each character of a literal has a code, and so has what folds to it; all others have 0. Two codes that begin a literal
 * have a bit in a map that stays in the cache: a place without it, which most are, costs two look-ups. From the others,
 * if three codes say so too, a trie is walked: it says what starts there, so that no literal is missed for another that
 * overlaps it.
 */
#include "trie.h"

/* What is done with each literal that is found. */
typedef int (*Visit)(void *state, uint32_t form, Py_ssize_t start);

/* Visits the literals in chars[low:high] by their start, and of one start the shorter first; -1 if a visit fails. */
#define LOOP(NAME, UNIT)                                                                                            \
    static int NAME(const UNIT *chars, const Forms *self, Py_ssize_t low, Py_ssize_t high, Visit visit,             \
                    void *state)                                                                                    \
    {                                                                                                               \
        const uint16_t *codes = self->codes;                                                                        \
        const uint8_t *pairs = self->pairs;                                                                         \
        const uint32_t characters = self->characters;                                                               \
        uint32_t last = 0;                                                                                          \
        for (Py_ssize_t at = low; at <= high; at++) { /* behind the last character comes a code of none */          \
            uint32_t alone = last & ALONE, first = last & MAX_CODES;                                                \
            last = at < high && chars[at] < characters ? codes[chars[at]] : 0;                                      \
            uint32_t bit = bit_of(first, last & MAX_CODES);                                                         \
            if (!(is_set(pairs, bit) | alone))                                                                      \
                continue;                                                                                           \
            uint32_t third = at + 1 < high && chars[at + 1] < characters ? codes[chars[at + 1]] & MAX_CODES : 0;    \
            if (!(is_set(self->triples, bit_of(bit, third)) | is_set(self->short_pairs, bit) | alone))              \
                continue;                                                                                           \
            uint32_t number = self->starts[first];                                                                  \
            for (Py_ssize_t next = at; number; next++) {                                                            \
                const Node *node = &self->nodes[number];                                                            \
                if (node->form != NONE && visit(state, node->form, at - 1) < 0)                                     \
                    return -1;                                                                                      \
                number = next < high && chars[next] < characters                                                    \
                             ? child_of(self->nodes, node, codes[chars[next]] & MAX_CODES) : 0;                     \
            }                                                                                                       \
        }                                                                                                           \
        return 0;                                                                                                   \
    }
FOR_EACH_WIDTH(LOOP, search)
#undef LOOP

/* look(text) */

static int
note(void *places, uint32_t form, Py_ssize_t start)
{
    PyObject *place = Py_BuildValue("(kn)", (unsigned long)form, start);
    int failed = place == NULL ? -1 : PyList_Append(places, place);
    Py_XDECREF(place);
    return failed;
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

/* lines(text, low, high) */

static inline void
join(char *set, const char *other, Py_ssize_t size)
{
    for (Py_ssize_t at = 0; at < size; at++)
        set[at] |= other[at];
}

typedef struct {
    const Forms *self;
    PyObject *text, *lines;
    Py_ssize_t low, high, start, end; /* what is searched, and the line that the last literal stood on */
    char *set;
    int any; /* whether the set has something */
} Lines;

static PyObject *
line_of(Py_ssize_t start, Py_ssize_t end, const char *set, Py_ssize_t size)
{
    PyObject *low = PyLong_FromSsize_t(start), *high = PyLong_FromSsize_t(end), *line = NULL;
    PyObject *bytes = PyBytes_FromStringAndSize(set, size);
    if (low != NULL && high != NULL && bytes != NULL)
        line = PyTuple_Pack(3, low, high, bytes);
    Py_XDECREF(low);
    Py_XDECREF(high);
    Py_XDECREF(bytes);
    return line;
}

/* Notes the line that was passed. */
static int
close_line(Lines *state)
{
    if (!state->any)
        return 0;
    PyObject *line = line_of(state->start, state->end, state->set, state->self->set_size);
    int failed = line == NULL ? -1 : PyList_Append(state->lines, line);
    Py_XDECREF(line);
    memset(state->set, 0, (size_t)state->self->set_size);
    state->any = 0;
    return failed;
}

static int
add_to_line(void *given, uint32_t form, Py_ssize_t start)
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
    if (state->end - state->start <= self->reach[form]) {
        join(state->set, self->sets + form * self->set_size, self->set_size);
        state->any = 1;
    }
    return 0;
}

static PyObject *
lines(Forms *self, PyObject *const *args, Py_ssize_t count)
{
    Lines state = {.self = self, .end = -1};
    if (count != 3 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "lines(text, low, high)");
        return NULL;
    }
    state.text = args[0];
    state.low = PyLong_AsSsize_t(args[1]);
    state.high = PyLong_AsSsize_t(args[2]);
    if (PyErr_Occurred())
        return NULL;
    if (state.low < 0 || state.high > PyUnicode_GET_LENGTH(state.text)) {
        PyErr_SetString(PyExc_ValueError, "lines: low and high are places in the text");
        return NULL;
    }
    state.lines = PyList_New(0);
    state.set = PyMem_Calloc((size_t)self->set_size + 1, 1);
    if (state.lines == NULL || state.set == NULL)
        PyErr_NoMemory();
    if (PyErr_Occurred() ||
        BY_WIDTH(search, state.text, self, state.low, state.high, add_to_line, &state) < 0 || close_line(&state) < 0)
        Py_CLEAR(state.lines);
    PyMem_Free(state.set);
    return state.lines;
}

/* Forms(literals, folds, sets, reach) */

static PyObject *
forms_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *literals, *folds;
    Py_buffer sets, reach;
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs)) {
        PyErr_SetString(PyExc_TypeError, "Forms(literals, folds, sets, reach) takes no keywords");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "O!O!y*y*", &PyList_Type, &literals, &PyDict_Type, &folds, &sets, &reach))
        return NULL;
    Forms *self = (Forms *)type->tp_alloc(type, 0);
    if (self == NULL)
        goto done;
    Py_ssize_t forms = PyList_GET_SIZE(literals);
    if (forms >= INT32_MAX || (forms ? sets.len % forms : sets.len) || reach.len != forms * (Py_ssize_t)sizeof(int64_t))
        refuse("Forms: a set, and a number of eight bytes, for each literal");
    else {
        self->forms = (uint32_t)forms;
        self->set_size = forms ? sets.len / forms : 0;
        self->sets = PyMem_Malloc((size_t)sets.len + 1);
        self->reach = PyMem_Malloc((size_t)reach.len + 1);
        if (self->sets == NULL || self->reach == NULL)
            PyErr_NoMemory();
        else {
            memcpy(self->sets, sets.buf, (size_t)sets.len);
            memcpy(self->reach, reach.buf, (size_t)reach.len);
            make(self, literals, folds);
        }
    }
    if (PyErr_Occurred())
        Py_CLEAR(self);
done:
    PyBuffer_Release(&sets);
    PyBuffer_Release(&reach);
    return (PyObject *)self;
}

static void
forms_dealloc(Forms *self)
{
    PyMem_Free(self->codes);
    PyMem_Free(self->nodes);
    PyMem_Free(self->starts);
    PyMem_Free(self->pairs);
    PyMem_Free(self->short_pairs);
    PyMem_Free(self->triples);
    PyMem_Free(self->reach);
    PyMem_Free(self->sets);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef forms_methods[] = {
    {"look", (PyCFunction)look, METH_O,
     "look(text) -> list[tuple[int, int]]\n\nThe number and the start of each literal that the text holds, by start."},
    {"lines", (PyCFunction)(void (*)(void))lines, METH_FASTCALL,
     "lines(text, low, high) -> list[tuple[int, int, bytes]]\n\nThe lines of text[low:high] that hold a literal which "
     "reaches so far: start, end, and the sets of these literals."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject forms_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.forms.Forms",
    .tp_basicsize = sizeof(Forms),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Forms(literals, folds, sets, reach)\n\nSorted literals, what folds to their characters, and for each "
              "literal a set and the longest line for which it counts.",
    .tp_new = forms_new,
    .tp_dealloc = (destructor)forms_dealloc,
    .tp_methods = forms_methods,
};

MODULE_OF_TYPE(forms, forms_type)
