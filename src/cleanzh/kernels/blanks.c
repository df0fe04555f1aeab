/* What stands around single blanks between two Chinese characters: see cleanzh.filters.whitespace.han, where the patterns
 * are. */
#include "text.h"

/* The bits of the table: what the patterns of Python tell apart. White space, digits and word characters are those of
 * Python's own tables. */
enum { MARK = 1, BULLET = 2, NUMERAL = 4, COUNTED = 8, DIVISION = 16, ORDINAL = 32, HAN = 64, COLON = 128 };

enum { NOTHING, WORDS, REST, LIST };

typedef struct {
    const uint8_t *table;
    Py_ssize_t reach;             /* characters on either side */
    Py_ssize_t longest_list_word; /* on average */
    Py_ssize_t shortest;          /* characters beside the blank, on both sides together */
} Measures;

#define HAS(I, BIT) (table[ENTRY(chars[I])] & (BIT))
#define IS_WORD(CHAR) (Py_UNICODE_ISALNUM(CHAR) || (CHAR) == '_')

/* A heading is bullets, and then a number to the end, or 第 with a number and perhaps a unit. */
#define LOOP(NAME, UNIT)                                                                                              \
    static int NAME##_heading(const UNIT *chars, Py_ssize_t i, Py_ssize_t end, const uint8_t *table)                  \
    {                                                                                                                 \
        while (i < end && (HAS(i, BULLET) || Py_UNICODE_ISSPACE(chars[i])))                                           \
            i++;                                                                                                      \
        Py_ssize_t first = i;                                                                                         \
        while (i < end && (HAS(i, NUMERAL) || Py_UNICODE_ISDECIMAL(chars[i])))                                        \
            i++;                                                                                                      \
        if (i > first)                                                                                                \
            return i == end;                                                                                          \
        if (i == end || !HAS(i, ORDINAL))                                                                             \
            return 0;                                                                                                 \
        for (i++; i < end && (HAS(i, COUNTED) || Py_UNICODE_ISDECIMAL(chars[i]) || Py_UNICODE_ISSPACE(chars[i]));)    \
            i++;                                                                                                      \
        return i == end || (i + 1 == end && HAS(i, DIVISION));                                                        \
    }                                                                                                                 \
                                                                                                                      \
    static int NAME(const UNIT *chars, Py_ssize_t length, Py_ssize_t place, const Measures *measures)                 \
    {                                                                                                                 \
        const uint8_t *table = measures->table;                                                                       \
        Py_ssize_t low = place, high = place + 1, most = place + measures->reach;                                     \
        int marked = 0;                                                                                               \
        for (; low > 0 && low > place - measures->reach && chars[low - 1] != '\n'; low--)                             \
            marked |= HAS(low - 1, MARK);                                                                             \
        for (; high < length && high < most && chars[high] != '\n'; high++)                                           \
            marked |= HAS(high, MARK);                                                                                \
        if (!marked || NAME##_heading(chars, low, place, table))                                                      \
            return NOTHING;                                                                                           \
        Py_ssize_t label = place + 1;                                                                                 \
        while (label < high && HAS(label, HAN))                                                                       \
            label++;                                                                                                  \
        if (label < high && HAS(label, COLON))                                                                        \
            return NOTHING;                                                                                           \
        Py_ssize_t start = place, end = place + 1; /* of the words in a row on both sides */                          \
        while (start > low && (chars[start - 1] == ' ' || IS_WORD(chars[start - 1])))                                 \
            start--;                                                                                                  \
        while (start < place && chars[start] == ' ')                                                                  \
            start++;                                                                                                  \
        while (end < high && (chars[end] == ' ' || IS_WORD(chars[end])))                                              \
            end++;                                                                                                    \
        while (end > place + 1 && chars[end - 1] == ' ')                                                              \
            end--;                                                                                                    \
        Py_ssize_t blanks = 0, first = place, second = place + 1;                                                     \
        for (Py_ssize_t i = start; i < end; i++)                                                                      \
            blanks += chars[i] == ' ';                                                                                \
        if (blanks > 1 && end - start - blanks <= (blanks + 1) * measures->longest_list_word)                         \
            return LIST;                                                                                              \
        while (first > start && chars[first - 1] != ' ')                                                              \
            first--;                                                                                                  \
        while (second < end && chars[second] != ' ')                                                                  \
            second++;                                                                                                 \
        if (second - first - 1 < measures->shortest)                                                                  \
            return NOTHING;                                                                                           \
        return blanks == 1 && (place - first == 1 || second - place == 2) ? REST : WORDS;                             \
    }
FOR_EACH_WIDTH(LOOP, sentence)
#undef LOOP

/* Whether a keyword of Chinese characters stands behind the blank at PLACE, and another blank behind it. */
#define LOOP(NAME, UNIT)                                                                                              \
    static int NAME(const UNIT *chars, Py_ssize_t length, Py_ssize_t place, const uint8_t *table, Py_ssize_t longest) \
    {                                                                                                                 \
        Py_ssize_t end = place + 1;                                                                                   \
        while (end < length && end - place <= longest && HAS(end, HAN))                                               \
            end++;                                                                                                    \
        return end - place > 2 && end < length && chars[end] == ' ';                                                  \
    }
FOR_EACH_WIDTH(LOOP, keyword)
#undef LOOP

/* Whether there is a mark in the line around PLACE, as far as it is looked at on either side. */
#define LOOP(NAME, UNIT)                                                                                              \
    static int NAME(const UNIT *chars, Py_ssize_t length, Py_ssize_t place, const uint8_t *table, Py_ssize_t reach)   \
    {                                                                                                                 \
        Py_ssize_t low = place > reach ? place - reach : 0, high = length - place > reach ? place + reach : length;   \
        for (Py_ssize_t i = place; i > low && chars[i - 1] != '\n'; i--)                                              \
            if (HAS(i - 1, MARK))                                                                                     \
                return 1;                                                                                             \
        for (Py_ssize_t i = place; i < high && chars[i] != '\n'; i++)                                                 \
            if (HAS(i, MARK))                                                                                         \
                return 1;                                                                                             \
        return 0;                                                                                                     \
    }
FOR_EACH_WIDTH(LOOP, marked)
#undef LOOP

/* How often two characters stand beside each other, and how often each does in all. Counts of eight places or more are
 * added at once, as wide as the characters, so blocks must be short. */
#define BLOCK 240
#define LOOP(NAME, UNIT)                                                                                              \
    static void NAME(const UNIT *chars, Py_ssize_t length, Py_UCS4 first, Py_UCS4 second, Py_ssize_t counts[3])       \
    {                                                                                                                 \
        for (Py_ssize_t start = 0; start < length; start += BLOCK) {                                                  \
            Py_ssize_t size = length - start < BLOCK ? length - start : BLOCK;                                        \
            Py_ssize_t pairs = start + size < length ? size : size - 1;                                               \
            const UNIT *block = chars + start, one = (UNIT)first, other = (UNIT)second;                               \
            UNIT both = 0, ones = 0, others = 0;                                                                      \
            for (Py_ssize_t i = 0; i < pairs; i++)                                                                    \
                both += (UNIT)((block[i] == one) & (block[i + 1] == other));                                          \
            for (Py_ssize_t i = 0; i < size; i++) {                                                                   \
                ones += (UNIT)(block[i] == one);                                                                      \
                others += (UNIT)(block[i] == other);                                                                  \
            }                                                                                                         \
            counts[0] += both;                                                                                        \
            counts[1] += ones;                                                                                        \
            counts[2] += others;                                                                                      \
        }                                                                                                             \
    }
FOR_EACH_WIDTH(LOOP, together)
#undef LOOP

/* The place that is item I of a sequence; -1 and an exception if it is none of the text. */
static Py_ssize_t
place_of(PyObject *places, Py_ssize_t i, Py_ssize_t length)
{
    Py_ssize_t place = PyLong_AsSsize_t(PySequence_Fast_GET_ITEM(places, i));
    if (place >= 0 && place < length)
        return place;
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "no place of the text");
    return -1;
}

/* Reads (text, places, table, …) and COUNT numbers; NULL and an exception if they are others. */
static PyObject *
places_and_table(PyObject *const *args, Py_ssize_t given, Py_ssize_t count, Py_ssize_t *numbers, Py_buffer *table)
{
    if (given != count + 3 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "a text, places, a table and some numbers are expected");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        numbers[i] = PyLong_AsLong(args[i + 3]);
        if (PyErr_Occurred())
            return NULL;
    }
    PyObject *places = PySequence_Fast(args[1], "places are expected");
    if (places != NULL && table_of(args[2], 1, table) == NULL)
        Py_CLEAR(places);
    return places;
}

static PyObject *
sentences(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_ssize_t numbers[3];
    Py_buffer table;
    PyObject *places = places_and_table(args, given, 3, numbers, &table);
    if (places == NULL)
        return NULL;
    Measures measures = {table.buf, numbers[0], numbers[1], numbers[2]};
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]);
    PyObject *found = PyList_New(0);
    for (Py_ssize_t i = 0; found != NULL && i < PySequence_Fast_GET_SIZE(places); i++) {
        Py_ssize_t place = place_of(places, i, length);
        int where = place < 0 ? NOTHING : BY_WIDTH(sentence, args[0], length, place, &measures);
        if (place < 0 || (where != NOTHING && append_pair(found, place, where) < 0))
            Py_CLEAR(found);
    }
    Py_DECREF(places);
    PyBuffer_Release(&table);
    return found;
}

static PyObject *
keywords(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_ssize_t numbers[2], done = -1;
    Py_buffer table;
    PyObject *places = places_and_table(args, given, 2, numbers, &table);
    if (places == NULL)
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]), longest = numbers[0], reach = numbers[1];
    PyObject *found = PyList_New(0);
    for (Py_ssize_t i = 1; found != NULL && i < PySequence_Fast_GET_SIZE(places); i++) {
        Py_ssize_t first = place_of(places, i - 1, length), second = place_of(places, i, length);
        if (first < 0 || second < 0) {
            Py_CLEAR(found);
            break;
        }
        if (first <= done || second - first > longest + 1 ||
            !BY_WIDTH(keyword, args[0], length, first, table.buf, longest))
            continue;
        done = second;
        if (BY_WIDTH(marked, args[0], length, first, table.buf, reach) && append_pair(found, first, second) < 0)
            Py_CLEAR(found);
    }
    Py_DECREF(places);
    PyBuffer_Release(&table);
    return found;
}

static PyObject *
beside(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    if (given != 3 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1]) || PyUnicode_GET_LENGTH(args[1]) != 2) {
        PyErr_SetString(PyExc_TypeError, "beside(text, pair, far)");
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]), far = PyLong_AsSsize_t(args[2]), counts[3] = {0, 0, 0};
    if (far < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "beside: far is a number of characters");
        return NULL;
    }
    Py_UCS4 first = PyUnicode_READ_CHAR(args[1], 0), second = PyUnicode_READ_CHAR(args[1], 1);
    if (first <= PyUnicode_MAX_CHAR_VALUE(args[0]) && second <= PyUnicode_MAX_CHAR_VALUE(args[0]))
        BY_WIDTH(together, args[0], length < far ? length : far, first, second, counts);
    if (first == second && (counts[0] = PyUnicode_Count(args[0], args[1], 0, far)) < 0) /* three in a row are one pair */
        return NULL;
    return Py_BuildValue("nnn", counts[0], counts[1], counts[2]);
}

static PyMethodDef methods[] = {
    {"sentences", (PyCFunction)(void (*)(void))sentences, METH_FASTCALL,
     "sentences(text, places, table, reach, longest_list_word, shortest) -> list[tuple[int, int]]\n\n"
     "Those of the blanks that stand in running text, and what each stands between: 1 words, 2 a word and a rest of one\n"
     "character, 3 the items of a list."},
    {"keywords", (PyCFunction)(void (*)(void))keywords, METH_FASTCALL,
     "keywords(text, places, table, longest, reach) -> list[tuple[int, int]]\n\n"
     "Those of the blanks that stand before a keyword in a line with marks, each with the next of them, behind it."},
    {"beside", (PyCFunction)(void (*)(void))beside, METH_FASTCALL,
     "beside(text, pair, far) -> tuple[int, int, int]\n\n"
     "How often two characters of the text stand beside each other in the beginning of it, and how often each does in all."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(blanks, methods)
