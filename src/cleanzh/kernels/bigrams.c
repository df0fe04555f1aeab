/* Look-ups in the bigram model: see cleanzh.lexicon.bigrams and cleanzh.lexicon.fluency.
 *
 * Sums are taken from left to right in the precision that they have in Python, so that both ways are equal to the last
 * bit.
 */
#include "bigrams.h"
#include "bigrams_choices.h"
#include "bigrams_gaps.h"
#include "bigrams_rows.h"

static int
is_text(PyObject *text)
{
    if (!PyUnicode_Check(text))
        PyErr_SetString(PyExc_TypeError, "a text is expected");
    return PyUnicode_Check(text);
}

/* A list of what MEASURE says of each text. */
static PyObject *
of_each(Model *model, PyObject *texts, double (*measure)(const Model *, PyObject *))
{
    PyObject *all = PySequence_Fast(texts, "texts are expected");
    if (all == NULL)
        return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(all);
    PyObject *found = PyList_New(count);
    for (Py_ssize_t i = 0; found != NULL && i < count; i++) {
        PyObject *text = PySequence_Fast_GET_ITEM(all, i);
        PyObject *value = is_text(text) ? PyFloat_FromDouble(measure(model, text)) : NULL;
        if (value == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, i, value);
    }
    Py_DECREF(all);
    return found;
}

static double
score_of(const Model *model, PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text), inside;
    const void *data = PyUnicode_DATA(text);
    if (length == 0)
        return 0.0;
    uint32_t before = standing_for(PyUnicode_READ(kind, data, 0));
    double total = begins(model, before);
    for (Py_ssize_t i = 1; i < length; i++) {
        uint32_t code = standing_for(PyUnicode_READ(kind, data, i));
        total += transition(model, before, code, &inside);
        before = code;
    }
    return total / (double)length;
}

static PyObject *
scores(Model *model, PyObject *texts)
{
    return of_each(model, texts, score_of);
}

static PyObject *
score(Model *model, PyObject *text)
{
    return is_text(text) ? PyFloat_FromDouble(score_of(model, text)) : NULL;
}

static PyObject *
following(Model *model, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "following(before, chars)");
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[1]);
    int opens = PyUnicode_GET_LENGTH(args[0]) == 0, inside;
    uint32_t before = opens ? 0 : standing_for(PyUnicode_READ_CHAR(args[0], 0));
    PyObject *found = PyList_New(length);
    for (Py_ssize_t i = 0; found != NULL && i < length; i++) {
        uint32_t code = standing_for(PyUnicode_READ_CHAR(args[1], i));
        PyObject *value = PyFloat_FromDouble(opens ? begins(model, code) : transition(model, before, code, &inside));
        if (value == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, i, value);
    }
    return found;
}

static PyObject *
inside(Model *model, PyObject *pair)
{
    if (!is_text(pair))
        return NULL;
    if (PyUnicode_GET_LENGTH(pair) != 2) {
        PyErr_SetString(PyExc_ValueError, "inside: two characters");
        return NULL;
    }
    uint32_t first = standing_for(PyUnicode_READ_CHAR(pair, 0)), second = standing_for(PyUnicode_READ_CHAR(pair, 1));
    int together;
    double worth = transition(model, first, second, &together);
    if (!together)
        return PyFloat_FromDouble(0.0);
    return PyFloat_FromDouble(worth - (double)((const float *)model->end.buf)[first] - (double)begins(model, second));
}

static PyObject *
profile(Model *model, PyObject *text)
{
    if (!is_text(text))
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    PyObject *found = PyList_New(length);
    double worth = 0.0; /* of the character before */
    uint32_t before = length ? in_bmp(PyUnicode_READ_CHAR(text, 0)) : 0;
    int joined = 1;
    for (Py_ssize_t i = 1; found != NULL && i <= length; i++) {
        double next = 0.0;
        uint32_t code = 0;
        if (i < length) {
            int inside;
            code = in_bmp(PyUnicode_READ_CHAR(text, i));
            next = transition(model, before, code, &inside);
            if (!inside && !joined)
                worth += alone(model, before);
            joined = inside;
        }
        PyObject *value = PyFloat_FromDouble(worth);
        if (value == NULL) {
            Py_CLEAR(found);
            break;
        }
        PyList_SET_ITEM(found, i - 1, value);
        worth = next, before = code;
    }
    return found;
}

static double
fluency_of_text(const Model *model, PyObject *text)
{
    return fluency_of(model, PyUnicode_KIND(text), PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text));
}

static PyObject *
fluency(Model *model, PyObject *texts)
{
    return of_each(model, texts, fluency_of_text);
}

static void
forget(Model *model)
{
    Py_buffer *buffers[] = {&model->keys, &model->pairs, &model->begin, &model->end, &model->alone};
    for (size_t i = 0; i < 5; i++)
        PyBuffer_Release(buffers[i]); /* does nothing to one that was never filled */
    Py_TYPE(model)->tp_free(model);
}

static PyObject *
made(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    fill_fields();
    Model *model = (Model *)type->tp_alloc(type, 0);
    if (model == NULL)
        return NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*", &model->keys, &model->pairs, &model->begin, &model->end, &model->alone)) {
        Py_DECREF(model);
        return NULL;
    }
    Py_ssize_t table = CODES * (Py_ssize_t)sizeof(float), count = model->keys.len / (Py_ssize_t)sizeof(uint32_t);
    if (model->pairs.len != model->keys.len || model->begin.len != table || model->end.len != table
        || model->alone.len != table || count > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "Model: keys and pairs of one length, three tables of the BMP");
        Py_DECREF(model);
        return NULL;
    }
    const uint32_t *keys = model->keys.buf;
    uint32_t at = 0;
    for (uint32_t first = 0; first <= CODES; first++) {
        while (at < count && keys[at] >> 16 < first)
            at++;
        model->starts[first] = at;
    }
    return (PyObject *)model;
}

static PyMethodDef methods[] = {
    {"scores", (PyCFunction)(void (*)(void))scores, METH_O, "scores(texts) -> list of the mean of each text"},
    {"score", (PyCFunction)(void (*)(void))score, METH_O, "score(text) -> mean"},
    {"following", (PyCFunction)(void (*)(void))following, METH_FASTCALL, "following(before, chars) -> list"},
    {"inside", (PyCFunction)(void (*)(void))inside, METH_O, "inside(two characters) -> gain, 0 if no word has them"},
    {"profile", (PyCFunction)(void (*)(void))profile, METH_O, "profile(text) -> list of what each character is worth"},
    {"fluency", (PyCFunction)(void (*)(void))fluency, METH_O, "fluency(texts) -> list of the sum over each text"},
    {"worst_row", (PyCFunction)(void (*)(void))worst_row, METH_VARARGS,
     "worst_row(text, width) -> (sum over all, sum over the worst row)"},
    {"damaged_lines", (PyCFunction)(void (*)(void))damaged_lines, METH_VARARGS,
     "damaged_lines(text, kinds, least, limit) -> two lists of numbers of lines"},
    {"two_for_one", (PyCFunction)(void (*)(void))two_for_one, METH_VARARGS,
     "two_for_one(left, right, firsts, trails, seconds, leads, gone, few) -> list of (worth, two characters)"},
    {"between", (PyCFunction)(void (*)(void))between, METH_FASTCALL,
     "between(choices, width, left, right, few) -> (worth of the best, their places, the best few, likelihood of others)"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject model_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = MODEL,
    .tp_basicsize = sizeof(Model),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Model(keys, pairs, begin, end, alone): arrays of 32 bits an entry",
    .tp_new = made,
    .tp_dealloc = (destructor)forget,
    .tp_methods = methods,
};

MODULE_OF_TYPE(bigrams, model_type)
