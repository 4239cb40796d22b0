// SPDX-License-Identifier: MIT
#include "client/client.h"

#include <string.h>

#include "core/ascii.h"
#include "core/span.h"

/*
 * The protection space at an origin: RFC 7616, 3.3, `domain`. A list of URI
 * references, of which the paths of the space's own origin are kept and the
 * rest is dropped: credentials go to no other origin, whatever a server says
 * (F-46), least of all from https to http. What does not fit is dropped too;
 * requests there are challenged first.
 */

static size_t
find(csn_span text, size_t from, const char *octets)
{
    for (size_t i = from; i < text.len; i++)
        for (const char *it = octets; *it != '\0'; it++)
            if (text.ptr[i] == (uint8_t)*it)
                return i;
    return text.len;
}

/* A port in digits, or the scheme's own when there are none; 0 is none. */
static uint32_t
port_of(csn_span digits, bool https)
{
    uint32_t port = 0;

    if (digits.len == 0)
        return https ? 443 : 80;
    for (size_t i = 0; i < digits.len; i++) {
        uint32_t digit = (uint32_t)digits.ptr[i] - '0';

        if (digit > 9 || port > UINT16_MAX)
            return 0;
        port = port * 10 + digit;
    }
    return port;
}

/* Whether an authority (`host`, `host:port`) is the space's own. */
static bool
is_own_authority(const struct client_identity *id, csn_span authority)
{
    csn_span own = { id->host, id->host_len };
    csn_span host;
    size_t end;

    if (authority.len != 0 && authority.ptr[0] == '[') {
        end = find(authority, 1, "]");
        if (end == authority.len)
            return false;
        host = csn_span_slice(authority, 1, end - 1);
        end++;
    } else {
        end = find(authority, 0, ":");
        host = csn_span_slice(authority, 0, end);
    }
    if (end < authority.len && authority.ptr[end++] != ':')
        return false;
    return csn_span_equal_nocase(host, own) &&
        port_of(csn_span_slice(authority, end, authority.len),
            id->https != 0) == id->port;
}

/* The path that a reference names at this origin; empty when it names none. */
static csn_span
own_path(const struct client_identity *id, csn_span reference)
{
    static const csn_span none = { NULL, 0 };
    csn_span scheme = id->https ? CSN_SPAN("https://") : CSN_SPAN("http://");
    size_t slash;

    reference.len = find(reference, 0, "#");
    if (reference.len != 0 && reference.ptr[0] == '/') {
        /* `//host/path` names a host: RFC 3986, 4.2. */
        bool network = reference.len > 1 && reference.ptr[1] == '/';

        return network ? none : reference;
    }
    if (!csn_span_equal_nocase(csn_span_slice(reference, 0, scheme.len),
            scheme))
        return none;
    slash = find(reference, scheme.len, "/?");
    if (!is_own_authority(id,
            csn_span_slice(reference, scheme.len, slash - scheme.len)))
        return none;
    if (slash == reference.len)
        return CSN_SPAN("/");
    if (reference.ptr[slash] == '?')
        return none;
    return csn_span_slice(reference, slash, reference.len);
}

/* Put the path of the reference at `start` in its place, or nothing. */
static size_t
settle(struct client_space *space, size_t start, size_t end)
{
    uint8_t *domain = space->session.domain;
    csn_span path = own_path(&space->identity,
        (csn_span){ domain + start, end - start });

    /* One octet is left for the SP: a reference never fills the array. */
    if (path.len == 0)
        return start;
    memmove(domain + start, path.ptr, path.len);
    domain[start + path.len] = ' ';
    return start + path.len + 1;
}

void
csn_client_domain_keep(struct client_space *space, const csn_value *domain)
{
    struct client_session *session = &space->session;
    size_t start = 0;
    size_t end = 0;
    bool fits = true;

    /* For a proxy the parameter means nothing (F-47). */
    session->whole_origin = space->identity.layer == CSN_LAYER_PROXY ||
        csn_span_trim(domain->text).len == 0;
    if (session->whole_origin)
        return;

    for (size_t i = 0; i < domain->text.len; i++) {
        uint8_t octet = domain->text.ptr[i];

        if (octet == '\\' && domain->escaped && i + 1 < domain->text.len)
            octet = domain->text.ptr[++i];
        if (octet == ' ') {
            start = fits ? settle(space, start, end) : start;
            end = start;
            fits = true;
            continue;
        }
        fits = fits && end + 1 < sizeof(session->domain);
        if (fits)
            session->domain[end++] = octet;
    }
    session->domain_len = (uint16_t)(fits ? settle(space, start, end) : start);
}

/* Whether a path has a segment `.` or `..`, which would lead out of it. */
static bool
has_dot_segment(csn_span path)
{
    size_t end;

    path.len = find(path, 0, "?#");
    for (size_t at = 0; at < path.len; at = end + 1) {
        csn_span segment;

        end = find(path, at, "/");
        segment = csn_span_slice(path, at, end - at);
        if (csn_span_equal(segment, CSN_SPAN(".")) ||
            csn_span_equal(segment, CSN_SPAN("..")))
            return true;
    }
    return false;
}

/* Whether `path` is `prefix` or lies below it: `/a` holds not `/ab` (K-41). */
static bool
lies_below(csn_span path, csn_span prefix)
{
    uint8_t next;

    if (!csn_span_equal(csn_span_slice(path, 0, prefix.len), prefix))
        return false;
    if (path.len == prefix.len || prefix.ptr[prefix.len - 1] == '/')
        return true;
    next = path.ptr[prefix.len];
    return next == '/' || next == '?';
}

bool
csn_client_space_covers(const csn_client_space *space, csn_span path)
{
    const struct client_session *session = &client_space_at(space)->session;
    csn_span domain = { session->domain, session->domain_len };
    size_t end;

    if (!session->ready || session->whole_origin)
        return session->ready;
    if (has_dot_segment(path))
        return false;
    for (size_t at = 0; at < domain.len; at = end + 1) {
        end = find(domain, at, " ");
        if (lies_below(path, csn_span_slice(domain, at, end - at)))
            return true;
    }
    return false;
}
