// SPDX-License-Identifier: MIT
#include <countersign/digest.h>

#include "core/span.h"

/*
 * Whether the credentials' uri names the resource of the request-target.
 *
 * Both are split into scheme, authority and the rest, the rest being path
 * with query, octet for octet. Nothing is decoded, normalised or resolved
 * (D-35); a form without an authority borrows that of the connection.
 */

typedef struct target_parts {
    csn_span scheme;    /* empty in origin-form */
    csn_span authority; /* empty in origin-form */
    csn_span rest;      /* path and query; empty after a bare authority */
    bool absolute;
} target_parts;

/* absolute-form: `scheme "://" authority rest`; false when it is not one. */
static bool
split_absolute(csn_span text, target_parts *parts)
{
    size_t start, end;

    for (start = 0; start < text.len && text.ptr[start] != ':'; start++) {
        if (text.ptr[start] == '/' || text.ptr[start] == '?')
            return false;
    }
    if (start == 0 || text.len - start < 3 || text.ptr[start + 1] != '/' ||
        text.ptr[start + 2] != '/')
        return false;
    for (end = start + 3; end < text.len; end++) {
        if (text.ptr[end] == '/' || text.ptr[end] == '?')
            break;
    }

    parts->scheme = csn_span_slice(text, 0, start);
    parts->authority = csn_span_slice(text, start + 3, end - start - 3);
    parts->rest = csn_span_slice(text, end, text.len - end);
    parts->absolute = true;
    return true;
}

static bool
is_path(csn_span text)
{
    return text.len != 0 && text.ptr[0] == '/';
}

static bool
is_asterisk(csn_span text)
{
    return text.len == 1 && text.ptr[0] == '*';
}

/* Where the port starts: behind the last colon that is outside brackets. */
static size_t
port_offset(csn_span authority)
{
    for (size_t i = authority.len; i-- > 0;) {
        if (authority.ptr[i] == ']')
            break;
        if (authority.ptr[i] == ':')
            return i + 1;
    }
    return authority.len;
}

/* Host without its colon, and the port, the scheme's own if none is named. */
static void
split_authority(csn_span authority, csn_span scheme, csn_span *host,
    csn_span *port)
{
    size_t offset = port_offset(authority);

    if (offset == authority.len) {
        size_t colon = authority.len != 0 &&
            authority.ptr[authority.len - 1] == ':';

        *host = csn_span_slice(authority, 0, authority.len - colon);
        *port = csn_span_equal_nocase(scheme, CSN_SPAN("https"))
            ? CSN_SPAN("443")
            : CSN_SPAN("80");
        return;
    }
    *host = csn_span_slice(authority, 0, offset - 1);
    *port = csn_span_slice(authority, offset, authority.len - offset);
}

static bool
authority_equal(csn_span a, csn_span b, csn_span scheme)
{
    csn_span host_a, port_a, host_b, port_b;

    split_authority(a, scheme, &host_a, &port_a);
    split_authority(b, scheme, &host_b, &port_b);
    return csn_span_equal_nocase(host_a, host_b) &&
        csn_span_equal(port_a, port_b);
}

/*
 * Path and query, octet for octet; a missing path is "/" (RFC 9110, 4.2.3).
 */
static bool
rest_equal(csn_span a, csn_span b)
{
    if (is_path(a) == is_path(b))
        return csn_span_equal(a, b);
    if (is_path(a))
        return csn_span_equal(csn_span_slice(a, 1, a.len - 1), b);
    return csn_span_equal(a, csn_span_slice(b, 1, b.len - 1));
}

/* D-33: host without case, port exactly and always there. */
static csn_uri_match
compare_connect(const csn_target *request, csn_span uri)
{
    size_t want = port_offset(request->target);
    size_t got = port_offset(uri);

    if (csn_span_equal(uri, request->target))
        return CSN_URI_SAME;
    if (got == uri.len || want == request->target.len || got != want)
        return CSN_URI_DIFFERENT;
    if (!csn_span_equal_nocase(csn_span_slice(uri, 0, got),
            csn_span_slice(request->target, 0, want)) ||
        !csn_span_equal(csn_span_slice(uri, got, uri.len - got),
            csn_span_slice(request->target, want, request->target.len - want)))
        return CSN_URI_DIFFERENT;
    return CSN_URI_EQUIVALENT;
}

/* Whether an absolute form names the host this request came to. */
static bool
names_this_host(const csn_target *request, const target_parts *parts)
{
    return csn_span_equal_nocase(parts->scheme, request->scheme) &&
        authority_equal(parts->authority, request->authority, request->scheme);
}

/*
 * D-34: `*` goes with `*`, or with the absolute form of an empty path that a
 * proxy turned into `*` or is about to; in OPTIONS only.
 */
static csn_uri_match
compare_asterisk(const csn_target *request, csn_span uri)
{
    csn_span other = is_asterisk(uri) ? request->target : uri;
    target_parts parts = { .absolute = false };

    if (!csn_span_equal(request->method, CSN_SPAN("OPTIONS")) ||
        !split_absolute(other, &parts) || parts.rest.len != 0 ||
        !names_this_host(request, &parts))
        return CSN_URI_DIFFERENT;
    return CSN_URI_EQUIVALENT;
}

/* D-31, D-32: absolute against origin-form, or two absolute forms. */
static csn_uri_match
compare_forms(const csn_target *request, const target_parts *target,
    const target_parts *uri)
{
    if (!rest_equal(target->rest, uri->rest))
        return CSN_URI_DIFFERENT;
    if (!uri->absolute)
        return target->absolute ? CSN_URI_EQUIVALENT : CSN_URI_DIFFERENT;
    if (target->absolute) {
        if (!csn_span_equal_nocase(target->scheme, uri->scheme) ||
            !authority_equal(target->authority, uri->authority,
                target->scheme))
            return CSN_URI_DIFFERENT;
        return CSN_URI_EQUIVALENT;
    }
    return names_this_host(request, uri) ? CSN_URI_EQUIVALENT
                                         : CSN_URI_DIFFERENT;
}

csn_uri_match
csn_uri_compare(const csn_target *request, csn_span uri)
{
    target_parts target = { .rest = request->target };
    target_parts named = { .rest = uri };

    if (csn_span_equal(request->method, CSN_SPAN("CONNECT")) &&
        !is_path(request->target))
        return compare_connect(request, uri);
    if (uri.len != 0 && csn_span_equal(uri, request->target))
        return CSN_URI_SAME;
    if (is_asterisk(request->target) || is_asterisk(uri))
        return compare_asterisk(request, uri);
    if (!split_absolute(request->target, &target) && !is_path(target.rest))
        return CSN_URI_DIFFERENT;
    if (!split_absolute(uri, &named) && !is_path(named.rest))
        return CSN_URI_DIFFERENT;
    return compare_forms(request, &target, &named);
}
