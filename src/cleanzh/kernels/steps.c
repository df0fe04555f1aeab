/* The steps of a ledger line as objects, from its bytes: see cleanzh.ledger. To make dictionaries of all edits first takes
 * five times as long. */
#include "edits.h"
#include "written.h"

#define LONGEST 15 /* digits of a place */

/* The character that an escape stands for, which is passed; -1 for one that a run does not write, or that is half. */
static int
escaped(Bytes *rest)
{
    if (rest->at == rest->end)
        return -1;
    char c = *rest->at++;
    switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': {
        long unit = hexadecimal(rest);
        return unit >= 0 && unit < 0x80 ? (int)unit : -1;
    }
    default: return -1;
    }
}

/* The string whose quote was passed, and goes behind its end; NULL for one that is left, without an exception, or
 * without memory. */
static PyObject *
string(Bytes *rest)
{
    const char *begin = rest->at;
    int escapes = 0;
    for (;; rest->at++) {
        if (rest->at == rest->end || (unsigned char)*rest->at < 0x20)
            return NULL;
        if (*rest->at == '"')
            break;
        if (*rest->at == '\\') {
            escapes = 1;
            if (++rest->at == rest->end)
                return NULL;
        }
    }
    const char *end = rest->at++;
    PyObject *made;
    if (!escapes)
        made = PyUnicode_DecodeUTF8(begin, end - begin, NULL);
    else {
        char *plain = PyMem_Malloc((size_t)(end - begin)), *out = plain;
        if (plain == NULL)
            return PyErr_NoMemory();
        for (Bytes left = {begin, end}; left.at < left.end;) {
            int c = (unsigned char)*left.at++;
            if (c == '\\' && (c = escaped(&left)) < 0) {
                PyMem_Free(plain);
                return NULL;
            }
            *out++ = (char)c;
        }
        made = PyUnicode_DecodeUTF8(plain, out - plain, NULL);
        PyMem_Free(plain);
    }
    if (made == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
        PyErr_Clear();
    return made;
}

/* The number that comes next, or NULL, as above. */
static PyObject *
place(Bytes *rest)
{
    const char *begin = rest->at;
    long long value = 0;
    while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9' && rest->at - begin < LONGEST)
        value = value * 10 + *rest->at++ - '0';
    if (rest->at == begin || (*begin == '0' && rest->at > begin + 1))
        return NULL;
    return PyLong_FromLongLong(value);
}

/* The name of the rule that comes next: most edits have that of the edit before, which is not made again. */
static PyObject *
name(Bytes *rest, Bytes *last, PyObject *known)
{
    size_t length = (size_t)(last->end - last->at);
    if (known != NULL && (size_t)(rest->end - rest->at) > length && memcmp(rest->at, last->at, length) == 0
        && rest->at[length] == '"') {
        rest->at += length + 1;
        return Py_NewRef(known);
    }
    last->at = rest->at;
    PyObject *made = string(rest);
    last->end = rest->at - 1;
    return made;
}

/* Appends the edits of a step, whose bracket was passed, and goes behind theirs; 0 for what is left, -1 for an exception. */
static int
read_edits(Bytes *rest, PyTypeObject *type, PyObject *edits)
{
    Bytes last = *rest;
    PyObject *known = NULL;
    int whole = 0;
    if (comes(rest, "]"))
        return 1;
    do {
        PyObject *rule = NULL, *start = NULL, *before = NULL, *after = NULL, *edit = NULL;
        whole = comes(rest, "{\"rule\": \"") && (rule = name(rest, &last, known)) != NULL
                && comes(rest, ", \"start\": ") && (start = place(rest)) != NULL
                && comes(rest, ", \"before\": \"") && (before = string(rest)) != NULL
                && comes(rest, ", \"after\": \"") && (after = string(rest)) != NULL && comes(rest, "}")
                && (edit = made_edit(type, rule, start, before, after)) != NULL && PyList_Append(edits, edit) == 0;
        Py_XSETREF(known, rule);
        Py_XDECREF(start);
        Py_XDECREF(before);
        Py_XDECREF(after);
        Py_XDECREF(edit);
    } while (whole && comes(rest, ", "));
    Py_XDECREF(known);
    return PyErr_Occurred() ? -1 : whole && comes(rest, "]");
}

/* The same for the steps. */
static int
read_steps(Bytes *rest, PyTypeObject *step_type, PyTypeObject *edit_type, PyObject *steps)
{
    int whole = 0;
    if (rest->at == rest->end)
        return 1;
    do {
        PyObject *filter = NULL, *edits = PyList_New(0), *step = NULL;
        whole = edits != NULL && comes(rest, "{\"filter\": \"") && (filter = string(rest)) != NULL
                && comes(rest, ", \"edits\": [") && read_edits(rest, edit_type, edits) == 1 && comes(rest, "}")
                && (step = step_type->tp_alloc(step_type, 2)) != NULL;
        if (whole) {
            PyTuple_SET_ITEM(step, 0, Py_NewRef(filter));
            PyTuple_SET_ITEM(step, 1, Py_NewRef(edits));
            whole = PyList_Append(steps, step) == 0;
        }
        Py_XDECREF(filter);
        Py_XDECREF(edits);
        Py_XDECREF(step);
    } while (whole && comes(rest, ", "));
    return PyErr_Occurred() ? -1 : whole && rest->at == rest->end;
}

static PyObject *
steps(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_Check(args[0]) || !is_tuple_type(args[1]) || !is_tuple_type(args[2])) {
        PyErr_SetString(PyExc_TypeError, "steps(written, Step, Edit)");
        return NULL;
    }
    Bytes rest = {PyBytes_AS_STRING(args[0]), PyBytes_AS_STRING(args[0]) + PyBytes_GET_SIZE(args[0])};
    PyObject *list = PyList_New(0), *made = NULL;
    int done = list == NULL ? -1 : read_steps(&rest, (PyTypeObject *)args[1], (PyTypeObject *)args[2], list);
    if (done >= 0)
        made = done ? PyList_AsTuple(list) : Py_NewRef(Py_None);
    Py_XDECREF(list);
    return made;
}

static PyMethodDef methods[] = {
    {"steps", (PyCFunction)(void (*)(void))steps, METH_FASTCALL,
     "steps(written, Step, Edit) -> tuple[Step, ...] | None\n\n"
     "The steps in a ledger line, from the bytes between their brackets; None for what Python is to read, or to find\n"
     "broken."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(steps, methods)
