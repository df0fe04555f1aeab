/* Where blanks stand that may have to go, and what stands around those between two Chinese characters: see
 * cleanzh.filters.whitespace.places, where the patterns are. */
#include "text.h"

/* The bits of a character: what the patterns of Python tell apart. White space, digits and word characters are those of
 * Python's own tables. */
enum { MARK = 1, BULLET = 2, NUMERAL = 4, COUNTED = 8, DIVISION = 16, ORDINAL = 32, HAN = 64, COLON = 128 };

/* What a blank stands between. */
enum { NOTHING, WORDS, REST, LIST };

/* What is known of a run of blanks by its length and the classes of the characters beside it. The first two are blanks
 * between Chinese characters, of the others spans are given. */
enum { NONE, SPLIT, NUMBERED, SPANS, ANSWERS = 8 };

/* The classes of characters; there are two more, for the start of the text and its end. */
enum { START = 1, END, CLASSES = 32, LENGTHS = 3 /* of a run: 1, 2, more */ };

/* What survey() makes; one span of them says enough of indents and runs. */
enum { SENTENCES, KEYWORDS, SPACED_OUT, NUMBER, BETWEEN, FOUND, FIELDS = FOUND + ANSWERS - NUMBERED };

typedef struct {
    PyObject_HEAD
    Py_buffer tables[3];
    const uint8_t *classes, *answers, *bits;
    PyTypeObject *places;
    Py_ssize_t reach;             /* characters of a sentence on either side */
    Py_ssize_t longest_list_word; /* on average */
    Py_ssize_t shortest;          /* characters beside the blank, on both sides together */
    Py_ssize_t longest_keyword, far; /* characters of a line on either side of a keyword */
} Blanks;

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
    static int NAME(const UNIT *chars, Py_ssize_t length, Py_ssize_t place, const Blanks *ask)                        \
    {                                                                                                                 \
        const uint8_t *table = ask->bits;                                                                             \
        Py_ssize_t low = place, high = length, lowest = place > ask->reach ? place - ask->reach : 0;                  \
        while (low > lowest && chars[low - 1] != '\n' && !HAS(low - 1, MARK))                                         \
            low--;                                                                                                    \
        if (length - place > ask->reach)                                                                              \
            high = place + ask->reach;                                                                                \
        if (low == lowest || chars[low - 1] == '\n') { /* no mark before it; behind one there is no heading */        \
            Py_ssize_t mark = place + 1;                                                                              \
            while (mark < high && chars[mark] != '\n' && !HAS(mark, MARK))                                            \
                mark++;                                                                                               \
            if (mark >= high || chars[mark] == '\n' || NAME##_heading(chars, low, place, table))                      \
                return NOTHING;                                                                                       \
        }                                                                                                             \
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
        if (blanks > 1 && end - start - blanks <= (blanks + 1) * ask->longest_list_word)                              \
            return LIST;                                                                                              \
        while (first > start && chars[first - 1] != ' ')                                                              \
            first--;                                                                                                  \
        while (second < end && chars[second] != ' ')                                                                  \
            second++;                                                                                                 \
        if (second - first - 1 < ask->shortest)                                                                       \
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

/* How often two characters stand beside each other, counted in the same way as one. */
#define LOOP(NAME, UNIT)                                                                                              \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, Py_UCS4 first, Py_UCS4 second)                       \
    {                                                                                                                 \
        Py_ssize_t count = 0, pairs = length - 1;                                                                     \
        for (Py_ssize_t start = 0; start < pairs; start += COUNTED_AT_ONCE) {                                         \
            Py_ssize_t size = pairs - start < COUNTED_AT_ONCE ? pairs - start : COUNTED_AT_ONCE;                      \
            const UNIT *block = chars + start, one = (UNIT)first, other = (UNIT)second;                               \
            UNIT both = 0;                                                                                            \
            for (Py_ssize_t i = 0; i < size; i++)                                                                     \
                both += (UNIT)((block[i] == one) & (block[i + 1] == other));                                          \
            count += both;                                                                                            \
        }                                                                                                             \
        return count;                                                                                                 \
    }
FOR_EACH_WIDTH(LOOP, together)
#undef LOOP

/* Blanks between Chinese characters, in the order of the text. */
typedef struct {
    Py_ssize_t *places, count, room;
    PyObject *made; /* the fields of what survey() gives */
    Py_ssize_t runs;
} Found;

/* In the lowest bit of a place. */
#define IS_SPLIT 1

static int
note_between(Found *found, Py_ssize_t place, int split)
{
    if (found->count == found->room) {
        Py_ssize_t room = found->room ? 2 * found->room : 64;
        Py_ssize_t *places = PyMem_Resize(found->places, Py_ssize_t, room);
        if (places == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        found->places = places;
        found->room = room;
    }
    found->places[found->count++] = 2 * place + (split ? IS_SPLIT : 0);
    return 0;
}

/* Appends two numbers to a field, which is a list once it has something; -1 without memory. */
static int
note(Found *found, int field, Py_ssize_t first, Py_ssize_t second)
{
    PyObject *spans = PyTuple_GET_ITEM(found->made, field);
    if (spans == NULL) {
        if ((spans = PyList_New(0)) == NULL)
            return -1;
        PyTuple_SET_ITEM(found->made, field, spans);
    }
    return append_pair(spans, first, second);
}

/* Notes each run of blanks that has an answer; -1 without memory. Eight characters are compared at once, which takes a
 * fifth of the time of a look-up of each. */
#define CLASS(CHAR) (ask->classes[ENTRY(CHAR)] % CLASSES)
#define LOOP(NAME, UNIT)                                                                                              \
    FIRST_OF(NAME##_first, UNIT)                                                                                      \
    static int NAME(const UNIT *chars, Py_ssize_t length, const Blanks *ask, Found *found)                            \
    {                                                                                                                 \
        Py_ssize_t i = 0;                                                                                             \
        for (;;) {                                                                                                    \
            i = NAME##_first(chars, ' ', i, length);                                                                  \
            if (i == length)                                                                                          \
                return 0;                                                                                             \
            Py_ssize_t start = i++;                                                                                   \
            while (i < length && chars[i] == ' ')                                                                     \
                i++;                                                                                                  \
            Py_ssize_t long_as = i - start < LENGTHS ? i - start - 1 : LENGTHS - 1;                                   \
            Py_ssize_t before = start > 0 ? CLASS(chars[start - 1]) : START;                                          \
            Py_ssize_t behind = i < length ? CLASS(chars[i]) : END;                                                   \
            int answer = ask->answers[(long_as * CLASSES + before) * CLASSES + behind];                               \
            if (answer == NONE || answer > ANSWERS)                                                                   \
                continue;                                                                                             \
            found->runs++;                                                                                            \
            if ((answer < SPANS ? note_between(found, start, answer == SPLIT)                                         \
                                : note(found, FOUND + answer - SPANS, start, i)) < 0)                                 \
                return -1;                                                                                            \
        }                                                                                                             \
    }
FOR_EACH_WIDTH(LOOP, runs)
#undef LOOP

/* Notes what stands around the blanks between Chinese characters; -1 without memory. */
static int
look_around(PyObject *text, const Blanks *ask, Found *found)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), last = -1, done = -1;
    int spaced_out = 0;
    for (Py_ssize_t i = 0; i < found->count; i++) {
        Py_ssize_t place = found->places[i] / 2;
        int where = found->places[i] & IS_SPLIT ? BY_WIDTH(sentence, text, length, place, ask) : NOTHING;
        if (where != NOTHING && note(found, SENTENCES, place, where) < 0)
            return -1;
        spaced_out |= i > 2 && place - found->places[i - 3] / 2 == 6;
        if (i && last > done && place - last <= ask->longest_keyword + 1
            && BY_WIDTH(keyword, text, length, last, ask->bits, ask->longest_keyword)) {
            done = place;
            if (BY_WIDTH(marked, text, length, last, ask->bits, ask->far) && note(found, KEYWORDS, last, place) < 0)
                return -1;
        }
        last = place;
    }
    PyTuple_SET_ITEM(found->made, SPACED_OUT, PyBool_FromLong(spaced_out));
    return 0;
}

static PyObject *
survey(Blanks *self, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "survey(text)");
        return NULL;
    }
    Found found = {.made = self->places->tp_alloc(self->places, FIELDS)};
    if (found.made == NULL)
        return NULL;
    if (BY_WIDTH(runs, text, PyUnicode_GET_LENGTH(text), self, &found) < 0 || look_around(text, self, &found) < 0)
        Py_CLEAR(found.made);
    else if (found.runs == 0)
        Py_SETREF(found.made, Py_NewRef(Py_None));
    else {
        PyTuple_SET_ITEM(found.made, NUMBER, PyLong_FromSsize_t(found.runs));
        PyTuple_SET_ITEM(found.made, BETWEEN, PyLong_FromSsize_t(found.count));
        for (int i = 0; found.made != NULL && i < FIELDS; i++) {
            if (PyTuple_GET_ITEM(found.made, i) == NULL)
                PyTuple_SET_ITEM(found.made, i, i == NUMBER || i == BETWEEN ? NULL : PyTuple_New(0)); /* the one there is */
            if (PyTuple_GET_ITEM(found.made, i) == NULL)
                Py_CLEAR(found.made);
        }
    }
    PyMem_Free(found.places);
    return found.made;
}

static PyObject *
beside(Blanks *self, PyObject *const *args, Py_ssize_t given)
{
    if (given != 4 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1]) || PyUnicode_GET_LENGTH(args[1]) != 2) {
        PyErr_SetString(PyExc_TypeError, "beside(text, pair, far, least)");
        return NULL;
    }
    PyObject *text = args[0];
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), far = PyLong_AsSsize_t(args[2]), least = PyLong_AsSsize_t(args[3]);
    if (far < 0 || least < 1) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "beside: far and least are numbers of characters");
        return NULL;
    }
    Py_UCS4 first = PyUnicode_READ_CHAR(args[1], 0), second = PyUnicode_READ_CHAR(args[1], 1);
    if (first > PyUnicode_MAX_CHAR_VALUE(text) || second > PyUnicode_MAX_CHAR_VALUE(text))
        Py_RETURN_NONE;
    if (length > far)
        length = far;
    Py_ssize_t pairs = first == second ? PyUnicode_Count(text, args[1], 0, far) /* three in a row are one pair */
                                       : BY_WIDTH(together, text, length, first, second);
    if (pairs < 0)
        return NULL;
    if (pairs < least)
        Py_RETURN_NONE;
    return Py_BuildValue("nnn", pairs, BY_WIDTH(times, text, length, first), BY_WIDTH(times, text, length, second));
}

static PyObject *
around(Blanks *self, PyObject *const *args, Py_ssize_t given)
{
    if (given != 4 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1]) || PyUnicode_GET_LENGTH(args[1]) == 0) {
        PyErr_SetString(PyExc_TypeError, "around(text, word, far, enough)");
        return NULL;
    }
    Text text = {PyUnicode_KIND(args[0]), PyUnicode_DATA(args[0]), PyUnicode_GET_LENGTH(args[0]), self->bits};
    Py_ssize_t size = PyUnicode_GET_LENGTH(args[1]), far = PyLong_AsSsize_t(args[2]), enough = PyLong_AsSsize_t(args[3]);
    if (PyErr_Occurred())
        return NULL;
    Py_ssize_t flush = 0, apart = 0, place = PyUnicode_Find(args[0], args[1], 0, far, 1);
    while (place >= 0 && flush + apart < enough) {
        flush += classes_at(&text, place - 1) & classes_at(&text, place + size) & HAN ? 1 : 0;
        apart += at(&text, place - 1) == ' ' && at(&text, place + size) == ' ';
        place = PyUnicode_Find(args[0], args[1], place + size, far, 1);
    }
    return place == -2 ? NULL : Py_BuildValue("nn", flush, apart);
}

static void
blanks_dealloc(Blanks *self)
{
    for (int i = 0; i < 3; i++)
        PyBuffer_Release(&self->tables[i]);
    Py_XDECREF(self->places);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *
blanks_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *places;
    Blanks *self = (Blanks *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*Onnnnn", &self->tables[0], &self->tables[1], &self->tables[2], &places, &self->reach,
                          &self->longest_list_word, &self->shortest, &self->longest_keyword, &self->far))
        goto failed;
    if (self->tables[0].len != TABLE_ENTRIES || self->tables[1].len != LENGTHS * CLASSES * CLASSES
        || self->tables[2].len != TABLE_ENTRIES || !is_tuple_type(places) || self->reach < 0 || self->far < 0) {
        PyErr_SetString(PyExc_ValueError, "Blanks: what tables are these?");
        goto failed;
    }
    self->classes = self->tables[0].buf;
    self->answers = self->tables[1].buf;
    self->bits = self->tables[2].buf;
    self->places = (PyTypeObject *)Py_NewRef(places);
    return (PyObject *)self;
failed:
    Py_DECREF(self);
    return NULL;
}

static PyMethodDef methods[] = {
    {"survey", (PyCFunction)survey, METH_O,
     "survey(text) -> Places, or None where no blank may have to go"},
    {"beside", (PyCFunction)(void (*)(void))beside, METH_FASTCALL,
     "beside(text, pair, far, least) -> tuple[int, int, int]\n\n"
     "How often two characters stand beside each other in the first far characters of the text, and how often each does in\n"
     "all; None if the first number is below least."},
    {"around", (PyCFunction)(void (*)(void))around, METH_FASTCALL,
     "around(text, word, far, enough) -> tuple[int, int]\n\n"
     "How often a word in the first far characters of the text stands between Chinese characters, and how often between\n"
     "blanks, up to a number of both."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject blanks_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.blanks.Blanks",
    .tp_basicsize = sizeof(Blanks),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Blanks(classes, answers, bits, Places, reach, longest_list_word, shortest, longest_keyword, far)\n\n"
              "Answers are one byte each, by length of the run of blanks (1, 2, more), class of the character before it (1 at\n"
              "the start of the text) and behind it (2 at its end); 0 for runs that nobody asks for. There are 32 classes.",
    .tp_new = blanks_new,
    .tp_dealloc = (destructor)blanks_dealloc,
    .tp_methods = methods,
};

MODULE_OF_TYPE(blanks, blanks_type)
