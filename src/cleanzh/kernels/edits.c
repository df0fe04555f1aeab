/* Making, applying and composing edit lists: see cleanzh.edits, whose edits are tuples of a rule, a start, and what stood
 * and stands there. To apply, to revert and to compose answer None where something is not as it should be, and leave it
 * to Python to say what. */
#include "edits.h"

#define FAR (PY_SSIZE_T_MAX / 4) /* no text is so long, and sums of it do not run over */

/* An edit, as long as its tuple lives. */
typedef struct {
    PyObject *rule, *before, *after;
    Py_ssize_t start, taken, added;
} Edit;

static int
read_edit(PyObject *edits, Py_ssize_t index, Edit *edit)
{
    PyObject *object = PySequence_Fast_GET_ITEM(edits, index);
    if (!PyTuple_Check(object) || PyTuple_GET_SIZE(object) != 4 || !PyLong_Check(PyTuple_GET_ITEM(object, 1))
        || !PyUnicode_Check(PyTuple_GET_ITEM(object, 2)) || !PyUnicode_Check(PyTuple_GET_ITEM(object, 3)))
        return 0;
    edit->rule = PyTuple_GET_ITEM(object, 0);
    edit->before = PyTuple_GET_ITEM(object, 2);
    edit->after = PyTuple_GET_ITEM(object, 3);
    edit->taken = PyUnicode_GET_LENGTH(edit->before);
    edit->added = PyUnicode_GET_LENGTH(edit->after);
    edit->start = PyLong_AsSsize_t(PyTuple_GET_ITEM(object, 1));
    if (edit->start < 0)
        PyErr_Clear(); /* a number that is no place */
    return edit->start >= 0 && edit->start < FAR;
}

static int
stands(PyObject *text, Py_ssize_t start, PyObject *part)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(part);
    if (start > PyUnicode_GET_LENGTH(text) - length)
        return 0;
    if (PyUnicode_KIND(text) == PyUnicode_KIND(part))
        return memcmp((const char *)PyUnicode_DATA(text) + start * PyUnicode_KIND(text), PyUnicode_DATA(part),
                      (size_t)(length * PyUnicode_KIND(part))) == 0;
    for (Py_ssize_t i = 0; i < length; i++)
        if (PyUnicode_READ_CHAR(text, start + i) != PyUnicode_READ_CHAR(part, i))
            return 0;
    return 1;
}

/* Characters that are put together, as wide as the widest of what they come from. */
typedef struct {
    int kind;
    Py_ssize_t length;
    char *data;
} Parts;

static void
add(Parts *parts, PyObject *text, Py_ssize_t start, Py_ssize_t end)
{
    if ((int)PyUnicode_KIND(text) == parts->kind)
        memcpy(parts->data + parts->length * parts->kind, (char *)PyUnicode_DATA(text) + start * parts->kind,
               (size_t)((end - start) * parts->kind));
    else
        for (Py_ssize_t i = start; i < end; i++)
            PyUnicode_WRITE(parts->kind, parts->data, parts->length + i - start, PyUnicode_READ_CHAR(text, i));
    parts->length += end - start;
}

/* The edit that leads back, in the text that the edits lead to; DRIFT is what those before it have added. */
static void
turn(Edit *edit, Py_ssize_t *drift)
{
    Edit there = *edit;
    edit->before = there.after;
    edit->after = there.before;
    edit->taken = there.added;
    edit->added = there.taken;
    edit->start += *drift;
    *drift += there.added - there.taken;
}

static PyObject *
changed(PyObject *const *args, Py_ssize_t count, int back)
{
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "a text and its edits are expected");
        return NULL;
    }
    PyObject *text = args[0], *made = NULL, *edits = PySequence_Fast(args[1], "edits are expected");
    if (edits == NULL)
        return NULL;
    Py_ssize_t number = PySequence_Fast_GET_SIZE(edits), position = 0, drift = 0, total = PyUnicode_GET_LENGTH(text);
    Parts parts = {PyUnicode_KIND(text), 0, NULL};
    Edit edit;
    for (Py_ssize_t i = 0; i < number; i++) {
        int whole = read_edit(edits, i, &edit);
        if (whole && back)
            turn(&edit, &drift);
        if (!whole || edit.start < position || !stands(text, edit.start, edit.before)) {
            made = Py_NewRef(Py_None);
            goto done;
        }
        position = edit.start + edit.taken;
        total += edit.added - edit.taken;
        if ((int)PyUnicode_KIND(edit.after) > parts.kind)
            parts.kind = PyUnicode_KIND(edit.after);
    }
    parts.data = total < FAR ? PyMem_Malloc((size_t)(total * parts.kind + 1)) : NULL;
    if (parts.data == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    position = drift = 0;
    for (Py_ssize_t i = 0; i < number; i++) {
        read_edit(edits, i, &edit);
        if (back)
            turn(&edit, &drift);
        add(&parts, text, position, edit.start);
        add(&parts, edit.after, 0, edit.added);
        position = edit.start + edit.taken;
    }
    add(&parts, text, position, PyUnicode_GET_LENGTH(text));
    made = PyUnicode_FromKindAndData(parts.kind, parts.data, parts.length); /* no wider than it must be */
done:
    PyMem_Free(parts.data);
    Py_DECREF(edits);
    return made;
}

static PyObject *
apply(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    return changed(args, count, 0);
}

static PyObject *
revert(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    return changed(args, count, 1);
}

static PyObject *
moved(PyTypeObject *type, const Edit *edit, Py_ssize_t start)
{
    PyObject *number = PyLong_FromSsize_t(start);
    PyObject *made = number == NULL ? NULL : made_edit(type, edit->rule, number, edit->before, edit->after);
    Py_XDECREF(number);
    return made;
}

static int
append(PyObject *list, PyObject *object)
{
    int failed = object == NULL || PyList_Append(list, object) < 0;
    Py_XDECREF(object);
    return failed ? -1 : 0;
}

/* The first of both lists are taken while they touch, as spans of the text between; a group that has some of both is
 * made one by MERGE(low, high, drift, first, second). */
static int
walk(PyObject *first, PyObject *second, PyTypeObject *type, PyObject *merge, PyObject *composed)
{
    Py_ssize_t ahead = PySequence_Fast_GET_SIZE(first), behind = PySequence_Fast_GET_SIZE(second);
    Py_ssize_t drift = 0, i = 0, j = 0; /* what the text between has gained, before the group */
    Edit one, other;
    while (i < ahead || j < behind) {
        Py_ssize_t low = -1, high = -1, shift = drift, begun = i, then = j;
        for (;;) {
            if ((i < ahead && !read_edit(first, i, &one)) || (j < behind && !read_edit(second, j, &other)))
                return 0;
            Py_ssize_t start = i < ahead ? one.start + shift : PY_SSIZE_T_MAX, end;
            int from_second = j < behind && other.start <= start;
            if (from_second)
                start = other.start, end = start + other.taken;
            else if (i < ahead)
                end = start + one.added;
            else
                break;
            if (high >= 0 && high < start)
                break;
            if (high < end)
                high = end;
            if (low < 0)
                low = start;
            if (from_second) {
                j++;
            } else {
                shift += one.added - one.taken;
                i++;
            }
        }
        if (then == j) {
            for (Py_ssize_t k = begun; k < i; k++)
                if (PyList_Append(composed, PySequence_Fast_GET_ITEM(first, k)) < 0)
                    return -1;
        } else if (begun == i) {
            for (Py_ssize_t k = then; k < j; k++) {
                read_edit(second, k, &other);
                if (append(composed, moved(type, &other, other.start - drift)) < 0)
                    return -1;
            }
        } else {
            PyObject *merged = PyObject_CallFunction(merge, "nnnNN", low, high, drift, PySequence_GetSlice(first, begun, i),
                                                     PySequence_GetSlice(second, then, j));
            PyObject *extended = merged == NULL ? NULL : PyObject_CallMethod(composed, "extend", "O", merged);
            Py_XDECREF(merged);
            Py_XDECREF(extended);
            if (extended == NULL)
                return -1;
        }
        drift = shift;
    }
    return 1;
}

static PyObject *
compose(PyObject *module, PyObject *args)
{
    PyObject *one, *other, *type, *merge, *composed = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &one, &other, &type, &merge))
        return NULL;
    if (!is_tuple_type(type)) {
        PyErr_SetString(PyExc_TypeError, "compose(first, second, Edit, merge)");
        return NULL;
    }
    PyObject *first = PySequence_Tuple(one), *second = PySequence_Tuple(other);
    if (first != NULL && second != NULL && (composed = PyList_New(0)) != NULL) {
        int result = walk(first, second, (PyTypeObject *)type, merge, composed);
        if (result <= 0)
            Py_CLEAR(composed);
        if (result == 0)
            composed = Py_NewRef(Py_None);
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return composed;
}

/* A span that is to be edited, by the NUMBER of what says how, and in the ORDER in which they were found. */
typedef struct {
    Py_ssize_t start, end, number, order;
} Span;

/* By place; at one place the longest first, and of equal ones the one that was found first. */
static int
compare_spans(const void *one, const void *other)
{
    const Span *a = one, *b = other;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* How many spans there are in a list of (spans, rule, after), or -1 and an exception if it is none. */
static Py_ssize_t
count_spans(PyObject *found)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(found); i++) {
        PyObject *item = PyList_GET_ITEM(found, i), *spans = NULL;
        if (PyTuple_Check(item) && PyTuple_GET_SIZE(item) == 3 && PyUnicode_Check(PyTuple_GET_ITEM(item, 2)))
            spans = PyTuple_GET_ITEM(item, 0);
        if (spans == NULL || !(PyList_Check(spans) || PyTuple_Check(spans))) {
            PyErr_SetString(PyExc_TypeError, "edited: (spans, rule, after) is wanted");
            return -1;
        }
        count += PySequence_Fast_GET_SIZE(spans);
    }
    return count;
}

/* Reads the spans of one rule; their number, or -1 and an exception if they are no spans of the text. */
static Py_ssize_t
read_spans(PyObject *text, PyObject *list, Py_ssize_t number, Span *spans, Py_ssize_t order)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(list), length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *pair = PySequence_Fast_GET_ITEM(list, i);
        Py_ssize_t start = -1, end = -1;
        if (PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2) {
            start = PyLong_AsSsize_t(PyTuple_GET_ITEM(pair, 0));
            end = start < 0 ? -1 : PyLong_AsSsize_t(PyTuple_GET_ITEM(pair, 1));
        }
        if (start < 0 || end < start || end > length) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "edited: no span of the text");
            return -1;
        }
        spans[i] = (Span){start, end, number, order + i};
    }
    return count;
}

static PyObject *
edited(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    if (given != 3 || !PyUnicode_Check(args[0]) || !PyList_Check(args[1]) || !is_tuple_type(args[2])) {
        PyErr_SetString(PyExc_TypeError, "edited(text, found, Edit)");
        return NULL;
    }
    Py_ssize_t count = count_spans(args[1]), position = 0;
    if (count < 0)
        return NULL;
    Span *spans = PyMem_New(Span, count);
    if (spans == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t i = 0, order = 0, more; i < PyList_GET_SIZE(args[1]); i++, order += more) {
        more = read_spans(args[0], PyTuple_GET_ITEM(PyList_GET_ITEM(args[1], i), 0), i, spans + order, order);
        if (more < 0) {
            PyMem_Free(spans);
            return NULL;
        }
    }
    PyObject *edits = PyList_New(0);
    int sorted = 1;
    for (Py_ssize_t i = 1; i < count; i++)
        sorted &= compare_spans(spans + i - 1, spans + i) < 0;
    if (!sorted)
        qsort(spans, (size_t)count, sizeof(Span), compare_spans);
    for (Py_ssize_t i = 0; edits != NULL && i < count; i++) {
        if (spans[i].start < position)
            continue;
        position = spans[i].end;
        PyObject *item = PyList_GET_ITEM(args[1], spans[i].number);
        if (append_edit(edits, (PyTypeObject *)args[2], PyTuple_GET_ITEM(item, 1), args[0], spans[i].start, position,
                        PyTuple_GET_ITEM(item, 2)) < 0)
            Py_CLEAR(edits);
    }
    PyMem_Free(spans);
    return edits;
}

static PyMethodDef methods[] = {
    {"apply", (PyCFunction)(void (*)(void))apply, METH_FASTCALL,
     "apply(text, edits) -> the text with the edits made, or None where one does not fit"},
    {"revert", (PyCFunction)(void (*)(void))revert, METH_FASTCALL,
     "revert(text, edits) -> the text that the edits were made in, or None where one does not fit"},
    {"compose", compose, METH_VARARGS,
     "compose(first, second, Edit, merge) -> one list, or None where an edit is none"},
    {"edited", (PyCFunction)(void (*)(void))edited, METH_FASTCALL,
     "edited(text, found, Edit) -> list[Edit]\n\n"
     "The edits for a list of (spans, rule, after), in any order: by place, at one place the longest. One that begins\n"
     "inside of the last is left out."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(edits, methods)
