/* Folding texts to comparison keys by a table: see cleanzh.dedup.key, which makes the table and does what is left. */
#include "text.h"

#define BASIC_PLANE 0x10000
#define CODE_POINTS 0x110000
#define WIDER 0xFFFF /* in the table of the basic plane: ask the table of whole codes */

/* What whole codes mean, from the first on: those past the table are not decided. */
typedef struct {
    const uint32_t *codes;
    size_t size;
} Whole;

/* Writes the key of a text; it has at most as many characters. Says how many, or -1 if one of them can not be decided
 * alone or does not fit; and whether the table of all was asked. A character that is dropped is written too, and
 * overwritten: no branch to guess. */
#define LOOP(NAME, UNIT, CODE, LIMIT)                                                                        \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, const uint16_t *basic, Whole whole,         \
                           CODE *key, char *asked)                                                           \
    {                                                                                                        \
        Py_ssize_t count = 0;                                                                                \
        *asked = 0;                                                                                          \
        for (Py_ssize_t i = 0; i < length; i++) {                                                            \
            uint32_t meant = chars[i] < BASIC_PLANE ? basic[chars[i]] : WIDER;                               \
            if (meant == WIDER) {                                                                            \
                *asked = 1;                                                                                  \
                if (chars[i] >= whole.size || whole.codes[chars[i]] >= LIMIT)                                \
                    return -1;                                                                               \
                meant = whole.codes[chars[i]];                                                               \
            }                                                                                                \
            key[count] = (CODE)meant;                                                                        \
            count += meant != 0;                                                                             \
        }                                                                                                    \
        return count;                                                                                        \
    }
#define NARROW(NAME, UNIT) LOOP(NAME, UNIT, uint16_t, WIDER)
#define WIDE(NAME, UNIT) LOOP(NAME, UNIT, uint32_t, CODE_POINTS)
FOR_EACH_WIDTH(NARROW, narrow)
FOR_EACH_WIDTH(WIDE, wide)

/* Folds the texts of a list or tuple one after the other; appends the numbers of those that are left to `left`. */
static int
fold_each(PyObject *texts, const Py_buffer *basic, const Py_buffer *all, const Py_buffer *codes, int64_t *bounds,
          char *asked, PyObject *left)
{
    Whole whole = {all->buf, (size_t)all->len / sizeof(uint32_t)};
    int64_t end = bounds[0] = 0;
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(texts); i++) {
        PyObject *text = PySequence_Fast_GET_ITEM(texts, i);
        if (!PyUnicode_Check(text)) {
            PyErr_Format(PyExc_TypeError, "fold: text %zd is no str but %.100s", i, Py_TYPE(text)->tp_name);
            return -1;
        }
        Py_ssize_t length = PyUnicode_GET_LENGTH(text);
        if (length > codes->len / codes->itemsize - end) {
            PyErr_SetString(PyExc_ValueError, "fold: the keys have no place");
            return -1;
        }
        Py_ssize_t count = codes->itemsize == sizeof(uint16_t)
                               ? BY_WIDTH(narrow, text, length, basic->buf, whole, (uint16_t *)codes->buf + end,
                                          asked + i)
                               : BY_WIDTH(wide, text, length, basic->buf, whole, (uint32_t *)codes->buf + end,
                                          asked + i);
        if (count < 0) {
            if (append_number(left, i) < 0)
                return -1;
            count = 0;
        }
        bounds[i + 1] = end += count;
    }
    return 0;
}

static PyObject *
fold(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    enum { BASIC, ALL, CODES, BOUNDS, ASKED, BUFFERS };
    Py_buffer buffers[BUFFERS];
    int taken = 0;
    PyObject *left = NULL, *result = NULL;

    if (count != 1 + BUFFERS || !(PyList_Check(args[0]) || PyTuple_Check(args[0]))) {
        PyErr_SetString(PyExc_TypeError, "fold(texts, basic, all, codes, bounds, asked)");
        return NULL;
    }
    for (; taken < BUFFERS; taken++)
        if (PyObject_GetBuffer(args[1 + taken], &buffers[taken], PyBUF_ND | (taken < CODES ? 0 : PyBUF_WRITABLE)) < 0)
            goto done;
    if (buffers[BASIC].len != BASIC_PLANE * (Py_ssize_t)sizeof(uint16_t)
        || buffers[ALL].len < BASIC_PLANE * (Py_ssize_t)sizeof(uint32_t)
        || (buffers[CODES].itemsize != sizeof(uint16_t) && buffers[CODES].itemsize != sizeof(uint32_t))
        || buffers[BOUNDS].len != (PySequence_Fast_GET_SIZE(args[0]) + 1) * (Py_ssize_t)sizeof(int64_t)
        || buffers[ASKED].len != PySequence_Fast_GET_SIZE(args[0])) {
        PyErr_SetString(PyExc_ValueError, "fold: a table, the codes or the bounds have another size");
        goto done;
    }
    left = PyList_New(0);
    if (left != NULL
        && fold_each(args[0], &buffers[BASIC], &buffers[ALL], &buffers[CODES], buffers[BOUNDS].buf,
                     buffers[ASKED].buf, left) == 0)
        result = Py_NewRef(left);
done:
    Py_XDECREF(left);
    while (taken > 0)
        PyBuffer_Release(&buffers[--taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"fold", (PyCFunction)(void (*)(void))fold, METH_FASTCALL,
     "fold(texts, basic, all, codes, bounds, asked) -> list of int\n\n"
     "Write the keys of texts one after the other to codes (place for all characters, uint16 or uint32), where each\n"
     "ends to bounds (int64), and for which the table of all was asked to asked (bytes). Returns the numbers of the\n"
     "texts that the tables can not decide, or that need wider codes: these are left empty."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(keys, methods)
