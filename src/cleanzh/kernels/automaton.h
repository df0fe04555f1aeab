/* The automata of a screen: made of programs (cleanzh.rulebook.screen), and made deterministic as lines ask for it.
 *
 * A program is a nondeterministic automaton. A state is a set of its instructions, and where a state goes with a class of
 * characters is found once. What was found is forgotten when it takes too much room, so that no text makes it large.
 */
#ifndef CLEANZH_KERNELS_AUTOMATON_H
#define CLEANZH_KERNELS_AUTOMATON_H

#include "narrowing.h"
#include <string.h>

enum { MATCH, ONE, SET, SPLIT, BEGIN, END, SWITCH }; /* what an instruction does */
enum { UNKNOWN, DEAD, FOUND, FIRST_STATE };  /* where a state goes: numbers of states begin with the last */

#define CODES 0x10000 /* characters with a code of their own in the table */
#define UNBOUNDED ((int64_t)1 << 60) /* the longest line of a rule that takes any */
#define WIDE 255
#define MAX_STATES 1000
#define MAX_ENTRIES 0x80000 /* of the table of states and classes: 1 MB, for one pattern of some hundred classes */
#define MAX_MEMBERS 0x10000
#define BUCKETS 2048

typedef struct {
    uint32_t kind, what, then;
} Instruction;

typedef struct {
    uint32_t first, count; /* of its members */
    uint32_t hash;
    int ends;
} State;

typedef struct {
    uint8_t *class_of; /* of each code; NULL until the automaton is asked for */
    uint16_t *wide;    /* the same for those whose class is WIDE there */
    uint16_t *next;    /* for each state: whether the pattern may match if the line ends here, and by class where it goes */
    State *state;
    uint32_t start, classes;
    uint16_t *example; /* of each class, a code */
    Instruction *program;
    uint32_t size, states, members, resets;
    uint32_t *member;
    uint16_t *bucket;
} Automaton;

typedef struct {
    PyObject_HEAD
    uint16_t *codes;   /* of the characters below U+10000 */
    uint32_t *beyond;  /* of those above: the first of a range and its code, in turns */
    Py_ssize_t ranges;
    uint32_t code_count;
    uint16_t *plain; /* what a character below U+10000 folds to; 0 if that is beyond */
    uint8_t *sets;
    Py_ssize_t set_size, set_count;
    Automaton *automata; /* the first two are for tricks, and for what is no prose */
    uint32_t count;
    uint32_t *of_rule; /* the first automaton of each rule, and behind the last */
    uint32_t rules;
    Py_ssize_t words; /* of 64 rules */
    Narrowing narrowing;
    int64_t *longest; /* line that each rule takes */
    uint64_t *prose;  /* the rules for nothing else */
    uint64_t *first, *last; /* for each code, the rules that may match a line which begins or ends with it */
    Py_ssize_t window; /* of a longer line only so much is read, its end */
    /* for the work on one line */
    uint64_t *mark, mark_now;
    uint32_t *stack, *found, found_count;
    uint8_t *may; /* of each instruction: see find_last() */
    int ends, matched;
    uint16_t *line;
} Screen;

/* Adds what is reached from an instruction without taking a character. Numbers past the program are of instructions
 * behind the end of the line. */
static void
follow(Screen *self, const Automaton *of, uint32_t from, int at_start)
{
    uint32_t top = 0, size = of->size;
    self->stack[top++] = from;
    while (top) {
        uint32_t number = self->stack[--top];
        if (self->mark[number] == self->mark_now)
            continue;
        self->mark[number] = self->mark_now;
        int behind = number >= size;
        const Instruction *one = &of->program[behind ? number - size : number];
        uint32_t add = behind ? size : 0;
        switch (one->kind) {
        case MATCH:
            if (behind)
                self->ends = 1;
            else
                self->matched = 1;
            break;
        case SPLIT:
            self->stack[top++] = one->then + add;
            self->stack[top++] = one->what + add;
            break;
        case BEGIN:
            if (at_start)
                self->stack[top++] = one->then + add;
            break;
        case END:
            self->stack[top++] = one->then + size;
            break;
        default:
            if (!behind)
                self->found[self->found_count++] = number;
        }
    }
}

/* How many bits of a number are set. */
static inline uint32_t
count_of(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    return (uint32_t)(((bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu) * 0x0101010101010101u >> 56);
}

/* So many states an automaton may have, with what is no state. */
static inline uint32_t
most_states(const Automaton *of)
{
    uint32_t fitting = MAX_ENTRIES / (of->classes + 1);
    return fitting > MAX_STATES ? MAX_STATES : fitting;
}

/* The number of the state with the instructions that were found, or what says that none is needed. */
static int
state_of(Screen *self, Automaton *of)
{
    if (self->matched)
        return FOUND;
    if (self->found_count == 0 && !self->ends)
        return DEAD;
    uint32_t hash = (uint32_t)self->ends, at;
    for (uint32_t n = 0; n < self->found_count; n++)
        hash = (hash ^ self->found[n]) * 0x9E3779B1u;
    hash ^= hash >> 15;
    for (at = hash % BUCKETS; of->bucket[at]; at = (at + 1) % BUCKETS) {
        const State *known = &of->state[of->bucket[at]];
        if (known->hash == hash && known->ends == self->ends && known->count == self->found_count &&
            memcmp(of->member + known->first, self->found, known->count * sizeof(uint32_t)) == 0)
            return of->bucket[at];
    }
    if (of->states == most_states(of) || of->members + self->found_count > MAX_MEMBERS) {
        memset(of->bucket, 0, BUCKETS * sizeof(*of->bucket));
        of->states = FIRST_STATE;
        of->members = of->start = 0;
        of->resets++;
        at = hash % BUCKETS;
    }
    State *made = &of->state[of->states];
    *made = (State){of->members, self->found_count, hash, self->ends};
    memcpy(of->member + of->members, self->found, self->found_count * sizeof(uint32_t));
    uint16_t *row = memset(of->next + (size_t)of->states * (of->classes + 1), 0, (of->classes + 1) * sizeof(*row));
    row[0] = (uint16_t)self->ends;
    of->members += self->found_count;
    of->bucket[at] = (uint16_t)of->states;
    return (int)of->states++;
}

static void
begin(Screen *self)
{
    self->mark_now++;
    self->found_count = 0;
    self->ends = self->matched = 0;
}

/* Sets the codes that an instruction takes. */
static void
add_taken(const Screen *self, const Instruction *one, uint8_t *codes)
{
    if (one->kind == SET)
        for (Py_ssize_t at = 0; at < self->set_size; at++)
            codes[at] |= self->sets[one->what * self->set_size + at];
    else if (one->kind == ONE)
        codes[one->what >> 3] |= (uint8_t)(1u << (one->what & 7));
    else if (one->kind == SWITCH)
        for (uint32_t at = 1; at <= one->what; at++)
            codes[one[at].what >> 3] |= (uint8_t)(1u << (one[at].what & 7));
}

/* Sets the codes with which a line may begin that the pattern of an automaton matches. */
static void
find_first(Screen *self, const Automaton *of, uint8_t *codes)
{
    begin(self);
    follow(self, of, of->size - 1, 1);
    for (uint32_t n = 0; n < self->found_count; n++)
        add_taken(self, &of->program[self->found[n]], codes);
    if (self->matched)
        memset(codes, 0xFF, (size_t)self->set_size);
}

/* Sets the codes with which such a line may end: those that are taken where only its end is still asked for. */
static void
find_last(Screen *self, const Automaton *of, uint8_t *codes)
{
    enum { HERE = 1, AT_END = 2 }; /* the pattern matches without another character: anywhere, or if the line ends */
    uint8_t *may = memset(self->may, 0, of->size);
    for (int more = 1; more;) { /* most go on with one that stands before them, so it takes two rounds */
        more = 0;
        for (uint32_t n = 0; n < of->size; n++) {
            const Instruction *one = &of->program[n];
            uint8_t now = one->kind == MATCH   ? HERE | AT_END
                        : one->kind == SPLIT ? may[one->what] | may[one->then]
                        : one->kind == END   ? may[one->then] & AT_END
                                             : 0;
            more |= now != may[n];
            may[n] = now;
        }
    }
    for (uint32_t n = 0; n < of->size; n++) {
        const Instruction *one = &of->program[n];
        if ((one->kind == ONE || one->kind == SET) && may[one->then] & HERE)
            memset(codes, 0xFF, (size_t)self->set_size);
        else if ((one->kind == ONE || one->kind == SET) && may[one->then])
            add_taken(self, one, codes);
    }
    begin(self);
    follow(self, of, of->size - 1, 1);
    if (self->matched)
        memset(codes, 0xFF, (size_t)self->set_size);
}

static int
start_of(Screen *self, Automaton *of)
{
    begin(self);
    follow(self, of, of->size - 1, 1);
    return state_of(self, of);
}

/* Of the instructions behind a switch, which are ordered by their codes, the one for a code, or another. */
static const Instruction *
chosen(const Instruction *one, uint32_t code)
{
    const Instruction *low = one + 1, *high = one + one->what;
    while (low < high) {
        const Instruction *middle = low + (high - low) / 2;
        if (middle->what < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
step(Screen *self, Automaton *of, uint32_t from, uint32_t class)
{
    uint32_t code = of->example[class];
    const State *state = &of->state[from];
    begin(self);
    for (uint32_t n = 0; n < state->count; n++) {
        const Instruction *one = &of->program[of->member[state->first + n]];
        if (one->kind == SWITCH)
            one = chosen(one, code);
        if (one->kind == SET ? self->sets[one->what * self->set_size + (code >> 3)] >> (code & 7) & 1
                             : one->what == code)
            follow(self, of, one->then, 0);
    }
    return state_of(self, of);
}

/* Numbers the classes that have members anew, without gaps. */
static uint32_t
renumber(uint32_t *class_of, uint32_t codes, uint32_t *numbers, uint32_t classes)
{
    uint32_t used = 0;
    memset(numbers, 0, classes * sizeof(*numbers));
    for (uint32_t code = 0; code < codes; code++) {
        uint32_t *number = &numbers[class_of[code]];
        if (*number == 0)
            *number = ++used;
        class_of[code] = *number - 1;
    }
    return used;
}

/* Puts codes into one class that no instruction tells apart; how many classes there are. */
static uint32_t
classify(const Screen *self, const Automaton *of, uint32_t *class_of, uint32_t *numbers, uint8_t *seen)
{
    uint32_t classes = 1;
    for (uint32_t n = 0; n < of->size; n++) {
        const Instruction *one = &of->program[n];
        if (one->kind != ONE && one->kind != SET)
            continue;
        uint8_t *done = &seen[one->what + (one->kind == ONE ? self->set_count : 0)];
        if (*done)
            continue;
        *done = 1;
        if (one->kind == ONE) {
            class_of[one->what] = classes++;
            continue;
        }
        const uint8_t *set = self->sets + one->what * self->set_size;
        memset(numbers, 0, classes * sizeof(*numbers));
        uint32_t before = classes;
        for (uint32_t code = 0; code < self->code_count; code++)
            if (set[code >> 3] >> (code & 7) & 1) {
                uint32_t class = class_of[code];
                if (numbers[class] == 0)
                    numbers[class] = classes++;
                class_of[code] = numbers[class];
            }
        if (classes > before)
            classes = renumber(class_of, self->code_count, numbers, classes);
    }
    return renumber(class_of, self->code_count, numbers, classes);
}

static void
forget(Automaton *of)
{
    PyMem_Free(of->class_of);
    PyMem_Free(of->wide);
    PyMem_Free(of->example);
    PyMem_Free(of->next);
    PyMem_Free(of->state);
    PyMem_Free(of->member);
    PyMem_Free(of->bucket);
    of->class_of = NULL;
    of->wide = of->example = of->next = of->bucket = NULL;
    of->state = NULL;
    of->member = NULL;
}

/* Makes the tables of an automaton that is asked for the first time; -1: no memory. */
static int
prepare(Screen *self, Automaton *of)
{
    size_t codes = self->code_count;
    uint32_t *class_of = PyMem_Calloc(codes, sizeof(*class_of));
    uint32_t *numbers = PyMem_Calloc(4 * codes + 2, sizeof(*numbers)); /* of classes; some are empty for a while */
    uint8_t *seen = PyMem_Calloc((size_t)self->set_count + codes, 1);
    if (class_of != NULL && numbers != NULL && seen != NULL) {
        of->classes = classify(self, of, class_of, numbers, seen);
        of->example = PyMem_Calloc(of->classes, sizeof(*of->example));
        of->next = PyMem_Malloc((size_t)most_states(of) * (of->classes + 1) * sizeof(*of->next));
        of->state = PyMem_Malloc((MAX_STATES + 1) * sizeof(*of->state));
        of->member = PyMem_Malloc((MAX_MEMBERS + of->size) * sizeof(*of->member));
        of->bucket = PyMem_Calloc(BUCKETS, sizeof(*of->bucket));
        of->class_of = PyMem_Malloc(codes);
        of->wide = PyMem_Malloc(of->classes > WIDE ? codes * sizeof(*of->wide) : 1);
        of->states = FIRST_STATE;
        for (size_t code = 0; of->example && of->class_of && of->wide && code < codes; code++) {
            of->class_of[code] = class_of[code] < WIDE ? (uint8_t)class_of[code] : WIDE;
            if (of->classes > WIDE)
                of->wide[code] = (uint16_t)class_of[code];
            of->example[class_of[code]] = (uint16_t)code;
        }
    }
    PyMem_Free(class_of);
    PyMem_Free(numbers);
    PyMem_Free(seen);
    if (of->example && of->next && of->state && of->member && of->bucket && of->class_of && of->wide)
        return 0;
    forget(of);
    PyErr_NoMemory();
    return -1;
}

/* Whether the pattern of an automaton may match a line, given as codes; -1: no memory. */
static int
may_match(Screen *self, Automaton *of, const uint16_t *line, Py_ssize_t length)
{
    if (of->class_of == NULL && prepare(self, of) < 0)
        return -1;
    if (of->start == UNKNOWN)
        of->start = (uint32_t)start_of(self, of);
    uint32_t state = of->start, width = of->classes + 1;
    const uint8_t *class_of = of->class_of;
    uint16_t *all = of->next;
    for (Py_ssize_t at = 0; at < length && state >= FIRST_STATE; at++) {
        uint32_t class = class_of[line[at]];
        if (class == WIDE)
            class = of->wide[line[at]];
        uint32_t next = all[state * width + 1 + class];
        if (next == UNKNOWN) {
            uint32_t resets = of->resets;
            next = (uint32_t)step(self, of, state, class);
            if (of->resets == resets) /* or the number is of a state that is gone */
                all[state * width + 1 + class] = (uint16_t)next;
        }
        state = next;
    }
    return state == FOUND || (state >= FIRST_STATE && all[state * width]);
}

#endif
