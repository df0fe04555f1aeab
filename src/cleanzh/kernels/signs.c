/* A line written in a plainer way, character for character, and what signs it has: see cleanzh.filters.metadata.folding.
 *
 * A sign is a character, two in a row, or a run of so many of a kind. It tells that a pattern need not be tried: to look
 * for the signs of all patterns at once takes less than to search for one.
 */
#include "text.h"

#define CLASSES 256
#define SIGNS 8
#define RUNS 2

/* As the table comes from Python; the bits are those of characters, pairs and runs. */
typedef struct {
    uint64_t signs[SIGNS];                       /* the bits of which each has one or more */
    struct {
        uint64_t bit, least;                     /* of a run of so many characters */
    } runs[RUNS];
    struct {
        uint64_t alone;                          /* the bits of the character itself */
        uint64_t begins, ends;                   /* and of the pairs of which it is the first, or the second */
        uint32_t plain;                          /* what stands for it in the folded line; 0: itself */
        uint32_t run;                            /* the number of the run it adds to, from 1 on */
    } class[CLASSES];
    uint8_t classes[TABLE_ENTRIES];
} Table;

/* The bits that a line has; whether some character of it is written in another way goes to *FOLDS. */
#define LOOP(NAME, UNIT)                                                                                 \
    static uint64_t NAME(const UNIT *chars, Py_ssize_t length, const Table *table, uint32_t *folds)      \
    {                                                                                                    \
        uint64_t bits = 0, begun = 0, size = 0;                                                          \
        uint32_t run = 0;                                                                                \
        for (Py_ssize_t i = 0; i < length; i++) {                                                        \
            uint8_t at = table->classes[ENTRY(chars[i])];                                                \
            bits |= table->class[at].alone | (begun & table->class[at].ends);                            \
            begun = table->class[at].begins;                                                             \
            *folds |= table->class[at].plain;                                                            \
            size = table->class[at].run == run ? size + 1 : 1;                                           \
            run = table->class[at].run;                                                                  \
            if (run && run <= RUNS && size >= table->runs[run - 1].least)                                \
                bits |= table->runs[run - 1].bit;                                                        \
        }                                                                                                \
        return bits;                                                                                     \
    }
FOR_EACH_WIDTH(LOOP, bits_of)
#undef LOOP

/* The folded line: no character becomes one that needs more bytes than the line has for each. */
#define LOOP(NAME, UNIT)                                                                                 \
    static PyObject *NAME(const UNIT *chars, Py_ssize_t length, const Table *table)                      \
    {                                                                                                    \
        UNIT *made = PyMem_New(UNIT, length);                                                            \
        if (made == NULL)                                                                                \
            return PyErr_NoMemory();                                                                     \
        for (Py_ssize_t i = 0; i < length; i++) {                                                        \
            uint32_t plain = table->class[table->classes[ENTRY(chars[i])]].plain;                        \
            made[i] = plain ? (UNIT)plain : chars[i];                                                    \
        }                                                                                                \
        PyObject *folded = PyUnicode_FromKindAndData((int)sizeof(UNIT), made, length);                   \
        PyMem_Free(made);                                                                                \
        return folded;                                                                                   \
    }
FOR_EACH_WIDTH(LOOP, folded)
#undef LOOP

static PyObject *
fold(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer buffer;
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "fold(line, table)");
        return NULL;
    }
    if (PyObject_GetBuffer(args[1], &buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    PyObject *line = NULL, *number = NULL, *both = NULL;
    if (buffer.len != (Py_ssize_t)sizeof(Table)) {
        PyErr_SetString(PyExc_ValueError, "fold: what table is this?");
        goto done;
    }
    const Table *table = buffer.buf;
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]);
    uint32_t folds = 0;
    uint64_t bits = BY_WIDTH(bits_of, args[0], length, table, &folds);
    long signs = 0;
    for (int i = 0; i < SIGNS; i++)
        signs |= bits & table->signs[i] ? 1L << i : 0;
    line = folds ? BY_WIDTH(folded, args[0], length, table) : Py_NewRef(args[0]);
    number = PyLong_FromLong(signs);
    if (line != NULL && number != NULL)
        both = PyTuple_Pack(2, line, number);
done:
    Py_XDECREF(line);
    Py_XDECREF(number);
    PyBuffer_Release(&buffer);
    return both;
}

static PyMethodDef methods[] = {
    {"fold", (PyCFunction)(void (*)(void))fold, METH_FASTCALL,
     "fold(line, table) -> tuple[str, int]\n\n"
     "The line with its characters written as the table says, and a bit for each sign that it has."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(signs, methods)
