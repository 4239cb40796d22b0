// SPDX-License-Identifier: MIT
#include "fuzz.h"

/*
 * uri against request-target. The input is method, connection, target and
 * uri, a line each. Whatever they are:
 *
 *   - the same octets are the same resource, and the reverse;
 *   - two that are equivalent have the same path and query, octet for octet
 *     but for an empty path (D-35), or, for CONNECT, differ in case alone;
 *   - it makes no difference to two absolute forms which is which.
 */

/* The next line of the input; the last one is all that is left. */
static csn_span
line(csn_span *input, bool last)
{
    const uint8_t *end = input->len != 0 && !last
        ? memchr(input->ptr, '\n', input->len)
        : NULL;
    size_t len = end != NULL ? (size_t)(end - input->ptr) : input->len;
    csn_span taken = { input->ptr, len };
    size_t step = end != NULL ? len + 1 : len;

    if (step != 0)
        *input = (csn_span){ input->ptr + step, input->len - step };
    return taken;
}

static bool
same(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Path and query, the slash in front left out; `*` of an absolute form that
 * has neither. */
static csn_span
rest_of(csn_span text)
{
    size_t at = 0;

    if (text.len != 0 && text.ptr[0] != '/') {
        while (at + 2 < text.len && memcmp(text.ptr + at, "://", 3) != 0)
            at++;
        for (at += 3;
             at < text.len && text.ptr[at] != '/' && text.ptr[at] != '?'; at++)
            ;
    }
    if (at < text.len && text.ptr[at] == '/')
        at++;
    return at < text.len ? (csn_span){ text.ptr + at, text.len - at }
                         : (csn_span){ NULL, 0 };
}

static bool
is_asterisk(csn_span text)
{
    return text.len == 1 && text.ptr[0] == '*';
}

static void
check_equivalent(const csn_target *asked, csn_span uri)
{
    if (same(asked->method, CSN_SPAN("CONNECT")) &&
        (asked->target.len == 0 || asked->target.ptr[0] != '/'))
        FUZZ_HOLDS(csn_name_equal(asked->target, uri));
    else if (is_asterisk(asked->target) || is_asterisk(uri))
        FUZZ_HOLDS(same(asked->method, CSN_SPAN("OPTIONS")) &&
            rest_of(is_asterisk(uri) ? asked->target : uri).len == 0);
    else
        FUZZ_HOLDS(same(rest_of(asked->target), rest_of(uri)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csn_span input = { data, size };
    csn_target asked = { .scheme = CSN_SPAN("http") };
    csn_target turned;
    csn_span uri;
    csn_uri_match match;

    asked.method = line(&input, false);
    asked.authority = line(&input, false);
    asked.target = line(&input, false);
    uri = line(&input, true);
    match = csn_uri_compare(&asked, uri);

    if (uri.len != 0 && same(asked.target, uri))
        FUZZ_HOLDS(match == CSN_URI_SAME);
    if (match == CSN_URI_SAME)
        FUZZ_HOLDS(same(asked.target, uri));
    if (match == CSN_URI_EQUIVALENT)
        check_equivalent(&asked, uri);

    turned = asked;
    turned.target = uri;
    if (asked.target.len != 0 && uri.len != 0 && asked.target.ptr[0] != '/' &&
        uri.ptr[0] != '/')
        FUZZ_HOLDS(csn_uri_compare(&turned, asked.target) == match);
    return 0;
}
