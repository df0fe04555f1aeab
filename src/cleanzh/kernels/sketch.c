/* Fast Similarity Sketches of keys: cleanzh.dedup.sketch has the method. */
#include "shingles.h"

#define EMPTY UINT32_MAX

static Py_ssize_t
mixed_hashes(Key key, Py_ssize_t start, uint32_t *hashes)
{
    Py_ssize_t count = key.size - start < BLOCK ? key.size - start : BLOCK;
    if (key.wide)
        hashes32_4((const uint32_t *)key.codes + start, count, hashes);
    else
        hashes32_2((const uint16_t *)key.codes + start, count, hashes);
    for (Py_ssize_t i = 0; i < count; i++)
        hashes[i] = (hashes[i] ^ (hashes[i] >> 16)) * UINT32_C(0x85EBCA6B);
    return count;
}

static int
by_value(const void *first, const void *second)
{
    uint32_t one = *(const uint32_t *)first, other = *(const uint32_t *)second;
    return (one > other) - (one < other);
}

static Py_ssize_t
empty_buckets(const uint32_t *lanes, Py_ssize_t width)
{
    Py_ssize_t empty = 0;
    for (Py_ssize_t j = 0; j < width; j++)
        empty += lanes[j] == EMPTY;
    return empty;
}

/* The rounds after the first, while a bucket is empty. -1 if there is no memory. */
static int
fill(Key key, uint32_t *lanes, uint32_t *fresh, Py_ssize_t width, int shift)
{
    Py_ssize_t size = key.size;
    uint32_t *hashes = PyMem_RawMalloc((size_t)size * sizeof(uint32_t));
    if (hashes == NULL)
        return -1;
    for (Py_ssize_t start = 0; start < size; start += BLOCK)
        mixed_hashes(key, start, hashes + start);
    if (size > 32 * width) { /* it says the same over and over: each round is to see it once */
        qsort(hashes, (size_t)size, sizeof(uint32_t), by_value);
        Py_ssize_t once = 1;
        for (Py_ssize_t i = 1; i < size; i++)
            if (hashes[i] != hashes[i - 1])
                hashes[once++] = hashes[i];
        size = once;
    }
    uint32_t factor = 1;
    for (Py_ssize_t turn = 1; turn < 2 * width && empty_buckets(lanes, width) > 0; turn++) {
        factor *= UINT32_C(0x2C1B3C6D);
        memset(fresh, 0xFF, (size_t)width * sizeof(uint32_t));
        for (Py_ssize_t i = 0; i < size; i++) {
            uint32_t hash = hashes[i] * factor;
            uint32_t *lane = fresh + (turn < width ? (Py_ssize_t)(hash >> shift) : turn - width);
            *lane = hash < *lane ? hash : *lane;
        }
        for (Py_ssize_t j = 0; j < width; j++)
            lanes[j] = lanes[j] == EMPTY ? fresh[j] : lanes[j];
    }
    PyMem_RawFree(hashes);
    return 0;
}

/* `lanes` has place for two sketches. */
static int
sketch_one(Key key, uint32_t *lanes, Py_ssize_t width, int shift, uint16_t *out)
{
    uint32_t hashes[BLOCK];
    memset(lanes, 0xFF, 2 * (size_t)width * sizeof(uint32_t));
    for (Py_ssize_t start = 0; start < key.size; start += BLOCK) {
        Py_ssize_t count = mixed_hashes(key, start, hashes);
        for (Py_ssize_t i = count; i < count + (count & 1); i++)
            hashes[i] = EMPTY; /* changes nothing */
        for (Py_ssize_t i = 0; i < count; i += 2) { /* always written: whether it is smaller can not be guessed */
            uint32_t *lane = lanes + (hashes[i] >> shift), *other = lanes + width + (hashes[i + 1] >> shift);
            *lane = hashes[i] < *lane ? hashes[i] : *lane;
            *other = hashes[i + 1] < *other ? hashes[i + 1] : *other;
        }
    }
    for (Py_ssize_t j = 0; j < width; j++)
        lanes[j] = lanes[width + j] < lanes[j] ? lanes[width + j] : lanes[j];
    if (key.size > 0 && empty_buckets(lanes, width) > 0 && fill(key, lanes, lanes + width, width, shift) < 0)
        return -1;
    for (Py_ssize_t j = 0; j < width; j++)
        out[j] = (uint16_t)(lanes[j] ^ (lanes[j] >> 15));
    return 0;
}

static PyObject *
sketch(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Keys keys;
    Py_buffer out;
    int failed = 0;
    if (count != 4) {
        PyErr_SetString(PyExc_TypeError, "sketch(codes, bounds, width, out)");
        return NULL;
    }
    Py_ssize_t width = PyLong_AsSsize_t(args[2]);
    if (width == -1 && PyErr_Occurred())
        return NULL;
    if (width < 2 || width > 1 << 16 || (width & (width - 1)) != 0) {
        PyErr_SetString(PyExc_ValueError, "sketch: the width is a power of two, at most 65,536");
        return NULL;
    }
    int shift = 32;
    while (((Py_ssize_t)1 << (32 - shift)) < width)
        shift--;
    if (get_keys(args[0], args[1], &keys) < 0)
        return NULL;
    if (get_buffer(args[3], &out, PyBUF_WRITABLE, sizeof(uint16_t), "out") < 0) {
        release_keys(&keys);
        return NULL;
    }
    uint32_t *lanes = PyMem_RawMalloc(2 * (size_t)width * sizeof(uint32_t));
    if (lanes == NULL)
        PyErr_NoMemory();
    else if (out.len != keys.count * width * (Py_ssize_t)sizeof(uint16_t))
        PyErr_SetString(PyExc_ValueError, "sketch: out has another size");
    else {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < keys.count && !failed; i++)
            failed = sketch_one(key_at(&keys, i), lanes, width, shift, (uint16_t *)out.buf + i * width) < 0;
        Py_END_ALLOW_THREADS
        if (failed)
            PyErr_NoMemory();
    }
    PyMem_RawFree(lanes);
    PyBuffer_Release(&out);
    release_keys(&keys);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"sketch", (PyCFunction)(void (*)(void))sketch, METH_FASTCALL,
     "sketch(codes, bounds, width, out)\n\nWrite the sketches of keys to out: width entries of uint16 each."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(sketch, methods)
