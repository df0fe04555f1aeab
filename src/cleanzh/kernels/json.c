/* Values as JSON: whole lines of the record of a run, and the string that a text is in a record. See cleanzh.ledger. */
#include "text.h"

#include <math.h>

#define BLOCK 4096   /* characters that room is made for at a time; the longest of them, \u001f, takes six bytes */
#define DEEPEST 64   /* a value with more inside of one another is left to Python */
#define ENOUGH 32    /* bytes that a number, a mark or a word takes at the most */

/* A value that json would refuse or write in its own way, and an exception that is set. */
enum { WRITTEN = 0, LEFT = 1, FAILED = 2 };

typedef struct {
    char *bytes;
    Py_ssize_t used, room;
    PyObject *fields; /* of types of named tuples, the names under which they are objects */
} Buffer;

static int
make_room(Buffer *buffer, Py_ssize_t count)
{
    if (buffer->room - buffer->used >= count)
        return WRITTEN;
    if (count > PY_SSIZE_T_MAX / 2 - buffer->used) {
        PyErr_NoMemory();
        return FAILED;
    }
    Py_ssize_t room = 2 * (buffer->used + count);
    char *bytes = PyMem_Realloc(buffer->bytes, (size_t)room);
    if (bytes == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    buffer->bytes = bytes, buffer->room = room;
    return WRITTEN;
}

static int
write_words(Buffer *buffer, const char *words)
{
    size_t length = strlen(words);
    if (make_room(buffer, (Py_ssize_t)length) != WRITTEN)
        return FAILED;
    memcpy(buffer->bytes + buffer->used, words, length);
    buffer->used += (Py_ssize_t)length;
    return WRITTEN;
}

static inline int
is_escaped(uint32_t c)
{
    return c <= '\\' && (c < 0x20 || c == '"' || c == '\\'); /* most are past them all */
}

/* Writes an escaped character at OUT, of any width, and moves it behind. */
#define PUT_ESCAPED(OUT, C)                                                            \
    do {                                                                               \
        *(OUT)++ = '\\';                                                               \
        switch (C) {                                                                   \
        case '"': case '\\': *(OUT)++ = (unsigned char)(C); break;                     \
        case '\b': *(OUT)++ = 'b'; break;                                              \
        case '\f': *(OUT)++ = 'f'; break;                                              \
        case '\n': *(OUT)++ = 'n'; break;                                              \
        case '\r': *(OUT)++ = 'r'; break;                                              \
        case '\t': *(OUT)++ = 't'; break;                                              \
        default:                                                                       \
            *(OUT)++ = 'u', *(OUT)++ = '0', *(OUT)++ = '0';                            \
            *(OUT)++ = "01"[(C) >> 4], *(OUT)++ = "0123456789abcdef"[(C) & 15];        \
        }                                                                              \
    } while (0)

/* A string in UTF-8; one with half a surrogate pair is left. */
#define LOOP(NAME, UNIT)                                                               \
    static int NAME(const UNIT *chars, Py_ssize_t length, Buffer *buffer)              \
    {                                                                                  \
        for (Py_ssize_t begin = 0; begin < length; begin += BLOCK) {                   \
            Py_ssize_t end = length - begin < BLOCK ? length : begin + BLOCK;          \
            if (make_room(buffer, 6 * (end - begin)) != WRITTEN)                               \
                return FAILED;                                                         \
            unsigned char *out = (unsigned char *)buffer->bytes + buffer->used;        \
            for (Py_ssize_t i = begin; i < end; i++) {                                 \
                uint32_t c = chars[i];                                                 \
                if (c >= 0x800) {                                                      \
                    if (c >= 0x10000) {                                                \
                        *out++ = (unsigned char)(0xF0 | c >> 18);                      \
                        *out++ = (unsigned char)(0x80 | (c >> 12 & 0x3F));             \
                    }                                                                  \
                    else if (c >= 0xD800 && c < 0xE000)                                \
                        return LEFT;                                                   \
                    else                                                               \
                        *out++ = (unsigned char)(0xE0 | c >> 12);                      \
                    *out++ = (unsigned char)(0x80 | (c >> 6 & 0x3F));                  \
                    *out++ = (unsigned char)(0x80 | (c & 0x3F));                       \
                }                                                                      \
                else if (c >= 0x80) {                                                  \
                    *out++ = (unsigned char)(0xC0 | c >> 6);                           \
                    *out++ = (unsigned char)(0x80 | (c & 0x3F));                       \
                }                                                                      \
                else if (is_escaped(c))                                                \
                    PUT_ESCAPED(out, c);                                               \
                else                                                                   \
                    *out++ = (unsigned char)c;                                         \
            }                                                                          \
            buffer->used = (char *)out - buffer->bytes;                                \
        }                                                                              \
        return WRITTEN;                                                                \
    }
FOR_EACH_WIDTH(LOOP, write_characters)
#undef LOOP

static int
write_string(Buffer *buffer, PyObject *text)
{
    int done = write_words(buffer, "\"");
    if (done == WRITTEN)
        done = BY_WIDTH(write_characters, text, PyUnicode_GET_LENGTH(text), buffer);
    return done == WRITTEN ? write_words(buffer, "\"") : done;
}

static int
write_number(Buffer *buffer, PyObject *value)
{
    char digits[ENOUGH], *first = digits + ENOUGH - 1;
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow)
        return LEFT;
    if (number == -1 && PyErr_Occurred())
        return FAILED;
    *first = '\0';
    unsigned long long left = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
    do { /* printf would take as long as all else of an edit */
        *--first = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (number < 0)
        *--first = '-';
    return write_words(buffer, first);
}

static int
write_fraction(Buffer *buffer, double value)
{
    if (!isfinite(value))
        return LEFT;
    char *digits = PyOS_double_to_string(value, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    if (digits == NULL)
        return FAILED;
    int done = write_words(buffer, digits);
    PyMem_Free(digits);
    return done;
}

static int write_value(Buffer *buffer, PyObject *value, int depth);

static int
write_object(Buffer *buffer, PyObject *object, int depth)
{
    PyObject *key, *value;
    Py_ssize_t place = 0;
    const char *between = "{";
    while (PyDict_Next(object, &place, &key, &value)) {
        if (!PyUnicode_Check(key))
            return LEFT;
        int done = write_words(buffer, between);
        if (done == WRITTEN)
            done = write_string(buffer, key);
        if (done == WRITTEN)
            done = write_words(buffer, ": ");
        if (done == WRITTEN)
            done = write_value(buffer, value, depth + 1);
        if (done != WRITTEN)
            return done;
        between = ", ";
    }
    return write_words(buffer, *between == '{' ? "{}" : "}");
}

/* A named tuple, as an object with the names as keys. */
static int
write_fields(Buffer *buffer, PyObject *names, PyObject *values, int depth)
{
    if (!PyTuple_Check(names) || PyTuple_GET_SIZE(names) != PyTuple_GET_SIZE(values))
        return LEFT;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        if (!PyUnicode_Check(name))
            return LEFT;
        int done = write_words(buffer, i == 0 ? "{" : ", ");
        if (done == WRITTEN)
            done = write_string(buffer, name);
        if (done == WRITTEN)
            done = write_words(buffer, ": ");
        if (done == WRITTEN)
            done = write_value(buffer, PyTuple_GET_ITEM(values, i), depth + 1);
        if (done != WRITTEN)
            return done;
    }
    return write_words(buffer, PyTuple_GET_SIZE(names) == 0 ? "{}" : "}");
}

static int
write_array(Buffer *buffer, PyObject *array, int depth)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(array);
    const char *between = "[";
    for (Py_ssize_t i = 0; i < count; i++) {
        int done = write_words(buffer, between);
        if (done == WRITTEN)
            done = write_value(buffer, PySequence_Fast_GET_ITEM(array, i), depth + 1);
        if (done != WRITTEN)
            return done;
        between = ", ";
    }
    return write_words(buffer, *between == '[' ? "[]" : "]");
}

/* Nothing here calls Python, so that nothing changes while it is written. */
static int
write_value(Buffer *buffer, PyObject *value, int depth)
{
    if (depth > DEEPEST)
        return LEFT;
    if (PyUnicode_Check(value))
        return write_string(buffer, value);
    if (PyLong_CheckExact(value))
        return write_number(buffer, value);
    if (PyDict_CheckExact(value))
        return write_object(buffer, value, depth);
    if (PyTuple_Check(value) && !PyTuple_CheckExact(value)) {
        PyObject *names = PyDict_GetItemWithError(buffer->fields, (PyObject *)Py_TYPE(value));
        if (names != NULL)
            return write_fields(buffer, names, value, depth);
        if (PyErr_Occurred())
            return FAILED;
    }
    if (PyList_CheckExact(value) || PyTuple_Check(value)) /* other named tuples are arrays */
        return write_array(buffer, value, depth);
    if (value == Py_None)
        return write_words(buffer, "null");
    if (PyBool_Check(value))
        return write_words(buffer, value == Py_True ? "true" : "false");
    if (PyFloat_CheckExact(value))
        return write_fraction(buffer, PyFloat_AS_DOUBLE(value));
    return LEFT;
}

static PyObject *
line(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyDict_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "line(value, fields)");
        return NULL;
    }
    Buffer buffer = {NULL, 0, 0, args[1]};
    int done = write_value(&buffer, args[0], 0);
    if (done == WRITTEN)
        done = write_words(&buffer, "\n");
    PyObject *made = NULL;
    if (done == WRITTEN)
        made = PyBytes_FromStringAndSize(buffer.bytes, buffer.used);
    else if (done == LEFT)
        made = Py_NewRef(Py_None);
    PyMem_Free(buffer.bytes);
    return made;
}

/* How many characters an escape adds; without branches, so that a compiler can do it for many at once. */
static inline int
added(uint32_t c)
{
    int named = (c >= '\b') & (c <= '\r') & (c != '\v');
    return (c == '"') + (c == '\\') + (c < 0x20) * (5 - 4 * named);
}

#define LOOP(NAME, UNIT)                                                               \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length)                       \
    {                                                                                  \
        Py_ssize_t more = 0;                                                           \
        for (Py_ssize_t begin = 0; begin < length; begin += BLOCK) {                   \
            Py_ssize_t end = length - begin < BLOCK ? length : begin + BLOCK;          \
            int here = 0;                                                              \
            for (Py_ssize_t i = begin; i < end; i++)                                   \
                here += added(chars[i]);                                               \
            more += here;                                                              \
        }                                                                              \
        return more;                                                                   \
    }
FOR_EACH_WIDTH(LOOP, escapes)
#undef LOOP

#define LOOP(NAME, UNIT)                                                               \
    static void NAME(const UNIT *chars, Py_ssize_t length, void *made)                 \
    {                                                                                  \
        UNIT *out = made;                                                              \
        *out++ = '"';                                                                  \
        for (Py_ssize_t i = 0; i < length; i++) {                                      \
            Py_ssize_t begin = i;                                                      \
            while (i < length && !is_escaped(chars[i]))                                \
                i++;                                                                   \
            memcpy(out, chars + begin, (size_t)(i - begin) * sizeof(UNIT));            \
            out += i - begin;                                                          \
            if (i < length)                                                            \
                PUT_ESCAPED(out, chars[i]);                                            \
        }                                                                              \
        *out = '"';                                                                    \
    }
FOR_EACH_WIDTH(LOOP, quote)
#undef LOOP

static PyObject *
quoted(PyObject *module, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "quoted(text)");
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    if (length > PY_SSIZE_T_MAX / 6 - 2)
        return PyErr_NoMemory();
    Py_ssize_t more = BY_WIDTH(escapes, text, length);
    /* Nothing but ASCII is added, so characters are as wide as they were. */
    PyObject *made = PyUnicode_New(length + more + 2, PyUnicode_MAX_CHAR_VALUE(text));
    if (made == NULL)
        return NULL;
    BY_WIDTH(quote, text, length, PyUnicode_DATA(made));
    return made;
}

static PyMethodDef methods[] = {
    {"line", (PyCFunction)(void (*)(void))line, METH_FASTCALL,
     "line(value, fields) -> bytes | None\n\nThe value as a line of JSON in UTF-8; None for one that json is to write.\n"
     "fields has, for types of named tuples that are objects and not arrays, the names of their fields."},
    {"quoted", quoted, METH_O, "quoted(text) -> str\n\nThe text as a JSON string, with nothing escaped that need not be."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(json, methods)
