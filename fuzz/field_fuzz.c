// SPDX-License-Identifier: MIT
#include "events.h"
#include "fuzz.h"

/*
 * The field cursor. The first octet is the kind; the rest is lines, each
 * ended by LF. Events lie inside their lines; going on after errors and
 * stepping over every challenge both come to an end; and lines without an
 * error say the same when they are joined by commas.
 */

enum { LINES = 8 };

static size_t
split(const uint8_t *data, size_t size, csn_span lines[LINES])
{
    size_t count = 0;

    while (count < LINES) {
        const uint8_t *end = size > 0 && count + 1 < LINES
            ? memchr(data, '\n', size)
            : NULL;
        size_t len = end != NULL ? (size_t)(end - data) : size;

        lines[count++] = (csn_span){ data, len };
        if (end == NULL)
            break;
        data += len + 1;
        size -= len + 1;
    }
    return count;
}

static bool
lies_inside(csn_span part, const csn_span *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (part.len == 0 ||
            (part.ptr >= lines[i].ptr &&
                part.ptr + part.len <= lines[i].ptr + lines[i].len))
            return true;
    }
    return false;
}

/* Every event to the end; false when there was an error. */
static bool
walk(csn_field_kind kind, const csn_span *lines, size_t count, bool skip_all)
{
    csn_field_cursor cursor;
    csn_field_event event = { .kind = CSN_EVENT_PARAM };
    bool good = true;

    if (csn_field_begin(&cursor, kind, lines, count) != CSN_OK)
        return false;
    for (size_t steps = 0; event.kind != CSN_EVENT_END; steps++) {
        csn_status status = csn_field_next(&cursor, &event);
        size_t line, offset;

        FUZZ_HOLDS(steps <= 2 * CSN_MAX_FIELD + 2);
        if (status == CSN_OK) {
            FUZZ_HOLDS(lies_inside(event.name, lines, count));
            FUZZ_HOLDS(lies_inside(event.value.text, lines, count));
        } else {
            good = false;
            csn_field_where(&cursor, &line, &offset);
            FUZZ_HOLDS(line < count && offset <= lines[line].len);
        }
        if ((status != CSN_OK || skip_all) &&
            csn_field_skip(&cursor) != CSN_OK)
            return false;
    }
    return good;
}

static void
compare_joined(csn_field_kind kind, const csn_span *lines, size_t count)
{
    static char apart[EVENTS_SIZE], together[EVENTS_SIZE];
    static uint8_t text[CSN_MAX_FIELD];
    csn_writer out = csn_writer_init(text, sizeof(text));
    csn_span joined;

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            out.buf[out.len++] = ',';
        if (lines[i].len > 0)
            memcpy(out.buf + out.len, lines[i].ptr, lines[i].len);
        out.len += lines[i].len;
    }
    joined = csn_writer_span(&out);
    events_render(kind, lines, count, apart, sizeof(apart));
    events_render(kind, &joined, 1, together, sizeof(together));
    FUZZ_HOLDS(strcmp(apart, together) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csn_span lines[LINES];
    csn_field_kind kind;
    size_t count;

    if (size == 0)
        return 0;
    kind = (csn_field_kind)(data[0] % 3);
    count = split(data + 1, size - 1, lines);
    (void)walk(kind, lines, count, true);
    if (walk(kind, lines, count, false))
        compare_joined(kind, lines, count);
    return 0;
}
