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

/* What is found: notes as rows of three numbers, where they begin and end and which key they have; of each key how many
 * there are, and whether one is in running text; and the brackets that open none. */
typedef struct {
    Py_ssize_t start, end, key;
} Place;

typedef struct {
    Py_ssize_t total;
    int in_text;
} Tally;

typedef struct {
    Place *places;
    Tally *tallies;
    Py_ssize_t count, room, keys_room;
    PyObject *numbers; /* of keys, and of the texts of notes: of those that ASK makes nothing of, -1 */
    PyObject *keys, *brackets;
} Found;

/* Notes come again and again: where the last one with some hash was, and the number of its key. */
#define KNOWN 512
typedef struct {
    Py_ssize_t start, end, number;
} Known;

/* An array with room for one more than COUNT; NULL without memory, and the old one stays. */
static void *
with_room(void *array, Py_ssize_t count, Py_ssize_t *room, size_t size)
{
    if (count < *room)
        return array;
    void *larger = *room > PY_SSIZE_T_MAX / 64 ? NULL : PyMem_Realloc(array, (size_t)(*room * 2 + 64) * size);
    if (larger == NULL)
        return PyErr_NoMemory();
    *room = *room * 2 + 64;
    return larger;
}

/* The number of a key, a new one if it has none; -2 and an exception if that fails. */
static Py_ssize_t
number_of_key(Found *found, PyObject *key)
{
    PyObject *known = PyDict_GetItemWithError(found->numbers, key);
    if (known != NULL)
        return PyLong_AsSsize_t(known);
    Py_ssize_t number = PyList_GET_SIZE(found->keys);
    if (PyErr_Occurred())
        return -2;
    Tally *tallies = with_room(found->tallies, number, &found->keys_room, sizeof(Tally));
    if (tallies == NULL)
        return -2;
    found->tallies = tallies;
    tallies[number] = (Tally){0, 0};
    PyObject *value = PyLong_FromSsize_t(number);
    if (value == NULL || PyDict_SetItem(found->numbers, key, value) < 0 || PyList_Append(found->keys, key) < 0)
        number = -2;
    Py_XDECREF(value);
    return number;
}

/* The number of the key that ASK makes of a note, -1 for what is none; it is asked once for all that are alike. */
static Py_ssize_t
number_of_note(Found *found, PyObject *note, PyObject *ask)
{
    PyObject *known = PyDict_GetItemWithError(found->numbers, note);
    if (known != NULL)
        return PyLong_AsSsize_t(known);
    PyObject *key = PyErr_Occurred() ? NULL : PyObject_CallOneArg(ask, note);
    if (key == NULL)
        return -2;
    Py_ssize_t number = key == Py_None ? -1 : PyTuple_Check(key) ? number_of_key(found, key) : -2;
    if (number == -2 && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "find: a key is a tuple");
    PyObject *value = number == -2 ? NULL : PyLong_FromSsize_t(number);
    if (value == NULL || PyDict_SetItem(found->numbers, note, value) < 0)
        number = -2;
    Py_XDECREF(value);
    Py_DECREF(key);
    return number;
}

static Py_ssize_t
number_at(Found *found, PyObject *whole, const Text *text, Py_ssize_t start, Py_ssize_t end, Known *known, PyObject *ask)
{
    uint32_t hash = 0;
    for (Py_ssize_t i = start; i < end; i++)
        hash = (hash ^ at(text, i)) * 0x01000193u;
    Known *one = known + (hash >> 16) % KNOWN;
    const char *chars = text->data;
    if (one->end - one->start == end - start
        && !memcmp(chars + one->start * text->kind, chars + start * text->kind, (size_t)((end - start) * text->kind)))
        return one->number;
    PyObject *note = PyUnicode_Substring(whole, start, end);
    Py_ssize_t number = note == NULL ? -2 : number_of_note(found, note, ask);
    Py_XDECREF(note);
    *one = (Known){start, end, number};
    return number;
}

/* Beside what is in FOUND already: how many there are of each key, which are in text, and the Han of their lines. */
static PyObject *
reported(Found *found, Py_ssize_t han)
{
    Py_ssize_t count = PyList_GET_SIZE(found->keys);
    PyObject *totals = PyList_New(count), *in_text = PyList_New(count), *result = NULL;
    PyObject *places = PyBytes_FromStringAndSize((const char *)found->places, found->count * (Py_ssize_t)sizeof(Place));
    if (totals == NULL || in_text == NULL || places == NULL)
        goto done;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *total = PyLong_FromSsize_t(found->tallies[k].total);
        if (total == NULL)
            goto done;
        PyList_SET_ITEM(totals, k, total);
        PyList_SET_ITEM(in_text, k, PyBool_FromLong(found->tallies[k].in_text));
    }
    result = Py_BuildValue("(OOOOOn)", found->keys, totals, in_text, places, found->brackets, han);
done:
    Py_XDECREF(totals);
    Py_XDECREF(in_text);
    Py_XDECREF(places);
    return result;
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
    Found found = {.numbers = PyDict_New(), .keys = PyList_New(0), .brackets = PyList_New(0)};
    Known known[KNOWN];
    PyObject *result = NULL;
    Py_ssize_t start = 0, last = -1, line_end = -1, han = 0;
    if (found.numbers == NULL || found.keys == NULL || found.brackets == NULL)
        goto done;
    memset(known, 0, sizeof known);
    while ((start = next(args[0], &text, '(', start)) < text.length) {
        Py_ssize_t letters_end, end = note_end(&text, start + 1, &letters_end);
        if (end < 0) {
            if (append_number(found.brackets, start++) < 0)
                goto done;
            continue;
        }
        Py_ssize_t before = is(&text, start - 1, HAN) ? start - 1 : start - 2;
        Py_ssize_t number = number_at(&found, args[0], &text, before < 0 ? 0 : before, end, known, args[2]);
        if (number == -2)
            goto done;
        if (number >= 0) {
            Place *places = with_room(found.places, found.count, &found.room, sizeof(Place));
            if (places == NULL)
                goto done;
            found.places = places;
            places[found.count++] = (Place){start, end, number};
            if (start > line_end)
                han += line_han(&text, start, &line_end);
            found.tallies[number].total++;
            /* nobody but the converter leaves a blank inside the bracket */
            if (letters_end + 2 == end || is(&text, start - 2, HAN) || is(&text, end, HAN) || last == start - 1)
                found.tallies[number].in_text = 1;
            last = end;
        }
        start = end;
    }
    result = reported(&found, han);
done:
    PyBuffer_Release(&table);
    PyMem_Free(found.places);
    PyMem_Free(found.tallies);
    Py_XDECREF(found.numbers);
    Py_XDECREF(found.keys);
    Py_XDECREF(found.brackets);
    return result;
}

static int
append_place(PyObject *list, Py_ssize_t start, Py_ssize_t end, Py_ssize_t key)
{
    PyObject *place = Py_BuildValue("(nnn)", start, end, key);
    int failed = place == NULL ? -1 : PyList_Append(list, place);
    Py_XDECREF(place);
    return failed;
}

/* The edits that take out the notes whose keys go, and the places of the others. */
static PyObject *
removed(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 5 || !PyUnicode_Check(args[0]) || !PyBytes_Check(args[1]) || !PyBytes_Check(args[2])
        || !is_tuple_type(args[3])) {
        PyErr_SetString(PyExc_TypeError, "removed(text, places, going, Edit, rule)");
        return NULL;
    }
    const uint8_t *going = (const uint8_t *)PyBytes_AS_STRING(args[2]);
    Py_ssize_t all = PyBytes_GET_SIZE(args[1]) / (Py_ssize_t)sizeof(Place);
    PyObject *edits = PyList_New(0), *others = PyList_New(0), *nothing = PyUnicode_New(0, 0);
    if (edits == NULL || others == NULL || nothing == NULL)
        goto failed;
    for (Py_ssize_t i = 0; i < all; i++) {
        Place place;
        memcpy(&place, PyBytes_AS_STRING(args[1]) + i * (Py_ssize_t)sizeof place, sizeof place);
        if (place.start < 0 || place.end < place.start || place.end > PyUnicode_GET_LENGTH(args[0]) || place.key < 0
            || place.key >= PyBytes_GET_SIZE(args[2])) {
            PyErr_SetString(PyExc_ValueError, "removed: places in the text, and a byte for each key");
            goto failed;
        }
        if (going[place.key]
                ? append_edit(edits, (PyTypeObject *)args[3], args[4], args[0], place.start, place.end, nothing) < 0
                : append_place(others, place.start, place.end, place.key) < 0)
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

/* Characters are looked for by their last bits: a table of all would have to be emptied first. */
#define SLOTS 4096

typedef struct {
    Py_UCS4 character;
    Py_ssize_t count, next; /* the next one in the same slot, or -1 */
} Counted;

#define COUNT(NAME, UNIT)                                                                                          \
    static void NAME(const UNIT *chars, Py_ssize_t length, const int16_t *slots, Counted *counted)                 \
    {                                                                                                              \
        for (Py_ssize_t i = 0; i < length; i++)                                                                    \
            for (Py_ssize_t k = slots[chars[i] % SLOTS]; k >= 0; k = counted[k].next)                              \
                counted[k].count += counted[k].character == chars[i];                                              \
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
    if (number > INT16_MAX) {
        PyErr_SetString(PyExc_ValueError, "counts: too many characters");
        return NULL;
    }
    int16_t slots[SLOTS];
    memset(slots, 0xFF, sizeof slots); /* -1 */
    Counted *counted = PyMem_Malloc(((size_t)number + 1) * sizeof(Counted));
    if (counted == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t k = 0; k < number; k++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(args[0], k);
        counted[k] = (Counted){character, 0, slots[character % SLOTS]};
        slots[character % SLOTS] = (int16_t)k;
    }
    BY_WIDTH(count, args[1], PyUnicode_GET_LENGTH(args[1]), slots, counted);
    PyObject *listed = PyList_New(number);
    for (Py_ssize_t k = 0; listed != NULL && k < number; k++) {
        PyObject *value = PyLong_FromSsize_t(counted[k].count);
        if (value == NULL)
            Py_CLEAR(listed);
        else
            PyList_SET_ITEM(listed, k, value);
    }
    PyMem_Free(counted);
    return listed;
}

static PyMethodDef methods[] = {
    {"find", (PyCFunction)(void (*)(void))find, METH_FASTCALL,
     "find(text, classes, ask) -> (keys, how many of each, which in text, places, other brackets, Han of their lines)\n\n"
     "The notes, of which ASK makes keys, given each from the Han before it on or two others; None for what is no note."},
    {"removed", (PyCFunction)(void (*)(void))removed, METH_FASTCALL,
     "removed(text, places, going, Edit, rule) -> (edits, others)\n\n"
     "The edits that take out the notes whose keys are going, by a byte for each, and the places of all other notes."},
    {"counts", (PyCFunction)(void (*)(void))counts, METH_FASTCALL, "counts(chars, text) -> list"},
    {"lost", (PyCFunction)(void (*)(void))lost, METH_FASTCALL,
     "lost(text, classes, start) -> place of the next mark of a lost byte that a note or ! or ? may stand behind, or -1"},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(notes, methods)
