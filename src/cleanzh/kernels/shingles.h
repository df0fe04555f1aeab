/* Keys, which lie one after the other in one array of codes, of two or four bytes each, with bounds that say where each
 * ends; and hashes of their 5-grams, with the same bits as those of the Python twins. */
#ifndef CLEANZH_KERNELS_SHINGLES_H
#define CLEANZH_KERNELS_SHINGLES_H

#include "text.h"
#include <stdlib.h>
#include <string.h>

#define SHINGLE 5
#define BLOCK 512 /* hashes that are made in one go: they stay in the first-level cache */

/* The polynomial of the window at codes[0]; and those of `count` windows from there on, at most BLOCK: in two passes,
 * as each pair of characters is in two windows. */
#define POLYNOMIALS(NAME, CODE, HASH, PAIR, FOUR, FIVE)                                              \
    static inline HASH NAME##_first(const CODE *codes)                                               \
    {                                                                                                \
        return ((codes[0] * PAIR + codes[1]) * FOUR + codes[2] * PAIR + codes[3]) * FIVE + codes[4]; \
    }                                                                                                \
    static inline void NAME(const CODE *codes, Py_ssize_t count, HASH *hashes)                       \
    {                                                                                                \
        HASH pairs[BLOCK + 2];                                                                       \
        for (Py_ssize_t i = 0; i < count + 2; i++)                                                   \
            pairs[i] = codes[i] * PAIR + codes[i + 1];                                               \
        for (Py_ssize_t i = 0; i < count; i++)                                                       \
            hashes[i] = (pairs[i] * FOUR + pairs[i + 2]) * FIVE + codes[i + 4];                      \
    }
#define ODDS32 UINT32_C(0x9E3779B1), UINT32_C(0xC2B2AE3D), UINT32_C(0x27D4EB2F)
#define ODDS64 UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F), UINT64_C(0xD6E8FEB86659FD93)
#define EXPANDED(MACRO, ...) MACRO(__VA_ARGS__)
EXPANDED(POLYNOMIALS, hashes32_2, uint16_t, uint32_t, ODDS32)
EXPANDED(POLYNOMIALS, hashes32_4, uint32_t, uint32_t, ODDS32)
EXPANDED(POLYNOMIALS, hashes64_2, uint16_t, uint64_t, ODDS64)
EXPANDED(POLYNOMIALS, hashes64_4, uint32_t, uint64_t, ODDS64)

typedef struct {
    Py_buffer codes, bounds;
    Py_ssize_t count; /* of keys */
} Keys;

typedef struct {
    const void *codes;
    int wide;
    Py_ssize_t size; /* windows */
} Key;

static inline int
get_buffer(PyObject *from, Py_buffer *buffer, int flags, Py_ssize_t itemsize, const char *name)
{
    if (PyObject_GetBuffer(from, buffer, flags | PyBUF_ND) < 0)
        return -1;
    if (itemsize != 0 && buffer->itemsize != itemsize) {
        PyErr_Format(PyExc_ValueError, "%s has entries of %zd bytes, not %zd", name, buffer->itemsize, itemsize);
        PyBuffer_Release(buffer);
        return -1;
    }
    return 0;
}

static inline void
release_keys(Keys *keys)
{
    PyBuffer_Release(&keys->codes);
    PyBuffer_Release(&keys->bounds);
}

static inline int
get_keys(PyObject *codes, PyObject *bounds, Keys *keys)
{
    if (get_buffer(codes, &keys->codes, 0, 0, "codes") < 0)
        return -1;
    if (get_buffer(bounds, &keys->bounds, 0, sizeof(int64_t), "bounds") < 0) {
        PyBuffer_Release(&keys->codes);
        return -1;
    }
    const int64_t *ends = keys->bounds.buf;
    Py_ssize_t width = keys->codes.itemsize, entries = keys->bounds.len / (Py_ssize_t)sizeof(int64_t);
    keys->count = entries - 1;
    int good = (width == 2 || width == 4) && entries > 0 && ends[0] >= 0;
    for (Py_ssize_t i = 1; good && i < entries; i++)
        good = ends[i - 1] <= ends[i];
    if (!good || ends[entries - 1] > keys->codes.len / width) {
        PyErr_SetString(PyExc_ValueError, "codes have two or four bytes each, and bounds ascend within them");
        release_keys(keys);
        return -1;
    }
    return 0;
}

static inline Key
key_at(const Keys *keys, Py_ssize_t number)
{
    const int64_t *ends = (const int64_t *)keys->bounds.buf + number;
    int64_t size = ends[1] - ends[0] - (SHINGLE - 1);
    return (Key){(const char *)keys->codes.buf + ends[0] * keys->codes.itemsize, keys->codes.itemsize == 4,
                 size > 0 ? (Py_ssize_t)size : 0};
}

#endif
