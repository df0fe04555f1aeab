/* Half-width marks in a text, and what stands beside them: see filters/punctuation.py, which says by a table of bits what
 * the characters are. */
#include "edits.h"

enum {
    HALF = 1,     /* a mark that has a full-width form */
    OTHER = 2,    /* brackets and straight quotes, which are decided in pairs */
    FULL = 4,     /* the full-width form of a mark; which they are is said once more where they are counted */
    BRACKET = 8,  /* a full-width bracket */
    CHINESE = 16, /* Han, and marks that nothing folds */
    HAN = 32,
    LATIN = 64,
    TELLING = 128 /* tells of a line that it may be data, or in another language */
};
#define ELLIPSIS 0x2026 /* Chinese too, but a repair may have made it */

/* The place of the next character that has one of some bits. Marks stand too close for eight characters at once. */
#define LOOP(NAME, UNIT)                                                                                           \
    static Py_ssize_t NAME(const UNIT *chars, const uint8_t *table, int bits, Py_ssize_t start, Py_ssize_t end)    \
    {                                                                                                              \
        while (start < end && !(table[ENTRY(chars[start])] & bits))                                                \
            start++;                                                                                               \
        return start;                                                                                              \
    }
FOR_EACH_WIDTH(LOOP, next_of)
#undef LOOP

static inline Py_ssize_t
next(PyObject *whole, const Text *text, int class, Py_ssize_t start, Py_ssize_t end)
{
    return BY_WIDTH(next_of, whole, text->classes, class, start, end);
}

/* Reads a text and a table, and START and END of COUNT arguments if there are some; 0 and an exception otherwise. */
static int
opened(PyObject *const *args, Py_ssize_t count, Py_ssize_t wanted, Text *text, Py_buffer *buffer, Py_ssize_t *span)
{
    if (count != wanted || !PyUnicode_Check(args[0])) {
        PyErr_Format(PyExc_TypeError, "%zd arguments are wanted, first a text and a table", wanted);
        return 0;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]);
    if (span != NULL) {
        span[0] = PyLong_AsSsize_t(args[2]);
        span[1] = PyLong_AsSsize_t(args[3]);
        if (PyErr_Occurred())
            return 0;
        if (span[0] < 0 || span[1] > length) {
            PyErr_SetString(PyExc_ValueError, "no span of the text");
            return 0;
        }
    }
    const uint8_t *table = table_of(args[1], sizeof(uint8_t), buffer);
    if (table == NULL)
        return 0;
    *text = (Text){PyUnicode_KIND(args[0]), PyUnicode_DATA(args[0]), length, table};
    return 1;
}

/* Whether a character is Chinese, and was before any repair. */
static inline int
never_made(const Text *text, Py_ssize_t place)
{
    return classes_at(text, place) & CHINESE && at(text, place) != ELLIPSIS;
}

/* Whether nothing but blanks stands between a place and the end of its line. */
static int
ends_line(const Text *text, Py_ssize_t place)
{
    while (at(text, place) == ' ' || at(text, place) == 0x3000)
        place++;
    return place >= text->length || at(text, place) == '\n';
}

/* The half-width marks: their bits in a number of 64. */
#define BIT(MARK) ((uint64_t)1 << (MARK))
#define MARKS \
    (BIT('!') | BIT('"') | BIT('\'') | BIT('(') | BIT(')') | BIT(',') | BIT(':') | BIT(';') | BIT('?'))

/* The place of the next half-width mark from START on, or the end: eight characters at once, and without the table, of
 * which most characters would need a line of the cache each. */
#define LOOP(NAME, UNIT)                                                                                           \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t start, Py_ssize_t end)                                    \
    {                                                                                                              \
        while (start < end) {                                                                                      \
            Py_ssize_t stop = start + 8 < end ? start + 8 : end;                                                   \
            UNIT found = 0;                                                                                        \
            if (stop == end)                                                                                       \
                found = 1;                                                                                         \
            else                                                                                                   \
                for (int i = 0; i < 8; i++)                                                                        \
                    found |= (UNIT)(chars[start + i] - '!') <= '?' - '!';                                          \
            for (; found && start < stop; start++)                                                                 \
                if (chars[start] < 64 && MARKS >> chars[start] & 1)                                                \
                    return start;                                                                                  \
            start = stop;                                                                                          \
        }                                                                                                          \
        return end;                                                                                                \
    }
FOR_EACH_WIDTH(LOOP, next_half)
#undef LOOP

/* How many of , ; : ! ? there are in full width. Added up one by one and in 16 bits: so compilers compare eight at once. */
#define LOOP(NAME, UNIT)                                                                                           \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length)                                                   \
    {                                                                                                              \
        Py_ssize_t full = 0;                                                                                       \
        for (Py_ssize_t start = 0, end; sizeof(UNIT) > 1 && start < length; start = end) {                         \
            uint16_t some = 0;                                                                                     \
            end = start + 0x8000 < length ? start + 0x8000 : length;                                               \
            for (Py_ssize_t i = start; i < end; i++) {                                                             \
                some += (uint16_t)(chars[i] == 0xFF0C);                                                            \
                some += (uint16_t)(chars[i] == 0xFF1B);                                                            \
                some += (uint16_t)(chars[i] == 0xFF1A);                                                            \
                some += (uint16_t)(chars[i] == 0xFF01);                                                            \
                some += (uint16_t)(chars[i] == 0xFF1F);                                                            \
            }                                                                                                      \
            full += some;                                                                                          \
        }                                                                                                          \
        return full;                                                                                               \
    }
FOR_EACH_WIDTH(LOOP, full_marks)
#undef LOOP

static PyObject *
survey(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    Text text;
    if (!opened(args, count, 2, &text, &buffer, NULL))
        return NULL;
    PyObject *strong = PyList_New(0);
    Py_ssize_t full = BY_WIDTH(full_marks, args[0], text.length), place = 0;
    int weak = 0;
    for (; strong != NULL && (place = BY_WIDTH(next_half, args[0], place, text.length)) < text.length; place++) {
        int class = classes_at(&text, place);
        if (!(class & (HALF | OTHER)))
            continue;
        int before = never_made(&text, place - 1), after = never_made(&text, place + 1);
        weak |= (before || after) && at(&text, place) != '\'';
        if (class & HALF && before && (after || ends_line(&text, place + 1)) && append_number(strong, place) < 0)
            Py_CLEAR(strong);
    }
    PyBuffer_Release(&buffer);
    return strong == NULL ? NULL : Py_BuildValue("(NnO)", strong, full, weak ? Py_True : Py_False);
}

/* The span of those at *number and behind that ends behind a place; *start is where it starts, or the end of all. */
static int
span_at(PyObject *spans, Py_ssize_t *number, Py_ssize_t place, Py_ssize_t *start, Py_ssize_t *end)
{
    for (; *number < PyList_GET_SIZE(spans); ++*number) {
        PyObject *span = PyList_GET_ITEM(spans, *number);
        if (!PyTuple_Check(span) || PyTuple_GET_SIZE(span) != 2) {
            PyErr_SetString(PyExc_TypeError, "spans are pairs of places");
            return -1;
        }
        *start = PyLong_AsSsize_t(PyTuple_GET_ITEM(span, 0));
        *end = PyLong_AsSsize_t(PyTuple_GET_ITEM(span, 1));
        if (PyErr_Occurred())
            return -1;
        if (place < *end)
            return 0;
    }
    *start = *end = PY_SSIZE_T_MAX;
    return 0;
}

static PyObject *
behind_chinese(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    Text text;
    Py_ssize_t span[2], number = 0, kept_start = 0, kept_end = 0, last = -1;
    if (!opened(args, count, 8, &text, &buffer, span))
        return NULL;
    PyObject *whole = args[0], *kept = args[4], *forms = args[5], *edits = NULL, *others = NULL, *smiles = NULL;
    if (!PyList_Check(kept) || !PyDict_Check(forms) || !is_tuple_type(args[6])) {
        PyErr_SetString(PyExc_TypeError, "behind_chinese(text, table, start, end, kept, forms, Edit, rule)");
        goto failed;
    }
    edits = PyList_New(0), others = PyList_New(0), smiles = PyList_New(0);
    if (edits == NULL || others == NULL || smiles == NULL)
        goto failed;
    for (Py_ssize_t place = span[0]; (place = next(whole, &text, HALF | OTHER, place, span[1])) < span[1]; place++) {
        if (place >= kept_end && span_at(kept, &number, place, &kept_start, &kept_end) < 0)
            goto failed;
        if (place >= kept_start)
            continue;
        Py_UCS4 mark = at(&text, place), after = at(&text, place + 1);
        int before = classes_at(&text, place - 1);
        int sure = classes_at(&text, place) & HALF && (before & (CHINESE | FULL | BRACKET) || (place && last == place - 1));
        int smile = (mark == ':' || mark == ';') && after < 0x80 && after && strchr("-o^'()DPp", (int)after);
        if (!sure || smile) {
            if (append_number(others, place) < 0 || (sure && append_number(smiles, place) < 0))
                goto failed;
            continue;
        }
        PyObject *old = PyUnicode_FromOrdinal((int)mark);
        PyObject *full = old == NULL ? NULL : PyDict_GetItemWithError(forms, old);
        Py_XDECREF(old);
        if (full == NULL) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_KeyError, "a mark has no full-width form");
            goto failed;
        }
        if (append_edit(edits, (PyTypeObject *)args[6], args[7], whole, place, place + 1, full) < 0)
            goto failed;
        last = place;
    }
    PyBuffer_Release(&buffer);
    return Py_BuildValue("(NNN)", edits, others, smiles);
failed:
    PyBuffer_Release(&buffer);
    Py_XDECREF(edits);
    Py_XDECREF(others);
    Py_XDECREF(smiles);
    return NULL;
}

/* Where the line ends that starts at START, and in *doubtful whether it may be something else than Chinese: data, which
 * has brackets, or a colon behind a quote; other letters; Latin words with one blank between, and a letter in seven
 * Han or fewer; no Han. */
#define LOOP(NAME, UNIT)                                                                                           \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, const uint8_t *table, Py_ssize_t start,           \
                           Py_ssize_t end, int *doubtful)                                                          \
    {                                                                                                              \
        int has = 0, quotes = 0, data = 0, words = 0;                                                              \
        Py_ssize_t han = 0, latin = 0;                                                                             \
        for (; start < end && chars[start] != '\n'; start++) {                                                     \
            Py_UCS4 here = chars[start], next = start + 1 < length ? chars[start + 1] : 0;                         \
            int class = table[ENTRY(here)];                                                                        \
            has |= class;                                                                                          \
            han += (class & HAN) != 0;                                                                             \
            latin += (class & LATIN) != 0;                                                                         \
            if (class & LATIN)                                                                                     \
                words += next == ' ' && start + 2 < length && table[ENTRY(chars[start + 2])] & LATIN;              \
            else if (here == '"' || here == '\'') {                                                                \
                quotes = 1;                                                                                        \
                data |= next == ':' || Py_UNICODE_ISSPACE(next);                                                   \
            }                                                                                                      \
        }                                                                                                          \
        *doubtful = has & TELLING || data || (words > 1 && 6 * han < latin) || ((latin || quotes) && !han);        \
        return start;                                                                                              \
    }
FOR_EACH_WIDTH(LOOP, line_end)
#undef LOOP

static PyObject *
doubtful_lines(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    Text text;
    Py_ssize_t span[2];
    if (!opened(args, count, 4, &text, &buffer, span))
        return NULL;
    PyObject *lines = PyList_New(0);
    for (Py_ssize_t start = span[0], end; lines != NULL && start < span[1]; start = end + 1) {
        int doubtful;
        end = BY_WIDTH(line_end, args[0], text.length, text.classes, start, span[1], &doubtful);
        if (doubtful && append_pair(lines, start, end) < 0)
            Py_CLEAR(lines);
    }
    PyBuffer_Release(&buffer);
    return lines;
}

static PyMethodDef methods[] = {
    {"survey", (PyCFunction)(void (*)(void))survey, METH_FASTCALL,
     "survey(text, table) -> (places, full, weak)\n\n"
     "Where half-width marks have Chinese on both sides, or before them and the end of the line behind; how many\n"
     "full-width marks there are; and whether any half-width mark has Chinese on one side."},
    {"behind_chinese", (PyCFunction)(void (*)(void))behind_chinese, METH_FASTCALL,
     "behind_chinese(text, table, start, end, kept, forms, Edit, rule) -> (edits, others, smiles)\n\n"
     "The edits for marks right behind Chinese; the places of all other marks, brackets and quotes; and those of them\n"
     "that stand there too, but may begin an emoticon. Without all in the spans that are kept."},
    {"doubtful_lines", (PyCFunction)(void (*)(void))doubtful_lines, METH_FASTCALL,
     "doubtful_lines(text, table, start, end) -> list[tuple[int, int]]\n\n"
     "The lines that may be something else than Chinese."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(marks, methods)
