/* What all kernels share: how the characters of a text are read, and what a module is made of.
 *
 * Python stores a text with one, two or four bytes a character. A loop that asks each time which it is runs at half
 * the speed, so a loop is written once as a macro or an inline function over UNIT, and FOR_EACH_WIDTH makes it three.
 */
#ifndef CLEANZH_KERNELS_TEXT_H
#define CLEANZH_KERNELS_TEXT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

/* Calls FUNCTION_1, FUNCTION_2 or FUNCTION_4 with the characters of TEXT as first argument. */
#define BY_WIDTH(FUNCTION, TEXT, ...)                                                                     \
    (PyUnicode_KIND(TEXT) == PyUnicode_1BYTE_KIND   ? FUNCTION##_1(PyUnicode_1BYTE_DATA(TEXT), __VA_ARGS__) \
     : PyUnicode_KIND(TEXT) == PyUnicode_2BYTE_KIND ? FUNCTION##_2(PyUnicode_2BYTE_DATA(TEXT), __VA_ARGS__) \
                                                    : FUNCTION##_4(PyUnicode_4BYTE_DATA(TEXT), __VA_ARGS__))

/* Expands LOOP(function name, type of a character) for each width. */
#define FOR_EACH_WIDTH(LOOP, FUNCTION)   \
    LOOP(FUNCTION##_1, Py_UCS1)          \
    LOOP(FUNCTION##_2, Py_UCS2)          \
    LOOP(FUNCTION##_4, Py_UCS4)

/* Tables have an entry for each character of the BMP, and behind them one for each of the 16 planes beyond. */
#define TABLE_ENTRIES (0x10000 + 16)
#define ENTRY(CHAR) ((CHAR) < 0x10000 ? (CHAR) : 0xFFFF + ((CHAR) >> 16))

/* The table in a buffer of BYTES bytes an entry; NULL if it has another size. The caller releases the buffer. */
static inline const void *
table_of(PyObject *object, Py_ssize_t bytes, Py_buffer *buffer)
{
    if (PyObject_GetBuffer(object, buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    if (buffer->len == TABLE_ENTRIES * bytes)
        return buffer->buf;
    PyBuffer_Release(buffer);
    PyErr_SetString(PyExc_ValueError, "a table has an entry for each character of the BMP and each plane beyond");
    return NULL;
}

/* A text whose characters are read here and there, and what a table of bytes says of each character. */
typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
    const uint8_t *classes;
} Text;

/* The character at a place, 0 outside of the text. */
static inline Py_UCS4
at(const Text *text, Py_ssize_t place)
{
    return place >= 0 && place < text->length ? PyUnicode_READ(text->kind, text->data, place) : 0;
}

/* The classes of the character at a place, none outside of the text. */
static inline int
classes_at(const Text *text, Py_ssize_t place)
{
    if (place < 0 || place >= text->length)
        return 0;
    Py_UCS4 character = PyUnicode_READ(text->kind, text->data, place);
    return text->classes[ENTRY(character)];
}

/* Whether an object is a type of tuples, with no place of their own in them. */
static inline int
is_tuple_type(PyObject *object)
{
    return PyType_Check(object) && PyType_IsSubtype((PyTypeObject *)object, &PyTuple_Type)
           && ((PyTypeObject *)object)->tp_basicsize == PyTuple_Type.tp_basicsize;
}

/* How often a character stands in a text: eight places or more are counted at once, as wide as the characters, so
 * blocks must be short. */
#define COUNTED_AT_ONCE 240
#define TIMES(NAME, UNIT)                                                                                \
    static inline Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, Py_UCS4 character)               \
    {                                                                                                    \
        Py_ssize_t count = 0;                                                                            \
        for (Py_ssize_t start = 0; start < length; start += COUNTED_AT_ONCE) {                           \
            Py_ssize_t size = length - start < COUNTED_AT_ONCE ? length - start : COUNTED_AT_ONCE;       \
            const UNIT *block = chars + start, one = (UNIT)character;                                    \
            UNIT ones = 0;                                                                               \
            for (Py_ssize_t i = 0; i < size; i++)                                                        \
                ones += (UNIT)(block[i] == one);                                                         \
            count += ones;                                                                               \
        }                                                                                                \
        return count;                                                                                    \
    }
FOR_EACH_WIDTH(TIMES, times)
#undef TIMES

/* The place of the first such character from START on, or the end: 32 at once and then eight, since most places have
 * another. Of so many a compiler makes one comparison of several, of fewer it does not. */
#define FIRST_OF(NAME, UNIT)                                                                            \
    static Py_ssize_t NAME(const UNIT *chars, UNIT character, Py_ssize_t start, Py_ssize_t end)         \
    {                                                                                                   \
        for (; start + 32 <= end; start += 32) {                                                        \
            UNIT found = 0;                                                                             \
            for (int i = 0; i < 32; i++)                                                                \
                found |= (UNIT)(chars[start + i] == character);                                         \
            if (found)                                                                                  \
                break;                                                                                  \
        }                                                                                               \
        for (; start + 8 <= end; start += 8) {                                                          \
            int found = 0;                                                                              \
            for (int i = 0; i < 8; i++)                                                                 \
                found |= chars[start + i] == character;                                                 \
            if (found)                                                                                  \
                break;                                                                                  \
        }                                                                                               \
        while (start < end && chars[start] != character)                                                \
            start++;                                                                                    \
        return start;                                                                                   \
    }

/* Appends a number to a list; -1 without memory. */
static inline int
append_number(PyObject *list, Py_ssize_t number)
{
    PyObject *object = PyLong_FromSsize_t(number);
    if (object == NULL)
        return -1;
    int failed = PyList_Append(list, object);
    Py_DECREF(object);
    return failed;
}

/* Appends two numbers as a tuple; Py_BuildValue takes three times as long. */
static inline int
append_pair(PyObject *list, Py_ssize_t first, Py_ssize_t second)
{
    PyObject *pair = PyTuple_New(2), *one = PyLong_FromSsize_t(first), *other = PyLong_FromSsize_t(second);
    if (pair == NULL || one == NULL || other == NULL) {
        Py_XDECREF(pair);
        Py_XDECREF(one);
        Py_XDECREF(other);
        return -1;
    }
    PyTuple_SET_ITEM(pair, 0, one);
    PyTuple_SET_ITEM(pair, 1, other);
    int failed = PyList_Append(list, pair);
    Py_DECREF(pair);
    return failed;
}

/* The place of the first character from START on for which a table of bytes has one of some bits, or the end: eight
 * characters at once, since most have none. */
#define FIRST_OF_CLASS(NAME, UNIT)                                                                                     \
    static Py_ssize_t NAME(const UNIT *chars, const uint8_t *table, int bits, Py_ssize_t start, Py_ssize_t end)        \
    {                                                                                                                  \
        for (; start + 8 <= end; start += 8) {                                                                         \
            int found = 0;                                                                                             \
            for (int i = 0; i < 8; i++)                                                                                \
                found |= table[ENTRY(chars[start + i])];                                                             \
            if (found & bits)                                                                                          \
                break;                                                                                                 \
        }                                                                                                              \
        while (start < end && !(table[ENTRY(chars[start])] & bits))                                                  \
            start++;                                                                                                   \
        return start;                                                                                                  \
    }
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wtype-limits" /* a narrow character is never past the BMP */
#endif

/* The module NAME, of functions. */
#define MODULE_OF_FUNCTIONS(NAME, METHODS)                                                                             \
    static struct PyModuleDef definition = {                                                                           \
        PyModuleDef_HEAD_INIT, .m_name = #NAME, .m_size = 0, .m_methods = METHODS,                                     \
    };                                                                                                                 \
    PyMODINIT_FUNC PyInit_##NAME(void) { return PyModule_Create(&definition); }

/* The module NAME, of one type. */
#define MODULE_OF_TYPE(NAME, TYPE)                                                                                     \
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = #NAME, .m_size = -1};                     \
    PyMODINIT_FUNC PyInit_##NAME(void)                                                                                 \
    {                                                                                                                  \
        PyObject *module = PyModule_Create(&definition);                                                               \
        if (module != NULL && PyModule_AddType(module, &TYPE) < 0)                                                     \
            Py_CLEAR(module);                                                                                          \
        return module;                                                                                                 \
    }

#endif
