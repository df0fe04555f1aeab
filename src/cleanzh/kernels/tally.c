/* Counts edits: of a document that was cleaned (see cleanzh.stages.clean), and of a ledger line as they are written (see
 * cleanzh.report.html.tally). */
#include "written.h"

#define MOST 64 /* rules that changed one document; a document of more is left to Python */

typedef struct {
    Bytes rule;
    long long edits, taken, given, longest;
} Row;

/* The characters of the string whose quote was passed, and goes behind its end; -1 if it is broken. */
static long long
string_length(Bytes *rest)
{
    long long length = 0;
    while (rest->at < rest->end) {
        unsigned char c = (unsigned char)*rest->at++;
        if (c == '"')
            return length;
        if (c < 0x20)
            return -1;
        if (c == '\\') {
            if (rest->at == rest->end)
                return -1;
            c = (unsigned char)*rest->at++;
            if (c == 'u') {
                long unit = hexadecimal(rest);
                if (unit < 0)
                    return -1;
                Bytes next = *rest;
                if (unit >= 0xD800 && unit < 0xDC00 && comes(&next, "\\u")) {
                    long other = hexadecimal(&next);
                    if (other >= 0xDC00 && other < 0xE000)
                        *rest = next; /* both are one character */
                }
            }
            else if (c == 0 || strchr("\"\\/bfnrt", c) == NULL)
                return -1;
            length++;
        }
        else
            length += (c & 0xC0) != 0x80; /* the first byte of a character */
    }
    return -1;
}

static int
number(Bytes *rest)
{
    const char *begin = rest->at;
    while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9')
        rest->at++;
    return rest->at > begin;
}

/* The row of a rule, a new one if there is none; NULL if there is no room. */
static Row *
row_of(Row *rows, int *count, Bytes rule)
{
    size_t length = (size_t)(rule.end - rule.at);
    for (int i = *count; i-- > 0;)
        if ((size_t)(rows[i].rule.end - rows[i].rule.at) == length && memcmp(rows[i].rule.at, rule.at, length) == 0)
            return &rows[i];
    if (*count == MOST)
        return NULL;
    rows[*count] = (Row){.rule = rule, .longest = LLONG_MIN};
    return &rows[(*count)++];
}

/* How many rules there are; -1 for what a run does not write so. */
static int
count_edits(Bytes rest, Row *rows)
{
    int count = 0;
    while ((rest.at = memchr(rest.at, '{', (size_t)(rest.end - rest.at))) != NULL) {
        if (!comes(&rest, "{\"rule\": \"")) {
            rest.at++; /* of a step; of a string no more than a character that says nothing */
            continue;
        }
        Bytes rule = rest;
        long long before, after;
        if (string_length(&rest) < 0)
            return -1;
        rule.end = rest.at - 1;
        if (memchr(rule.at, '\\', (size_t)(rule.end - rule.at)) != NULL)
            return -1;
        if (!comes(&rest, ", \"start\": ") || !number(&rest))
            return -1;
        if (!comes(&rest, ", \"before\": \"") || (before = string_length(&rest)) < 0)
            return -1;
        if (!comes(&rest, ", \"after\": \"") || (after = string_length(&rest)) < 0 || !comes(&rest, "}"))
            return -1;
        Row *row = row_of(rows, &count, rule);
        if (row == NULL)
            return -1;
        row->edits++;
        row->taken += before;
        row->given += after;
        if (before - after > row->longest)
            row->longest = before - after;
    }
    return count;
}

static PyObject *
tally(PyObject *module, PyObject *steps)
{
    if (!PyBytes_Check(steps)) {
        PyErr_SetString(PyExc_TypeError, "tally(steps)");
        return NULL;
    }
    Row rows[MOST];
    const char *begin = PyBytes_AS_STRING(steps);
    Bytes rest = {begin, begin + PyBytes_GET_SIZE(steps)};
    PyObject *text = PyUnicode_DecodeUTF8(rest.at, rest.end - rest.at, NULL); /* or it is broken */
    if (text == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
            return NULL;
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    Py_DECREF(text);
    int count = count_edits(rest, rows);
    if (count < 0)
        Py_RETURN_NONE;
    PyObject *done = PyDict_New();
    for (int i = 0; done != NULL && i < count; i++) {
        Row *row = &rows[i];
        PyObject *name = PyUnicode_FromStringAndSize(row->rule.at, row->rule.end - row->rule.at);
        PyObject *counts = Py_BuildValue("[LLLL]", row->edits, row->taken, row->given, row->longest);
        if (name == NULL || counts == NULL || PyDict_SetItem(done, name, counts) < 0)
            Py_CLEAR(done);
        Py_XDECREF(name);
        Py_XDECREF(counts);
    }
    return done;
}

/* Adds to what a rule came to: edits, and characters less; -1 without memory. */
static int
add(PyObject *counts, PyObject *rule, Py_ssize_t edits, Py_ssize_t less)
{
    PyObject *before = PyDict_GetItemWithError(counts, rule);
    if (before == NULL && PyErr_Occurred())
        return -1;
    if (before != NULL) {
        edits += PyLong_AsSsize_t(PyTuple_GET_ITEM(before, 0));
        less += PyLong_AsSsize_t(PyTuple_GET_ITEM(before, 1));
    }
    PyObject *now = Py_BuildValue("(nn)", edits, less);
    int failed = now == NULL ? -1 : PyDict_SetItem(counts, rule, now);
    Py_XDECREF(now);
    return failed;
}

/* Counts the edits of a step; 1, or 0 for what is no list of edits, -1 without memory. Those of a rule come in a row. */
static int
count_step(PyObject *counts, PyObject *edits)
{
    PyObject *rule = NULL;
    Py_ssize_t in_a_row = 0, less = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(edits); i++) {
        PyObject *edit = PyList_GET_ITEM(edits, i);
        if (!PyTuple_Check(edit) || PyTuple_GET_SIZE(edit) != 4 || !PyUnicode_CheckExact(PyTuple_GET_ITEM(edit, 0)) ||
            !PyUnicode_Check(PyTuple_GET_ITEM(edit, 2)) || !PyUnicode_Check(PyTuple_GET_ITEM(edit, 3)))
            return 0;
        if (PyTuple_GET_ITEM(edit, 0) != rule) {
            if (rule != NULL && add(counts, rule, in_a_row, less) < 0)
                return -1;
            rule = PyTuple_GET_ITEM(edit, 0);
            in_a_row = less = 0;
        }
        in_a_row++;
        less += PyUnicode_GET_LENGTH(PyTuple_GET_ITEM(edit, 2)) - PyUnicode_GET_LENGTH(PyTuple_GET_ITEM(edit, 3));
    }
    return rule != NULL && add(counts, rule, in_a_row, less) < 0 ? -1 : 1;
}

static PyObject *
count(PyObject *module, PyObject *steps)
{
    if (!PyTuple_Check(steps)) {
        PyErr_SetString(PyExc_TypeError, "count(steps)");
        return NULL;
    }
    PyObject *counts = PyDict_New();
    for (Py_ssize_t i = 0; counts != NULL && i < PyTuple_GET_SIZE(steps); i++) {
        PyObject *step = PyTuple_GET_ITEM(steps, i);
        int known = PyTuple_Check(step) && PyTuple_GET_SIZE(step) == 2 && PyList_Check(PyTuple_GET_ITEM(step, 1));
        int done = known ? count_step(counts, PyTuple_GET_ITEM(step, 1)) : 0;
        if (done <= 0)
            Py_CLEAR(counts);
        if (done == 0)
            Py_RETURN_NONE;
    }
    return counts;
}

static PyMethodDef methods[] = {
    {"count", count, METH_O,
     "count(steps) -> dict[str, tuple[int, int]] | None\n\nBy rule, the edits of a document, and how many characters less "
     "they made of it;\nNone for steps that Python is to count."},
    {"tally", tally, METH_O,
     "tally(steps) -> dict | None\n\nBy rule: edits, characters taken and given, and the most that one edit took; None\n"
     "for steps that Python is to read, or to find broken."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(tally, methods)
