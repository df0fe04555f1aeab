/* How the kernel `forms`, which finds lines, asks the kernel `screen` which rules may match them: neither makes objects of
 * lines that no rule may match, three in four of them. A screen gives a capsule that holds it. */
#ifndef CLEANZH_KERNELS_NARROWING_H
#define CLEANZH_KERNELS_NARROWING_H

#include "text.h"

#define NARROWING "cleanzh.kernels.screen.narrowing"

typedef struct {
    /* Leaves of the rules, a bit each, those that may match text[start:end]: 1 if there are some, -1 for an error.
     * Then a reference is given to what the line says, or to None where that is not known. */
    int (*narrow)(PyObject *screen, PyObject *text, Py_ssize_t start, Py_ssize_t end, uint64_t *rules, PyObject **seen);
    PyObject *screen;
    Py_ssize_t words; /* of 64 rules */
} Narrowing;

#endif
