/* Making, applying and composing edit lists: see cleanzh.edits, whose edits are tuples of a rule, a start, and what stood
 * and stands there. To apply and to compose answer None where something is not as it should be, and leave it to Python to
 * say what. */
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

static PyObject *
apply(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "apply(text, edits)");
        return NULL;
    }
    PyObject *text = args[0], *made = NULL, *edits = PySequence_Fast(args[1], "edits are expected");
    if (edits == NULL)
        return NULL;
    Py_ssize_t number = PySequence_Fast_GET_SIZE(edits), position = 0, total = PyUnicode_GET_LENGTH(text);
    Parts parts = {PyUnicode_KIND(text), 0, NULL};
    Edit edit;
    for (Py_ssize_t i = 0; i < number; i++) {
        if (!read_edit(edits, i, &edit) || edit.start < position || !stands(text, edit.start, edit.before)) {
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
    position = 0;
    for (Py_ssize_t i = 0; i < number; i++) {
        read_edit(edits, i, &edit);
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
    if (!is_edit_type(type)) {
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

/* Appends a part of the text to a list; -1 without memory. */
static int
append_part(PyObject *parts, PyObject *text, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *part = PyUnicode_Substring(text, start, end);
    if (part == NULL)
        return -1;
    int failed = PyList_Append(parts, part);
    Py_DECREF(part);
    return failed;
}

/* Appends the edits for what was found, and the parts that the text after them is made of; -1 and an exception if it is
 * something else than spans of the text. One that begins inside of the last is left out. */
static int
append_edits(PyObject *text, PyObject *found, PyTypeObject *edit, PyObject *edits, PyObject *parts)
{
    Py_ssize_t position = 0, length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(found); i++) {
        PyObject *item = PyList_GET_ITEM(found, i);
        if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 4 || !PyUnicode_Check(PyTuple_GET_ITEM(item, 3))) {
            PyErr_SetString(PyExc_TypeError, "edited: (start, end, rule, after) is wanted");
            return -1;
        }
        PyObject *after = PyTuple_GET_ITEM(item, 3);
        Py_ssize_t start = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 0));
        Py_ssize_t end = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 1));
        if (PyErr_Occurred())
            return -1;
        if (start < position)
            continue;
        if (end < start || end > length) {
            PyErr_SetString(PyExc_ValueError, "edited: no span of the text");
            return -1;
        }
        if (append_part(parts, text, position, start) < 0)
            return -1;
        if (append_edit(edits, edit, PyTuple_GET_ITEM(item, 2), text, start, end, after) < 0
            || (PyUnicode_GET_LENGTH(after) > 0 && PyList_Append(parts, after) < 0))
            return -1;
        position = end;
    }
    return append_part(parts, text, position, length);
}

static PyObject *
edited(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !PyUnicode_Check(args[0]) || !PyList_Check(args[1]) || !is_edit_type(args[2])) {
        PyErr_SetString(PyExc_TypeError, "edited(text, found, Edit)");
        return NULL;
    }
    PyObject *result = NULL, *edits = PyList_New(0), *parts = PyList_New(0), *nothing = PyUnicode_New(0, 0);
    if (edits != NULL && parts != NULL && nothing != NULL &&
        append_edits(args[0], args[1], (PyTypeObject *)args[2], edits, parts) == 0) {
        PyObject *after = PyUnicode_Join(nothing, parts);
        if (after != NULL) {
            result = PyTuple_Pack(2, edits, after);
            Py_DECREF(after);
        }
    }
    Py_XDECREF(edits);
    Py_XDECREF(parts);
    Py_XDECREF(nothing);
    return result;
}

static PyMethodDef methods[] = {
    {"apply", (PyCFunction)(void (*)(void))apply, METH_FASTCALL,
     "apply(text, edits) -> the text with the edits made, or None where one does not fit"},
    {"compose", compose, METH_VARARGS,
     "compose(first, second, Edit, merge) -> one list, or None where an edit is none"},
    {"edited", (PyCFunction)(void (*)(void))edited, METH_FASTCALL,
     "edited(text, found, Edit) -> tuple[list[Edit], str]\n\n"
     "The edits for a sorted list of (start, end, rule, after), and the text that they make. One that begins inside of\n"
     "the last is left out."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(edits, methods)
