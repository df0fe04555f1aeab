/* Which kinds of characters a text has, how many and where: see cleanzh.lexicon.kinds, whose table says the kinds as
 * bits. */
#include "text.h"

#define CLASSES 256
#define PAIRS 16
#define CLOSE (UINT64_C(1) << 63) /* the first of the last pair, whose second stands less than so many places behind */
#define FAR 5

/* As it comes from Python. */
typedef struct {
    uint64_t bits[CLASSES]; /* of each class of characters: the kinds; from bit 32 on the pairs of which it is the second,
                             * from bit 48 on those of which it is the first */
    uint32_t pairs[PAIRS];  /* the kind of each pair */
    uint32_t rows, none;    /* the kinds that three characters in a row must have */
    uint8_t classes[TABLE_ENTRIES];
} Table;

#define BITS(CHAR) (table->bits[table->classes[ENTRY(CHAR)]])

/* All kinds that there are. A byte a character, since a wider table does not stay in the cache. Eight characters at once:
 * what stands in a row is asked only where one of them and the last before them begin and end a pair, are in a row, or
 * are of the pair whose characters are only close. */
#define LOOP(NAME, UNIT)                                                                        \
    static uint32_t NAME(const UNIT *chars, Py_ssize_t length, const Table *table)              \
    {                                                                                           \
        uint64_t all = 0, thrice = 0, pairs = 0, last = 0, last_but_one = 0;                    \
        Py_ssize_t close = -FAR;                                                                \
        for (Py_ssize_t i = 0; i < length;) {                                                   \
            Py_ssize_t stop = i + 8 < length ? i + 8 : length;                                  \
            if (stop == i + 8) {                                                                \
                uint64_t here = 0, twice = 0, before = last, one = 0;                           \
                for (int k = 0; k < 8; k++) {                                                   \
                    one = BITS(chars[i + k]);                                                   \
                    here |= one;                                                                \
                    twice |= one & before;                                                      \
                    before = one;                                                               \
                }                                                                               \
                all |= here;                                                                    \
                if (!((here & (here | last) >> PAIRS) >> 32 | (twice & table->rows)             \
                      | (here & (CLOSE | CLOSE >> PAIRS)))) {                                   \
                    last_but_one = BITS(chars[i + 6]);                                          \
                    last = one;                                                                 \
                    i = stop;                                                                   \
                    continue;                                                                   \
                }                                                                               \
            }                                                                                   \
            for (; i < stop; i++) {                                                             \
                uint64_t here = BITS(chars[i]);                                                 \
                all |= here;                                                                    \
                pairs |= here & (last | (i - close < FAR ? CLOSE : 0)) >> PAIRS;                \
                thrice |= here & last & last_but_one;                                           \
                close = here & CLOSE ? i : close;                                               \
                last_but_one = last;                                                            \
                last = here;                                                                    \
            }                                                                                   \
        }                                                                                       \
        uint32_t kinds = ((uint32_t)all & ~table->rows) | ((uint32_t)thrice & table->rows);     \
        for (int i = 0; i < PAIRS; i++)                                                         \
            kinds |= pairs >> 32 >> i & 1 ? table->pairs[i] : 0;                                \
        return kinds;                                                                           \
    }
FOR_EACH_WIDTH(LOOP, kinds)
#undef LOOP

/* How many characters have one of the kinds. */
#define LOOP(NAME, UNIT)                                                                              \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, const Table *table, uint64_t kinds)  \
    {                                                                                                 \
        Py_ssize_t count = 0;                                                                         \
        for (Py_ssize_t i = 0; i < length; i++)                                                       \
            count += (BITS(chars[i]) & kinds) != 0;                                                   \
        return count;                                                                                 \
    }
FOR_EACH_WIDTH(LOOP, count)
#undef LOOP

/* Appends the places of those that have one of the kinds to a list; -1 without memory. */
#define LOOP(NAME, UNIT)                                                                                         \
    static int NAME(const UNIT *chars, Py_ssize_t length, const Table *table, uint64_t kinds, PyObject *list)    \
    {                                                                                                            \
        for (Py_ssize_t i = 0; i < length; i++)                                                                  \
            if (BITS(chars[i]) & kinds && append_number(list, i) < 0)                                            \
                return -1;                                                                                       \
        return 0;                                                                                                \
    }
FOR_EACH_WIDTH(LOOP, places)
#undef LOOP

/* Reads the arguments (text, table[, kinds]), the kinds of single characters; NULL and an exception if they are others. */
static const Table *
arguments(PyObject *const *args, Py_ssize_t count, Py_ssize_t wanted, Py_buffer *buffer, uint64_t *kinds)
{
    unsigned long bits = 0;
    if (count != wanted || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "a text, a table, and but for kinds_of the kinds are wanted");
        return NULL;
    }
    if (count > 2 && (bits = PyLong_AsUnsignedLong(args[2])) == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    if (PyObject_GetBuffer(args[1], buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    const Table *table = buffer->buf;
    if (buffer->len != (Py_ssize_t)sizeof(Table)) {
        PyBuffer_Release(buffer);
        PyErr_SetString(PyExc_ValueError, "what table is this?");
        return NULL;
    }
    if (kinds != NULL)
        *kinds = bits & UINT32_MAX & ~table->rows;
    return table;
}

static PyObject *
kinds_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    const Table *table = arguments(args, count, 2, &buffer, NULL);
    if (table == NULL)
        return NULL;
    uint32_t kinds = BY_WIDTH(kinds, args[0], PyUnicode_GET_LENGTH(args[0]), table);
    PyBuffer_Release(&buffer);
    return PyLong_FromUnsignedLong(kinds);
}

static PyObject *
count_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    uint64_t kinds;
    const Table *table = arguments(args, count, 3, &buffer, &kinds);
    if (table == NULL)
        return NULL;
    Py_ssize_t found = BY_WIDTH(count, args[0], PyUnicode_GET_LENGTH(args[0]), table, kinds);
    PyBuffer_Release(&buffer);
    return PyLong_FromSsize_t(found);
}

static PyObject *
places_of(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    uint64_t kinds;
    const Table *table = arguments(args, count, 3, &buffer, &kinds);
    if (table == NULL)
        return NULL;
    PyObject *found = PyList_New(0);
    if (found != NULL && BY_WIDTH(places, args[0], PyUnicode_GET_LENGTH(args[0]), table, kinds, found) < 0)
        Py_CLEAR(found);
    PyBuffer_Release(&buffer);
    return found;
}

static PyMethodDef methods[] = {
    {"kinds_of", (PyCFunction)(void (*)(void))kinds_of, METH_FASTCALL,
     "kinds_of(text, table) -> int\n\nThe kinds of all characters of the text, of pairs and of three in a row."},
    {"count_of", (PyCFunction)(void (*)(void))count_of, METH_FASTCALL,
     "count_of(text, table, kinds) -> int\n\nHow many characters have one of the kinds."},
    {"places_of", (PyCFunction)(void (*)(void))places_of, METH_FASTCALL,
     "places_of(text, table, kinds) -> list[int]\n\nWhere the characters stand that have one of the kinds."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(kinds, methods)
