// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <string.h>

/*
 * Digest hashes the request-target as sent, but the engine hands out a parsed
 * one, which prints differently (see section.c). When the target as sent is
 * not known, both sides are compared as the engine prints them.
 */

static bool
is_blank(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

/* The request-target of the section's first line, if `method` leads it. */
static csn_span
target_of_line(csn_span section, csn_span method)
{
    const uint8_t *line_end = section.len > 0
        ? memchr(section.ptr, '\n', section.len)
        : NULL;
    const uint8_t *at = section.ptr;
    const uint8_t *begin;

    if (line_end == NULL || (size_t)(line_end - at) <= method.len ||
        memcmp(at, method.ptr, method.len) != 0 || !is_blank(at[method.len]))
        return (csn_span){ NULL, 0 };
    at += method.len;
    while (is_blank(*at))
        at++;
    begin = at;
    while (at < line_end && !is_blank(*at) && *at != '\r')
        at++;
    return (csn_span){ begin, (size_t)(at - begin) };
}

/* The octets of `rest` up to the first of `stops`, taken off it. */
static csn_span
take_until(csn_span *rest, const char *stops)
{
    size_t len = 0;
    csn_span taken;

    while (len < rest->len && strchr(stops, rest->ptr[len]) == NULL)
        len++;
    taken = (csn_span){ rest->ptr, len };
    *rest = (csn_span){ rest->ptr + len, rest->len - len };
    return taken;
}

static bool
is_same(csn_span text, const char *part, int len)
{
    size_t part_len = len > 0 ? (size_t)len : 0;

    return text.len == part_len &&
        (part_len == 0 || memcmp(text.ptr, part, part_len) == 0);
}

/* Whether the part that starts with `mark` is the engine's `part`. */
static bool
takes_part(csn_span *rest, char mark, const char *stops, const char *part,
    int len)
{
    csn_span taken = { NULL, 0 };

    if (rest->len > 0 && rest->ptr[0] == (uint8_t)mark) {
        *rest = (csn_span){ rest->ptr + 1, rest->len - 1 };
        taken = take_until(rest, stops);
    }
    return is_same(taken, part, len);
}

/* `HOST` or `HOST:PORT`, as the engine took it apart. */
static bool
is_authority(csn_span text, const csn_gw_header *header, TSMLoc url)
{
    int len;
    const char *host = TSUrlHostGet(header->buffer, url, &len);
    int port = 0;

    if (len <= 0 || text.len < (size_t)len ||
        memcmp(text.ptr, host, (size_t)len) != 0)
        return false;
    text = (csn_span){ text.ptr + len, text.len - (size_t)len };
    if (text.len == 0)
        return true;
    if (text.ptr[0] != ':' || text.len > 6)
        return false;
    for (size_t i = 1; i < text.len; i++)
        port = port * 10 + (text.ptr[i] - '0');
    return port == TSUrlPortGet(header->buffer, url);
}

/*
 * Whether `raw` is a spelling of the request the engine acts on. It always
 * should be; but what is signed must never be another request than what is
 * done, however the octets were found.
 */
static bool
is_spelling(csn_span raw, const csn_gw_header *header, TSMLoc url,
    bool is_connect)
{
    csn_span rest = raw;
    const uint8_t *slashes;
    const char *part;
    int len;

    if (is_connect)
        return is_authority(raw, header, url);
    if (raw.len == 0)
        return false;
    if (raw.ptr[0] != '/') {
        slashes = memmem(raw.ptr, raw.len, "://", 3);
        if (slashes == NULL)
            return false;
        rest.ptr = slashes + 3;
        rest.len = (size_t)(raw.ptr + raw.len - rest.ptr);
        if (!is_authority(take_until(&rest, "/?#"), header, url))
            return false;
    }
    while (rest.len > 0 && rest.ptr[0] == '/')
        rest = (csn_span){ rest.ptr + 1, rest.len - 1 };
    part = TSUrlPathGet(header->buffer, url, &len);
    if (!is_same(take_until(&rest, ";?#"), part, len))
        return false;
    part = TSUrlHttpParamsGet(header->buffer, url, &len);
    if (!takes_part(&rest, ';', "?#", part, len))
        return false;
    part = TSUrlHttpQueryGet(header->buffer, url, &len);
    return takes_part(&rest, '?', "#", part, len);
}

/* What the engine would send, without what it adds: the scheme before an
 * origin-form, and the slash behind an authority-form. */
static csn_span
printed_target(const char *text, int len, bool has_host, bool is_connect,
    bool is_h2)
{
    csn_span all = { (const uint8_t *)text, len > 0 ? (size_t)len : 0 };
    const uint8_t *slashes;

    if (is_connect) {
        if (all.len > 0 && all.ptr[all.len - 1] == '/')
            all.len--;
        return all;
    }
    slashes = memmem(all.ptr, all.len, "://", 3);
    if (slashes == NULL || (has_host && !is_h2))
        return all;
    for (const uint8_t *at = slashes + 3; at < all.ptr + all.len; at++) {
        if (*at == '/')
            return (csn_span){ at, (size_t)(all.ptr + all.len - at) };
    }
    return (csn_span){ (const uint8_t *)"/", 1 };
}

/* The request-target as received, or nothing. */
static csn_span
find_raw(TSHttpTxn txn, const csn_gw_header *header, TSMLoc url,
    csn_gw_octets *octets, csn_span method, bool is_connect)
{
    csn_span section;

    while (csn_gw_section_next(octets, &section)) {
        csn_span raw = target_of_line(section, method);

        if (is_spelling(raw, header, url, is_connect)) {
            csn_gw_section_found(txn, octets);
            return raw;
        }
    }
    return (csn_span){ NULL, 0 };
}

void
csn_gw_target_find(TSHttpTxn txn, const csn_gw_header *header, TSMLoc url,
    csn_gw_octets *octets, bool tls, csn_gw_target *target)
{
    int len;
    const char *text = TSHttpHdrMethodGet(header->buffer, header->at, &len);
    csn_span method = { (const uint8_t *)text, len > 0 ? (size_t)len : 0 };
    bool is_connect = is_same(method, "CONNECT", 7);
    bool has_host;

    memset(target, 0, sizeof(*target));
    target->target.method = method;
    target->target.scheme = tls ? CSN_SPAN("https") : CSN_SPAN("http");
    (void)csn_gw_field_value(header, CSN_GW_KNOWN(HOST),
        &target->target.authority);
    if (octets != NULL)
        target->raw = find_raw(txn, header, url, octets, method, is_connect);
    target->target.target = target->raw;
    if (target->raw.len > 0)
        return;

    (void)TSUrlHostGet(header->buffer, url, &len);
    has_host = len > 0;
    target->printed = TSUrlStringGet(header->buffer, url, &len);
    target->target.target = printed_target(target->printed, len, has_host,
        is_connect, TSHttpTxnClientProtocolStackContains(txn, "h2") != NULL);
}

void
csn_gw_target_drop(csn_gw_target *target)
{
    if (target->printed != NULL)
        TSfree(target->printed);
    target->printed = NULL;
}

/* `text` through the engine's parser and printer; false: it does not parse. */
static bool
engine_print(csn_span text, char **printed, int *len)
{
    TSMBuffer buffer = TSMBufferCreate();
    const char *at = (const char *)text.ptr;
    TSMLoc url;
    bool good = false;

    if (TSUrlCreate(buffer, &url) == TS_SUCCESS) {
        if (TSUrlParse(buffer, url, &at, at + text.len) == TS_PARSE_DONE) {
            *printed = TSUrlStringGet(buffer, url, len);
            good = *printed != NULL;
        }
        TSHandleMLocRelease(buffer, TS_NULL_MLOC, url);
    }
    TSMBufferDestroy(buffer);
    return good;
}

csn_uri_match
csn_gw_target_compare(void *context, const csn_target *request, csn_span uri)
{
    const csn_gw_target *target = context;
    csn_uri_match match = csn_uri_compare(request, uri);
    char *printed;
    int len;

    if (match != CSN_URI_DIFFERENT || target->raw.len > 0 || uri.len == 0)
        return match;
    if (!engine_print(uri, &printed, &len))
        return match;
    match = csn_uri_compare(request,
        (csn_span){ (const uint8_t *)printed, (size_t)len });
    TSfree(printed);
    return match;
}

/* Path and query of an origin-form or absolute-form target. */
static csn_span
path_of(csn_span raw)
{
    const uint8_t *at;

    if (raw.len > 0 && raw.ptr[0] == '/')
        return raw;
    at = memmem(raw.ptr, raw.len, "://", 3);
    if (at == NULL)
        return (csn_span){ NULL, 0 };
    for (at += 3; at < raw.ptr + raw.len; at++) {
        if (*at == '/' || *at == '?')
            return (csn_span){ at, (size_t)(raw.ptr + raw.len - at) };
    }
    return (csn_span){ NULL, 0 };
}

/* Whether the engine would print another path than this. */
static bool
prints_otherwise(csn_span path)
{
    if (path.len == 0)
        return false;
    if (path.ptr[0] == '?' || (path.len > 1 && path.ptr[1] == '/') ||
        path.ptr[path.len - 1] == '?' || path.ptr[path.len - 1] == ';')
        return true;
    for (size_t i = 0; i + 1 < path.len; i++) {
        if (path.ptr[i] == '?')
            return false; /* the rest is a query, passed on as it is */
        if (path.ptr[i] == ';' && path.ptr[i + 1] == '?')
            return true;
    }
    return false;
}

void
csn_gw_target_restore(const csn_gw_target *target, TSMBuffer buffer,
    TSMLoc url)
{
    csn_span path = path_of(target->raw);
    uint8_t with_slash[CSN_MAX_VALUE];
    const uint8_t *fragment;

    if (!prints_otherwise(path))
        return;
    fragment = memchr(path.ptr, '#', path.len);
    if (fragment != NULL)
        path.len = (size_t)(fragment - path.ptr);

    /* The engine prints a slash and then the path, whatever that holds; but
     * no slash when there was none. */
    if (path.len > 0 && path.ptr[0] == '/') {
        path = (csn_span){ path.ptr + 1, path.len - 1 };
    } else {
        with_slash[0] = '/';
        if (path.len >= sizeof(with_slash))
            return;
        memcpy(with_slash + 1, path.ptr, path.len);
        path = (csn_span){ with_slash, path.len + 1 };
    }
    (void)TSUrlPathSet(buffer, url, (const char *)path.ptr, (int)path.len);
    (void)TSUrlHttpParamsSet(buffer, url, NULL, 0);
    (void)TSUrlHttpQuerySet(buffer, url, NULL, 0);
}
