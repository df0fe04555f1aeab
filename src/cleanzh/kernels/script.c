/* Characters and phrases written in another script, and where two texts of one length differ: see
 * cleanzh.filters.script.table, which makes the tables. */
#include "edits.h"

/* `pairs` has a bit for the hash of each two characters that a phrase begins with: 8 KB, which stay in the cache, and
 * where it is not set, all there is to do is one look-up. `phrases` are 16-bit numbers. `starts` says for each character where those phrases begin that begin with it (0: there
 * are none), the longest first: how many characters one has (0: no more), what is to be heeded, the characters, and
 * what they become. */
enum { NOT_OVERLAPPED = 1, /* no other phrase may begin inside of it and end beyond it */
       REFUSED = 2 };

struct book {
    const uint16_t *characters, *starts, *phrases; /* characters: 0 for what is not to be converted here */
    const uint8_t *pairs;
    Py_ssize_t size; /* of phrases */
};

#define PAIRS 0x10000
#define MAY_BEGIN(BOOK, FIRST, SECOND) \
    ((BOOK)->pairs != NULL && (BOOK)->pairs[(31 * (FIRST) + (SECOND)) % PAIRS >> 3] >> ((31 * (FIRST) + (SECOND)) & 7) & 1)

/* The next phrase of those at *place that the text has at its start, or NULL; *place goes behind it. */
#define LOOP(NAME, UNIT)                                                                                  \
    static const uint16_t *NAME(const UNIT *chars, Py_ssize_t length, const struct book *book, Py_ssize_t *place) \
    {                                                                                                     \
        while (*place + 2 < book->size && book->phrases[*place] != 0) {                                   \
            const uint16_t *phrase = book->phrases + *place;                                              \
            Py_ssize_t size = phrase[0], same = 0;                                                        \
            *place += 2 + 2 * size;                                                                       \
            if (size > length || *place > book->size)                                                     \
                continue;                                                                                 \
            while (same < size && chars[same] == phrase[2 + same])                                        \
                same++;                                                                                   \
            if (same == size)                                                                             \
                return phrase;                                                                            \
        }                                                                                                 \
        return NULL;                                                                                      \
    }
FOR_EACH_WIDTH(LOOP, phrase_at)
#undef LOOP

/* Writes what the text becomes; -1 if it has something that is not to be converted here. */
#define LOOP(NAME, UNIT, PHRASE_AT)                                                                       \
    static int NAME(const UNIT *chars, Py_ssize_t length, const struct book *book, uint16_t *made)        \
    {                                                                                                     \
        for (Py_ssize_t i = 0; i < length;) {                                                             \
            const uint16_t *phrase = NULL;                                                                \
            if (i + 1 < length && MAY_BEGIN(book, (Py_UCS4)chars[i], (Py_UCS4)chars[i + 1])) {            \
                Py_ssize_t place = book->starts[ENTRY(chars[i])];                                         \
                phrase = place ? PHRASE_AT(chars + i, length - i, book, &place) : NULL;                   \
            }                                                                                             \
            if (phrase == NULL) {                                                                         \
                if ((made[i] = book->characters[ENTRY(chars[i])]) == 0)                                   \
                    return -1;                                                                            \
                i++;                                                                                      \
                continue;                                                                                 \
            }                                                                                             \
            Py_ssize_t size = phrase[0];                                                                  \
            if (phrase[1] & REFUSED)                                                                      \
                return -1;                                                                                \
            for (Py_ssize_t k = 1; k < size && phrase[1] & NOT_OVERLAPPED; k++) {                         \
                const uint16_t *other;                                                                    \
                Py_ssize_t place = book->starts[ENTRY(chars[i + k])];                                     \
                while (place && (other = PHRASE_AT(chars + i + k, length - i - k, book, &place)))         \
                    if (k + other[0] > size)                                                              \
                        return -1;                                                                        \
            }                                                                                             \
            memcpy(made + i, phrase + 2 + size, size * sizeof(uint16_t));                                 \
            i += size;                                                                                    \
        }                                                                                                 \
        return 0;                                                                                         \
    }
LOOP(converted_1, Py_UCS1, phrase_at_1)
LOOP(converted_2, Py_UCS2, phrase_at_2)
LOOP(converted_4, Py_UCS4, phrase_at_4)
#undef LOOP

/* The phrases, of the buffers (pairs, starts, phrases), which the caller releases; -1 and none to release if not. */
static int
opened(PyObject *const *args, Py_buffer *buffers, struct book *book)
{
    if (PyObject_GetBuffer(args[0], &buffers[0], PyBUF_SIMPLE) < 0)
        return -1;
    if (buffers[0].len != PAIRS / 8)
        PyErr_SetString(PyExc_ValueError, "convert: 65,536 bits are wanted for pairs");
    else if ((book->starts = table_of(args[1], sizeof(uint16_t), &buffers[1])) != NULL) {
        if (PyObject_GetBuffer(args[2], &buffers[2], PyBUF_SIMPLE) == 0) {
            book->pairs = buffers[0].buf;
            book->phrases = buffers[2].buf;
            book->size = buffers[2].len / (Py_ssize_t)sizeof(uint16_t);
            return 0;
        }
        PyBuffer_Release(&buffers[1]);
    }
    PyBuffer_Release(&buffers[0]);
    return -1;
}

static PyObject *
convert(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer characters, buffers[3];
    struct book book = {0};
    PyObject *result = NULL;
    if ((count != 2 && count != 5) || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "convert(text, characters) or convert(text, characters, pairs, starts, phrases)");
        return NULL;
    }
    if ((book.characters = table_of(args[1], sizeof(uint16_t), &characters)) == NULL)
        return NULL;
    if (count == 5 && opened(args + 2, buffers, &book) < 0)
        goto release;
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]);
    uint16_t *made = PyMem_New(uint16_t, length ? length : 1);
    if (made == NULL)
        PyErr_NoMemory();
    else if (BY_WIDTH(converted, args[0], length, &book, made) < 0)
        result = Py_NewRef(Py_None);
    else
        result = PyUnicode_FromKindAndData(PyUnicode_2BYTE_KIND, made, length);
    PyMem_Free(made);
    for (int i = 0; i < 3 && count == 5; i++)
        PyBuffer_Release(&buffers[i]);
release:
    PyBuffer_Release(&characters);
    return result;
}

/* Where the run of changes ends that begins at *start; *start goes on to the next run, or the end. */
#define LOOP(NAME, UNIT)                                                                                       \
    static Py_ssize_t NAME(const UNIT *before, const UNIT *after, Py_ssize_t gap, Py_ssize_t length,           \
                           Py_ssize_t *start)                                                                  \
    {                                                                                                          \
        Py_ssize_t end = *start + 1, i = end;                                                                  \
        for (; i < length && i - end < gap && before[i] != '\n'; i++)                                          \
            if (before[i] != after[i])                                                                         \
                end = i + 1;                                                                                   \
        while (i < length && before[i] == after[i])                                                            \
            i++;                                                                                               \
        *start = i;                                                                                            \
        return end;                                                                                            \
    }
FOR_EACH_WIDTH(LOOP, run)
#undef LOOP

/* The edits where two texts of one length differ: of each run, in which less than GAP characters in a row, but no line
 * break, may be the same. */
static PyObject *
changed(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 5 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1]) || !is_tuple_type(args[3]) ||
        PyUnicode_GET_LENGTH(args[0]) != PyUnicode_GET_LENGTH(args[1])) {
        PyErr_SetString(PyExc_TypeError, "changed(before, after, gap, Edit, rule), the texts of one length");
        return NULL;
    }
    PyObject *before = args[0], *after = args[1];
    Py_ssize_t gap = PyLong_AsSsize_t(args[2]), length = PyUnicode_GET_LENGTH(before), start, next = -1;
    if (gap == -1 && PyErr_Occurred())
        return NULL;
    if (PyUnicode_KIND(before) != PyUnicode_KIND(after))
        Py_RETURN_NONE;
    PyObject *edits = PyList_New(0);
    BY_WIDTH(run, before, PyUnicode_DATA(after), 0, length, &next); /* to where the first begins */
    while (edits != NULL && (start = next) < length) {
        Py_ssize_t end = BY_WIDTH(run, before, PyUnicode_DATA(after), gap, length, &next);
        PyObject *made = PyUnicode_Substring(after, start, end);
        if (made == NULL || append_edit(edits, (PyTypeObject *)args[3], args[4], before, start, end, made) < 0)
            Py_CLEAR(edits);
        Py_XDECREF(made);
    }
    return edits;
}

static PyMethodDef methods[] = {
    {"convert", (PyCFunction)(void (*)(void))convert, METH_FASTCALL,
     "convert(text, characters[, pairs, starts, phrases]) -> str | None\n\n"
     "The text in the other script; None if something in it is not to be converted by tables."},
    {"changed", (PyCFunction)(void (*)(void))changed, METH_FASTCALL,
     "changed(before, after, gap, Edit, rule) -> list[Edit] | None\n\n"
     "The edits where two texts of one length differ: runs with less than so many characters in a row, and no line break,\n"
     "between what differs. None for texts of which one takes more bytes a character."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(script, methods)
