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

/* Of a line, given as codes, the rules that may match it: 1 if there are some, -1 without memory. */
static int
rules_of(Screen *self, Py_ssize_t size, int64_t length, uint64_t *rules)
{
    int some = 0;
    for (Py_ssize_t word = 0; word < self->words; word++) {
        uint64_t left = rules[word];
        if (size) {
            left &= self->first[self->line[0] * self->words + word];
            left &= self->last[self->line[size - 1] * self->words + word];
        }
        rules[word] = 0;
        for (uint64_t lowest; left; left ^= lowest) {
            lowest = left & (0 - left);
            uint32_t rule = (uint32_t)word * 64 + count_of(lowest - 1);
            if (rule >= self->rules)
                break;
            int may = length <= self->longest[rule];
            for (uint32_t at = self->of_rule[rule]; may > 0 && at < self->of_rule[rule + 1]; at++)
                may = may_match(self, &self->automata[at], self->line, size);
            if (may < 0)
                return -1;
            if (may) {
                rules[word] |= lowest;
                some = 1;
            }
        }
    }
    return some;
}

/* Leaves out the rules that are for prose alone, if a line, given as codes, is none. */
static int
without_prose(Screen *self, Py_ssize_t size, uint64_t *rules)
{
    int other = may_match(self, &self->automata[1], self->line, size), some = 0;
    for (Py_ssize_t word = 0; word < self->words; word++) {
        if (other > 0)
            rules[word] &= ~self->prose[word];
        some |= rules[word] != 0;
    }
    return other < 0 ? -1 : some;
}

/* See narrowing.h. */
static int
narrow(PyObject *screen, PyObject *text, Py_ssize_t start, Py_ssize_t end, uint64_t *rules, PyObject **seen)
{
    Screen *self = (Screen *)screen;
    int kind = PyUnicode_KIND(text);
    const void *chars = PyUnicode_DATA(text);
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
        *seen = hidden > 0 ? Py_NewRef(Py_None) : NULL;
        return hidden;
    }
    int some = rules_of(self, end - low, length, rules);
    if (some > 0)
        some = without_prose(self, end - low, rules);
    if (some > 0 && (*seen = folded(self, kind, chars, low, end)) == NULL)
        return -1;
    return some;
}

static void
end_narrowing(PyObject *capsule)
{
    Py_XDECREF((PyObject *)PyCapsule_GetContext(capsule));
}

static PyObject *
narrowing(Screen *self, PyObject *Py_UNUSED(nothing))
{
    PyObject *capsule = PyCapsule_New(&self->narrowing, NARROWING, end_narrowing);
    if (capsule != NULL && PyCapsule_SetContext(capsule, Py_NewRef(self)) < 0)
        Py_CLEAR(capsule);
    return capsule;
}

/* unlike(text, known) */

/* Whether rules see no difference between two characters. */
static inline int
alike(const Screen *self, Py_UCS4 one, Py_UCS4 other)
{
    return one == other || (one < CODES && other < CODES && self->plain[one] && self->plain[one] == self->plain[other] &&
                            !Py_UNICODE_ISSPACE(one) && !Py_UNICODE_ISSPACE(other));
}

static PyObject *
unlike(Screen *self, PyObject *args)
{
    PyObject *text, *known;
    if (!PyArg_ParseTuple(args, "UU", &text, &known))
        return NULL;
    int kind = PyUnicode_KIND(text), known_kind = PyUnicode_KIND(known);
    const void *chars = PyUnicode_DATA(text), *others = PyUnicode_DATA(known);
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), known_length = PyUnicode_GET_LENGTH(known), low = 0, high = length;
    while (low < length && low < known_length &&
           alike(self, PyUnicode_READ(kind, chars, low), PyUnicode_READ(known_kind, others, low)))
        low++;
    if (low < length || low < known_length)
        while (low && PyUnicode_READ(kind, chars, low - 1) != '\n')
            low--;
    Py_ssize_t shift = known_length - length;
    while (high > low && high + shift > low &&
           alike(self, PyUnicode_READ(kind, chars, high - 1), PyUnicode_READ(known_kind, others, high - 1 + shift)))
        high--;
    while (high < length && PyUnicode_READ(kind, chars, high++) != '\n')
        ;
    return Py_BuildValue("(nn)", low, high);
}

/* Screen(codes, beyond, plain, sets, set_size, programs, longest, prose, window) */

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

/* Takes a rule from the rows of the codes that are not in a set. */
static void
take_out(Screen *self, uint64_t *rows, const uint8_t *set, uint32_t rule)
{
    for (uint32_t code = 0; code < self->code_count; code++)
        if (!(set[code >> 3] >> (code & 7) & 1))
            rows[code * self->words + rule / 64] &= ~((uint64_t)1 << rule % 64);
}

/* Finds what lines begin and end with that each rule may match. */
static int
find_ends(Screen *self)
{
    size_t rows = (size_t)self->code_count * (size_t)self->words * sizeof(uint64_t);
    uint8_t *some = PyMem_Malloc((size_t)self->set_size);
    self->first = PyMem_Malloc(rows + 1);
    self->last = PyMem_Malloc(rows + 1);
    if (some == NULL || self->first == NULL || self->last == NULL) {
        PyMem_Free(some);
        PyErr_NoMemory();
        return -1;
    }
    memset(self->first, 0xFF, rows);
    memset(self->last, 0xFF, rows);
    for (uint32_t rule = 0; rule < self->rules; rule++)
        for (uint32_t at = self->of_rule[rule]; at < self->of_rule[rule + 1]; at++) {
            find_first(self, &self->automata[at], memset(some, 0, (size_t)self->set_size));
            take_out(self, self->first, some, rule);
            find_last(self, &self->automata[at], memset(some, 0, (size_t)self->set_size));
            take_out(self, self->last, some, rule);
        }
    PyMem_Free(some);
    return 0;
}

/* The programs of the tricks and of what is no prose, and those of each rule: lists of bytes. */
static int
take_programs(Screen *self, PyObject *programs)
{
    size_t count = 0;
    uint32_t largest = 0;
    self->rules = (uint32_t)PyList_GET_SIZE(programs) - 1;
    self->words = (self->rules + 63) / 64;
    self->narrowing = (Narrowing){narrow, (PyObject *)self, self->words};
    for (Py_ssize_t rule = 0; rule <= self->rules; rule++) {
        PyObject *some = PyList_GET_ITEM(programs, rule);
        if (!PyList_Check(some) || (rule == 0 && PyList_GET_SIZE(some) != 2))
            return refuse("Screen: the programs are lists, the first of two for all lines");
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
     const Py_buffer *longest, const Py_buffer *prose, PyObject *programs)
{
    if (codes->len != CODES * (Py_ssize_t)sizeof(uint16_t) || plain->len != codes->len || beyond->len == 0 ||
        beyond->len % 8 || self->set_size < 1 || self->set_size > 0x1FFF || sets->len % self->set_size ||
        self->window < 1 || PyList_GET_SIZE(programs) == 0 ||
        longest->len != (PyList_GET_SIZE(programs) - 1) * (Py_ssize_t)sizeof(int64_t) ||
        prose->len != (PyList_GET_SIZE(programs) + 6) / 8)
        return refuse("Screen: the sizes do not fit");
    self->code_count = (uint32_t)self->set_size * 8;
    self->set_count = sets->len / self->set_size;
    self->ranges = beyond->len / 8;
    self->codes = copied(codes);
    self->beyond = copied(beyond);
    self->plain = copied(plain);
    self->sets = copied(sets);
    self->longest = copied(longest);
    self->prose = PyMem_Calloc((size_t)prose->len / 8 + 1, sizeof(*self->prose));
    if (self->prose == NULL)
        PyErr_NoMemory();
    if (PyErr_Occurred())
        return -1;
    for (Py_ssize_t at = 0; at < prose->len; at++)
        self->prose[at / 8] |= (uint64_t)((const uint8_t *)prose->buf)[at] << at % 8 * 8;
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
    Py_buffer codes, beyond, plain, sets, longest, prose;
    if (!PyArg_ParseTuple(args, "y*y*y*y*nO!y*y*n", &codes, &beyond, &plain, &sets, &set_size, &PyList_Type,
                          &programs, &longest, &prose, &window))
        return NULL;
    Screen *self = (Screen *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->set_size = set_size;
        self->window = window;
        if (take(self, &codes, &beyond, &plain, &sets, &longest, &prose, programs) < 0)
            Py_CLEAR(self);
    }
    PyBuffer_Release(&codes);
    PyBuffer_Release(&beyond);
    PyBuffer_Release(&plain);
    PyBuffer_Release(&sets);
    PyBuffer_Release(&longest);
    PyBuffer_Release(&prose);
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
                     self->prose, self->first, self->last, self->stack, self->mark, self->found, self->may, self->line};
    for (size_t at = 0; at < sizeof(parts) / sizeof(*parts); at++)
        PyMem_Free(parts[at]);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef screen_methods[] = {
    {"narrowing", (PyCFunction)narrowing, METH_NOARGS,
     "narrowing() -> object\n\nWhat the kernel forms asks which rules may match a line."},
    {"unlike", (PyCFunction)unlike, METH_VARARGS,
     "unlike(text, known) -> tuple[int, int]\n\nThe span of the text, in whole lines, before and behind which rules see "
     "the same lines as in the known text."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject screen_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.screen.Screen",
    .tp_basicsize = sizeof(Screen),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Screen(codes, beyond, plain, sets, set_size, programs, longest, prose, window)\n\nSee cleanzh.rulebook.screen.",
    .tp_new = screen_new,
    .tp_dealloc = (destructor)screen_dealloc,
    .tp_methods = screen_methods,
};

MODULE_OF_TYPE(screen, screen_type)
