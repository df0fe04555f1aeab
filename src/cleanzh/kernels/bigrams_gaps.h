/* Methods of the bigram model: what stood around a pair of bytes that is gone, see cleanzh.filters.pinyin.gaps. */
#include "bigrams.h"

/* A character that may stand on one side of a gap: how it reads with what is beside it there. */
typedef struct {
    uint32_t code;
    int inside; /* one word has both */
    float worth, cost;
    float edge; /* log P that a word ends after a first one, or begins with a second one */
    Py_ssize_t next; /* the next one in the same slot of the table of second characters, or -1 */
    uint32_t stored; /* where the model has it behind the first character that is looked at, and one more; or 0 */
} Side;

#define SLOTS 256

static inline Side
beside(const Model *model, uint32_t before, uint32_t code, int behind)
{
    Side side = {code, 0, 0.0f, 0.0f, behind ? ((const float *)model->end.buf)[code] : begins(model, code), -1, 0};
    side.worth = (float)(behind ? transition(model, before, code, &side.inside)
                                : transition(model, code, before, &side.inside));
    side.cost = side.inside ? 0.0f : alone(model, code);
    return side;
}

/* Finds the second characters that the model has behind a first one: to walk through all that it has there takes a
 * fraction of what it takes to look for each of a hundred. */
static inline void
find_stored(const Model *model, uint32_t first, Side *second, Py_ssize_t width, const Py_ssize_t *slots)
{
    const uint32_t *keys = model->keys.buf;
    for (Py_ssize_t j = 0; j < width; j++)
        second[j].stored = 0;
    for (uint32_t at = model->starts[first]; at < model->starts[first + 1]; at++)
        for (Py_ssize_t j = slots[keys[at] % SLOTS]; j >= 0; j = second[j].next)
            if (second[j].code == (keys[at] & 0xFFFF))
                second[j].stored = at + 1;
}

/* The best of all pairs of a first and a second character that may stand together; see filters/pinyin/gaps.py. */
static PyObject *
best_pairs(const Model *model, PyObject *left, PyObject *right, PyObject *firsts, const uint8_t *trails,
           PyObject *seconds, const uint8_t *leads, const uint8_t *gone, Py_ssize_t few)
{
    Py_ssize_t height = PyUnicode_GET_LENGTH(firsts), width = PyUnicode_GET_LENGTH(seconds);
    Side *first = PyMem_Malloc((size_t)(height + 1) * sizeof(Side));
    Side *second = PyMem_Malloc((size_t)(width + 1) * sizeof(Side));
    float *worth = PyMem_Malloc(((size_t)height * width + 1) * sizeof(float));
    float *best = PyMem_Malloc((size_t)few * sizeof(float)); /* ascending */
    PyObject *found = NULL;
    Py_ssize_t slots[SLOTS];
    int joined = 1;
    if (first == NULL || second == NULL || worth == NULL || best == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    uint32_t before = in_bmp(PyUnicode_READ_CHAR(left, 0)), after = in_bmp(PyUnicode_READ_CHAR(right, 0));
    if (PyUnicode_GET_LENGTH(right) > 1)
        transition(model, after, in_bmp(PyUnicode_READ_CHAR(right, 1)), &joined);
    for (Py_ssize_t i = 0; i < height; i++)
        first[i] = beside(model, before, in_bmp(PyUnicode_READ_CHAR(firsts, i)), 1);
    for (Py_ssize_t slot = 0; slot < SLOTS; slot++)
        slots[slot] = -1;
    for (Py_ssize_t j = 0; j < width; j++) {
        second[j] = beside(model, after, in_bmp(PyUnicode_READ_CHAR(seconds, j)), 0);
        second[j].next = slots[second[j].code % SLOTS];
        slots[second[j].code % SLOTS] = j;
    }
    for (Py_ssize_t k = 0; k < few; k++)
        best[k] = (float)-Py_HUGE_VAL;
    for (Py_ssize_t i = 0; i < height; i++) {
        find_stored(model, first[i].code, second, width, slots);
        for (Py_ssize_t j = 0; j < width; j++) {
            if (!gone[trails[i] << 8 | leads[j]])
                continue;
            float value = first[i].worth;
            value += second[j].stored ? ((const float *)model->pairs.buf)[second[j].stored - 1]
                                      : (float)((double)first[i].edge + (double)second[j].edge);
            value += second[j].worth;
            if (!second[j].stored)
                value += first[i].cost + second[j].cost;
            if (!joined && !second[j].inside)
                value += alone(model, after);
            worth[i * width + j] = value;
            if (value > best[0]) {
                Py_ssize_t k = 1;
                for (; k < few && best[k] < value; k++)
                    best[k - 1] = best[k];
                best[k - 1] = value;
            }
        }
    }
    found = PyList_New(0);
    for (Py_ssize_t i = 0; i < height; i++)
        for (Py_ssize_t j = 0; found != NULL && j < width; j++) {
            if (!gone[trails[i] << 8 | leads[j]] || worth[i * width + j] < best[0])
                continue;
            Py_UCS4 both[2] = {PyUnicode_READ_CHAR(firsts, i), PyUnicode_READ_CHAR(seconds, j)};
            PyObject *text = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, both, 2);
            PyObject *pair = text == NULL ? NULL : Py_BuildValue("(dN)", (double)worth[i * width + j], text);
            if (pair == NULL || PyList_Append(found, pair) < 0)
                Py_CLEAR(found);
            Py_XDECREF(pair);
        }
done:
    PyMem_Free(first);
    PyMem_Free(second);
    PyMem_Free(worth);
    PyMem_Free(best);
    return found;
}

static PyObject *
two_for_one(Model *model, PyObject *args)
{
    PyObject *left, *right, *firsts, *seconds, *found = NULL;
    Py_buffer trails, leads, gone;
    Py_ssize_t few;
    if (!PyArg_ParseTuple(args, "UUUy*Uy*y*n", &left, &right, &firsts, &trails, &seconds, &leads, &gone, &few))
        return NULL;
    if (!PyUnicode_GET_LENGTH(left) || !PyUnicode_GET_LENGTH(right) || gone.len != CODES || few < 1 || few > CODES
        || trails.len != PyUnicode_GET_LENGTH(firsts) || leads.len != PyUnicode_GET_LENGTH(seconds)
        || trails.len > CODES || leads.len > CODES)
        PyErr_SetString(PyExc_ValueError, "two_for_one: one byte for each character, and something on both sides");
    else
        found = best_pairs(model, left, right, firsts, trails.buf, seconds, leads.buf, gone.buf, few);
    PyBuffer_Release(&trails);
    PyBuffer_Release(&leads);
    PyBuffer_Release(&gone);
    return found;
}
