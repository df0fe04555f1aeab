/* Which lines of a text have, close together, some of what mojibake is made of: see filters/mojibake/gate.py, which says
 * by a table of bits what that is and has the same as a pattern. */
#include "text.h"

enum { STRANGE = 1, MORE = 2, LEAD = 4, TRAIL = 8, HANGUL = 16, HAN = 32 };
#define NEAR 4    /* so far behind the first character may the second one stand */
#define FURTHER 5 /* and so far behind that the third one, or the end of the line */

#define FIRST(NAME, UNIT) FIRST_OF_CLASS(NAME##_first, UNIT)
FOR_EACH_WIDTH(FIRST, suspicious)

#define LOOP(NAME, UNIT)                                                                                       \
    static inline int NAME##_class(const UNIT *chars, Py_ssize_t length, const uint8_t *classes, Py_ssize_t i) \
    {                                                                                                          \
        return i >= 0 && i < length ? classes[ENTRY(chars[i])] : 0;                                          \
    }                                                                                                          \
                                                                                                               \
    static inline int NAME##_ends(const UNIT *chars, Py_ssize_t length, Py_ssize_t i)                          \
    {                                                                                                          \
        return i >= length || chars[i] == '\n';                                                                \
    }                                                                                                          \
                                                                                                               \
    /* Whether the strange character at I has two others near by, or one and then the end of the line. */      \
    static int NAME##_close(const UNIT *chars, Py_ssize_t length, const uint8_t *classes, Py_ssize_t i)        \
    {                                                                                                          \
        for (Py_ssize_t j = i + 1; j <= i + NEAR && !NAME##_ends(chars, length, j); j++)                       \
            if (NAME##_class(chars, length, classes, j) & MORE)                                                \
                for (Py_ssize_t k = j + 1; k <= j + FURTHER; k++)                                              \
                    if (NAME##_ends(chars, length, k) || NAME##_class(chars, length, classes, k) & MORE)       \
                        return 1;                                                                              \
        return 0;                                                                                              \
    }                                                                                                          \
                                                                                                               \
    /* The first place from I on that makes its line suspicious, or the length. */                             \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t length, const uint8_t *classes, Py_ssize_t i)         \
    {                                                                                                          \
        while ((i = NAME##_first(chars, classes, STRANGE | HANGUL, i, length)) < length) {                     \
            int class = classes[ENTRY(chars[i])];                                                                     \
            int next = NAME##_class(chars, length, classes, i + 1);                                            \
            if (class & LEAD && next & TRAIL)                                                                  \
                return i;                                                                                      \
            if (class & HANGUL && (next | NAME##_class(chars, length, classes, i - 1)) & HAN)                  \
                return i;                                                                                      \
            if (class & STRANGE && NAME##_close(chars, length, classes, i))                                    \
                return i;                                                                                      \
            i++;                                                                                               \
        }                                                                                                      \
        return length;                                                                                         \
    }
FOR_EACH_WIDTH(LOOP, suspicious)
#undef LOOP

static PyObject *
suspicious_lines(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer table;
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "suspicious_lines(text, classes)");
        return NULL;
    }
    const uint8_t *classes = table_of(args[1], sizeof(uint8_t), &table);
    if (classes == NULL)
        return NULL;
    PyObject *found = PyList_New(0), *text = args[0];
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), end = 0;
    while (found != NULL) {
        Py_ssize_t place = BY_WIDTH(suspicious, text, length, classes, end);
        if (place >= length)
            break;
        Py_ssize_t start = PyUnicode_FindChar(text, '\n', 0, place, -1) + 1;
        end = PyUnicode_FindChar(text, '\n', place, length, 1);
        end = end < 0 ? length : end;
        PyObject *line = Py_BuildValue("(nn)", start, end);
        if (line == NULL || PyList_Append(found, line) < 0)
            Py_CLEAR(found);
        Py_XDECREF(line);
    }
    PyBuffer_Release(&table);
    return found;
}

static PyMethodDef methods[] = {
    {"suspicious_lines", (PyCFunction)(void (*)(void))suspicious_lines, METH_FASTCALL,
     "suspicious_lines(text, classes) -> list of (start, end)"},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(mojibake, methods)
