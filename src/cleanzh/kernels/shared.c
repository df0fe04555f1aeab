/* How many different 5-grams keys have, and share: see cleanzh.dedup.shingles. */
#include "shingles.h"

/* Some hashes in a row, and a table of places that is at most a third full, by which each is found: 1 + where its first
 * one is in the row, or 0. */
typedef struct {
    uint32_t *places;
    uint64_t *hashes;
    size_t room; /* places; half as many hashes, so that arrays do not grow with each longer key */
    Py_ssize_t count; /* of different hashes */
    int shift;
    uint64_t odd;
} Set;

/* The 5-grams of one key, a hash for each window, to compare others with. */
typedef struct {
    Set set;
    uint32_t *repeats; /* windows that say what was said before, each with the first one that did */
    char *met;         /* windows that were met in a comparison */
    size_t room;       /* as in the set */
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

static int
empty_index(Index *index, Py_ssize_t size)
{
    if (empty_set(&index->set, size) < 0)
        return -1;
    if (index->set.room > index->room) {
        index->room = 0;
        if (resized((void **)&index->repeats, index->set.room, sizeof(uint32_t)) < 0
            || resized((void **)&index->met, index->set.room / 2, sizeof(char)) < 0)
            return -1;
        index->room = index->set.room;
    }
    return 0;
}

/* Where a hash is found, or would be. */
static inline uint32_t *
place_of(const Set *set, uint64_t hash)
{
    size_t mask = SIZE_MAX >> (8 * sizeof(size_t) - (64 - set->shift));
    size_t place = (size_t)((hash * set->odd) >> set->shift);
    while (set->places[place] != 0 && set->hashes[set->places[place] - 1] != hash)
        place = (place + 1) & mask;
    return set->places + place;
}

/* How many different 5-grams were met. */
static Py_ssize_t
met_once(const Index *index, Py_ssize_t size)
{
    for (Py_ssize_t i = 0; i < size - index->set.count; i++) {
        char *again = index->met + index->repeats[2 * i];
        index->met[index->repeats[2 * i + 1]] |= *again;
        *again = 0;
    }
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < size; i++)
        count += index->met[i];
    return count;
}

/* For each width of codes: an index of a key; and how many different 5-grams another key shares with it. Those that the
 * other has beyond that go to `rest`.
 *
 * Copies share long runs. In a run the next character says whether the next window is the next of the other key as
 * well: only where one may begin a window is hashed and looked up.
 *
 * Both work on copies of the structs: else what they write could change their members, for all a compiler knows. */
#define COMPARING(WIDTH, CODE)                                                                                \
    static void index_##WIDTH(const CODE *key, Py_ssize_t size, Index *index)                                 \
    {                                                                                                         \
        const Set set = index->set;                                                                           \
        uint32_t *repeat = index->repeats;                                                                    \
        for (Py_ssize_t i = 0; i < size; i++) {                                                               \
            if (i % BLOCK == 0)                                                                               \
                hashes64_##WIDTH(key + i, size - i < BLOCK ? size - i : BLOCK, set.hashes + i);               \
            uint32_t *place = place_of(&set, set.hashes[i]);                                                  \
            if (*place == 0)                                                                                  \
                *place = (uint32_t)i + 1;                                                                     \
            else {                                                                                            \
                *repeat++ = (uint32_t)i;                                                                      \
                *repeat++ = *place - 1;                                                                       \
            }                                                                                                 \
        }                                                                                                     \
        index->set.count = size - (repeat - index->repeats) / 2;                                              \
    }                                                                                                         \
    static Py_ssize_t shared_##WIDTH(const Index *index, const CODE *key, Py_ssize_t size, const CODE *other, \
                                     Py_ssize_t other_size, Set *rest)                                        \
    {                                                                                                         \
        const Set set = index->set;                                                                           \
        Set novel = *rest;                                                                                    \
        char *met = index->met;                                                                               \
        memset(met, 0, (size_t)size);                                                                         \
        for (Py_ssize_t i = 0; i < other_size;) {                                                             \
            const uint64_t hash = hashes64_##WIDTH##_first(other + i);                                        \
            Py_ssize_t at = (Py_ssize_t)*place_of(&set, hash) - 1;                                            \
            if (at < 0) {                                                                                     \
                uint32_t *place = place_of(&novel, hash);                                                     \
                if (*place == 0) {                                                                            \
                    novel.hashes[novel.count++] = hash;                                                       \
                    *place = (uint32_t)novel.count;                                                           \
                }                                                                                             \
                i++;                                                                                          \
                continue;                                                                                     \
            }                                                                                                 \
            met[at] = 1;                                                                                      \
            /* Two with one hash are equal here, as everywhere, but do not begin a run. */                    \
            const int equal = memcmp(key + at, other + i, SHINGLE * sizeof(CODE)) == 0;                       \
            for (i++, at++; equal && at < size && i < other_size; i++, at++) {                                \
                if (key[at + SHINGLE - 1] != other[i + SHINGLE - 1])                                          \
                    break;                                                                                    \
                met[at] = 1;                                                                                  \
            }                                                                                                 \
        }                                                                                                     \
        rest->count = novel.count;                                                                            \
        return met_once(index, size);                                                                         \
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
    void *const arrays[] = {index.set.places, index.set.hashes, index.repeats, index.met, rest.places, rest.hashes};
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
        if (get_buffer(from[taken], &buffers[taken], taken < OUT ? 0 : PyBUF_WRITABLE, sizeof(int64_t), "an array") < 0)
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
    {"shared", (PyCFunction)(void (*)(void))shared, METH_FASTCALL,
     "shared(codes, bounds, first, second, odd, out)\n\n"
     "Of each pair of keys, first[i] and second[i], write to out how many different 5-grams both have, and how many\n"
     "each. An odd number that nobody can know spreads them: texts can not be made to take the same place."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(shared, methods)
