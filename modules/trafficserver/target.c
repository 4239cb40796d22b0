// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <string.h>

/*
 * Digest hashes the request-target as sent, but the engine hands out a parsed
 * one, which prints differently: `/a?` as `/a`, `/a;` as `/a`, `//b` as `/b`.
 * The octets received still stand in the connection's read buffer when the
 * header was read, so they are looked up there: the value of a field, which
 * the engine did not copy, says where in the block the header lies, and its
 * length in octets where it began. When the header does not lie in one block
 * (or came by HTTP/2, where there is no request line) the target is not known
 * as sent, and both sides are compared as the engine prints them.
 */

/* The header section around `anchor`, when `block` holds all of it. */
static csn_span
section_in_block(csn_span block, csn_span anchor, size_t header_len)
{
    const uint8_t *end = block.ptr + block.len;
    const uint8_t *at;

    /* Blocks are apart in memory: an anchor of another one is outside. */
    if ((uintptr_t)anchor.ptr < (uintptr_t)block.ptr ||
        (uintptr_t)anchor.ptr >= (uintptr_t)end ||
        anchor.len > (size_t)(end - anchor.ptr))
        return (csn_span){ NULL, 0 };

    at = anchor.ptr + anchor.len;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at == '\r')
            at++;
        if (at < end && *at == '\n') {
            size_t before = (size_t)(at + 1 - block.ptr);

            if (before < header_len)
                return (csn_span){ NULL, 0 };
            return (csn_span){ at + 1 - header_len, header_len };
        }
    }
    return (csn_span){ NULL, 0 };
}

static csn_span
raw_section(TSHttpTxn txn, csn_span anchor)
{
    TSVConn connection = TSHttpSsnClientVConnGet(TSHttpTxnSsnGet(txn));
    TSVIO reading = connection != NULL ? TSVConnReadVIOGet(connection) : NULL;
    TSIOBuffer buffer = reading != NULL ? TSVIOBufferGet(reading) : NULL;
    TSIOBufferReader reader;
    TSIOBufferBlock first;
    csn_span section = { NULL, 0 };
    int header_len = TSHttpTxnClientReqHdrBytesGet(txn);

    if (buffer == NULL || anchor.len == 0 || header_len <= 0)
        return section;
    reader = TSIOBufferReaderAlloc(buffer);
    first = TSIOBufferReaderStart(reader);
    if (first != NULL) {
        int64_t len = 0;
        const char *start = TSIOBufferBlockReadStart(first, reader, &len);

        if (start != NULL && len > 0)
            section = section_in_block(
                (csn_span){ (const uint8_t *)start, (size_t)len }, anchor,
                (size_t)header_len);
    }
    TSIOBufferReaderFree(reader);
    return section;
}

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

void
csn_gw_target_find(TSHttpTxn txn, const csn_gw_header *header, TSMLoc url,
    csn_span anchor, bool tls, csn_gw_target *target)
{
    int len;
    const char *text = TSHttpHdrMethodGet(header->buffer, header->at, &len);
    csn_span method = { (const uint8_t *)text, len > 0 ? (size_t)len : 0 };

    memset(target, 0, sizeof(*target));
    target->target.method = method;
    target->target.scheme = tls ? CSN_SPAN("https") : CSN_SPAN("http");
    (void)csn_gw_field_value(header, CSN_SPAN("Host"),
        &target->target.authority);

    target->section = raw_section(txn, anchor);
    target->raw = target_of_line(target->section, method);
    target->target.target = target->raw;
    if (target->raw.len > 0)
        return;

    (void)TSUrlHostGet(header->buffer, url, &len);
    bool has_host = len > 0;
    bool is_connect = method.len == 7 && memcmp(text, "CONNECT", 7) == 0;
    bool is_h2 = TSHttpTxnClientProtocolStackContains(txn, "h2") != NULL;

    target->printed = TSUrlStringGet(header->buffer, url, &len);
    target->target.target =
        printed_target(target->printed, len, has_host, is_connect, is_h2);
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
    const uint8_t *fragment;

    if (!prints_otherwise(path))
        return;
    fragment = memchr(path.ptr, '#', path.len);
    if (fragment != NULL)
        path.len = (size_t)(fragment - path.ptr);
    if (path.len > 0 && path.ptr[0] == '/')
        path = (csn_span){ path.ptr + 1, path.len - 1 };

    /* The engine prints a slash and then the path, whatever it holds. */
    (void)TSUrlPathSet(buffer, url, (const char *)path.ptr, (int)path.len);
    (void)TSUrlHttpParamsSet(buffer, url, NULL, 0);
    (void)TSUrlHttpQuerySet(buffer, url, NULL, 0);
}
