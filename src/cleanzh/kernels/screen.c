/* Which rules have a chance on a line: see cleanzh.rulebook.screen, which makes a program of each pattern. */
#include "automaton.h"

static uint16_t
code_of(const Screen *self, Py_UCS4 character)
{
    if (character < CODES)
        return self->codes[character];
    Py_ssize_t low = 0, high = self->ranges; /* the last range that begins at the character or before */
    while (high - low > 1) {
        Py_ssize_t middle = (low + high) / 2;
        if (self->beyond[2 * middle] <= character)
            low = middle;
        else
            high = middle;
    }
    return (uint16_t)self->beyond[2 * low + 1];
}

/* What a line says, folded: None where that has a character beyond the BMP. */
static PyObject *
folded(Screen *self, int kind, const void *chars, Py_ssize_t low, Py_ssize_t end)
{
    for (Py_ssize_t at = low; at < end; at++) {
        Py_UCS4 character = PyUnicode_READ(kind, chars, at);
        uint16_t plain = character < CODES ? self->plain[character] : 0;
        if (plain == 0)
            Py_RETURN_NONE;
        self->line[at - low] = plain;
    }
    return PyUnicode_FromKindAndData(PyUnicode_2BYTE_KIND, self->line, end - low);
}

/* Leaves of a set of rules those that may match a line: 1 if there are some, -1 without memory. What the line says is
 * given back, or None where that is not known here. */
static int
narrow(Screen *self, PyObject *text, Py_ssize_t start, Py_ssize_t end, uint8_t *set, PyObject **seen)
{
    int kind = PyUnicode_KIND(text), some = 0;
    const void *chars = PyUnicode_DATA(text);
    size_t size = (self->rules + 7) / 8;
    Py_ssize_t low = end - start > self->window ? end - self->window : start;
    int64_t length = low > start ? UNBOUNDED : 0;
    while (low < end && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, chars, low)))
        low++;
    while (low < end && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, chars, end - 1)))
        end--;
    if (length == 0)
        length = end - low;
    for (Py_ssize_t at = low; at < end; at++)
        self->line[at - low] = code_of(self, PyUnicode_READ(kind, chars, at));
    int hidden = may_match(self, &self->automata[0], self->line, end - low);
    if (hidden) { /* what the line says without its tricks is not known here */
        *seen = Py_NewRef(Py_None);
        return hidden;
    }
    if (low < end) {
        const uint8_t *first = self->first + self->line[0] * size, *last = self->last + self->line[end - low - 1] * size;
        for (size_t at = 0; at < size; at++)
            set[at] &= first[at] & last[at];
    }
    for (uint32_t rule = 0; rule < self->rules; rule++) {
        if (set[rule >> 3] == 0) {
            rule |= 7;
            continue;
        }
        if (!(set[rule >> 3] >> (rule & 7) & 1))
            continue;
        int may = length <= self->longest[rule];
        for (uint32_t at = self->of_rule[rule]; may > 0 && at < self->of_rule[rule + 1]; at++)
            may = may_match(self, &self->automata[at], self->line, end - low);
        if (may < 0)
            return -1;
        if (may)
            some = 1;
        else
            set[rule >> 3] &= (uint8_t)~(1u << (rule & 7));
    }
    if (some && (*seen = folded(self, kind, chars, low, end)) == NULL)
        return -1;
    return some;
}

/* Reads (start, end, set), and appends what is left of it to a list. */
static int
narrow_line(Screen *self, PyObject *text, PyObject *line, uint8_t *set, PyObject *left)
{
    Py_ssize_t size = (self->rules + 7) / 8, start, end;
    if (!PyTuple_Check(line) || PyTuple_GET_SIZE(line) != 3 || !PyBytes_Check(PyTuple_GET_ITEM(line, 2)) ||
        PyBytes_GET_SIZE(PyTuple_GET_ITEM(line, 2)) != size) {
        PyErr_SetString(PyExc_TypeError, "narrowed: a line is (start, end, a bit for each rule)");
        return -1;
    }
    start = PyLong_AsSsize_t(PyTuple_GET_ITEM(line, 0));
    end = PyLong_AsSsize_t(PyTuple_GET_ITEM(line, 1));
    if (!PyErr_Occurred() && (start < 0 || start > end || end > PyUnicode_GET_LENGTH(text)))
        PyErr_SetString(PyExc_ValueError, "narrowed: a line is a part of the text");
    if (PyErr_Occurred())
        return -1;
    memcpy(set, PyBytes_AS_STRING(PyTuple_GET_ITEM(line, 2)), (size_t)size);
    PyObject *seen = NULL;
    int some = narrow(self, text, start, end, set, &seen);
    if (some <= 0)
        return some;
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)set, size), *kept = NULL;
    if (bytes != NULL)
        kept = PyTuple_Pack(4, PyTuple_GET_ITEM(line, 0), PyTuple_GET_ITEM(line, 1), bytes, seen);
    int failed = kept == NULL ? -1 : PyList_Append(left, kept);
    Py_XDECREF(kept);
    Py_XDECREF(bytes);
    Py_DECREF(seen);
    return failed;
}

static PyObject *
narrowed(Screen *self, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyUnicode_Check(args[0]) || !PyList_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "narrowed(text, lines)");
        return NULL;
    }
    PyObject *left = PyList_New(0);
    uint8_t *set = PyMem_Malloc(self->rules / 8 + 1);
    if (set == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t at = 0; !PyErr_Occurred() && at < PyList_GET_SIZE(args[1]); at++)
        narrow_line(self, args[0], PyList_GET_ITEM(args[1], at), set, left);
    PyMem_Free(set);
    if (PyErr_Occurred())
        Py_CLEAR(left);
    return left;
}

/* Screen(codes, beyond, kinds, plain, sets, set_size, programs, longest, window) */

static int
refuse(const char *why)
{
    PyErr_SetString(PyExc_ValueError, why);
    return -1;
}

/* A copy of a buffer, with room for one byte at least. */
static void *
copied(const Py_buffer *buffer)
{
    void *copy = PyMem_Malloc((size_t)buffer->len + 1);
    if (copy == NULL)
        PyErr_NoMemory();
    else
        memcpy(copy, buffer->buf, (size_t)buffer->len);
    return copy;
}

static int
take_program(Screen *self, PyObject *bytes, uint32_t *largest)
{
    Automaton *of = &self->automata[self->count];
    if (!PyBytes_Check(bytes) || PyBytes_GET_SIZE(bytes) == 0 || PyBytes_GET_SIZE(bytes) % sizeof(Instruction) ||
        PyBytes_GET_SIZE(bytes) / sizeof(Instruction) > MAX_MEMBERS)
        return refuse("Screen: a program is some instructions of three numbers");
    of->size = (uint32_t)(PyBytes_GET_SIZE(bytes) / sizeof(Instruction));
    of->program = PyMem_Malloc((size_t)PyBytes_GET_SIZE(bytes));
    self->count++;
    if (of->program == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(of->program, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    for (uint32_t n = 0; n < of->size; n++) {
        const Instruction *one = &of->program[n];
        int fits = one->kind != SWITCH || (one->what > 0 && one->what < of->size - n);
        for (uint32_t next = 1; fits && one->kind == SWITCH && next <= one->what; next++)
            fits = one[next].kind == ONE;
        if (!fits || one->kind > SWITCH || one->then >= of->size || (one->kind == ONE && one->what >= self->code_count) ||
            (one->kind == SET && one->what >= self->set_count) || (one->kind == SPLIT && one->what >= of->size))
            return refuse("Screen: an instruction has no sense");
    }
    if (of->size > *largest)
        *largest = of->size;
    return 0;
}

/* Finds what lines begin and end with that each rule may match. */
static int
find_ends(Screen *self)
{
    size_t size = (self->rules + 7) / 8, codes = self->code_count;
    uint8_t *some = PyMem_Malloc(2 * (size_t)self->set_size);
    self->first = PyMem_Malloc(codes * size + 1);
    self->last = PyMem_Malloc(codes * size + 1);
    if (some == NULL || self->first == NULL || self->last == NULL) {
        PyMem_Free(some);
        PyErr_NoMemory();
        return -1;
    }
    memset(self->first, 0xFF, codes * size);
    memset(self->last, 0xFF, codes * size);
    for (uint32_t rule = 0; rule < self->rules; rule++)
        for (uint32_t at = self->of_rule[rule]; at < self->of_rule[rule + 1]; at++) {
            uint8_t *first = memset(some, 0, 2 * (size_t)self->set_size), *last = first + self->set_size;
            find_first(self, &self->automata[at], first);
            find_last(self, &self->automata[at], last);
            for (size_t code = 0; code < codes; code++) {
                if (!(first[code >> 3] >> (code & 7) & 1))
                    self->first[code * size + (rule >> 3)] &= (uint8_t)~(1u << (rule & 7));
                if (!(last[code >> 3] >> (code & 7) & 1))
                    self->last[code * size + (rule >> 3)] &= (uint8_t)~(1u << (rule & 7));
            }
        }
    PyMem_Free(some);
    return 0;
}

/* The programs of the tricks, and of each rule: lists of bytes. */
static int
take_programs(Screen *self, PyObject *programs)
{
    size_t count = 0;
    uint32_t largest = 0;
    self->rules = (uint32_t)PyList_GET_SIZE(programs) - 1;
    for (Py_ssize_t rule = 0; rule <= self->rules; rule++) {
        PyObject *some = PyList_GET_ITEM(programs, rule);
        if (!PyList_Check(some) || (rule == 0 && PyList_GET_SIZE(some) != 1))
            return refuse("Screen: the programs are lists, and there is one for tricks");
        count += (size_t)PyList_GET_SIZE(some);
    }
    self->automata = PyMem_Calloc(count, sizeof(*self->automata));
    self->of_rule = PyMem_Calloc((size_t)self->rules + 1, sizeof(*self->of_rule));
    if (self->automata == NULL || self->of_rule == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t rule = 0; rule <= self->rules; rule++) {
        PyObject *some = PyList_GET_ITEM(programs, rule);
        for (Py_ssize_t at = 0; at < PyList_GET_SIZE(some); at++)
            if (take_program(self, PyList_GET_ITEM(some, at), &largest) < 0)
                return -1;
        self->of_rule[rule] = self->count;
    }
    self->stack = PyMem_Malloc((4 * (size_t)largest + 2) * sizeof(*self->stack));
    self->mark = PyMem_Calloc(2 * (size_t)largest, sizeof(*self->mark));
    self->found = PyMem_Malloc((size_t)largest * sizeof(*self->found));
    self->line = PyMem_Malloc((size_t)self->window * sizeof(*self->line));
    self->may = PyMem_Malloc(largest);
    if (self->stack && self->mark && self->found && self->line && self->may)
        return find_ends(self);
    PyErr_NoMemory();
    return -1;
}

static int
take(Screen *self, const Py_buffer *codes, const Py_buffer *beyond, const Py_buffer *plain, const Py_buffer *sets,
     const Py_buffer *longest, PyObject *programs)
{
    if (codes->len != CODES * (Py_ssize_t)sizeof(uint16_t) || plain->len != codes->len || beyond->len == 0 ||
        beyond->len % 8 || self->set_size < 1 || self->set_size > 0x1FFF || sets->len % self->set_size || self->window < 1 || PyList_GET_SIZE(programs) == 0 ||
        longest->len != (PyList_GET_SIZE(programs) - 1) * (Py_ssize_t)sizeof(int64_t))
        return refuse("Screen: the sizes do not fit");
    self->code_count = (uint32_t)self->set_size * 8;
    self->set_count = sets->len / self->set_size;
    self->ranges = beyond->len / 8;
    self->codes = copied(codes);
    self->beyond = copied(beyond);
    self->plain = copied(plain);
    self->sets = copied(sets);
    self->longest = copied(longest);
    if (PyErr_Occurred())
        return -1;
    for (uint32_t character = 0; character < CODES; character++)
        if (self->codes[character] >= self->code_count)
            return refuse("Screen: a code is in no set");
    for (Py_ssize_t range = 0; range < self->ranges; range++)
        if (self->beyond[2 * range + 1] >= self->code_count)
            return refuse("Screen: a code is in no set");
    return take_programs(self, programs);
}

static PyObject *
screen_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *programs;
    Py_ssize_t set_size, window;
    Py_buffer codes, beyond, plain, sets, longest;
    if (!PyArg_ParseTuple(args, "y*y*y*y*nO!y*n", &codes, &beyond, &plain, &sets, &set_size, &PyList_Type, &programs,
                          &longest, &window))
        return NULL;
    Screen *self = (Screen *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->set_size = set_size;
        self->window = window;
        if (take(self, &codes, &beyond, &plain, &sets, &longest, programs) < 0)
            Py_CLEAR(self);
    }
    PyBuffer_Release(&codes);
    PyBuffer_Release(&beyond);
    PyBuffer_Release(&plain);
    PyBuffer_Release(&sets);
    PyBuffer_Release(&longest);
    return (PyObject *)self;
}

static void
screen_dealloc(Screen *self)
{
    for (uint32_t at = 0; at < self->count; at++) {
        forget(&self->automata[at]);
        PyMem_Free(self->automata[at].program);
    }
    void *parts[] = {self->codes, self->beyond, self->plain, self->sets, self->automata, self->of_rule, self->longest,
                     self->first, self->last, self->stack, self->mark, self->found, self->may, self->line};
    for (size_t at = 0; at < sizeof(parts) / sizeof(*parts); at++)
        PyMem_Free(parts[at]);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef screen_methods[] = {
    {"narrowed", (PyCFunction)(void (*)(void))narrowed, METH_FASTCALL,
     "narrowed(text, lines) -> list[tuple[int, int, bytes, str | None]]\n\nThe lines, each start, end and a set of "
     "rules, with the rules that may match them, and what they say, if they hide nothing; without those that no rule may "
     "match."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject screen_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.screen.Screen",
    .tp_basicsize = sizeof(Screen),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Screen(codes, beyond, plain, sets, set_size, programs, longest, window)\n\nSee cleanzh.rulebook.screen.",
    .tp_new = screen_new,
    .tp_dealloc = (destructor)screen_dealloc,
    .tp_methods = screen_methods,
};

MODULE_OF_TYPE(screen, screen_type)
