/* A round of the leader rule over runs of documents: see cleanzh.dedup.runs. */
#include "text.h"
#include <string.h>

#define HEAD (UINT32_C(1) << 31)
#define WHO (HEAD - 1)

/* Sets of documents: a bit each, as in cleanzh.dedup.members. */
static inline int
has(const uint8_t *set, int64_t document)
{
    return set[document >> 3] >> (document & 7) & 1;
}

static inline void
add(uint8_t *set, int64_t document)
{
    set[document >> 3] |= (uint8_t)(1 << (document & 7));
}

typedef struct {
    Py_buffer run, one, other, out;
    Py_ssize_t length;
} Arguments;

static void
release(Arguments *given)
{
    PyBuffer_Release(&given->run);
    PyBuffer_Release(&given->one);
    PyBuffer_Release(&given->other);
    if (given->out.obj != NULL)
        PyBuffer_Release(&given->out);
}

/* A run, two sets (the first is written to by `standing` only) and, with an `itemsize`, place for what comes of each
 * member. No member is past the end of a set. */
static int
take(PyObject *args, const char *format, Py_ssize_t itemsize, long long *count, Arguments *given)
{
    memset(given, 0, sizeof(*given));
    if (!(itemsize ? PyArg_ParseTuple(args, format, &given->run, &given->one, &given->other, count, &given->out)
                   : PyArg_ParseTuple(args, format, &given->run, &given->one, &given->other, count)))
        return -1;
    const uint32_t *run = given->run.buf;
    given->length = given->run.len / (Py_ssize_t)sizeof(uint32_t);
    Py_ssize_t bytes = given->one.len < given->other.len ? given->one.len : given->other.len;
    int good = *count >= 0 && *count <= WHO && bytes >= (*count + 7) / 8
               && (!itemsize || given->out.len >= given->length * itemsize);
    for (Py_ssize_t i = 0; good && i < given->length; i++)
        good = (run[i] & WHO) < *count;
    if (good)
        return 0;
    PyErr_SetString(PyExc_ValueError, "a document that is in no set, or no place for what is found");
    release(given);
    return -1;
}

static PyObject *
standing(PyObject *module, PyObject *args)
{
    Arguments given;
    long long count;
    if (take(args, "y*w*w*L:standing", 0, &count, &given) < 0)
        return NULL;
    const uint32_t *run = given.run.buf;
    for (Py_ssize_t i = 0; i < given.length; i++) {
        add(given.one.buf, run[i] & WHO);
        if (!(run[i] & HEAD))
            add(given.other.buf, run[i]);
    }
    release(&given);
    Py_RETURN_NONE;
}

static PyObject *
worth(PyObject *module, PyObject *args)
{
    Arguments given;
    long long count;
    if (take(args, "y*y*y*Lw*:worth", sizeof(int64_t), &count, &given) < 0)
        return NULL;
    const uint32_t *run = given.run.buf;
    int64_t *codes = given.out.buf, head = 0;
    Py_ssize_t found = 0;
    int kept = 0;
    for (Py_ssize_t i = 0; i < given.length; i++) {
        if (run[i] & HEAD) {
            head = run[i] & WHO;
            kept = has(given.one.buf, head);
        } else if (kept && !has(given.other.buf, run[i]))
            codes[found++] = head * count + run[i];
    }
    release(&given);
    return PyLong_FromSsize_t(found);
}

static PyObject *
without(PyObject *module, PyObject *args)
{
    Arguments given;
    long long count;
    if (take(args, "y*y*y*Lw*:without", sizeof(uint32_t), &count, &given) < 0)
        return NULL;
    const uint32_t *run = given.run.buf;
    uint32_t *out = given.out.buf;
    Py_ssize_t found = 0, start = 0;
    for (Py_ssize_t i = 0; i <= given.length; i++) {
        if (i == given.length || run[i] & HEAD) { /* the run before ends: what is left of it is one, or none, or stays */
            found = found - start < 2 ? start : found;
            start = found;
        }
        if (i < given.length && !has(given.one.buf, run[i] & WHO) && !has(given.other.buf, run[i] & WHO)) {
            out[found] = (run[i] & WHO) | (found == start ? HEAD : 0);
            found++;
        }
    }
    release(&given);
    return PyLong_FromSsize_t(found);
}

static PyObject *
firsts(PyObject *module, PyObject *args)
{
    Py_buffer codes, seen, out;
    long long count;
    if (!PyArg_ParseTuple(args, "y*w*Lw*:firsts", &codes, &seen, &count, &out))
        return NULL;
    const int64_t *code = codes.buf;
    Py_ssize_t length = codes.len / (Py_ssize_t)sizeof(int64_t);
    int good = count > 0 && seen.len >= (count + 7) / 8 && out.len == length;
    for (Py_ssize_t i = 0; good && i < length; i++) {
        good = code[i] >= 0;
        if (good) {
            ((char *)out.buf)[i] = !has(seen.buf, code[i] % count);
            add(seen.buf, code[i] % count);
        }
    }
    if (!good)
        PyErr_SetString(PyExc_ValueError, "firsts: no document, or arrays of different lengths");
    PyBuffer_Release(&codes);
    PyBuffer_Release(&seen);
    PyBuffer_Release(&out);
    if (!good)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"standing", standing, METH_VARARGS,
     "standing(run, all, later, count)\n\nAdd who is in the run to all, and those that are not first in it to later."},
    {"worth", worth, METH_VARARGS,
     "worth(run, kept, gone, count, codes) -> int\n\n"
     "Write to codes (int64) head * count + member for each that stands behind a kept one, and is not gone."},
    {"without", without, METH_VARARGS,
     "without(run, kept, gone, count, rest) -> int\n\nWrite to rest (uint32) the run without those of two sets."},
    {"firsts", firsts, METH_VARARGS,
     "firsts(codes, seen, count, out)\n\n"
     "Write to out (bytes) of which codes, head * count + member, the member is not seen before, and add it to seen."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(runs, methods)
