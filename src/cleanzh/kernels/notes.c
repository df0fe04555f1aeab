/* Where a text has notes in brackets, and marks of lost bytes: see filters/pinyin/scan.py, which says by a table of
 * bits which characters of the BMP are letters of a note, marks and Han. */
#include "edits.h"

enum { LETTER = 1, LOST = 2, CALL = 4, HAN = 8 };
#define LONGEST 9 /* letters of a note */

static inline int
is(const Text *text, Py_ssize_t place, int class)
{
    return classes_at(text, place) & class;
}

/* The first of a character from START on, or the end of the text. */
static Py_ssize_t
next(PyObject *whole, const Text *text, Py_UCS4 character, Py_ssize_t start)
{
    Py_ssize_t found = PyUnicode_FindChar(whole, character, start, text->length, 1);
    return found < 0 ? text->length : found;
}

FOR_EACH_WIDTH(FIRST_OF_CLASS, first_of_class)

/* Behind the letters from START on, a blank that may follow, and the bracket that closes; -1 if it is no note. */
static inline Py_ssize_t
note_end(const Text *text, Py_ssize_t start, Py_ssize_t *letters_end)
{
    Py_ssize_t end = start;
    while (end - start <= LONGEST && is(text, end, LETTER))
        end++;
    *letters_end = end;
    if (end == start || end - start > LONGEST)
        return -1;
    end += at(text, end) == ' ';
    return at(text, end) == ')' ? end + 1 : -1;
}

static int
opened(PyObject *whole, PyObject *classes, Py_buffer *table, Text *text)
{
    if (!PyUnicode_Check(whole)) {
        PyErr_SetString(PyExc_TypeError, "a text is expected");
        return 0;
    }
    const uint8_t *entries = table_of(classes, sizeof(uint8_t), table);
    if (entries == NULL)
        return 0;
    *text = (Text){PyUnicode_KIND(whole), PyUnicode_DATA(whole), PyUnicode_GET_LENGTH(whole), entries};
    return 1;
}

/* How many Han the line has that PLACE is on, and where it ends. */
static Py_ssize_t
line_han(const Text *text, Py_ssize_t place, Py_ssize_t *end)
{
    Py_ssize_t han = 0, start = place;
    while (start > 0 && at(text, start - 1) != '\n')
        han += is(text, --start, HAN) != 0;
    for (; place < text->length && at(text, place) != '\n'; place++)
        han += is(text, place, HAN) != 0;
    *end = place;
    return han;
}

/* What ASK says of a note, which is asked once for all that are alike; a new reference. */
static PyObject *
key_of(PyObject *note, PyObject *known, PyObject *ask)
{
    PyObject *key = PyDict_GetItemWithError(known, note);
    if (key != NULL || PyErr_Occurred())
        return Py_XNewRef(key);
    key = PyObject_CallOneArg(ask, note);
    if (key != NULL && PyDict_SetItem(known, note, key) < 0)
        Py_CLEAR(key);
    return key;
}

static PyObject *
find(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer table;
    Text text;
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "find(text, classes, ask)");
        return NULL;
    }
    if (!opened(args[0], args[1], &table, &text))
        return NULL;
    PyObject *notes = PyList_New(0), *attached = PySet_New(NULL), *known = PyDict_New(), *result = NULL;
    Py_ssize_t start = 0, last = -1, line_end = -1, han = 0;
    if (notes == NULL || attached == NULL || known == NULL)
        goto done;
    while ((start = next(args[0], &text, '(', start)) < text.length) {
        Py_ssize_t letters_end, end = note_end(&text, start + 1, &letters_end);
        if (end < 0) {
            start++;
            continue;
        }
        Py_ssize_t before = is(&text, start - 1, HAN) ? start - 1 : start - 2;
        PyObject *note = PyUnicode_Substring(args[0], before < 0 ? 0 : before, end), *each = NULL;
        PyObject *key = note == NULL ? NULL : key_of(note, known, args[2]);
        Py_XDECREF(note);
        if (key == NULL)
            goto done;
        if (key != Py_None) {
            if (start > line_end)
                han += line_han(&text, start, &line_end);
            /* nobody but the converter leaves a blank inside the bracket */
            int in_text = letters_end + 2 == end || is(&text, start - 2, HAN) || is(&text, end, HAN) || last == start - 1;
            each = Py_BuildValue("(nnO)", start, end, key);
            if (each == NULL || PyList_Append(notes, each) < 0 || (in_text && PySet_Add(attached, key) < 0)) {
                Py_XDECREF(each);
                Py_DECREF(key);
                goto done;
            }
            Py_DECREF(each);
            last = end;
        }
        Py_DECREF(key);
        start = end;
    }
    result = Py_BuildValue("(OOn)", notes, attached, han);
done:
    PyBuffer_Release(&table);
    Py_XDECREF(notes);
    Py_XDECREF(attached);
    Py_XDECREF(known);
    return result;
}

static PyObject *
removed(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 5 || !PyUnicode_Check(args[0]) || !PyList_Check(args[1]) || !PyAnySet_Check(args[2])
        || !is_tuple_type(args[3])) {
        PyErr_SetString(PyExc_TypeError, "removed(text, notes, going, Edit, rule)");
        return NULL;
    }
    PyObject *edits = PyList_New(0), *others = PyList_New(0), *nothing = PyUnicode_New(0, 0);
    if (edits == NULL || others == NULL || nothing == NULL)
        goto failed;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(args[1]); i++) {
        PyObject *note = PyList_GET_ITEM(args[1], i);
        if (!PyTuple_Check(note) || PyTuple_GET_SIZE(note) != 3) {
            PyErr_SetString(PyExc_TypeError, "removed: a note is (start, end, key)");
            goto failed;
        }
        Py_ssize_t start = PyLong_AsSsize_t(PyTuple_GET_ITEM(note, 0));
        Py_ssize_t end = PyLong_AsSsize_t(PyTuple_GET_ITEM(note, 1));
        int goes = PyErr_Occurred() ? -1 : PySet_Contains(args[2], PyTuple_GET_ITEM(note, 2));
        if (goes < 0)
            goto failed;
        if (goes ? append_edit(edits, (PyTypeObject *)args[3], args[4], args[0], start, end, nothing) < 0
                 : PyList_Append(others, note) < 0)
            goto failed;
    }
    Py_DECREF(nothing);
    return Py_BuildValue("(NN)", edits, others);
failed:
    Py_XDECREF(nothing);
    Py_XDECREF(edits);
    Py_XDECREF(others);
    return NULL;
}

static PyObject *
lost(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer table;
    Text text;
    Py_ssize_t start = count == 3 ? PyLong_AsSsize_t(args[2]) : -1, letters_end;
    if (start < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "lost(text, classes, start)");
        return NULL;
    }
    if (!opened(args[0], args[1], &table, &text))
        return NULL;
    for (;; start++) {
        start = BY_WIDTH(first_of_class, args[0], text.classes, LOST, start, text.length);
        if (start >= text.length)
            break;
        Py_ssize_t after = start + 1;
        if (is(&text, after + (at(&text, after) == ' '), CALL)
            || note_end(&text, after + (at(&text, after) == '('), &letters_end) >= 0)
            break;
    }
    PyBuffer_Release(&table);
    return PyLong_FromSsize_t(start < text.length ? start : -1);
}

/* Each of the characters has a slot, and all others the first one. */
#define COUNT(NAME, UNIT)                                                                                   \
    static void NAME(const UNIT *chars, Py_ssize_t length, const uint16_t *slots, Py_ssize_t *counts)       \
    {                                                                                                       \
        for (Py_ssize_t i = 0; i < length; i++)                                                             \
            counts[slots[ENTRY(chars[i])]]++;                                                               \
    }
FOR_EACH_WIDTH(COUNT, count)

static PyObject *
counts(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "counts(chars, text)");
        return NULL;
    }
    Py_ssize_t number = PyUnicode_GET_LENGTH(args[0]);
    if (number >= 0xFFFF || PyUnicode_KIND(args[0]) == PyUnicode_4BYTE_KIND) {
        PyErr_SetString(PyExc_ValueError, "counts: characters of the BMP");
        return NULL;
    }
    uint16_t *slots = PyMem_Calloc(TABLE_ENTRIES, sizeof(uint16_t));
    Py_ssize_t *found = PyMem_Calloc((size_t)number + 1, sizeof(Py_ssize_t));
    PyObject *listed = PyList_New(number);
    if (slots == NULL || found == NULL || listed == NULL) {
        Py_XDECREF(listed);
        listed = PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t k = 0; k < number; k++)
        slots[PyUnicode_READ_CHAR(args[0], k)] = (uint16_t)(k + 1);
    BY_WIDTH(count, args[1], PyUnicode_GET_LENGTH(args[1]), slots, found);
    for (Py_ssize_t k = 0; listed != NULL && k < number; k++) {
        PyObject *value = PyLong_FromSsize_t(found[slots[PyUnicode_READ_CHAR(args[0], k)]]);
        if (value == NULL)
            Py_CLEAR(listed);
        else
            PyList_SET_ITEM(listed, k, value);
    }
done:
    PyMem_Free(slots);
    PyMem_Free(found);
    return listed;
}

static PyMethodDef methods[] = {
    {"find", (PyCFunction)(void (*)(void))find, METH_FASTCALL,
     "find(text, classes, ask) -> (list of (start, end, key), the keys of those in text, Han of their lines)\n\n"
     "The notes, of which ASK makes keys, given each from the Han before it on or two others; None for what is no note."},
    {"removed", (PyCFunction)(void (*)(void))removed, METH_FASTCALL,
     "removed(text, notes, going, Edit, rule) -> (edits, others)\n\n"
     "The edits that take out the notes whose keys are going, and all other notes."},
    {"counts", (PyCFunction)(void (*)(void))counts, METH_FASTCALL, "counts(chars, text) -> list"},
    {"lost", (PyCFunction)(void (*)(void))lost, METH_FASTCALL,
     "lost(text, classes, start) -> place of the next mark of a lost byte that a note or ! or ? may stand behind, or -1"},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(notes, methods)
