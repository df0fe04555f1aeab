/* Where a text holds one of thousands of literals, each in every spelling that folds to it; see cleanzh.rulebook.gate.
 *
 * Each character of a literal has a code, and so has what folds to it; all others have 0. Two codes that begin a literal
 * have a bit in a map that stays in the cache: a place without it, which most are, costs two look-ups. From the others
 * a trie is walked, which says what starts there, so that no literal is missed for another that overlaps it.
 */
#include "text.h"
#include <string.h>

#define NONE UINT32_MAX
#define MAX_CODES 0xFFFF
#define MAP_BITS 19 /* 64 KB: with some thousand pairs one bit in a hundred is set */

typedef struct {
    uint32_t first; /* of its children, which lie together, by code */
    uint32_t form;  /* the number of the literal that ends here, or NONE */
    uint16_t children;
    uint16_t code;
} Node;

typedef struct {
    PyObject_HEAD
    uint16_t *codes; /* of all characters below `characters` */
    uint32_t characters;
    Node *nodes; /* of the trie, level by level; the first is its root */
    uint32_t *starts; /* by code: the node of the literals that begin with it; 0: none do */
    uint8_t *map;
    uint32_t forms;
    int64_t *reach; /* for each literal: see lines() */
    char *sets;     /* for each literal: `set_size` bytes */
    Py_ssize_t set_size;
} Forms;

/* What is done with each literal that is found. */
typedef int (*Visit)(void *state, uint32_t form, Py_ssize_t start);

static inline uint32_t
bit_of(uint32_t first, uint32_t second)
{
    return (first * 0x9E3779B1u + second * 0x85EBCA6Bu) >> (32 - MAP_BITS);
}

/* The child of a node for a code, or 0. */
static uint32_t
child_of(const Node *nodes, const Node *node, uint32_t code)
{
    uint32_t low = node->first, high = low + node->children;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (nodes[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < node->first + node->children && nodes[low].code == code ? low : 0;
}

/* Visits the literals in chars[low:high] by their start, and of one start the shorter first; -1 if a visit fails. */
#define LOOP(NAME, UNIT)                                                                                     \
    static int NAME(const UNIT *chars, const Forms *self, Py_ssize_t low, Py_ssize_t high, Visit visit,      \
                    void *state)                                                                             \
    {                                                                                                        \
        const uint16_t *codes = self->codes;                                                                 \
        const uint8_t *map = self->map;                                                                      \
        const uint32_t characters = self->characters;                                                        \
        uint32_t code = 0;                                                                                   \
        for (Py_ssize_t at = low; at <= high; at++) { /* behind the last character comes a code of none */   \
            uint32_t before = code;                                                                          \
            code = at < high && chars[at] < characters ? codes[chars[at]] : 0;                               \
            uint32_t bit = bit_of(before, code);                                                             \
            if (!(map[bit >> 3] >> (bit & 7) & 1))                                                           \
                continue;                                                                                    \
            uint32_t number = self->starts[before];                                                          \
            for (Py_ssize_t next = at; number; next++) {                                                     \
                const Node *node = &self->nodes[number];                                                     \
                if (node->form != NONE && visit(state, node->form, at - 1) < 0)                              \
                    return -1;                                                                               \
                number = next < high && chars[next] < characters                                             \
                             ? child_of(self->nodes, node, codes[chars[next]]) : 0;                          \
            }                                                                                                \
        }                                                                                                    \
        return 0;                                                                                            \
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

/* union(text) */

typedef struct {
    const Forms *self;
    char *set;
} Union;

static inline void
join(char *set, const char *other, Py_ssize_t size)
{
    for (Py_ssize_t at = 0; at < size; at++)
        set[at] |= other[at];
}

static int
add(void *state, uint32_t form, Py_ssize_t Py_UNUSED(start))
{
    Union *all = state;
    join(all->set, all->self->sets + form * all->self->set_size, all->self->set_size);
    return 0;
}

static PyObject *
number_of(const char *set, Py_ssize_t size)
{
    return _PyLong_FromByteArray((const unsigned char *)set, (size_t)size, 1, 0);
}

static PyObject *
union_of(Forms *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "union(text)");
        return NULL;
    }
    Union all = {self, PyMem_Calloc((size_t)self->set_size + 1, 1)};
    if (all.set == NULL)
        return PyErr_NoMemory();
    BY_WIDTH(search, text, self, 0, PyUnicode_GET_LENGTH(text), add, &all);
    PyObject *number = number_of(all.set, self->set_size);
    PyMem_Free(all.set);
    return number;
}

/* lines(text, low, high) */

typedef struct {
    const Forms *self;
    PyObject *text, *lines;
    Py_ssize_t low, high, start, end; /* what is searched, and the line that the last literal stood on */
    char *set;
    int any; /* whether the set has something */
} Lines;

/* Notes the line that was passed. */
static int
close_line(Lines *state)
{
    if (!state->any)
        return 0;
    PyObject *set = number_of(state->set, state->self->set_size);
    PyObject *line = set == NULL ? NULL : Py_BuildValue("(nnN)", state->start, state->end, set);
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

static int
refuse(const char *why)
{
    PyErr_SetString(PyExc_ValueError, why);
    return -1;
}

/* The number of characters that have a place in the table, which reaches to the last that is asked for. */
static int
check(PyObject *literals, PyObject *folds, uint32_t *characters, size_t *letters)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    *characters = *letters = 0;
    for (Py_ssize_t form = 0; form < PyList_GET_SIZE(literals); form++) {
        PyObject *literal = PyList_GET_ITEM(literals, form);
        if (!PyUnicode_Check(literal) || PyUnicode_GET_LENGTH(literal) == 0)
            return refuse("Forms: a literal is a str, and not empty");
        if (form && PyUnicode_Compare(PyList_GET_ITEM(literals, form - 1), literal) >= 0)
            return refuse("Forms: the literals are sorted, and all different");
        for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(literal); at++, ++*letters)
            if (PyUnicode_READ_CHAR(literal, at) >= *characters)
                *characters = PyUnicode_READ_CHAR(literal, at) + 1;
    }
    while (PyDict_Next(folds, &position, &key, &value)) {
        long other = PyLong_Check(key) ? PyLong_AsLong(key) : -1;
        if (other < 0 || other > 0x10FFFF || !PyUnicode_Check(value) || PyUnicode_GET_LENGTH(value) != 1)
            return PyErr_Occurred() ? -1 : refuse("Forms: the number of a character folds to a character");
        if ((uint32_t)other >= *characters)
            *characters = (uint32_t)other + 1;
    }
    return 0;
}

/* Gives each character of the literals a code, in the order of the characters; how many codes there are. */
static int
make_codes(Forms *self, PyObject *literals)
{
    uint32_t used = 0;
    for (uint32_t form = 0; form < self->forms; form++) {
        PyObject *literal = PyList_GET_ITEM(literals, form);
        for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(literal); at++)
            self->codes[PyUnicode_READ_CHAR(literal, at)] = 1;
    }
    for (uint32_t character = 0; character < self->characters; character++)
        if (self->codes[character]) {
            if (++used > MAX_CODES)
                return refuse("Forms: too many different characters");
            self->codes[character] = (uint16_t)used;
        }
    return (int)used;
}

/* Gives what folds to a character the same code. */
static void
fold(Forms *self, PyObject *folds, const uint16_t *plain)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (PyDict_Next(folds, &position, &key, &value)) {
        Py_UCS4 folded = PyUnicode_READ_CHAR(value, 0);
        self->codes[PyLong_AsLong(key)] = folded < self->characters ? plain[folded] : 0;
    }
}

/* Makes the trie level by level: the literals below a node, which are sorted, are its children's in turn. */
static int
make_trie(Forms *self, PyObject *literals, size_t letters)
{
    typedef struct {
        uint32_t low, high, depth; /* the literals below a node, and how many of their characters led there */
    } Below;
    Below *below = PyMem_Calloc(letters + 1, sizeof(*below));
    self->nodes = PyMem_Calloc(letters + 1, sizeof(*self->nodes));
    if (below == NULL || self->nodes == NULL) {
        PyMem_Free(below);
        PyErr_NoMemory();
        return -1;
    }
    uint32_t made = 1;
    below[0].high = self->forms;
    for (uint32_t number = 0; number < made; number++) {
        Node *node = &self->nodes[number];
        uint32_t low = below[number].low, high = below[number].high, depth = below[number].depth;
        node->form = NONE;
        node->first = made;
        if (depth && low < high && PyUnicode_GET_LENGTH(PyList_GET_ITEM(literals, low)) == depth)
            node->form = low++;
        for (; low < high; low++) {
            uint16_t code = self->codes[PyUnicode_READ_CHAR(PyList_GET_ITEM(literals, low), depth)];
            if (node->children == 0 || self->nodes[made - 1].code != code) {
                self->nodes[made].code = code;
                below[made].low = low;
                below[made].depth = depth + 1;
                node->children++;
                made++;
            }
            below[made - 1].high = low + 1;
        }
    }
    PyMem_Free(below);
    return 0;
}

/* Sets a bit for each two codes that a literal begins with, or for one and any other where it has no more. */
static int
make_map(Forms *self, uint32_t used)
{
    self->map = PyMem_Calloc((size_t)1 << (MAP_BITS - 3), 1);
    self->starts = PyMem_Calloc((size_t)used + 1, sizeof(*self->starts));
    if (self->map == NULL || self->starts == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (uint32_t number = self->nodes[0].first; number < self->nodes[0].first + self->nodes[0].children; number++) {
        const Node *node = &self->nodes[number];
        self->starts[node->code] = number;
        for (uint32_t code = 0; code <= used; code++)
            if (node->form != NONE || child_of(self->nodes, node, code)) {
                uint32_t bit = bit_of(node->code, code);
                self->map[bit >> 3] |= (uint8_t)(1u << (bit & 7));
            }
    }
    return 0;
}

static int
make(Forms *self, PyObject *literals, PyObject *folds)
{
    size_t letters;
    if (check(literals, folds, &self->characters, &letters) < 0)
        return -1;
    self->codes = PyMem_Calloc((size_t)self->characters + 1, sizeof(*self->codes));
    uint16_t *plain = PyMem_Calloc((size_t)self->characters + 1, sizeof(*plain));
    int used = -1;
    if (self->codes == NULL || plain == NULL)
        PyErr_NoMemory();
    else if ((used = make_codes(self, literals)) >= 0 && make_trie(self, literals, letters) == 0) {
        memcpy(plain, self->codes, self->characters * sizeof(*plain));
        fold(self, folds, plain);
        used = make_map(self, (uint32_t)used);
    }
    else
        used = -1;
    PyMem_Free(plain);
    return used < 0 ? -1 : 0;
}

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
    PyMem_Free(self->map);
    PyMem_Free(self->reach);
    PyMem_Free(self->sets);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef forms_methods[] = {
    {"look", (PyCFunction)look, METH_O,
     "look(text) -> list[tuple[int, int]]\n\nThe number and the start of each literal that the text holds, by start."},
    {"union", (PyCFunction)union_of, METH_O, "union(text) -> int\n\nThe sets of all literals that the text holds."},
    {"lines", (PyCFunction)(void (*)(void))lines, METH_FASTCALL,
     "lines(text, low, high) -> list[tuple[int, int, int]]\n\nThe lines of text[low:high] that hold a literal which "
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

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "forms", .m_size = 0,
};

PyMODINIT_FUNC
PyInit_forms(void)
{
    if (PyType_Ready(&forms_type) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddObjectRef(module, "Forms", (PyObject *)&forms_type) < 0)
        Py_CLEAR(module);
    return module;
}
