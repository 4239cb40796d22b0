// SPDX-License-Identifier: MIT
#include "cache.h"

#include <countersign/field.h>

#include <string.h>

static bool
is_blank(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

/* The next directive of a Cache-Control value, `*rest` moved behind it. */
static csn_span
next_directive(csn_span *rest)
{
    csn_span directive = { rest->ptr, 0 };
    bool quoted = false;
    size_t end = 0;

    while (end < rest->len && (quoted || rest->ptr[end] != ',')) {
        if (quoted && rest->ptr[end] == '\\' && end + 1 < rest->len)
            end++;
        else if (rest->ptr[end] == '"')
            quoted = !quoted;
        end++;
    }
    directive.len = end;
    end += end < rest->len;
    *rest = (csn_span){ rest->ptr + end, rest->len - end };
    while (directive.len > 0 && is_blank(directive.ptr[0]))
        directive = (csn_span){ directive.ptr + 1, directive.len - 1 };
    while (directive.len > 0 && is_blank(directive.ptr[directive.len - 1]))
        directive.len--;
    return directive;
}

static bool
starts_with(csn_span text, csn_span start)
{
    return text.len >= start.len &&
        csn_name_equal((csn_span){ text.ptr, start.len }, start);
}

/* Not a word for shared caches; `private="Field"` speaks of that field alone
 * (RFC 9111, 5.2.2.7), so it counts as any other. */
static bool
shares(csn_span directive)
{
    return csn_name_equal(directive, CSN_SPAN("public")) ||
        starts_with(directive, CSN_SPAN("s-maxage="));
}

static void
put(csn_writer *out, csn_span text)
{
    if (out->overflow || text.len > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    memcpy(out->buf + out->len, text.ptr, text.len);
    out->len += text.len;
}

static void
add(csn_writer *out, csn_span directive)
{
    if (out->len > 0)
        put(out, CSN_SPAN(", "));
    put(out, directive);
}

/* What is to be said instead of `lines`. */
static void
say(csn_writer *out, const csn_span *lines, size_t count, bool whole)
{
    bool is_private = false;
    bool is_whole = false;

    for (size_t i = 0; i < count; i++) {
        csn_span rest = lines[i];

        while (rest.len > 0) {
            csn_span directive = next_directive(&rest);

            if (directive.len == 0 || shares(directive))
                continue;
            is_private = is_private ||
                csn_name_equal(directive, CSN_SPAN("private")) ||
                csn_name_equal(directive, CSN_SPAN("no-store"));
            is_whole = is_whole ||
                csn_name_equal(directive, CSN_SPAN("no-transform"));
            add(out, directive);
        }
    }
    if (!is_private)
        add(out, CSN_SPAN("private"));
    if (whole && !is_whole)
        add(out, CSN_SPAN("no-transform"));
}

csn_span
csn_cache_control(const csn_span *lines, size_t count, bool whole,
    uint8_t room[CSN_CACHE_SIZE])
{
    csn_writer out = csn_writer_init(room, CSN_CACHE_SIZE);

    if (count >= CSN_CACHE_LINES)
        return CSN_SPAN("no-store, no-transform");
    say(&out, lines, count, whole);
    if (out.overflow)
        return CSN_SPAN("no-store, no-transform");
    return csn_writer_span(&out);
}
