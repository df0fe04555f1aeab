/* What goes with the lines of a page that rules take away: lists below headings, menus, blank lines. See
 * cleanzh.filters.ads, where the decisions are explained: `_company` says which lines, `_whole` which spans.
 */
#include "edits.h"
#include <string.h>

enum { NOTHING, ABOVE, LIST, FRAGMENTS, REST }; /* what a line takes with it */

/* Of lengths and numbers of lines: see the constants of cleanzh.filters.ads. */
typedef struct {
    Py_ssize_t short_paragraph, long_paragraph, fewest_fragments, fragment, longest_word, deepest_trail;
} Limits;

/* A line that is not blank. The rule that takes it is borrowed. */
typedef struct {
    Py_ssize_t start, end, paragraph;
    PyObject *rule;
    int taken, takes;
} Line;

typedef struct {
    PyObject *text, *enders; /* what a sentence ends with */
    const void *chars;
    int kind;
    Py_ssize_t length;
    Limits limits;
    Line *lines;
    Py_ssize_t count, room;
} Page;

#define CHAR(PAGE, AT) PyUnicode_READ((PAGE)->kind, (PAGE)->chars, AT)
#define IS_BLANK(PAGE, AT) Py_UNICODE_ISSPACE(CHAR(PAGE, AT))

/* Takes the blanks off both ends of a line; whether something is left. */
static int
strip(const Page *page, Py_ssize_t *start, Py_ssize_t *end)
{
    while (*start < *end && IS_BLANK(page, *start))
        ++*start;
    while (*start < *end && IS_BLANK(page, *end - 1))
        --*end;
    return *start < *end;
}

/* Whether a stripped line ends a sentence; quotes and brackets may follow what ends it. */
static int
is_sentence(const Page *page, Py_ssize_t start, Py_ssize_t end)
{
    while (end-- > start) {
        Py_UCS4 character = CHAR(page, end);
        if (PyUnicode_FindChar(page->enders, character, 0, PyUnicode_GET_LENGTH(page->enders), 1) >= 0)
            return 1;
        if (Py_UNICODE_ISALNUM(character) || character == '_' || Py_UNICODE_ISSPACE(character))
            return 0;
    }
    return 0;
}

static Py_ssize_t
paragraph(const Page *page, Py_ssize_t start, Py_ssize_t end)
{
    if (end - start < page->limits.short_paragraph || !strip(page, &start, &end) ||
        end - start < page->limits.short_paragraph || !is_sentence(page, start, end))
        return 0;
    return end - start;
}

static int
is_word(const Page *page, Py_ssize_t start, Py_ssize_t end)
{
    strip(page, &start, &end);
    return end - start <= page->limits.longest_word && !is_sentence(page, start, end);
}

static Line *
add_line(Page *page)
{
    if (page->count == page->room) {
        Py_ssize_t room = 2 * page->room + 64;
        Line *lines = PyMem_Realloc(page->lines, (size_t)room * sizeof(*lines));
        if (lines == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        page->lines = lines;
        page->room = room;
    }
    memset(&page->lines[page->count], 0, sizeof(Line));
    return &page->lines[page->count++];
}

static int
takes_of(PyObject *name)
{
    static const char *const names[] = {"", "above", "list", "fragments"};
    for (int takes = NOTHING; takes < REST; takes++)
        if (PyUnicode_CompareWithASCIIString(name, names[takes]) == 0)
            return takes;
    return REST;
}

/* Reads (start, end, rule, takes), a line that begins behind the last. */
static int
read_taken(const Page *page, PyObject *item, Py_ssize_t position, Line *line)
{
    if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 4 || !PyUnicode_Check(PyTuple_GET_ITEM(item, 3))) {
        PyErr_SetString(PyExc_TypeError, "going: lines are (start, end, rule, takes)");
        return -1;
    }
    *line = (Line){.start = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 0)), .taken = 1,
                   .end = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 1)), .rule = PyTuple_GET_ITEM(item, 2),
                   .takes = takes_of(PyTuple_GET_ITEM(item, 3))};
    if (!PyErr_Occurred() && (line->start < position || line->end < line->start || line->end > page->length))
        PyErr_SetString(PyExc_ValueError, "going: lines are parts of the text, in order");
    return PyErr_Occurred() ? -1 : 0;
}

/* All lines that are not blank; those that are taken know by which rule. */
static int
read_page(Page *page, PyObject *taken)
{
    Py_ssize_t next = 0, number = PyList_GET_SIZE(taken);
    Line one = {.start = -1};
    for (Py_ssize_t start = 0, end; start <= page->length; start = end + 1) {
        end = start < page->length ? PyUnicode_FindChar(page->text, '\n', start, page->length, 1) : -1;
        if (end < 0)
            end = page->length;
        Py_ssize_t low = start;
        while (low < end && IS_BLANK(page, low))
            low++;
        if (low == end)
            continue;
        while (next < number && one.start < start)
            if (read_taken(page, PyList_GET_ITEM(taken, next++), one.start + 1, &one) < 0)
                return -1;
        Line *line = add_line(page);
        if (line == NULL)
            return -1;
        if (one.start == start && one.end == end)
            *line = one;
        else
            *line = (Line){.start = start, .end = end, .paragraph = paragraph(page, start, end)};
    }
    return 0;
}

/* Sums over lines: of paragraphs, of lines that do not go and their lengths. */
typedef struct {
    Py_ssize_t paragraphs, others, lengths;
} Sums;

static void
add_up(Sums *sums, const Line *line)
{
    sums->paragraphs += line->paragraph;
    if (!line->taken) {
        sums->others++;
        sums->lengths += line->end - line->start;
    }
}

/* Whether the article is over at a line that is taken: what was summed up before it, and over the whole page. */
static int
closes(const Page *page, int takes, const Sums *before, const Sums *all)
{
    Py_ssize_t behind = all->paragraphs - before->paragraphs, others = all->others - before->others;
    if (takes == FRAGMENTS)
        return !behind && others >= page->limits.fewest_fragments &&
               all->lengths - before->lengths <= page->limits.fragment * others;
    if (before->paragraphs)
        return 2 * behind <= before->paragraphs;
    return takes == LIST && !behind && before->others;
}

/* Gives the lines that go with a heading, a closing line or a trail the rule that takes them. */
static void
find_company(Page *page)
{
    Line *lines = page->lines;
    Sums all = {0, 0, 0}, before = {0, 0, 0};
    Py_ssize_t resumed = -1; /* the last line at which the article goes on */
    PyObject *rule = NULL;
    for (Py_ssize_t at = 0; at < page->count; at++) {
        Py_ssize_t size = lines[at].paragraph;
        add_up(&all, &lines[at]);
        if (size >= page->limits.long_paragraph || (size && at && lines[at - 1].paragraph))
            resumed = at;
    }
    for (Py_ssize_t at = 0; at < page->count; at++) {
        Line *line = &lines[at];
        if (!line->taken && rule != NULL)
            line->rule = rule;
        else if (line->takes == ABOVE && at <= page->limits.deepest_trail && !before.paragraphs) {
            for (Line *menu = lines; menu < line; menu++)
                if (!menu->taken && is_word(page, menu->start, menu->end))
                    menu->rule = line->rule;
        }
        else if (line->takes > ABOVE && at > resumed && (rule != NULL || closes(page, line->takes, &before, &all)))
            rule = line->rule;
        add_up(&before, line);
    }
}

/* The span of lines that stand together and go: with their line ends, and with blank lines that would stand doubled or
 * at the end. */
static void
widen(const Page *page, Py_ssize_t *start, Py_ssize_t *stop)
{
    Py_ssize_t above = *start, below = *stop;
    while (above && IS_BLANK(page, above - 1))
        above--;
    if (above && above < *start)
        while (CHAR(page, above++) != '\n')
            ;
    while (below < page->length && IS_BLANK(page, below))
        below++;
    if (below == page->length) {
        *start = above - (above && CHAR(page, page->length - 1) != '\n');
        *stop = below;
    }
    else if (CHAR(page, *stop) == '\n')
        *start = above;
}

static int
append_edits(const Page *page, PyObject *edits, PyTypeObject *edit, PyObject *nothing)
{
    const Line *line = page->lines, *end = line + page->count;
    while (line < end) {
        if (line->rule == NULL) {
            line++;
            continue;
        }
        const Line *behind = line + 1; /* the first that does not go; only blank lines are between those before */
        while (behind < end && behind->rule != NULL)
            behind++;
        Py_ssize_t start = line->start, stop = behind[-1].end;
        stop += stop < page->length;
        widen(page, &start, &stop);
        for (; line < behind; line++) {
            Py_ssize_t next = line + 1 < behind ? line[1].start : stop;
            if (append_edit(edits, edit, line->rule, page->text, start, next, nothing) < 0)
                return -1;
            start = next;
        }
    }
    return 0;
}

static PyObject *
going(PyObject *module, PyObject *args)
{
    PyObject *taken, *edit;
    Page page = {.lines = NULL};
    Limits *limits = &page.limits;
    if (!PyArg_ParseTuple(args, "UO!U(nnnnnn)O", &page.text, &PyList_Type, &taken, &page.enders,
                          &limits->short_paragraph, &limits->long_paragraph, &limits->fewest_fragments,
                          &limits->fragment, &limits->longest_word, &limits->deepest_trail, &edit))
        return NULL;
    if (!is_tuple_type(edit)) {
        PyErr_SetString(PyExc_TypeError, "going: a type of edits is wanted");
        return NULL;
    }
    page.chars = PyUnicode_DATA(page.text);
    page.kind = PyUnicode_KIND(page.text);
    page.length = PyUnicode_GET_LENGTH(page.text);
    PyObject *edits = PyList_New(0), *nothing = PyUnicode_New(0, 0);
    if (edits != NULL && nothing != NULL && read_page(&page, taken) == 0) {
        find_company(&page);
        append_edits(&page, edits, (PyTypeObject *)edit, nothing);
    }
    PyMem_Free(page.lines);
    Py_XDECREF(nothing);
    if (PyErr_Occurred())
        Py_CLEAR(edits);
    return edits;
}

/* zones(text, least_head, least_tail) */

/* Where in chars[:end] the line begins that NUMBER lines stand before; the end if there are not so many. Sixteen characters
 * at once, as long as fewer lines end there. */
#define LOOP(NAME, UNIT)                                                              \
    static Py_ssize_t NAME(const UNIT *chars, Py_ssize_t end, Py_ssize_t number)      \
    {                                                                                 \
        Py_ssize_t at = 0;                                                            \
        for (; at + 16 <= end; at += 16) {                                            \
            int ends = 0;                                                             \
            for (int i = 0; i < 16; i++)                                              \
                ends += chars[at + i] == '\n';                                        \
            if (ends >= number)                                                       \
                break;                                                                \
            number -= ends;                                                           \
        }                                                                             \
        while (at < end && number > 0)                                                \
            number -= chars[at++] == '\n';                                            \
        return at;                                                                    \
    }
FOR_EACH_WIDTH(LOOP, behind)
#undef LOOP

static PyObject *
zones(PyObject *module, PyObject *args)
{
    PyObject *text;
    Py_ssize_t least_head, least_tail;
    if (!PyArg_ParseTuple(args, "Unn", &text, &least_head, &least_tail))
        return NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    Py_ssize_t lines = BY_WIDTH(times, text, length, '\n') + (length && PyUnicode_READ_CHAR(text, length - 1) != '\n');
    Py_ssize_t third = (lines + 2) / 3, head = third > least_head ? third : least_head;
    Py_ssize_t tail = lines - (third > least_tail ? third : least_tail);
    return Py_BuildValue("(nn)", head < lines ? BY_WIDTH(behind, text, length, head) : length + 1,
                         BY_WIDTH(behind, text, length, tail));
}

static PyMethodDef methods[] = {
    {"going", going, METH_VARARGS,
     "going(text, taken, enders, limits, Edit) -> list[Edit]\n\n"
     "What goes with lines that are taken (start, end, rule, what it takes with it)."},
    {"zones", zones, METH_VARARGS,
     "zones(text, least_head, least_tail) -> tuple[int, int]\n\nWhere the head of a text ends, and where its tail "
     "begins."},
    {NULL, NULL, 0, NULL},
};

MODULE_OF_FUNCTIONS(page, methods)
