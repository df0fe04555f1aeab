/* Where the lines of a text begin, and what characters and pairs of characters each has: see cleanzh.lexicon.outline.
 *
 * Most lines need no look at all once it is known how long they are and what they have; so a filter asks for the
 * numbers of those that could concern it, and makes strings of these only.
 */
#include "edits.h"

#include <stddef.h>
#include <string.h>
#include <structmember.h>

#define CLASSES 256
#define PAIR_KINDS 3
#define OPENING 9 /* characters behind the blanks that a line begins with */

typedef struct {
    Py_ssize_t start; /* in characters of the text */
    uint64_t kinds;   /* of all its characters; above bit 32 once more, of those that open it */
} Line;

/* As the table comes from Python: the pairs of each kind of pairs, the bits of each class of characters, and the class
 * of each character. */
typedef struct {
    uint64_t pairs[PAIR_KINDS];
    struct {
        uint64_t kinds;   /* bit 0: blank; those from bit 31 downwards are set by pairs */
        uint64_t begins;  /* pairs of which it is the first */
        uint64_t ends;    /* pairs of which it is the second */
    } bits[CLASSES];
    uint8_t classes[TABLE_ENTRIES];
} Table;

#define BLANK 1u
#define PAIR ((uint64_t)1 << 31) /* of the first kind */

/* The lines of a text that was outlined before, of which this one may have some. */
typedef struct {
    const void *chars;
    const Line *next;
    Py_ssize_t left;
    Py_ssize_t met; /* lines that were known, less those that were not; below zero, it is another text */
} Known;

#define MOST_GONE 64 /* lines in a row that may have been taken out since */

/* The length of a line that is the next of the known ones, but for some that are gone, and its kinds; -1 if it is none.
 * To compare takes a tenth of what a look at each character does. */
#define LOOP(NAME, UNIT)                                                                                              \
    static Py_ssize_t NAME##_known(const UNIT *chars, Py_ssize_t length, Known *known, uint64_t *kinds)               \
    {                                                                                                                 \
        const UNIT *others = known->chars;                                                                            \
        for (Py_ssize_t i = 0; i < known->left && i < MOST_GONE; i++) {                                               \
            const Line *line = known->next + i;                                                                       \
            Py_ssize_t size = line[1].start - line->start - 1;                                                        \
            if (size > length || (size < length && chars[size] != '\n')                                               \
                || memcmp(chars, others + line->start, (size_t)size * sizeof(UNIT)) != 0)                             \
                continue;                                                                                             \
            *kinds = line->kinds;                                                                                     \
            known->next += i + 1;                                                                                     \
            known->left -= i + 1;                                                                                     \
            known->met++;                                                                                             \
            return size;                                                                                              \
        }                                                                                                             \
        if (--known->met < 0)                                                                                         \
            known->left = 0;                                                                                          \
        return -1;                                                                                                    \
    }
FOR_EACH_WIDTH(LOOP, outline)
#undef LOOP

/* The characters of the line up to LIMIT and while CONDITION holds for their class: their kinds, and the pairs that
 * each is the second of, if the one before it was the first. */
#define TAKE(LIMIT, CONDITION)                           \
    for (; i < (LIMIT) && chars[i] != '\n'; i++) {       \
        uint8_t at = table->classes[ENTRY(chars[i])];    \
        if (!(CONDITION))                                \
            break;                                       \
        kinds |= table->bits[at].kinds;                  \
        pairs |= begun & table->bits[at].ends;           \
        begun = table->bits[at].begins;                  \
    }

#define LOOP(NAME, UNIT)                                                                            \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, const Table *table, Line *lines,   \
                           Known *known)                                                            \
    {                                                                                               \
        Py_ssize_t count = 0;                                                                       \
        for (Py_ssize_t i = 0; i <= length; i++) {                                                  \
            uint64_t kinds = 0, pairs = 0, begun = 0;                                               \
            lines[count].start = i;                                                                 \
            Py_ssize_t same = known->left ? NAME##_known(chars + i, length - i, known, &lines[count].kinds) : -1; \
            if (same >= 0) {                                                                        \
                i += same;                                                                          \
                count++;                                                                            \
                continue;                                                                           \
            }                                                                                       \
            TAKE(length, table->bits[at].kinds & BLANK)                                             \
            uint64_t blank = kinds;                                                                 \
            kinds = 0;                                                                              \
            Py_ssize_t opens = length - i < OPENING ? length : i + OPENING;                         \
            TAKE(opens, 1)                                                                          \
            uint64_t opening = kinds << 32;                                                         \
            TAKE(length, 1)                                                                         \
            pairs |= begun & table->bits[table->classes['\n']].ends; /* the end of the text is one too */ \
            kinds |= blank | opening;                                                               \
            for (int kind = 0; pairs && kind < PAIR_KINDS; kind++)                                  \
                kinds |= pairs & table->pairs[kind] ? PAIR >> kind : 0;                             \
            lines[count++].kinds = kinds;                                                           \
        }                                                                                           \
        return count;                                                                               \
    }
FOR_EACH_WIDTH(LOOP, outline)
#undef LOOP

typedef struct {
    PyObject_HEAD
    PyObject *text;
    Line *lines; /* and one more, at the place where another line would begin */
    Py_ssize_t count;
} Outline;

static Py_ssize_t
length_of(const Outline *self, Py_ssize_t number)
{
    return self->lines[number + 1].start - self->lines[number].start - 1;
}

/* Whether a line is so long and has one of the kinds, if any are given. */
static int
is_such(const Outline *self, Py_ssize_t number, Py_ssize_t least, uint64_t some)
{
    return length_of(self, number) >= least && (some == 0 || self->lines[number].kinds & some);
}

static PyObject *
outline_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *text, *before;
    Py_buffer table;
    if (!PyArg_ParseTuple(args, "Uy*O", &text, &table, &before))
        return NULL;
    Outline *self = NULL;
    if (table.len != (Py_ssize_t)sizeof(Table))
        PyErr_SetString(PyExc_ValueError, "Outline: what table is this?");
    else
        self = (Outline *)type->tp_alloc(type, 0);
    if (self != NULL) {
        Py_ssize_t length = PyUnicode_GET_LENGTH(text), count = 1 + BY_WIDTH(times, text, length, '\n');
        Known known = {NULL, NULL, 0, 0};
        if (Py_TYPE(before) == type && PyUnicode_KIND(((Outline *)before)->text) == PyUnicode_KIND(text))
            known = (Known){PyUnicode_DATA(((Outline *)before)->text), ((Outline *)before)->lines, ((Outline *)before)->count, 0};
        self->text = Py_NewRef(text);
        self->lines = PyMem_New(Line, count + 1);
        if (self->lines == NULL) {
            PyErr_NoMemory();
            Py_CLEAR(self);
        }
        else {
            self->count = BY_WIDTH(outline, text, length, table.buf, self->lines, &known);
            self->lines[count] = (Line){length + 1, 0};
        }
    }
    PyBuffer_Release(&table);
    return (PyObject *)self;
}

static void
outline_dealloc(Outline *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(self->lines);
    Py_XDECREF(self->text);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

static Py_ssize_t
outline_length(Outline *self)
{
    return self->count;
}

static PyObject *
outline_item(Outline *self, Py_ssize_t number)
{
    if (number < 0 || number >= self->count) {
        PyErr_SetString(PyExc_IndexError, "no such line");
        return NULL;
    }
    return PyUnicode_Substring(self->text, self->lines[number].start, self->lines[number + 1].start - 1);
}

static PyObject *
outline_start(Outline *self, PyObject *argument)
{
    Py_ssize_t number = PyLong_AsSsize_t(argument);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    if (number < 0 || number > self->count) {
        PyErr_SetString(PyExc_IndexError, "no such line");
        return NULL;
    }
    return PyLong_FromSsize_t(self->lines[number].start);
}

/* What pick() may be given, by position or by name. */
enum { BEGIN, STOP, LEAST, MOST, SOME, NONE, ARGUMENTS };
static const char *const argument_names[ARGUMENTS] = {"begin", "stop", "least", "most", "some", "none"};

static PyObject *
outline_pick(Outline *self, PyObject *const *args, Py_ssize_t given, PyObject *names)
{
    uint64_t values[ARGUMENTS] = {[STOP] = PY_SSIZE_T_MAX, [MOST] = PY_SSIZE_T_MAX};
    Py_ssize_t named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    for (Py_ssize_t i = 0; i < given + named; i++) {
        Py_ssize_t which = i;
        if (i >= given)
            for (which = 0; which < ARGUMENTS; which++)
                if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i - given), argument_names[which]) == 0)
                    break;
        if (which >= ARGUMENTS) {
            PyErr_SetString(PyExc_TypeError, "pick(begin, stop, least, most, some, none)");
            return NULL;
        }
        values[which] = PyLong_AsUnsignedLongLongMask(args[i]);
        if (PyErr_Occurred())
            return NULL;
    }
    PyObject *found = PyList_New(0);
    if (found == NULL)
        return NULL;
    Py_ssize_t begin = (Py_ssize_t)values[BEGIN], stop = (Py_ssize_t)values[STOP];
    for (Py_ssize_t i = begin < 0 ? 0 : begin; i < stop && i < self->count; i++) {
        if (length_of(self, i) <= (Py_ssize_t)values[MOST] && !(self->lines[i].kinds & values[NONE])
            && is_such(self, i, (Py_ssize_t)values[LEAST], values[SOME]) && append_number(found, i) < 0) {
            Py_DECREF(found);
            return NULL;
        }
    }
    return found;
}

/* The first and the last of the lines of some length that have one of the kinds; None if there is none. */
static PyObject *
outline_edges(Outline *self, PyObject *const *args, Py_ssize_t given)
{
    Py_ssize_t least = given == 2 ? PyLong_AsSsize_t(args[0]) : -1;
    uint64_t some = given == 2 ? PyLong_AsUnsignedLongLongMask(args[1]) : 0;
    if (PyErr_Occurred())
        return NULL;
    if (given != 2) {
        PyErr_SetString(PyExc_TypeError, "edges(least, some)");
        return NULL;
    }
    Py_ssize_t first = 0, last = self->count - 1;
    while (first <= last && !is_such(self, first, least, some))
        first++;
    if (first > last)
        Py_RETURN_NONE;
    while (!is_such(self, last, least, some))
        last--;
    return Py_BuildValue("nn", first, last);
}

/* The edits that take lines away; GONE has the rule of each. */
static PyObject *
outline_without(Outline *self, PyObject *const *args, Py_ssize_t given)
{
    if (given != 2 || !PyDict_Check(args[0]) || !is_tuple_type(args[1])) {
        PyErr_SetString(PyExc_TypeError, "without(gone, Edit)");
        return NULL;
    }
    PyObject *numbers = PyDict_Keys(args[0]), *edits = PyList_New(0), *nothing = PyUnicode_New(0, 0);
    if (numbers == NULL || edits == NULL || nothing == NULL || PyList_Sort(numbers) < 0)
        goto failed;
    Py_ssize_t lines = self->count, closing = lines; /* from there on, all lines go */
    for (Py_ssize_t i = PyList_GET_SIZE(numbers) - 1; i >= 0; i--) {
        Py_ssize_t number = PyLong_AsSsize_t(PyList_GET_ITEM(numbers, i));
        if (number < 0 || number >= lines) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_IndexError, "no such line");
            goto failed;
        }
        closing -= number == closing - 1;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(numbers); i++) {
        PyObject *key = PyList_GET_ITEM(numbers, i), *rule = PyDict_GetItemWithError(args[0], key);
        Py_ssize_t number = PyLong_AsSsize_t(key), start, stop;
        if (rule == NULL)
            goto failed;
        start = self->lines[number].start;
        stop = self->lines[number + 1].start - (number == lines - 1);
        if (number >= closing && closing > 0) { /* the line break before it, not the one behind it */
            start--;
            stop = self->lines[number + 1].start - 1;
        }
        if (append_edit(edits, (PyTypeObject *)args[1], rule, self->text, start, stop, nothing) < 0)
            goto failed;
    }
    Py_DECREF(numbers);
    Py_DECREF(nothing);
    return edits;
failed:
    Py_XDECREF(numbers);
    Py_XDECREF(nothing);
    Py_XDECREF(edits);
    return NULL;
}

static PyMethodDef outline_methods[] = {
    {"start", (PyCFunction)outline_start, METH_O, "Where a line begins in the text."},
    {"pick", (PyCFunction)(void (*)(void))outline_pick, METH_FASTCALL | METH_KEYWORDS,
     "pick(begin=0, stop=..., least=0, most=..., some=0, none=0) -> list\n\n"
     "The lines from begin to stop that have least to most characters, some of the kinds (if any are given) and none."},
    {"edges", (PyCFunction)(void (*)(void))outline_edges, METH_FASTCALL,
     "edges(least, some) -> tuple[int, int] | None\n\n"
     "The first and the last of the lines of at least that length that have one of the kinds."},
    {"without", (PyCFunction)(void (*)(void))outline_without, METH_FASTCALL,
     "without(gone, Edit) -> list\n\nThe edits that take lines away, by number with their rules."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef outline_members[] = {
    {"text", T_OBJECT_EX, offsetof(Outline, text), READONLY, "What it is the outline of."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot outline_slots[] = {
    {Py_tp_doc, "Outline(text, table, before): the lines of a text, by number; before may be the outline of a like text."},
    {Py_tp_new, outline_new},
    {Py_tp_dealloc, outline_dealloc},
    {Py_sq_length, outline_length},
    {Py_sq_item, outline_item},
    {Py_tp_methods, outline_methods},
    {Py_tp_members, outline_members},
    {0, NULL},
};

static PyType_Spec outline_spec = {
    "cleanzh.kernels.lines.Outline", sizeof(Outline), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, outline_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "lines", .m_size = 0,
};

PyMODINIT_FUNC
PyInit_lines(void)
{
    PyObject *module = PyModule_Create(&definition), *type = PyType_FromSpec(&outline_spec);
    if (module == NULL || type == NULL || PyModule_AddObjectRef(module, "Outline", type) < 0)
        Py_CLEAR(module);
    Py_XDECREF(type);
    return module;
}
