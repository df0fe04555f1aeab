/* The character 5-grams of keys: sketches of them (cleanzh.dedup.sketch has the method), and how many different ones
 * keys have and share (cleanzh.dedup.shingles). The hashes are those of the Python twins, to the bit.
 *
 * Keys lie one after the other in one array of codes, of two or four bytes each, and bounds say where each ends. */
#include "text.h"
#include <stdlib.h>
#include <string.h>

#define SHINGLE 5
#define BLOCK 512 /* hashes that are made in one go: they stay in the first-level cache */
#define EMPTY UINT32_MAX

/* Writes the polynomials of `count` windows, from codes[0] on. Two passes, as each pair is in two windows. */
#define POLYNOMIALS(NAME, CODE, HASH, PAIR, FOUR, FIVE)                             \
    static void NAME(const CODE *codes, Py_ssize_t count, HASH *hashes)             \
    {                                                                               \
        HASH pairs[BLOCK + 2];                                                      \
        for (Py_ssize_t i = 0; i < count + 2; i++)                                  \
            pairs[i] = codes[i] * PAIR + codes[i + 1];                              \
        for (Py_ssize_t i = 0; i < count; i++)                                      \
            hashes[i] = (pairs[i] * FOUR + pairs[i + 2]) * FIVE + codes[i + 4];     \
    }
#define SHORT_ODDS UINT32_C(0x9E3779B1), UINT32_C(0xC2B2AE3D), UINT32_C(0x27D4EB2F)
#define LONG_ODDS UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F), UINT64_C(0xD6E8FEB86659FD93)
#define EXPANDED(MACRO, ...) MACRO(__VA_ARGS__)
EXPANDED(POLYNOMIALS, short_hashes_2, uint16_t, uint32_t, SHORT_ODDS)
EXPANDED(POLYNOMIALS, short_hashes_4, uint32_t, uint32_t, SHORT_ODDS)
EXPANDED(POLYNOMIALS, long_hashes_2, uint16_t, uint64_t, LONG_ODDS)
EXPANDED(POLYNOMIALS, long_hashes_4, uint32_t, uint64_t, LONG_ODDS)

/* -- what comes from Python ---------------------------------------------------------------------------------------- */

typedef struct {
    Py_buffer codes, bounds;
    Py_ssize_t count; /* of keys */
} Keys;

typedef struct {
    const void *codes;
    int wide;
    Py_ssize_t size; /* windows */
} Key;

static int
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

static void
release_keys(Keys *keys)
{
    PyBuffer_Release(&keys->codes);
    PyBuffer_Release(&keys->bounds);
}

static int
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

static Key
key_at(const Keys *keys, Py_ssize_t number)
{
    const int64_t *ends = (const int64_t *)keys->bounds.buf + number;
    int64_t size = ends[1] - ends[0] - (SHINGLE - 1);
    return (Key){(const char *)keys->codes.buf + ends[0] * keys->codes.itemsize, keys->codes.itemsize == 4,
                 size > 0 ? (Py_ssize_t)size : 0};
}

/* -- sketches ------------------------------------------------------------------------------------------------------ */

static Py_ssize_t
mixed_hashes(Key key, Py_ssize_t start, uint32_t *hashes)
{
    Py_ssize_t count = key.size - start < BLOCK ? key.size - start : BLOCK;
    if (key.wide)
        short_hashes_4((const uint32_t *)key.codes + start, count, hashes);
    else
        short_hashes_2((const uint16_t *)key.codes + start, count, hashes);
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
    memset(lanes, 0xFF, (size_t)width * sizeof(uint32_t));
    for (Py_ssize_t start = 0; start < key.size; start += BLOCK) {
        Py_ssize_t count = mixed_hashes(key, start, hashes);
        for (Py_ssize_t i = 0; i < count; i++) { /* always written: whether it is smaller can not be guessed */
            uint32_t *lane = lanes + (hashes[i] >> shift);
            *lane = hashes[i] < *lane ? hashes[i] : *lane;
        }
    }
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

/* -- what keys share ----------------------------------------------------------------------------------------------- */

/* Different hashes, numbered as they came. Places are a table that is at most a third full: number + 1, or 0. */
typedef struct {
    uint32_t *places;
    uint64_t *hashes;
    size_t room; /* places; half as many hashes and windows, so that arrays do not grow with each longer key */
    uint32_t count;
    int shift;
    uint64_t odd;
} Set;

/* The 5-grams of one key by window, to compare others with. */
typedef struct {
    Set set;
    uint32_t *numbers; /* of each window */
    uint32_t *windows; /* of each number the first window */
    uint32_t *met;     /* of each number in which comparison it was last seen */
    uint32_t comparison;
    size_t room; /* as in the set */
} Index;

/* Keeps nothing of what was in it. */
static int
resized(void **array, size_t count, size_t itemsize)
{
    PyMem_RawFree(*array);
    *array = PyMem_RawMalloc(count * itemsize);
    return *array == NULL ? -1 : 0;
}

/* Empties it, with room for so many hashes. -1 if there is no memory. */
static int
empty_set(Set *set, Py_ssize_t size)
{
    int bits = 4;
    while (((Py_ssize_t)1 << bits) < 3 * size)
        bits++;
    size_t places = (size_t)1 << bits;
    if (places > set->room) {
        set->room = 0;
        if (places > UINT32_MAX || resized((void **)&set->places, places, sizeof(uint32_t)) < 0
            || resized((void **)&set->hashes, places / 2, sizeof(uint64_t)) < 0)
            return -1;
        set->room = places;
    }
    set->shift = 64 - bits;
    set->count = 0;
    memset(set->places, 0, places * sizeof(uint32_t));
    return 0;
}

/* Where a hash is, or would be. */
static inline uint32_t *
place_of(const Set *set, uint64_t hash)
{
    size_t mask = SIZE_MAX >> (8 * sizeof(size_t) - (64 - set->shift));
    size_t place = (size_t)((hash * set->odd) >> set->shift);
    while (set->places[place] != 0 && set->hashes[set->places[place] - 1] != hash)
        place = (place + 1) & mask;
    return set->places + place;
}

/* The number of a hash, which is put in if it is not there. */
static inline uint32_t
number_of(Set *set, uint64_t hash)
{
    uint32_t *place = place_of(set, hash);
    if (*place == 0) {
        set->hashes[set->count++] = hash;
        *place = set->count;
    }
    return *place - 1;
}

static int
empty_index(Index *index, Py_ssize_t size)
{
    if (empty_set(&index->set, size) < 0)
        return -1;
    if (index->set.room > index->room) {
        size_t windows = index->set.room / 2;
        index->room = 0;
        if (resized((void **)&index->numbers, windows, sizeof(uint32_t)) < 0
            || resized((void **)&index->windows, windows, sizeof(uint32_t)) < 0
            || resized((void **)&index->met, windows, sizeof(uint32_t)) < 0)
            return -1;
        index->room = index->set.room;
    }
    index->comparison = 0;
    memset(index->met, 0, (size_t)size * sizeof(uint32_t));
    return 0;
}

/* For each width of codes: an index of a key; and how many different 5-grams another key shares with it, and how many
 * the other has beyond that, which go to `rest`.
 *
 * Copies share long runs. In a run the next character says whether the next window is the next of the other key as
 * well: only where one begins, and outside of them, a window is hashed and looked up. */
#define COMPARING(WIDTH, CODE)                                                                                   \
    static void index_##WIDTH(const CODE *key, Py_ssize_t size, Index *index)                                    \
    {                                                                                                            \
        uint64_t hashes[BLOCK];                                                                                  \
        Index made = *index; /* what is written could change the members of `index`, for all that C knows */     \
        for (Py_ssize_t start = 0; start < size; start += BLOCK) {                                               \
            Py_ssize_t count = size - start < BLOCK ? size - start : BLOCK;                                      \
            long_hashes_##WIDTH(key + start, count, hashes);                                                     \
            for (Py_ssize_t i = 0; i < count; i++) {                                                             \
                uint32_t before = made.set.count, number = number_of(&made.set, hashes[i]);                      \
                made.numbers[start + i] = number;                                                                \
                if (number == before)                                                                            \
                    made.windows[number] = (uint32_t)(start + i);                                                \
            }                                                                                                    \
        }                                                                                                        \
        index->set.count = made.set.count;                                                                       \
    }                                                                                                            \
    static Py_ssize_t shared_##WIDTH(Index *index, const CODE *key, Py_ssize_t size, const CODE *other,          \
                                     Py_ssize_t other_size, Set *rest)                                           \
    {                                                                                                            \
        Py_ssize_t shared = 0, at = size; /* the window of the key that is the one before; its end if there is none */ \
        const Index made = *index;                                                                               \
        const uint32_t comparison = ++index->comparison;                                                         \
        for (Py_ssize_t i = 0; i < other_size; i++) {                                                            \
            uint32_t number;                                                                                     \
            if (at + 1 < size && key[at + SHINGLE] == other[i + SHINGLE - 1])                                    \
                number = made.numbers[++at];                                                                   \
            else {                                                                                               \
                uint64_t hash;                                                                                   \
                long_hashes_##WIDTH(other + i, 1, &hash);                                                        \
                number = *place_of(&made.set, hash);                                                           \
                if (number == 0) {                                                                               \
                    number_of(rest, hash);                                                                       \
                    at = size;                                                                                   \
                    continue;                                                                                    \
                }                                                                                                \
                at = made.windows[--number];                                                                   \
                if (memcmp(key + at, other + i, SHINGLE * sizeof(CODE)) != 0)                                    \
                    at = size; /* two with one hash: equal here, as everywhere, but no begin of a run */         \
            }                                                                                                    \
            shared += made.met[number] != comparison;                                                   \
            made.met[number] = comparison;                                                              \
        }                                                                                                        \
        return shared;                                                                                           \
    }
COMPARING(2, uint16_t)
COMPARING(4, uint32_t)

static int
count_pair(const Keys *keys, int64_t first, int64_t second, int fresh, Index *index, Set *rest, int64_t *out)
{
    Key one = key_at(keys, first), other = key_at(keys, second);
    if (fresh && empty_index(index, one.size) < 0)
        return -1;
    if (empty_set(rest, other.size) < 0)
        return -1;
    if (fresh && one.wide)
        index_4(one.codes, one.size, index);
    else if (fresh)
        index_2(one.codes, one.size, index);
    out[0] = one.wide ? shared_4(index, one.codes, one.size, other.codes, other.size, rest)
                      : shared_2(index, one.codes, one.size, other.codes, other.size, rest);
    out[1] = index->set.count;
    out[2] = out[0] + rest->count;
    return 0;
}

static int
count_pairs(const Keys *keys, const int64_t *first, const int64_t *second, Py_ssize_t pairs, uint64_t odd, int64_t *out)
{
    Index index = {.set.odd = odd};
    Set rest = {.odd = odd};
    int failed = 0;
    for (Py_ssize_t i = 0; i < pairs && !failed; i++)
        failed = count_pair(keys, first[i], second[i], i == 0 || first[i] != first[i - 1], &index, &rest, out + 3 * i);
    void *const arrays[] = {index.set.places, index.set.hashes, index.numbers, index.windows, index.met, rest.places,
                            rest.hashes};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        PyMem_RawFree(arrays[i]);
    return failed;
}

static PyObject *
shared(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    enum { FIRST, SECOND, OUT, BUFFERS };
    Py_buffer buffers[BUFFERS];
    Keys keys;
    int taken = 0, failed = 1;
    if (count != 6) {
        PyErr_SetString(PyExc_TypeError, "shared(codes, bounds, first, second, odd, out)");
        return NULL;
    }
    uint64_t odd = PyLong_AsUnsignedLongLongMask(args[4]) | 1;
    if (PyErr_Occurred() || get_keys(args[0], args[1], &keys) < 0)
        return NULL;
    PyObject *const from[BUFFERS] = {args[2], args[3], args[5]};
    for (; taken < BUFFERS; taken++)
        if (get_buffer(from[taken], &buffers[taken], taken == OUT ? PyBUF_WRITABLE : 0, sizeof(int64_t), "an array") < 0)
            goto done;
    const int64_t *first = buffers[FIRST].buf, *second = buffers[SECOND].buf;
    Py_ssize_t pairs = buffers[FIRST].len / (Py_ssize_t)sizeof(int64_t);
    int good = buffers[SECOND].len == buffers[FIRST].len && buffers[OUT].len == 3 * buffers[FIRST].len;
    for (Py_ssize_t i = 0; good && i < pairs; i++)
        good = first[i] >= 0 && first[i] < keys.count && second[i] >= 0 && second[i] < keys.count;
    if (!good) {
        PyErr_SetString(PyExc_ValueError, "shared: no such key, or arrays of different lengths");
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    failed = count_pairs(&keys, first, second, pairs, odd, buffers[OUT].buf);
    Py_END_ALLOW_THREADS
    if (failed)
        PyErr_NoMemory();
done:
    while (taken > 0)
        PyBuffer_Release(&buffers[--taken]);
    release_keys(&keys);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"sketch", (PyCFunction)(void (*)(void))sketch, METH_FASTCALL,
     "sketch(codes, bounds, width, out)\n\nWrite the sketches of keys to out: width entries of uint16 each."},
    {"shared", (PyCFunction)(void (*)(void))shared, METH_FASTCALL,
     "shared(codes, bounds, first, second, odd, out)\n\n"
     "Of each pair of keys, first[i] and second[i], write to out how many different 5-grams both have, and how many\n"
     "each. An odd number that nobody can know spreads them: texts can not be made to take the same place."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "shingles", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_shingles(void)
{
    return PyModule_Create(&definition);
}
