/* The trie of some literals, and what tells at most places that none of them begins there. */
#ifndef CLEANZH_KERNELS_TRIE_H
#define CLEANZH_KERNELS_TRIE_H

#include "text.h"
#include <string.h>

#define NONE UINT32_MAX
#define ALONE 0x8000 /* a mark of codes that are a literal of their own */
#define MAX_CODES (ALONE - 1)
#define MAP_BITS 19 /* 64 KB: a place that the map lets pass in vain costs more than the cache that it takes */

typedef struct {
    uint32_t first; /* of its children, which lie together, by code */
    uint32_t form;  /* the number of the literal that ends here, or NONE */
    uint16_t children;
    uint16_t code;
} Node;

typedef struct {
    PyObject_HEAD
    uint16_t *codes; /* of all characters below `characters` */
    uint32_t characters;
    Node *nodes; /* of the trie, level by level; the first is its root */
    uint32_t *starts; /* by code: the node of the literals that begin with it; 0: none do */
    uint8_t *pairs, *short_pairs, *triples; /* maps: see fill_maps() */
    uint32_t forms;
    int64_t *reach; /* for each literal: see lines() */
    char *sets;     /* for each literal: `set_size` bytes */
    Py_ssize_t set_size;
} Forms;

static inline uint32_t
bit_of(uint32_t first, uint32_t second)
{
    return (first * 0x9E3779B1u + second * 0x85EBCA6Bu) >> (32 - MAP_BITS);
}

static inline int
is_set(const uint8_t *map, uint32_t bit)
{
    return map[bit >> 3] >> (bit & 7) & 1;
}

static inline void
set(uint8_t *map, uint32_t bit)
{
    map[bit >> 3] |= (uint8_t)(1u << (bit & 7));
}

/* The child of a node for a code, or 0. */
static uint32_t
child_of(const Node *nodes, const Node *node, uint32_t code)
{
    uint32_t low = node->first, high = low + node->children;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (nodes[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < node->first + node->children && nodes[low].code == code ? low : 0;
}

static int
refuse(const char *why)
{
    PyErr_SetString(PyExc_ValueError, why);
    return -1;
}

/* The number of characters that have a place in the table, which reaches to the last that is asked for. */
static int
check(PyObject *literals, PyObject *folds, uint32_t *characters, size_t *letters)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    *characters = *letters = 0;
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
    while (PyDict_Next(folds, &position, &key, &value)) {
        long other = PyLong_Check(key) ? PyLong_AsLong(key) : -1;
        if (other < 0 || other > 0x10FFFF || !PyUnicode_Check(value) || PyUnicode_GET_LENGTH(value) != 1)
            return PyErr_Occurred() ? -1 : refuse("Forms: the number of a character folds to a character");
        if ((uint32_t)other >= *characters)
            *characters = (uint32_t)other + 1;
    }
    return 0;
}

/* Gives each character of the literals a code, in the order of the characters; how many codes there are. */
static int
make_codes(Forms *self, PyObject *literals)
{
    uint32_t used = 0;
    for (uint32_t form = 0; form < self->forms; form++) {
        PyObject *literal = PyList_GET_ITEM(literals, form);
        for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(literal); at++)
            self->codes[PyUnicode_READ_CHAR(literal, at)] = 1;
    }
    for (uint32_t character = 0; character < self->characters; character++)
        if (self->codes[character]) {
            if (++used > MAX_CODES)
                return refuse("Forms: too many different characters");
            self->codes[character] = (uint16_t)used;
        }
    return (int)used;
}

static void
mark_those_alone(Forms *self, PyObject *literals)
{
    for (uint32_t form = 0; form < self->forms; form++)
        if (PyUnicode_GET_LENGTH(PyList_GET_ITEM(literals, form)) == 1)
            self->codes[PyUnicode_READ_CHAR(PyList_GET_ITEM(literals, form), 0)] |= ALONE;
}

/* Gives what folds to a character the same code. */
static void
fold(Forms *self, PyObject *folds, const uint16_t *plain)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (PyDict_Next(folds, &position, &key, &value)) {
        Py_UCS4 folded = PyUnicode_READ_CHAR(value, 0);
        self->codes[PyLong_AsLong(key)] = folded < self->characters ? plain[folded] : 0;
    }
}

/* Makes the trie level by level: the literals below a node, which are sorted, are its children's in turn. */
static int
make_trie(Forms *self, PyObject *literals, size_t letters)
{
    typedef struct {
        uint32_t low, high, depth; /* the literals below a node, and how many of their characters led there */
    } Below;
    Below *below = PyMem_Calloc(letters + 1, sizeof(*below));
    self->nodes = PyMem_Calloc(letters + 1, sizeof(*self->nodes));
    if (below == NULL || self->nodes == NULL) {
        PyMem_Free(below);
        PyErr_NoMemory();
        return -1;
    }
    uint32_t made = 1;
    below[0].high = self->forms;
    for (uint32_t number = 0; number < made; number++) {
        Node *node = &self->nodes[number];
        uint32_t low = below[number].low, high = below[number].high, depth = below[number].depth;
        node->form = NONE;
        node->first = made;
        if (depth && low < high && PyUnicode_GET_LENGTH(PyList_GET_ITEM(literals, low)) == depth)
            node->form = low++;
        for (; low < high; low++) {
            uint16_t code = self->codes[PyUnicode_READ_CHAR(PyList_GET_ITEM(literals, low), depth)];
            if (node->children == 0 || self->nodes[made - 1].code != code) {
                self->nodes[made].code = code;
                below[made].low = low;
                below[made].depth = depth + 1;
                node->children++;
                made++;
            }
            below[made - 1].high = low + 1;
        }
    }
    PyMem_Free(below);
    return 0;
}

/* Sets a bit for each two codes that a literal begins with, one of those that are no longer, and for each three. */
static void
fill_maps(Forms *self, const Node *node)
{
    for (uint32_t at = node->first; at < node->first + node->children; at++) {
        const Node *second = &self->nodes[at];
        uint32_t bit = bit_of(node->code, second->code);
        set(self->pairs, bit);
        if (second->form != NONE)
            set(self->short_pairs, bit);
        for (uint32_t third = second->first; third < second->first + second->children; third++)
            set(self->triples, bit_of(bit, self->nodes[third].code));
    }
}

static int
make_maps(Forms *self, uint32_t used)
{
    self->starts = PyMem_Calloc((size_t)used + 1, sizeof(*self->starts));
    self->pairs = PyMem_Calloc((size_t)1 << (MAP_BITS - 3), 1);
    self->short_pairs = PyMem_Calloc((size_t)1 << (MAP_BITS - 3), 1);
    self->triples = PyMem_Calloc((size_t)1 << (MAP_BITS - 3), 1);
    if (!self->starts || !self->pairs || !self->short_pairs || !self->triples) {
        PyErr_NoMemory();
        return -1;
    }
    for (uint32_t number = self->nodes[0].first; number < self->nodes[0].first + self->nodes[0].children; number++) {
        self->starts[self->nodes[number].code] = number;
        fill_maps(self, &self->nodes[number]);
    }
    return 0;
}

static int
make(Forms *self, PyObject *literals, PyObject *folds)
{
    size_t letters;
    if (check(literals, folds, &self->characters, &letters) < 0)
        return -1;
    self->codes = PyMem_Calloc((size_t)self->characters + 1, sizeof(*self->codes));
    uint16_t *plain = PyMem_Calloc((size_t)self->characters + 1, sizeof(*plain));
    int used = -1;
    if (self->codes == NULL || plain == NULL)
        PyErr_NoMemory();
    else if ((used = make_codes(self, literals)) >= 0 && make_trie(self, literals, letters) == 0) {
        used = make_maps(self, (uint32_t)used);
        mark_those_alone(self, literals);
        memcpy(plain, self->codes, self->characters * sizeof(*plain));
        fold(self, folds, plain);
    }
    else
        used = -1;
    PyMem_Free(plain);
    return used < 0 ? -1 : 0;
}

#endif
