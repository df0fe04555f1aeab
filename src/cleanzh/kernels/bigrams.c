/* Look-ups in the bigram model: see cleanzh.lexicon.bigrams, which has its arrays, and cleanzh.lexicon.fluency.
 *
 * A pair is found among those that its first character begins, some hundred at most, by halving. Sums are taken from
 * left to right in the precision that the arrays in Python have, so that both ways are equal to the last bit.
 */
#include "text.h"

#define CODES 0x10000 /* the model knows the BMP */
#define EMOJI 0xD83C  /* what stands for characters past it */
#define ASTRAL_HAN 0xD840
#define ROW 8 /* characters in which damage is looked for */

typedef struct {
    PyObject_HEAD
    Py_buffer keys;  /* uint32: first << 16 | second, ascending */
    Py_buffer pairs; /* float: log P(second | first) */
    Py_buffer begin; /* float: log P(a word begins with it) */
    Py_buffer end;   /* float: log P(a word ends after it) */
    Py_buffer alone; /* float: what standing between two words costs it */
    uint32_t starts[CODES + 1]; /* where the keys of each first character begin */
} Model;

/* log P(second | first), and whether both are in one word. */
static inline double
transition(const Model *model, uint32_t first, uint32_t second, int *inside)
{
    const uint32_t *keys = model->keys.buf, key = first << 16 | second;
    uint32_t low = model->starts[first], stop = model->starts[first + 1], high = stop;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    *inside = low < stop && keys[low] == key;
    if (*inside)
        return ((const float *)model->pairs.buf)[low];
    return (double)((const float *)model->end.buf)[first] + (double)((const float *)model->begin.buf)[second];
}

static inline float
begins(const Model *model, uint32_t code)
{
    return ((const float *)model->begin.buf)[code];
}

static inline float
alone(const Model *model, uint32_t code)
{
    return ((const float *)model->alone.buf)[code];
}

static inline uint32_t
standing_for(Py_UCS4 character)
{
    if (character < CODES)
        return character;
    return character >= 0x1F000 && character < 0x20000 ? EMOJI : ASTRAL_HAN;
}

static inline uint32_t
in_bmp(Py_UCS4 character)
{
    return character < CODES ? character : CODES - 1;
}

static int
is_text(PyObject *text)
{
    if (!PyUnicode_Check(text))
        PyErr_SetString(PyExc_TypeError, "a text is expected");
    return PyUnicode_Check(text);
}

/* A list of what MEASURE says of each text. */
static PyObject *
of_each(Model *model, PyObject *texts, double (*measure)(const Model *, PyObject *))
{
    PyObject *all = PySequence_Fast(texts, "texts are expected");
    if (all == NULL)
        return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(all);
    PyObject *found = PyList_New(count);
    for (Py_ssize_t i = 0; found != NULL && i < count; i++) {
        PyObject *text = PySequence_Fast_GET_ITEM(all, i);
        PyObject *value = is_text(text) ? PyFloat_FromDouble(measure(model, text)) : NULL;
        if (value == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, i, value);
    }
    Py_DECREF(all);
    return found;
}

static double
score_of(const Model *model, PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text), inside;
    const void *data = PyUnicode_DATA(text);
    if (length == 0)
        return 0.0;
    uint32_t before = standing_for(PyUnicode_READ(kind, data, 0));
    double total = begins(model, before);
    for (Py_ssize_t i = 1; i < length; i++) {
        uint32_t code = standing_for(PyUnicode_READ(kind, data, i));
        total += transition(model, before, code, &inside);
        before = code;
    }
    return total / (double)length;
}

static PyObject *
scores(Model *model, PyObject *texts)
{
    return of_each(model, texts, score_of);
}

static PyObject *
following(Model *model, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "following(before, chars)");
        return NULL;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(args[1]);
    int opens = PyUnicode_GET_LENGTH(args[0]) == 0, inside;
    uint32_t before = opens ? 0 : standing_for(PyUnicode_READ_CHAR(args[0], 0));
    PyObject *found = PyList_New(length);
    for (Py_ssize_t i = 0; found != NULL && i < length; i++) {
        uint32_t code = standing_for(PyUnicode_READ_CHAR(args[1], i));
        PyObject *value = PyFloat_FromDouble(opens ? begins(model, code) : transition(model, before, code, &inside));
        if (value == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, i, value);
    }
    return found;
}

static PyObject *
inside(Model *model, PyObject *pair)
{
    if (!is_text(pair))
        return NULL;
    if (PyUnicode_GET_LENGTH(pair) != 2) {
        PyErr_SetString(PyExc_ValueError, "inside: two characters");
        return NULL;
    }
    uint32_t first = standing_for(PyUnicode_READ_CHAR(pair, 0)), second = standing_for(PyUnicode_READ_CHAR(pair, 1));
    int together;
    double worth = transition(model, first, second, &together);
    if (!together)
        return PyFloat_FromDouble(0.0);
    return PyFloat_FromDouble(worth - (double)((const float *)model->end.buf)[first] - (double)begins(model, second));
}

static PyObject *
profile(Model *model, PyObject *text)
{
    if (!is_text(text))
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    PyObject *found = PyList_New(length);
    double worth = 0.0; /* of the character before */
    uint32_t before = length ? in_bmp(PyUnicode_READ_CHAR(text, 0)) : 0;
    int joined = 1;
    for (Py_ssize_t i = 1; found != NULL && i <= length; i++) {
        double next = 0.0;
        uint32_t code = 0;
        if (i < length) {
            int inside;
            code = in_bmp(PyUnicode_READ_CHAR(text, i));
            next = transition(model, before, code, &inside);
            if (!inside && !joined)
                worth += alone(model, before);
            joined = inside;
        }
        PyObject *value = PyFloat_FromDouble(worth);
        if (value == NULL) {
            Py_CLEAR(found);
            break;
        }
        PyList_SET_ITEM(found, i - 1, value);
        worth = next, before = code;
    }
    return found;
}

/* Of code units of UTF-16, in single precision: as the arrays of fluency.profiles, added up one after another. */
static double
fluency_of(const Model *model, PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    float total = 0.0f, worth = 0.0f;
    uint32_t before = 0;
    int begun = 0, joined = 1;
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(text, i);
        uint32_t units[2] = {character, 0};
        int of_two = character >= CODES;
        if (of_two)
            units[0] = Py_UNICODE_HIGH_SURROGATE(character), units[1] = Py_UNICODE_LOW_SURROGATE(character);
        for (int unit = 0; unit <= of_two; unit++) {
            if (begun) {
                int inside;
                float next = (float)transition(model, before, units[unit], &inside);
                if (!inside && !joined)
                    worth += alone(model, before);
                total += worth;
                worth = next;
                joined = inside;
            }
            begun = 1;
            before = units[unit];
        }
    }
    return total + worth;
}

static PyObject *
fluency(Model *model, PyObject *texts)
{
    return of_each(model, texts, fluency_of);
}

/* A character that may stand on one side of a gap: how it reads with what is beside it there. */
typedef struct {
    uint32_t code;
    int inside; /* one word has both */
    float worth, cost;
} Side;

static inline Side
beside(const Model *model, uint32_t before, uint32_t code, int behind)
{
    Side side = {code, 0, 0.0f, 0.0f};
    side.worth = (float)(behind ? transition(model, before, code, &side.inside)
                                : transition(model, code, before, &side.inside));
    side.cost = side.inside ? 0.0f : alone(model, code);
    return side;
}

/* The best of all pairs of a first and a second character that may stand together; see filters/pinyin/gaps.py. */
static PyObject *
best_pairs(const Model *model, PyObject *left, PyObject *right, PyObject *firsts, const uint8_t *trails,
           PyObject *seconds, const uint8_t *leads, const uint8_t *gone, Py_ssize_t few)
{
    Py_ssize_t height = PyUnicode_GET_LENGTH(firsts), width = PyUnicode_GET_LENGTH(seconds);
    Side *first = PyMem_Malloc((size_t)(height + 1) * sizeof(Side));
    Side *second = PyMem_Malloc((size_t)(width + 1) * sizeof(Side));
    float *worth = PyMem_Malloc(((size_t)height * width + 1) * sizeof(float));
    float *best = PyMem_Malloc((size_t)few * sizeof(float)); /* ascending */
    PyObject *found = NULL;
    int inside, joined = 1;
    if (first == NULL || second == NULL || worth == NULL || best == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    uint32_t before = in_bmp(PyUnicode_READ_CHAR(left, 0)), after = in_bmp(PyUnicode_READ_CHAR(right, 0));
    if (PyUnicode_GET_LENGTH(right) > 1)
        transition(model, after, in_bmp(PyUnicode_READ_CHAR(right, 1)), &joined);
    for (Py_ssize_t i = 0; i < height; i++)
        first[i] = beside(model, before, in_bmp(PyUnicode_READ_CHAR(firsts, i)), 1);
    for (Py_ssize_t j = 0; j < width; j++)
        second[j] = beside(model, after, in_bmp(PyUnicode_READ_CHAR(seconds, j)), 0);
    for (Py_ssize_t k = 0; k < few; k++)
        best[k] = (float)-Py_HUGE_VAL;
    for (Py_ssize_t i = 0; i < height; i++)
        for (Py_ssize_t j = 0; j < width; j++) {
            if (!gone[trails[i] << 8 | leads[j]])
                continue;
            float value = first[i].worth + (float)transition(model, first[i].code, second[j].code, &inside);
            value += second[j].worth;
            if (!inside)
                value += first[i].cost + second[j].cost;
            if (!joined && !second[j].inside)
                value += alone(model, after);
            worth[i * width + j] = value;
            if (value > best[0]) {
                Py_ssize_t k = 1;
                for (; k < few && best[k] < value; k++)
                    best[k - 1] = best[k];
                best[k - 1] = value;
            }
        }
    found = PyList_New(0);
    for (Py_ssize_t i = 0; i < height; i++)
        for (Py_ssize_t j = 0; found != NULL && j < width; j++) {
            if (!gone[trails[i] << 8 | leads[j]] || worth[i * width + j] < best[0])
                continue;
            Py_UCS4 both[2] = {PyUnicode_READ_CHAR(firsts, i), PyUnicode_READ_CHAR(seconds, j)};
            PyObject *text = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, both, 2);
            PyObject *pair = text == NULL ? NULL : Py_BuildValue("(dN)", (double)worth[i * width + j], text);
            if (pair == NULL || PyList_Append(found, pair) < 0)
                Py_CLEAR(found);
            Py_XDECREF(pair);
        }
done:
    PyMem_Free(first);
    PyMem_Free(second);
    PyMem_Free(worth);
    PyMem_Free(best);
    return found;
}

static PyObject *
two_for_one(Model *model, PyObject *args)
{
    PyObject *left, *right, *firsts, *seconds, *found = NULL;
    Py_buffer trails, leads, gone;
    Py_ssize_t few;
    if (!PyArg_ParseTuple(args, "UUUy*Uy*y*n", &left, &right, &firsts, &trails, &seconds, &leads, &gone, &few))
        return NULL;
    if (!PyUnicode_GET_LENGTH(left) || !PyUnicode_GET_LENGTH(right) || gone.len != CODES || few < 1 || few > CODES
        || trails.len != PyUnicode_GET_LENGTH(firsts) || leads.len != PyUnicode_GET_LENGTH(seconds)
        || trails.len > CODES || leads.len > CODES)
        PyErr_SetString(PyExc_ValueError, "two_for_one: one byte for each character, and something on both sides");
    else
        found = best_pairs(model, left, right, firsts, trails.buf, seconds, leads.buf, gone.buf, few);
    PyBuffer_Release(&trails);
    PyBuffer_Release(&leads);
    PyBuffer_Release(&gone);
    return found;
}

/* The kinds of a character as numbers to add up, eight bits for each kind. */
static uint64_t fields[256];

static void
fill_fields(void)
{
    for (int kinds = 0; kinds < 256; kinds++)
        for (int kind = 0; kind < 8; kind++)
            fields[kinds] |= (uint64_t)(kinds >> kind & 1) << 8 * kind;
}

/* A text with a line break before it and some behind. */
typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
} Text;

static inline uint32_t
code_at(const Text *text, Py_ssize_t place)
{
    return place >= 0 && place < text->length ? standing_for(PyUnicode_READ(text->kind, text->data, place)) : '\n';
}

/* Whether a row of characters is worth less than a limit: first as if no pair of them were in a word. */
static int
reads_badly(const Model *model, const Text *text, Py_ssize_t start, double limit)
{
    double least = 0.0, worth = 0.0;
    int inside;
    for (Py_ssize_t i = start; i < start + ROW; i++)
        least += (double)((const float *)model->end.buf)[code_at(text, i - 1)] + begins(model, code_at(text, i));
    if (least >= limit)
        return 0;
    for (Py_ssize_t i = start; i < start + ROW; i++)
        worth += transition(model, code_at(text, i - 1), code_at(text, i), &inside);
    return worth < limit;
}

static int
append_number(PyObject *numbers, Py_ssize_t number)
{
    PyObject *object = PyLong_FromSsize_t(number);
    int result = object == NULL ? -1 : PyList_Append(numbers, object);
    Py_XDECREF(object);
    return result;
}

/* Which lines have rows of characters that one mistake can have made, see filters/mojibake/likeness.py: of Han and the
 * like, where they read badly; and of western letters. */
static PyObject *
damaged_lines(Model *model, PyObject *args)
{
    PyObject *whole;
    Py_buffer kinds, least;
    double limit;
    if (!PyArg_ParseTuple(args, "Uy*y*d", &whole, &kinds, &least, &limit))
        return NULL;
    PyObject *east = PyList_New(0), *west = PyList_New(0);
    if (east == NULL || west == NULL || kinds.len != CODES || least.len != 8) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "damaged_lines: a byte for each character of the BMP, and one for each kind");
        Py_CLEAR(east);
        goto done;
    }
    const Text text = {PyUnicode_KIND(whole), PyUnicode_DATA(whole), PyUnicode_GET_LENGTH(whole)};
    const uint8_t *kinds_of = kinds.buf;
    uint64_t missing = 0, sums = 0;
    for (int kind = 0; kind < 8; kind++)
        missing |= (uint64_t)(0x80 - ((const uint8_t *)least.buf)[kind]) << 8 * kind;
    for (Py_ssize_t i = 0; i < ROW; i++)
        sums += fields[kinds_of[code_at(&text, i)]];
    Py_ssize_t line = 0, last_east = -1, last_west = -1;
    for (Py_ssize_t i = 0; i < text.length; i++) {
        uint64_t enough = (sums + missing) & 0x8080808080808080;
        if (enough & 0x0080808080808080 && line != last_east && reads_badly(model, &text, i, limit)) {
            last_east = line;
            if (append_number(east, line) < 0)
                break;
        }
        if (enough >> 63 && line != last_west) {
            last_west = line;
            if (append_number(west, line) < 0)
                break;
        }
        uint32_t leaving = code_at(&text, i);
        line += leaving == '\n';
        sums += fields[kinds_of[code_at(&text, i + ROW)]] - fields[kinds_of[leaving]];
    }
done:
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&least);
    if (east == NULL || PyErr_Occurred()) {
        Py_XDECREF(east);
        Py_XDECREF(west);
        return NULL;
    }
    return Py_BuildValue("(NN)", east, west);
}

static void
forget(Model *model)
{
    Py_buffer *buffers[] = {&model->keys, &model->pairs, &model->begin, &model->end, &model->alone};
    for (size_t i = 0; i < 5; i++)
        PyBuffer_Release(buffers[i]); /* does nothing to one that was never filled */
    Py_TYPE(model)->tp_free(model);
}

static PyObject *
made(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    Model *model = (Model *)type->tp_alloc(type, 0);
    if (model == NULL)
        return NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*", &model->keys, &model->pairs, &model->begin, &model->end, &model->alone)) {
        Py_DECREF(model);
        return NULL;
    }
    Py_ssize_t table = CODES * (Py_ssize_t)sizeof(float), count = model->keys.len / (Py_ssize_t)sizeof(uint32_t);
    if (model->pairs.len != model->keys.len || model->begin.len != table || model->end.len != table
        || model->alone.len != table || count > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "Model: keys and pairs of one length, three tables of the BMP");
        Py_DECREF(model);
        return NULL;
    }
    const uint32_t *keys = model->keys.buf;
    uint32_t at = 0;
    for (uint32_t first = 0; first <= CODES; first++) {
        while (at < count && keys[at] >> 16 < first)
            at++;
        model->starts[first] = at;
    }
    return (PyObject *)model;
}

static PyMethodDef methods[] = {
    {"scores", (PyCFunction)(void (*)(void))scores, METH_O, "scores(texts) -> list of the mean of each text"},
    {"following", (PyCFunction)(void (*)(void))following, METH_FASTCALL, "following(before, chars) -> list"},
    {"inside", (PyCFunction)(void (*)(void))inside, METH_O, "inside(two characters) -> gain, 0 if no word has them"},
    {"profile", (PyCFunction)(void (*)(void))profile, METH_O, "profile(text) -> list of what each character is worth"},
    {"fluency", (PyCFunction)(void (*)(void))fluency, METH_O, "fluency(texts) -> list of the sum over each text"},
    {"damaged_lines", (PyCFunction)(void (*)(void))damaged_lines, METH_VARARGS,
     "damaged_lines(text, kinds, least, limit) -> two lists of numbers of lines"},
    {"two_for_one", (PyCFunction)(void (*)(void))two_for_one, METH_VARARGS,
     "two_for_one(left, right, firsts, trails, seconds, leads, gone, few) -> list of (worth, two characters)"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject model_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cleanzh.kernels.bigrams.Model",
    .tp_basicsize = sizeof(Model),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Model(keys, pairs, begin, end, alone): arrays of 32 bits an entry",
    .tp_new = made,
    .tp_dealloc = (destructor)forget,
    .tp_methods = methods,
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "bigrams", .m_size = -1};

PyMODINIT_FUNC
PyInit_bigrams(void)
{
    fill_fields();
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddType(module, &model_type) < 0)
        Py_CLEAR(module);
    return module;
}
