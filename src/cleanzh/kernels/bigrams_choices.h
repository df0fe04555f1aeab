/* Methods of the bigram model: which of some choices read best between two characters, see filters/pinyin/context.py. */
#include "bigrams.h"
#include <math.h>

#define WIDEST 14 /* characters of a choice */

/* Of code units of UTF-16, in single precision: as the arrays of fluency.profiles, added up one after another. */
static double
fluency_of(const Model *model, int kind, const void *data, Py_ssize_t length)
{
    float total = 0.0f, worth = 0.0f;
    uint32_t before = 0;
    int begun = 0, joined = 1;
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 character = PyUnicode_READ(kind, data, i);
        uint32_t units[2] = {character, 0};
        int of_two = character >= CODES;
        if (of_two)
            units[0] = Py_UNICODE_HIGH_SURROGATE(character), units[1] = Py_UNICODE_LOW_SURROGATE(character);
        for (int unit = 0; unit <= of_two; unit++) {
            if (begun) {
                int inside;
                float next = (float)transition(model, before, units[unit], &inside);
                if (!inside && !joined)
                    worth += alone(model, before);
                total += worth;
                worth = next;
                joined = inside;
            }
            begun = 1;
            before = units[unit];
        }
    }
    return total + worth;
}

typedef struct {
    double worth;
    Py_ssize_t place;
} Choice;

/* Ranks COUNT choices: the best MOST of them in BEST, the first of equals first; returns how likely those behind the
 * best FEW are together. */
static double
rank(const Model *model, PyObject *choices, Py_ssize_t width, Py_UCS4 left, Py_UCS4 right, double *worth,
     Choice *best, Py_ssize_t few, Py_ssize_t most)
{
    Py_ssize_t count = PyUnicode_GET_LENGTH(choices) / width, known = 0;
    Py_UCS4 whole[WIDEST + 2];
    whole[0] = left, whole[width + 1] = right;
    for (Py_ssize_t place = 0; place < count; place++) {
        for (Py_ssize_t i = 0; i < width; i++)
            whole[i + 1] = PyUnicode_READ_CHAR(choices, place * width + i);
        Choice choice = {fluency_of(model, PyUnicode_4BYTE_KIND, whole, width + 2), place};
        worth[place] = choice.worth;
        Py_ssize_t k = known < most ? known++ : most;
        if (k == most && choice.worth <= best[--k].worth)
            continue;
        for (; k > 0 && best[k - 1].worth < choice.worth; k--)
            best[k] = best[k - 1];
        best[k] = choice;
    }
    for (Py_ssize_t k = 0; k < few && k < known; k++)
        worth[best[k].place] = -Py_HUGE_VAL;
    double others = 0.0;
    for (Py_ssize_t place = 0; place < count; place++)
        others += exp(worth[place]);
    return others;
}

static PyObject *
between(Model *model, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t width = count == 5 ? PyLong_AsSsize_t(args[1]) : 0, few = count == 5 ? PyLong_AsSsize_t(args[4]) : 0;
    if (PyErr_Occurred())
        return NULL;
    if (count != 5 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[2]) || PyUnicode_GET_LENGTH(args[2]) != 1
        || !PyUnicode_Check(args[3]) || PyUnicode_GET_LENGTH(args[3]) != 1 || width < 1 || width > WIDEST || few < 1
        || few > CODES || PyUnicode_GET_LENGTH(args[0]) % width) {
        PyErr_SetString(PyExc_ValueError, "between(choices, width, one character, one character, few)");
        return NULL;
    }
    Py_ssize_t all = PyUnicode_GET_LENGTH(args[0]) / width, most = all < few + 1 ? all : few + 1;
    double *worth = PyMem_Malloc(((size_t)all + 1) * sizeof(double)), others = 0.0;
    Choice *best = PyMem_Malloc(((size_t)most + 1) * sizeof(Choice));
    PyObject *values = PyTuple_New(most), *places = PyTuple_New(most), *chars = NULL, *found = NULL;
    few = few < most ? few : most;
    Py_UCS4 *side_by_side = PyMem_Malloc(((size_t)(few * width) + 1) * sizeof(Py_UCS4));
    if (worth == NULL || best == NULL || values == NULL || places == NULL || side_by_side == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    if (most)
        others = rank(model, args[0], width, PyUnicode_READ_CHAR(args[2], 0), PyUnicode_READ_CHAR(args[3], 0), worth,
                      best, few, most);
    for (Py_ssize_t k = 0; k < most; k++) {
        PyObject *value = PyFloat_FromDouble(best[k].worth), *place = PyLong_FromSsize_t(best[k].place);
        PyTuple_SET_ITEM(values, k, value);
        PyTuple_SET_ITEM(places, k, place);
        if (value == NULL || place == NULL)
            goto done;
        for (Py_ssize_t i = 0; k < few && i < width; i++)
            side_by_side[k * width + i] = PyUnicode_READ_CHAR(args[0], best[k].place * width + i);
    }
    chars = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, side_by_side, few * width);
    found = chars == NULL ? NULL : Py_BuildValue("(OOOd)", values, places, chars, others);
done:
    PyMem_Free(worth);
    PyMem_Free(best);
    PyMem_Free(side_by_side);
    Py_XDECREF(values);
    Py_XDECREF(places);
    Py_XDECREF(chars);
    return found;
}
