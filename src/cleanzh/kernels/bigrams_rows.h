/* Methods of the bigram model: which lines may be damaged, see cleanzh.filters.mojibake.doubt and likeness. */
#include "bigrams.h"

#define ROW 8 /* characters in which damage is looked for */

/* The code of a character of a text that has a line break before it and some behind. */
static inline uint32_t
code_at(const Text *text, Py_ssize_t place)
{
    return place >= 0 && place < text->length ? standing_for(PyUnicode_READ(text->kind, text->data, place)) : '\n';
}

/* The worth of all characters, and of the worst row of so many side by side; of all, if there are no more. */
static PyObject *
worst_row(Model *model, PyObject *args)
{
    PyObject *whole;
    Py_ssize_t width;
    if (!PyArg_ParseTuple(args, "Un", &whole, &width))
        return NULL;
    const Text text = {PyUnicode_KIND(whole), PyUnicode_DATA(whole), PyUnicode_GET_LENGTH(whole), NULL};
    if (width < 1 || text.length < 1) {
        PyErr_SetString(PyExc_ValueError, "worst_row: a text, and one character at the least");
        return NULL;
    }
    double total = begins(model, code_at(&text, 0)), behind = 0.0; /* before the row: sums from the beginning */
    double worst = width == 1 ? total : Py_HUGE_VAL, leaving = total;
    int inside;
    for (Py_ssize_t i = 1; i < text.length; i++) {
        total += (float)transition(model, code_at(&text, i - 1), code_at(&text, i), &inside);
        if (i >= width) {
            behind += leaving;
            leaving = (float)transition(model, code_at(&text, i - width), code_at(&text, i - width + 1), &inside);
        }
        if (i >= width - 1 && total - behind < worst)
            worst = total - behind;
    }
    return Py_BuildValue("(dd)", total, text.length < width ? total : worst);
}

/* The kinds of a character as numbers to add up, eight bits for each kind. */
static uint64_t fields[256];

static void
fill_fields(void)
{
    for (int kinds = 0; kinds < 256; kinds++)
        for (int kind = 0; kind < 8; kind++)
            fields[kinds] |= (uint64_t)(kinds >> kind & 1) << 8 * kind;
}

/* Whether a row of characters is worth less than a limit: first as if no pair of them were in a word. */
static int
reads_badly(const Model *model, const Text *text, Py_ssize_t start, double limit)
{
    double least = 0.0, worth = 0.0;
    int inside;
    for (Py_ssize_t i = start; i < start + ROW; i++)
        least += (double)((const float *)model->end.buf)[code_at(text, i - 1)] + begins(model, code_at(text, i));
    if (least >= limit)
        return 0;
    for (Py_ssize_t i = start; i < start + ROW; i++)
        worth += transition(model, code_at(text, i - 1), code_at(text, i), &inside);
    return worth < limit;
}

/* Which lines have rows of characters that one mistake can have made, see filters/mojibake/likeness.py: of Han and the
 * like, where they read badly; and of western letters. */
static PyObject *
damaged_lines(Model *model, PyObject *args)
{
    PyObject *whole;
    Py_buffer kinds, least;
    double limit;
    if (!PyArg_ParseTuple(args, "Uy*y*d", &whole, &kinds, &least, &limit))
        return NULL;
    PyObject *east = PyList_New(0), *west = PyList_New(0);
    if (east == NULL || west == NULL || kinds.len != CODES || least.len != 8) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "damaged_lines: a byte for each character of the BMP, and one for each kind");
        Py_CLEAR(east);
        goto done;
    }
    const Text text = {PyUnicode_KIND(whole), PyUnicode_DATA(whole), PyUnicode_GET_LENGTH(whole), NULL};
    const uint8_t *kinds_of = kinds.buf;
    uint64_t missing = 0, sums = 0;
    for (int kind = 0; kind < 8; kind++)
        missing |= (uint64_t)(0x80 - ((const uint8_t *)least.buf)[kind]) << 8 * kind;
    for (Py_ssize_t i = 0; i < ROW; i++)
        sums += fields[kinds_of[code_at(&text, i)]];
    Py_ssize_t line = 0, last_east = -1, last_west = -1;
    for (Py_ssize_t i = 0; i < text.length; i++) {
        uint64_t enough = (sums + missing) & 0x8080808080808080;
        if (enough & 0x0080808080808080 && line != last_east && reads_badly(model, &text, i, limit)) {
            last_east = line;
            if (append_number(east, line) < 0)
                break;
        }
        if (enough >> 63 && line != last_west) {
            last_west = line;
            if (append_number(west, line) < 0)
                break;
        }
        uint32_t leaving = code_at(&text, i);
        line += leaving == '\n';
        sums += fields[kinds_of[code_at(&text, i + ROW)]] - fields[kinds_of[leaving]];
    }
done:
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&least);
    if (east == NULL || PyErr_Occurred()) {
        Py_XDECREF(east);
        Py_XDECREF(west);
        return NULL;
    }
    return Py_BuildValue("(NN)", east, west);
}
