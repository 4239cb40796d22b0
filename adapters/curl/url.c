// SPDX-License-Identifier: MIT
#include "url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Newer libcurls hide an empty query (`/a?`) unless asked; older show it. */
#ifndef CURLU_GET_EMPTY
#define CURLU_GET_EMPTY 0u
#endif

enum { HTTP_PORT = 80, HTTPS_PORT = 443, PROXY_PORT = 1080 };

static char *
get_part(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    char *copy;

    if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
        return NULL;
    copy = csn_curl_text_copy(text);
    curl_free(text);
    return copy;
}

static unsigned
default_port(const char *scheme)
{
    return strcmp(scheme, "https") == 0 ? HTTPS_PORT : HTTP_PORT;
}

/* `http_port` is the port of an http URL that names none. */
static csn_status
read_origin(CURLU *url, unsigned http_port, curl_url_parts *parts)
{
    char *port = get_part(url, CURLUPART_PORT, 0);
    bool given = port != NULL;

    if (given)
        parts->port = (unsigned)strtoul(port, NULL, 10);
    free(port);
    parts->scheme = get_part(url, CURLUPART_SCHEME, 0);
    if (parts->scheme == NULL)
        return CSN_E_SYNTAX;
    csn_curl_text_lower(parts->scheme);
    if (strcmp(parts->scheme, "http") != 0 &&
        strcmp(parts->scheme, "https") != 0)
        return CSN_E_UNSUPPORTED;
    parts->host = get_part(url, CURLUPART_HOST, CURLU_PUNYCODE);
    if (parts->host == NULL)
        return CSN_E_SYNTAX;
    csn_curl_text_lower(parts->host);
    if (!given)
        parts->port = strcmp(parts->scheme, "http") == 0
            ? http_port
            : default_port(parts->scheme);
    parts->connect = csn_curl_text_join("%s:%u", parts->host, parts->port);
    parts->authority = csn_curl_text_copy(
        parts->port == default_port(parts->scheme) ? parts->host
                                                   : parts->connect);
    return parts->connect && parts->authority ? CSN_OK : CSN_E_MEMORY;
}

static csn_status
read_target(CURLU *url, curl_url_parts *parts)
{
    char *path = get_part(url, CURLUPART_PATH, 0);
    char *query = get_part(url, CURLUPART_QUERY, CURLU_GET_EMPTY);

    if (path != NULL)
        parts->target = csn_curl_text_join("%s%s%s", path, query ? "?" : "",
            query ? query : "");
    free(path);
    free(query);
    if (parts->target == NULL)
        return CSN_E_MEMORY;
    parts->absolute = csn_curl_text_join("%s://%s%s", parts->scheme,
        parts->authority, parts->target);
    return parts->absolute ? CSN_OK : CSN_E_MEMORY;
}

/* What libcurl gets: the host as hashed, and nothing it would log in with. */
static csn_status
read_clean(CURLU *url, curl_url_parts *parts)
{
    parts->user = get_part(url, CURLUPART_USER, CURLU_URLDECODE);
    parts->password = get_part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    if (curl_url_set(url, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_OPTIONS, NULL, 0) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
        curl_url_set(url, CURLUPART_HOST, parts->host, 0) != CURLUE_OK)
        return CSN_E_SYNTAX;
    parts->clean = get_part(url, CURLUPART_URL, 0);
    return parts->clean ? CSN_OK : CSN_E_MEMORY;
}

/* A scheme of its own makes a URL absolute: RFC 3986, 3.1 and 4.3. */
static bool
has_scheme(const char *text)
{
    size_t len = strspn(text,
        "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return len != 0 && strncmp(text + len, "://", 3) == 0;
}

static csn_status
set_url(CURLU *url, const char *text, const char *base, bool as_is)
{
    unsigned flags = as_is ? CURLU_PATH_AS_IS : 0u;

    if (base == NULL && !has_scheme(text)) {
        char *full = csn_curl_text_join("http://%s", text);
        CURLUcode code = full ? curl_url_set(url, CURLUPART_URL, full, flags)
                              : CURLUE_OUT_OF_MEMORY;

        free(full);
        return code == CURLUE_OK ? CSN_OK : CSN_E_SYNTAX;
    }
    flags |= CURLU_NON_SUPPORT_SCHEME; /* refused later, by name */
    if (base != NULL) {
        if (curl_url_set(url, CURLUPART_URL, base, CURLU_PATH_AS_IS) !=
            CURLUE_OK)
            return CSN_E_SYNTAX;
        flags |= CURLU_URLENCODE;
    }
    return curl_url_set(url, CURLUPART_URL, text, flags) == CURLUE_OK
        ? CSN_OK
        : CSN_E_SYNTAX;
}

csn_status
csn_curl_url_parts_read(const char *text, const char *base, bool as_is,
    curl_url_parts *parts)
{
    CURLU *url = curl_url();
    csn_status status;

    memset(parts, 0, sizeof(*parts));
    if (url == NULL)
        return CSN_E_MEMORY;
    status = set_url(url, text, base, as_is);
    if (status == CSN_OK)
        status = read_origin(url, HTTP_PORT, parts);
    if (status == CSN_OK)
        status = read_target(url, parts);
    if (status == CSN_OK)
        status = read_clean(url, parts);
    curl_url_cleanup(url);
    return status;
}

csn_status
csn_curl_url_proxy_read(const char *text, curl_url_parts *parts)
{
    CURLU *url = curl_url();
    csn_status status;

    memset(parts, 0, sizeof(*parts));
    if (url == NULL)
        return CSN_E_MEMORY;
    status = set_url(url, text, NULL, false);
    if (status == CSN_OK)
        status = read_origin(url, PROXY_PORT, parts);
    if (status == CSN_OK)
        status = read_clean(url, parts);
    if (status == CSN_OK) {
        /* libcurl's own default differs by scheme: name the port always. */
        free(parts->clean);
        parts->clean = csn_curl_text_join("%s://%s", parts->scheme,
            parts->connect);
        status = parts->clean ? CSN_OK : CSN_E_MEMORY;
    }
    curl_url_cleanup(url);
    return status;
}

void
csn_curl_url_parts_free(curl_url_parts *parts)
{
    free(parts->scheme);
    free(parts->host);
    free(parts->authority);
    free(parts->connect);
    free(parts->target);
    free(parts->absolute);
    free(parts->clean);
    free(parts->user);
    csn_curl_text_free_secret(parts->password);
    memset(parts, 0, sizeof(*parts));
}

bool
csn_curl_url_same_origin(const curl_url_parts *a, const curl_url_parts *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && a->port == b->port &&
        strcmp(a->host, b->host) == 0;
}
