/* Reading what a run wrote, byte for byte as it writes: see cleanzh.ledger. What is written in another way is left to
 * Python. */
#ifndef CLEANZH_KERNELS_WRITTEN_H
#define CLEANZH_KERNELS_WRITTEN_H

#include "text.h"

typedef struct {
    const char *at, *end;
} Bytes;

/* Whether WORDS come next; if so, goes behind them. Within a string their quotes would be escaped. */
static inline int
comes(Bytes *rest, const char *words)
{
    size_t length = strlen(words);
    if ((size_t)(rest->end - rest->at) < length || memcmp(rest->at, words, length) != 0)
        return 0;
    rest->at += length;
    return 1;
}

/* The four hexadecimal digits that come next; -1 if they are none. */
static inline long
hexadecimal(Bytes *rest)
{
    long value = 0;
    if (rest->end - rest->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = *rest->at++;
        if (c >= '0' && c <= '9')
            value = value * 16 + c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value * 16 + (c | 0x20) - 'a' + 10;
        else
            return -1;
    }
    return value;
}

#endif
