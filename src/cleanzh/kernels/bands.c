/* Documents that agree in all rows of a band: see cleanzh.dedup.sketches. */
#include "text.h"
#include <string.h>

#define ROW_BITS 16
#define ROWS 4 /* in a word */
#define FACTOR UINT64_C(0x9E3779B97F4A7C15)
#define HEAD (UINT32_C(1) << 31)

typedef struct {
    uint64_t *tagged, *spare; /* keys whose low bits are places */
    unsigned char *met;       /* by leading bits of a key: how often these were met, up to twice */
    int shift;
} Scratch;

static uint64_t
band_key(const uint16_t *rows, Py_ssize_t count)
{
    uint64_t key = 0;
    for (Py_ssize_t first = 0; first < count; first += ROWS) {
        uint64_t word = 0;
        for (Py_ssize_t row = first; row < count && row < first + ROWS; row++)
            word |= (uint64_t)rows[row] << (ROW_BITS * (row - first));
        key = (key ^ word) * FACTOR;
        key = (key ^ key >> 32) * FACTOR;
    }
    return key;
}

/* From the lowest byte to the highest; the result lies where they lay, as there is an even number of bytes. */
static void
sort(uint64_t *keys, uint64_t *spare, Py_ssize_t count)
{
    for (int shift = 0; shift < 64; shift += 8) {
        Py_ssize_t starts[257] = {0};
        for (Py_ssize_t i = 0; i < count; i++)
            starts[(keys[i] >> shift & 0xFF) + 1]++;
        for (int i = 1; i < 256; i++)
            starts[i] += starts[i - 1];
        for (Py_ssize_t i = 0; i < count; i++)
            spare[starts[keys[i] >> shift & 0xFF]++] = keys[i];
        uint64_t *sorted = spare;
        spare = keys;
        keys = sorted;
    }
}

/* The runs among tagged keys. Most documents share a band with nobody: those are gone before the rest is sorted. */
static Py_ssize_t
runs_among(Scratch *scratch, Py_ssize_t count, int bits, uint32_t *out)
{
    uint64_t *tagged = scratch->tagged;
    Py_ssize_t left = 0, found = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        tagged[left] = tagged[i];
        left += scratch->met[tagged[i] >> scratch->shift] > 1;
    }
    sort(tagged, scratch->spare, left);
    for (Py_ssize_t i = 0; i < left; i++) {
        int first = i == 0 || tagged[i - 1] >> bits != tagged[i] >> bits;
        int last = i + 1 == left || tagged[i + 1] >> bits != tagged[i] >> bits;
        if (!(first && last))
            out[found++] = (uint32_t)(tagged[i] & ((UINT64_C(1) << bits) - 1)) | (first ? HEAD : 0);
    }
    return found;
}

/* The keys of a block of sketches, with their places; `given` says how many are tagged before. */
static Py_ssize_t
tag(Scratch *scratch, const uint16_t *sketches, Py_ssize_t width, Py_ssize_t rows, const int32_t *places,
    Py_ssize_t documents, int bits, Py_ssize_t given)
{
    for (Py_ssize_t i = 0; i < documents; i++) {
        uint64_t key = band_key(sketches + i * width, rows) >> bits << bits;
        unsigned char *met = scratch->met + (key >> scratch->shift);
        if (places[i] < 0)
            continue;
        *met += *met < 2;
        scratch->tagged[given++] = key | (uint64_t)places[i];
    }
    return given;
}

static int
make(Scratch *scratch, Py_ssize_t documents, int bits)
{
    int leading = 8;
    while (leading < 64 - bits && leading < 30 && (Py_ssize_t)1 << leading < 4 * documents)
        leading++;
    scratch->shift = 64 - leading;
    scratch->tagged = PyMem_RawMalloc((size_t)documents * sizeof(uint64_t));
    scratch->spare = PyMem_RawMalloc((size_t)documents * sizeof(uint64_t));
    scratch->met = PyMem_RawCalloc((size_t)1 << leading, 1);
    if (scratch->tagged != NULL && scratch->spare != NULL && scratch->met != NULL)
        return 0;
    PyErr_NoMemory();
    return -1;
}

/* Tags the documents of all blocks and writes their runs; -1 if the arrays do not fit one another. */
static Py_ssize_t
runs_of_blocks(PyObject *blocks, Py_ssize_t width, Py_ssize_t row, Py_ssize_t rows, const int32_t *places,
               Py_ssize_t documents, int bits, uint32_t *out)
{
    Scratch scratch = {NULL, NULL, NULL, 0};
    Py_ssize_t done = 0, tagged = 0, found = -1;
    if (make(&scratch, documents, bits) < 0)
        goto end;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(blocks) && done < documents; i++) {
        Py_buffer block;
        if (PyObject_GetBuffer(PyList_GET_ITEM(blocks, i), &block, PyBUF_ND) < 0)
            goto end;
        Py_ssize_t here = block.len / (width * (Py_ssize_t)sizeof(uint16_t));
        here = here < documents - done ? here : documents - done;
        tagged = tag(&scratch, (const uint16_t *)block.buf + row, width, rows, places + done, here, bits, tagged);
        done += here;
        PyBuffer_Release(&block);
    }
    if (done == documents)
        found = runs_among(&scratch, tagged, bits, out);
    else
        PyErr_SetString(PyExc_ValueError, "runs: fewer sketches than places");
end:
    PyMem_RawFree(scratch.tagged);
    PyMem_RawFree(scratch.spare);
    PyMem_RawFree(scratch.met);
    return found;
}

static PyObject *
runs(PyObject *module, PyObject *args)
{
    PyObject *blocks;
    Py_ssize_t width, row, rows;
    int bits;
    Py_buffer places, out;
    if (!PyArg_ParseTuple(args, "O!nnny*iw*:runs", &PyList_Type, &blocks, &width, &row, &rows, &places, &bits, &out))
        return NULL;
    const int32_t *place = places.buf;
    Py_ssize_t documents = places.len / (Py_ssize_t)sizeof(int32_t), found = -1;
    int good = bits > 0 && bits < 32 && row >= 0 && rows > 0 && rows <= width && row <= width - rows
               && out.len == documents * (Py_ssize_t)sizeof(uint32_t);
    for (Py_ssize_t i = 0; good && i < documents; i++)
        good = place[i] < 0 || place[i] >> bits == 0;
    if (good)
        found = runs_of_blocks(blocks, width, row, rows, place, documents, bits, out.buf);
    else
        PyErr_SetString(PyExc_ValueError, "runs: no such rows, a place of more bits, or out has another size");
    PyBuffer_Release(&places);
    PyBuffer_Release(&out);
    return found < 0 ? NULL : PyLong_FromSsize_t(found);
}

static PyMethodDef methods[] = {
    {"runs", runs, METH_VARARGS,
     "runs(blocks, width, row, rows, places, bits, out) -> int\n\n"
     "Write to out (uint32, as many as places) the runs of documents that agree in some rows of their sketches, and\n"
     "return how many entries that are. Blocks are a list of arrays (documents, width) of uint16; places (int32) are\n"
     "those of the documents in a row, of so many bits, negative for one that is left out."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(bands, methods)
