/* The edits of a text in which spans are replaced, and what it becomes: see cleanzh.filters.whitespace. */
#include "text.h"

/* An object of the type EDIT, a tuple of (rule, start, before, after); to have it built from a format takes longer than
 * all the rest. */
static PyObject *
edit_of(PyTypeObject *edit, PyObject *rule, PyObject *start, PyObject *before, PyObject *after)
{
    PyObject *items = PyTuple_Pack(4, rule, start, before, after);
    PyObject *arguments = items == NULL ? NULL : PyTuple_Pack(1, items);
    PyObject *made = arguments == NULL ? NULL : PyTuple_Type.tp_new(edit, arguments, NULL);
    Py_XDECREF(items);
    Py_XDECREF(arguments);
    return made;
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
        PyObject *before = PyUnicode_Substring(text, start, end), *made = NULL;
        if (before != NULL)
            made = edit_of(edit, PyTuple_GET_ITEM(item, 2), PyTuple_GET_ITEM(item, 0), before, after);
        int failed = made == NULL ? -1 : PyList_Append(edits, made);
        Py_XDECREF(before);
        Py_XDECREF(made);
        if (failed || (PyUnicode_GET_LENGTH(after) > 0 && PyList_Append(parts, after) < 0))
            return -1;
        position = end;
    }
    return append_part(parts, text, position, length);
}

static PyObject *
edited(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !PyUnicode_Check(args[0]) || !PyList_Check(args[1]) || !PyType_Check(args[2]) ||
        !PyType_IsSubtype((PyTypeObject *)args[2], &PyTuple_Type)) {
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
    {"edited", (PyCFunction)(void (*)(void))edited, METH_FASTCALL,
     "edited(text, found, Edit) -> tuple[list[Edit], str]\n\n"
     "The edits for a sorted list of (start, end, rule, after), and the text that they make. One that begins inside of\n"
     "the last is left out."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "spans", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_spans(void)
{
    return PyModule_Create(&definition);
}
