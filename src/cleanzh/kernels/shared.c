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

#define STRETCH 32 /* codes that are compared in one call */

/* For each width of codes: how long two rows of codes stay alike; an index of a key; and how many different 5-grams
 * another key shares with it. Those that the other has beyond that go to `rest`.
 *
 * Copies share long runs. In a run the next character says whether the next window is the next of the other key as
 * well: only where one may begin a window is hashed and looked up.
 *
 * Both work on copies of the structs: else what they write could change their members, for all a compiler knows. */
#define COMPARING(WIDTH, CODE)                                                                                \
    static inline Py_ssize_t alike_##WIDTH(const CODE *one, const CODE *other, Py_ssize_t most)               \
    {                                                                                                         \
        Py_ssize_t count = 0;                                                                                 \
        while (count + STRETCH <= most && memcmp(one + count, other + count, STRETCH * sizeof(CODE)) == 0)    \
            count += STRETCH;                                                                                 \
        while (count < most && one[count] == other[count])                                                    \
            count++;                                                                                          \
        return count;                                                                                         \
    }                                                                                                         \
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
            /* Two with one hash are equal here, as everywhere, but do not begin a run. */                    \
            Py_ssize_t run = 1, most = size - at < other_size - i ? size - at : other_size - i;               \
            if (memcmp(key + at, other + i, SHINGLE * sizeof(CODE)) == 0)                                     \
                run += alike_##WIDTH(key + at + SHINGLE, other + i + SHINGLE, most - 1);                      \
            memset(met + at, 1, (size_t)run);                                                                 \
            i += run;                                                                                         \
        }                                                                                                     \
        rest->count = novel.count;                                                                            \
        return met_once(index, size);                                                                         \
    }
COMPARING(2, uint16_t)
COMPARING(4, uint32_t)

/* Keys that lie anywhere in some arrays, of two or four bytes a code each. */
typedef struct {
    Py_buffer *arrays, places; /* of each key: which array, where it starts there, its length */
    Py_ssize_t array_count, count;
} Lying;

/* A key that was narrow, for a comparison with a wide one. */
typedef struct {
    uint32_t *codes;
    Py_ssize_t room;
} Widened;

static Key
lying_at(const Lying *keys, int64_t number)
{
    const int64_t *place = (const int64_t *)keys->places.buf + 3 * number;
    const Py_buffer *array = keys->arrays + place[0];
    Py_ssize_t size = (Py_ssize_t)place[2] - (SHINGLE - 1);
    return (Key){(const char *)array->buf + place[1] * array->itemsize, array->itemsize == 4, size > 0 ? size : 0};
}

static int
widen(Key *key, Widened *widened)
{
    Py_ssize_t count = key->size + SHINGLE - 1;
    if (key->wide || key->size == 0)
        return 0;
    if (count > widened->room) {
        widened->room = 0;
        if (resized((void **)&widened->codes, (size_t)count, sizeof(uint32_t)) < 0)
            return -1;
        widened->room = count;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        widened->codes[i] = ((const uint16_t *)key->codes)[i];
    *key = (Key){widened->codes, 1, key->size};
    return 0;
}

/* `fresh`: the index is of another key. Its hashes are the same in both widths. */
static int
count_pair(Key one, Key other, int fresh, Index *index, Set *rest, Widened *widened, int64_t *out)
{
    if ((one.wide && widen(&other, widened) < 0) || (other.wide && widen(&one, widened) < 0))
        return -1;
    if (fresh && empty_index(index, one.size) < 0)
        return -1;
    const int wide = one.wide || other.wide;
    if (fresh && wide)
        index_4(one.codes, one.size, index);
    else if (fresh)
        index_2(one.codes, one.size, index);
    if (empty_set(rest, other.size) < 0)
        return -1;
    out[0] = wide ? shared_4(index, one.codes, one.size, other.codes, other.size, rest)
                  : shared_2(index, one.codes, one.size, other.codes, other.size, rest);
    out[1] = index->set.count;
    out[2] = out[0] + rest->count;
    return 0;
}

static int
count_pairs(const Lying *keys, const int64_t *first, const int64_t *second, Py_ssize_t pairs, uint64_t odd, int64_t *out)
{
    Index index = {.set.odd = odd};
    Set rest = {.odd = odd};
    Widened widened = {NULL, 0};
    int failed = 0;
    for (Py_ssize_t i = 0; i < pairs && !failed; i++)
        failed = count_pair(lying_at(keys, first[i]), lying_at(keys, second[i]), i == 0 || first[i] != first[i - 1],
                            &index, &rest, &widened, out + 3 * i);
    void *const arrays[] = {index.set.places, index.set.hashes, index.repeats, index.met,
                            rest.places,      rest.hashes,      widened.codes};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        PyMem_RawFree(arrays[i]);
    return failed;
}

static void
release_lying(Lying *keys)
{
    while (keys->array_count > 0)
        PyBuffer_Release(&keys->arrays[--keys->array_count]);
    PyMem_Free(keys->arrays);
    PyBuffer_Release(&keys->places);
}

static int
get_lying(PyObject *arrays, PyObject *places, Lying *keys)
{
    if (!PyList_Check(arrays)) {
        PyErr_SetString(PyExc_TypeError, "shared: the arrays are a list");
        return -1;
    }
    if (get_buffer(places, &keys->places, 0, sizeof(int64_t), "places") < 0)
        return -1;
    keys->count = keys->places.len / (3 * (Py_ssize_t)sizeof(int64_t));
    keys->array_count = 0;
    keys->arrays = PyMem_Calloc((size_t)PyList_GET_SIZE(arrays) + 1, sizeof(Py_buffer));
    if (keys->arrays == NULL)
        PyErr_NoMemory();
    int good = keys->arrays != NULL;
    for (Py_ssize_t i = 0; good && i < PyList_GET_SIZE(arrays); i++, keys->array_count++)
        good = get_buffer(PyList_GET_ITEM(arrays, i), &keys->arrays[i], 0, 0, "an array") == 0;
    const int64_t *place = keys->places.buf;
    for (Py_ssize_t i = 0; good && i < keys->count; i++, place += 3) {
        good = place[0] >= 0 && place[0] < keys->array_count && place[1] >= 0 && place[2] >= 0;
        Py_ssize_t width = good ? keys->arrays[place[0]].itemsize : 0;
        good = (width == 2 || width == 4) && place[1] <= keys->arrays[place[0]].len / width
               && place[2] <= keys->arrays[place[0]].len / width - place[1];
        if (!good)
            PyErr_SetString(PyExc_ValueError, "shared: a key has no place in the arrays, of two or four bytes a code");
    }
    if (!good)
        release_lying(keys);
    return good ? 0 : -1;
}

static PyObject *
shared(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    enum { FIRST, SECOND, OUT, BUFFERS };
    Py_buffer buffers[BUFFERS];
    Lying keys;
    int taken = 0, failed = 1;
    if (count != 6) {
        PyErr_SetString(PyExc_TypeError, "shared(arrays, places, first, second, odd, out)");
        return NULL;
    }
    uint64_t odd = PyLong_AsUnsignedLongLongMask(args[4]) | 1;
    if (PyErr_Occurred() || get_lying(args[0], args[1], &keys) < 0)
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
    release_lying(&keys);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"shared", (PyCFunction)(void (*)(void))shared, METH_FASTCALL,
     "shared(arrays, places, first, second, odd, out)\n\n"
     "Keys lie in arrays of two or four bytes a code: places (int64) has of each the array, its start there and its\n"
     "length. Of each pair of keys, first[i] and second[i], write to out how many different 5-grams both have, and how\n"
     "many each. An odd number that nobody can know spreads them: texts can not be made to take the same place."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(shared, methods)
