/* Objects of the type of edits, which is a tuple of a rule, a start, and what stood and stands there. */
#ifndef CLEANZH_KERNELS_EDITS_H
#define CLEANZH_KERNELS_EDITS_H

#include "text.h"

/* An edit; NULL without memory. To call the type takes three times as long. */
static inline PyObject *
made_edit(PyTypeObject *type, PyObject *rule, PyObject *start, PyObject *before, PyObject *after)
{
    PyObject *made = type->tp_alloc(type, 4);
    if (made == NULL)
        return NULL;
    PyTuple_SET_ITEM(made, 0, Py_NewRef(rule));
    PyTuple_SET_ITEM(made, 1, Py_NewRef(start));
    PyTuple_SET_ITEM(made, 2, Py_NewRef(before));
    PyTuple_SET_ITEM(made, 3, Py_NewRef(after));
    return made;
}

/* Appends an edit of TEXT between two places to a list; -1 without memory. */
static inline int
append_edit(PyObject *list, PyTypeObject *type, PyObject *rule, PyObject *text, Py_ssize_t start, Py_ssize_t end,
            PyObject *after)
{
    PyObject *place = PyLong_FromSsize_t(start), *before = PyUnicode_Substring(text, start, end), *made = NULL;
    if (place != NULL && before != NULL)
        made = made_edit(type, rule, place, before, after);
    int failed = made == NULL ? -1 : PyList_Append(list, made);
    Py_XDECREF(place);
    Py_XDECREF(before);
    Py_XDECREF(made);
    return failed;
}

#endif
