/* BLAKE2b (RFC 7693) of many keys, 16 bytes each: what hashlib gives, without a call and an object for each. */
#include "shingles.h"

#define DIGEST 16
#define UNITS 64 /* of two bytes in a block */

static const uint64_t START[8] = {
    UINT64_C(0x6A09E667F3BCC908), UINT64_C(0xBB67AE8584CAA73B), UINT64_C(0x3C6EF372FE94F82B),
    UINT64_C(0xA54FF53A5F1D36F1), UINT64_C(0x510E527FADE682D1), UINT64_C(0x9B05688C2B3E6C1F),
    UINT64_C(0x1F83D9ABFB41BD6B), UINT64_C(0x5BE0CD19137E2179),
};

static const unsigned char ORDER[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

#define TURNED(WORD, BITS) ((WORD) >> (BITS) | (WORD) << (64 - (BITS)))
#define MIX(A, B, C, D, X, Y)                                                                                         \
    (A += B + (X), D = TURNED(D ^ A, 32), C += D, B = TURNED(B ^ C, 24), A += B + (Y), D = TURNED(D ^ A, 16), C += D, \
     B = TURNED(B ^ C, 63))
/* With the round as a constant the compiler knows each place in the block: a loop takes half as long again. */
#define ROUND(R)                                                                \
    (MIX(v0, v4, v8, v12, block[ORDER[R][0]], block[ORDER[R][1]]),              \
     MIX(v1, v5, v9, v13, block[ORDER[R][2]], block[ORDER[R][3]]),              \
     MIX(v2, v6, v10, v14, block[ORDER[R][4]], block[ORDER[R][5]]),             \
     MIX(v3, v7, v11, v15, block[ORDER[R][6]], block[ORDER[R][7]]),             \
     MIX(v0, v5, v10, v15, block[ORDER[R][8]], block[ORDER[R][9]]),             \
     MIX(v1, v6, v11, v12, block[ORDER[R][10]], block[ORDER[R][11]]),           \
     MIX(v2, v7, v8, v13, block[ORDER[R][12]], block[ORDER[R][13]]),            \
     MIX(v3, v4, v9, v14, block[ORDER[R][14]], block[ORDER[R][15]]))

static void
compress(uint64_t *state, const uint64_t *block, uint64_t bytes, int last)
{
    uint64_t v0 = state[0], v1 = state[1], v2 = state[2], v3 = state[3], v4 = state[4], v5 = state[5], v6 = state[6],
             v7 = state[7], v8 = START[0], v9 = START[1], v10 = START[2], v11 = START[3], v12 = START[4] ^ bytes,
             v13 = START[5], v14 = last ? ~START[6] : START[6], v15 = START[7];
    ROUND(0), ROUND(1), ROUND(2), ROUND(3), ROUND(4), ROUND(5), ROUND(6), ROUND(7), ROUND(8), ROUND(9);
    ROUND(0), ROUND(1);
    state[0] ^= v0 ^ v8, state[1] ^= v1 ^ v9, state[2] ^= v2 ^ v10, state[3] ^= v3 ^ v11;
    state[4] ^= v4 ^ v12, state[5] ^= v5 ^ v13, state[6] ^= v6 ^ v14, state[7] ^= v7 ^ v15;
}

/* Writes the digest of codes as two bytes each, the lower one first; -1 if one of them takes more. */
#define DIGESTED(NAME, CODE)                                                                                  \
    static int NAME(const CODE *codes, Py_ssize_t count, uint64_t *digest)                                    \
    {                                                                                                         \
        uint64_t state[8], block[16];                                                                         \
        uint32_t all = 0;                                                                                     \
        memcpy(state, START, sizeof(state));                                                                  \
        state[0] ^= 0x01010000 ^ DIGEST;                                                                      \
        for (Py_ssize_t start = 0; start == 0 || start < count; start += UNITS) {                             \
            const int last = count - start <= UNITS;                                                          \
            const int here = last ? (int)(count - start) : UNITS;                                             \
            uint16_t units[UNITS] = {0};                                                                      \
            for (int i = 0; i < here; i++) {                                                                  \
                all |= codes[start + i];                                                                      \
                units[i] = (uint16_t)codes[start + i];                                                        \
            }                                                                                                 \
            for (int i = 0; i < 16; i++)                                                                      \
                block[i] = units[4 * i] | (uint64_t)units[4 * i + 1] << 16 | (uint64_t)units[4 * i + 2] << 32 \
                           | (uint64_t)units[4 * i + 3] << 48;                                                \
            compress(state, block, 2 * (uint64_t)(start + here), last);                                       \
        }                                                                                                     \
        digest[0] = state[0];                                                                                 \
        digest[1] = state[1];                                                                                 \
        return all >> 16 == 0 ? 0 : -1;                                                                       \
    }
DIGESTED(digested_2, uint16_t)
DIGESTED(digested_4, uint32_t)

static PyObject *
digests(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Keys keys;
    Py_buffer out;
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "digests(codes, bounds, out)");
        return NULL;
    }
    if (get_keys(args[0], args[1], &keys) < 0)
        return NULL;
    if (get_buffer(args[2], &out, PyBUF_WRITABLE, sizeof(uint64_t), "out") < 0) {
        release_keys(&keys);
        return NULL;
    }
    PyObject *left = PyList_New(0);
    if (left != NULL && out.len != keys.count * DIGEST) {
        PyErr_SetString(PyExc_ValueError, "digests: out has another size");
        Py_CLEAR(left);
    }
    for (Py_ssize_t i = 0; left != NULL && i < keys.count; i++) {
        const int64_t *ends = (const int64_t *)keys.bounds.buf + i;
        uint64_t *digest = (uint64_t *)out.buf + 2 * i;
        Py_ssize_t length = (Py_ssize_t)(ends[1] - ends[0]);
        int done = keys.codes.itemsize == 2 ? digested_2((const uint16_t *)keys.codes.buf + ends[0], length, digest)
                                            : digested_4((const uint32_t *)keys.codes.buf + ends[0], length, digest);
        PyObject *number = done < 0 ? PyLong_FromSsize_t(i) : NULL;
        if (done < 0 && (number == NULL || PyList_Append(left, number) < 0))
            Py_CLEAR(left);
        Py_XDECREF(number);
    }
    PyBuffer_Release(&out);
    release_keys(&keys);
    return left;
}

static PyMethodDef methods[] = {
    {"digests", (PyCFunction)(void (*)(void))digests, METH_FASTCALL,
     "digests(codes, bounds, out) -> list of int\n\n"
     "Write to out (two uint64 each) the digests of keys as codes of two bytes. Returns the numbers of those that\n"
     "have wider ones, whose digests mean nothing."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(digests, methods)
