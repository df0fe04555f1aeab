/* The bigram model of cleanzh.lexicon.bigrams, its arrays as they are there, and what one character is worth behind
 * another one: a pair is found among those that its first character begins, some hundred at most, by halving.
 */
#ifndef CLEANZH_KERNELS_BIGRAMS_H
#define CLEANZH_KERNELS_BIGRAMS_H

#include "text.h"

#define CODES 0x10000 /* the model knows the BMP */
#define EMOJI 0xD83C  /* what stands for characters past it */
#define ASTRAL_HAN 0xD840

#define MODEL "cleanzh.kernels.bigrams.Model"

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

#endif
