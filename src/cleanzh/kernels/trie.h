/* Some literals: what tells at most places that none of them begins there, and a trie of them, in an order that is read
 * from one line of the cache to the next.
 *
 * A page is searched once, and what lies between two pages takes all that was in the cache. So what counts is how many
 * lines of it are asked for. A character has a code of two bytes, and the lower one, which is its class, is all that is
 * asked of most places, from a table of its own: 256 rows of bits say which classes stand side by side where a literal
 * begins.
 */
#ifndef CLEANZH_KERNELS_TRIE_H
#define CLEANZH_KERNELS_TRIE_H

#include "text.h"
#include <stdlib.h>
#include <string.h>

#define MAX_CODES 0x7FFF
#define CLASSES 256
#define CLASS(CODE) ((CODE) & (CLASSES - 1))
#define ALONE_IN_CLASS 100 /* so many characters, those that begin most literals, share their class with none */
#define ENDS 0x8000        /* in the head of a node: a literal ends here */

typedef uint32_t Set[CLASSES / 32];

/* Of what stands second: */
typedef struct {
    struct {
        uint32_t before; /* what begins longer literals with it, */
        uint32_t whole;  /* what begins literals of one or two characters with it, */
    } begins[CLASSES / 32];
    Set behind; /* and what stands third */
} Row;

typedef struct {
    uint32_t key, node; /* the codes of two characters; where the literals go on that begin with them */
} Pair;

typedef struct {
    PyObject_HEAD
    uint16_t *codes; /* of all characters below `characters`; 0: in no literal */
    uint8_t *classes; /* the same of these codes */
    uint32_t characters;
    Row *rows; /* by class */
    Set alone; /* the classes with a character that is a literal */
    Pair *pairs; /* a hash table; the second code of a literal of one character is 0 */
    uint32_t pair_bits;
    uint16_t *nodes; /* see add_branch() */
    uint32_t forms;
    int64_t *reach; /* of each value: see lines() */
    uint64_t *sets; /* of each value: `set_words` */
    Py_ssize_t set_size, set_words;
} Forms;

static inline uint32_t
has(const uint32_t *set, uint32_t class)
{
    return set[class / 32] >> class % 32 & 1;
}

static inline void
add(uint32_t *set, uint32_t class)
{
    set[class / 32] |= (uint32_t)1 << class % 32;
}

/* Whether a literal may begin with three classes, of which a row is that of the second. */
static inline uint32_t
may_begin(const Row *row, uint32_t first, uint32_t third)
{
    uint32_t before = row->begins[first / 32].before >> first % 32, whole = row->begins[first / 32].whole >> first % 32;
    return ((row->behind[third / 32] >> third % 32 & before) | whole) & 1;
}

/* Where two codes are in the hash table, or would be. */
static inline Pair *
pair_of(const Forms *self, uint32_t first, uint32_t second)
{
    uint32_t key = first << 16 | second, last = (1u << self->pair_bits) - 1;
    uint32_t at = (uint32_t)(key * 0x9E3779B1u) >> (32 - self->pair_bits);
    while (self->pairs[at].key && self->pairs[at].key != key)
        at = (at + 1) & last;
    return &self->pairs[at];
}

static inline uint32_t
two_words(const uint16_t *words)
{
    return words[0] | (uint32_t)words[1] << 16;
}

/* The child of a node for a code, or NULL; see add_branch(). */
static inline const uint16_t *
child_of(const Forms *self, const uint16_t *codes, uint32_t count, uint32_t code)
{
    uint32_t low = 0, high = count;
    if (count == 1)
        return *codes == code ? codes + 1 : NULL;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (codes[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && codes[low] == code ? self->nodes + two_words(codes + count + 2 * low) : NULL;
}

static int
refuse(const char *why)
{
    PyErr_SetString(PyExc_ValueError, why);
    return -1;
}

/* The number of characters that have a place in the table: those of the BMP, and up to the last that is asked for. */
static int
check(PyObject *literals, PyObject *folds, uint32_t *characters, size_t *letters)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    *characters = 0x10000;
    *letters = 0;
    for (Py_ssize_t form = 0; form < PyList_GET_SIZE(literals); form++) {
        PyObject *literal = PyList_GET_ITEM(literals, form);
        if (!PyUnicode_Check(literal) || PyUnicode_GET_LENGTH(literal) == 0)
            return refuse("Forms: a literal is a str, and not empty");
        if (form && PyUnicode_Compare(PyList_GET_ITEM(literals, form - 1), literal) >= 0)
            return refuse("Forms: the literals are sorted, and all different");
        for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(literal); at++, ++*letters)
            if (PyUnicode_READ_CHAR(literal, at) >= *characters)
                *characters = PyUnicode_READ_CHAR(literal, at) + 1;
    }
    if (*letters > INT32_MAX / 16)
        return refuse("Forms: too many literals");
    while (PyDict_Next(folds, &position, &key, &value)) {
        long other = PyLong_Check(key) ? PyLong_AsLong(key) : -1;
        if (other < 0 || other > 0x10FFFF || !PyUnicode_Check(value) || PyUnicode_GET_LENGTH(value) != 1)
            return PyErr_Occurred() ? -1 : refuse("Forms: the number of a character folds to a character");
        if ((uint32_t)other >= *characters)
            *characters = (uint32_t)other + 1;
    }
    return 0;
}

typedef struct {
    uint32_t character, weight;
} Weighed;

static int
by_weight(const void *one, const void *other)
{
    const Weighed *a = one, *b = other;
    return a->weight != b->weight ? (a->weight < b->weight) - (a->weight > b->weight)
                                  : (a->character > b->character) - (a->character < b->character);
}

/* Gives each character of the literals a code: those that stand at the beginning of most have a class of their own. */
static int
make_codes(Forms *self, PyObject *literals)
{
    Weighed *weighed = PyMem_Calloc((size_t)self->characters + 1, sizeof(*weighed));
    uint32_t used = 0;
    if (weighed == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (uint32_t form = 0; form < self->forms; form++) {
        PyObject *literal = PyList_GET_ITEM(literals, form);
        Py_ssize_t length = PyUnicode_GET_LENGTH(literal);
        for (Py_ssize_t at = 0; at < length; at++)
            weighed[PyUnicode_READ_CHAR(literal, at)].weight += length == 1 ? 0x10000 : at < 3 ? 4 : 1;
    }
    for (uint32_t character = 0; character < self->characters; character++)
        if (weighed[character].weight)
            weighed[used++] = (Weighed){character, weighed[character].weight};
    qsort(weighed, used, sizeof(*weighed), by_weight);
    const uint32_t shared = CLASSES - 1 - ALONE_IN_CLASS;
    for (uint32_t rank = 0; rank < used && used <= MAX_CODES; rank++) {
        uint32_t other = rank < ALONE_IN_CLASS ? 0 : rank - ALONE_IN_CLASS;
        self->codes[weighed[rank].character] = (uint16_t)(
            rank < ALONE_IN_CLASS ? 1 + rank : (other / shared * CLASSES) | (1 + ALONE_IN_CLASS + other % shared));
    }
    PyMem_Free(weighed);
    return used > MAX_CODES ? refuse("Forms: too many different characters") : 0;
}

/* Gives what folds to a character the same code, and all their classes. */
static int
fold(Forms *self, PyObject *folds)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    uint16_t *plain = PyMem_Malloc((size_t)self->characters * sizeof(*plain) + 1);
    if (plain == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(plain, self->codes, self->characters * sizeof(*plain));
    while (PyDict_Next(folds, &position, &key, &value)) {
        Py_UCS4 folded = PyUnicode_READ_CHAR(value, 0);
        self->codes[PyLong_AsLong(key)] = folded < self->characters ? plain[folded] : 0;
    }
    for (uint32_t character = 0; character < self->characters; character++)
        self->classes[character] = CLASS(self->codes[character]);
    PyMem_Free(plain);
    return 0;
}

/* The literals below a node, how many of their characters led there, and where the number of the node is to be noted. */
typedef struct {
    uint32_t low, high, depth, noted;
    uint16_t code;
} Branch;

typedef struct {
    PyObject *literals;
    const uint32_t *values;
    Branch *branches; /* a stack */
    uint32_t count, made;
} Making;

static inline uint16_t
code_at(const Forms *self, const Making *making, uint32_t form, uint32_t place)
{
    PyObject *literal = PyList_GET_ITEM(making->literals, form);
    return place < PyUnicode_GET_LENGTH(literal) ? self->codes[PyUnicode_READ_CHAR(literal, place)] : 0;
}

static void
put_two_words(uint16_t *words, uint32_t number)
{
    words[0] = (uint16_t)number;
    words[1] = (uint16_t)(number >> 16);
}

static int
by_code(const void *one, const void *other)
{
    return (int)((const Branch *)one)->code - (int)((const Branch *)other)->code;
}

/* Writes a node and all that are below it.
 *
 * A node is words of two bytes: how many children it has, and whether a literal ends there; then this literal and its
 * value, two words each; then the codes of the children, in order; then where they are, two words each. But an only
 * child follows at once: so the rest of most literals is read in a row.
 */
static void
add_branch(Forms *self, Making *making, Branch branch)
{
    uint32_t bottom = making->count;
    making->branches[making->count++] = branch;
    while (making->count > bottom) {
        branch = making->branches[--making->count];
        if (branch.noted)
            put_two_words(self->nodes + branch.noted, making->made);
        for (;;) {
            uint16_t *head = self->nodes + making->made++;
            uint32_t top = making->count, children = 0;
            *head = 0;
            if (code_at(self, making, branch.low, branch.depth) == 0) { /* sorted: the shortest is the first */
                *head = ENDS;
                put_two_words(head + 1, branch.low);
                put_two_words(head + 3, making->values ? making->values[branch.low] : branch.low);
                making->made += 4;
                branch.low++;
            }
            Branch *child = making->branches + top;
            for (uint32_t form = branch.low; form < branch.high; form++) {
                uint16_t code = code_at(self, making, form, branch.depth);
                if (children == 0 || child[children - 1].code != code)
                    child[children++] = (Branch){form, form, branch.depth + 1, 0, code};
                child[children - 1].high = form + 1;
            }
            qsort(child, children, sizeof(*child), by_code);
            *head |= (uint16_t)children;
            for (uint32_t n = 0; n < children; n++) {
                self->nodes[making->made + n] = child[n].code;
                child[n].noted = making->made + children + 2 * n;
            }
            if (children != 1) {
                making->made += 3 * children;
                making->count = top + children;
                break;
            }
            making->made++;
            branch = *child;
        }
    }
}

/* The rows of the classes that literals begin with, and for each two codes that do the literals that go on there. */
static void
add_literals(Forms *self, Making *making)
{
    for (uint32_t form = 0, end; form < self->forms; form = end) {
        uint32_t first = code_at(self, making, form, 0), second = code_at(self, making, form, 1);
        for (end = form + 1; end < self->forms; end++)
            if (code_at(self, making, end, 0) != first || code_at(self, making, end, 1) != second)
                break;
        const uint32_t bit = (uint32_t)1 << CLASS(first) % 32;
        *pair_of(self, first, second) = (Pair){first << 16 | second, making->made};
        if (second == 0) { /* whatever stands second */
            add(self->alone, CLASS(first));
            for (uint32_t class = 0; class < CLASSES; class++)
                self->rows[class].begins[CLASS(first) / 32].whole |= bit;
        }
        Row *row = &self->rows[CLASS(second)];
        for (uint32_t one = form; one < end && second; one++) {
            uint32_t third = code_at(self, making, one, 2);
            if (third)
                add(row->behind, CLASS(third));
            *(third ? &row->begins[CLASS(first) / 32].before : &row->begins[CLASS(first) / 32].whole) |= bit;
        }
        add_branch(self, making, (Branch){form, end, second ? 2 : 1, 0, 0});
    }
}

static int
make(Forms *self, PyObject *literals, PyObject *folds, const uint32_t *values)
{
    size_t letters;
    if (check(literals, folds, &self->characters, &letters) < 0)
        return -1;
    while ((uint32_t)1 << self->pair_bits <= 2 * self->forms || self->pair_bits < 4)
        self->pair_bits++;
    self->codes = PyMem_Calloc((size_t)self->characters + 1, sizeof(*self->codes));
    self->classes = PyMem_Calloc((size_t)self->characters + 1, sizeof(*self->classes));
    self->rows = PyMem_Calloc(CLASSES, sizeof(*self->rows));
    self->pairs = PyMem_Calloc((size_t)1 << self->pair_bits, sizeof(*self->pairs));
    /* A node has no more than eight words, three of them in its parent. */
    self->nodes = PyMem_Malloc((8 * letters + 1) * sizeof(*self->nodes));
    Making making = {literals, values, PyMem_Malloc((letters + 2) * sizeof(Branch)), 0, 1};
    int failed = -1;
    if (!self->codes || !self->classes || !self->rows || !self->pairs || !self->nodes || !making.branches)
        PyErr_NoMemory();
    else if (make_codes(self, literals) == 0) {
        add_literals(self, &making);
        failed = fold(self, folds);
        uint16_t *fitting = PyMem_Realloc(self->nodes, making.made * sizeof(*fitting));
        if (fitting != NULL)
            self->nodes = fitting;
    }
    PyMem_Free(making.branches);
    return failed;
}

#endif
