/* Characters and phrases written in another script, and where two texts of one length differ: see
 * cleanzh.filters.script.table, which makes the tables. */
#include "edits.h"

/* `phrases` are 16-bit numbers. `starts` says for each character where those phrases begin that begin with it (0: there
 * are none), the longest first: how many characters one has (0: no more), what is to be heeded, the characters, and
 * what they become. */
enum { NOT_OVERLAPPED = 1, /* no other phrase may begin inside of it and end beyond it */
       REFUSED = 2 };

struct book {
    const uint16_t *characters, *starts, *phrases; /* characters: 0 for what is not to be converted here */
    Py_ssize_t size;                               /* of phrases */
};

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
            Py_ssize_t place = book->starts[ENTRY(chars[i])];                                             \
            const uint16_t *phrase = place ? PHRASE_AT(chars + i, length - i, book, &place) : NULL;       \
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
                place = book->starts[ENTRY(chars[i + k])];                                                \
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

static PyObject *
convert(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer characters, starts, phrases;
    struct book book;
    PyObject *result = NULL;
    if (count != 4 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "convert(text, characters, starts, phrases)");
        return NULL;
    }
    if ((book.characters = table_of(args[1], sizeof(uint16_t), &characters)) == NULL)
        return NULL;
    if ((book.starts = table_of(args[2], sizeof(uint16_t), &starts)) == NULL)
        goto release_characters;
    if (PyObject_GetBuffer(args[3], &phrases, PyBUF_SIMPLE) < 0)
        goto release_starts;
    book.phrases = phrases.buf;
    book.size = phrases.len / (Py_ssize_t)sizeof(uint16_t);
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]);
    uint16_t *made = PyMem_New(uint16_t, length ? length : 1);
    if (made == NULL)
        PyErr_NoMemory();
    else if (BY_WIDTH(converted, args[0], length, &book, made) < 0)
        result = Py_NewRef(Py_None);
    else
        result = PyUnicode_FromKindAndData(PyUnicode_2BYTE_KIND, made, length);
    PyMem_Free(made);
    PyBuffer_Release(&phrases);
release_starts:
    PyBuffer_Release(&starts);
release_characters:
    PyBuffer_Release(&characters);
    return result;
}

/* The first place from I on where two texts differ, or the end. */
#define LOOP(NAME, UNIT)                                                                                       \
    static Py_ssize_t NAME(const UNIT *before, const UNIT *after, Py_ssize_t i, Py_ssize_t length)             \
    {                                                                                                          \
        while (i < length && before[i] == after[i])                                                            \
            i++;                                                                                               \
        return i;                                                                                              \
    }
FOR_EACH_WIDTH(LOOP, difference)
#undef LOOP

static Py_ssize_t
next_difference(PyObject *before, PyObject *after, Py_ssize_t i, Py_ssize_t length)
{
    if (PyUnicode_KIND(before) != PyUnicode_KIND(after)) {
        while (i < length && PyUnicode_READ_CHAR(before, i) == PyUnicode_READ_CHAR(after, i))
            i++;
        return i;
    }
    return BY_WIDTH(difference, before, PyUnicode_DATA(after), i, length);
}

/* The edits where two texts of one length differ: of each run, in which up to GAP characters in a row, but no line
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
    Py_ssize_t gap = PyLong_AsSsize_t(args[2]), length = PyUnicode_GET_LENGTH(before);
    if (gap == -1 && PyErr_Occurred())
        return NULL;
    PyObject *edits = PyList_New(0);
    Py_ssize_t start = next_difference(before, after, 0, length);
    while (edits != NULL && start < length) {
        Py_ssize_t end = start + 1, next;
        while ((next = next_difference(before, after, end, length)) < length && next - end < gap
               && PyUnicode_FindChar(before, '\n', end, next + 1, 1) < 0)
            end = next + 1;
        PyObject *made = PyUnicode_Substring(after, start, end);
        if (made == NULL || append_edit(edits, (PyTypeObject *)args[3], args[4], before, start, end, made) < 0)
            Py_CLEAR(edits);
        Py_XDECREF(made);
        start = next;
    }
    return edits;
}

static PyMethodDef methods[] = {
    {"convert", (PyCFunction)(void (*)(void))convert, METH_FASTCALL,
     "convert(text, characters, starts, phrases) -> str | None\n\n"
     "The text in the other script; None if something in it is not to be converted by tables."},
    {"changed", (PyCFunction)(void (*)(void))changed, METH_FASTCALL,
     "changed(before, after, gap, Edit, rule) -> list[Edit]\n\n"
     "The edits where two texts of one length differ: runs with at most so many characters in a row, and no line break,\n"
     "between what differs."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(script, methods)
