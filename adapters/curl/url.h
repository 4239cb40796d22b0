// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_URL_H
#define COUNTERSIGN_CURL_URL_H

#include <countersign/status.h>

#include <stdbool.h>

/*
 * URLs as libcurl reads them, taken apart into what a Digest exchange needs:
 * the origin that keys a protection space, and the request-target that is
 * hashed. Whatever the adapter hashes it also hands to libcurl as
 * CURLOPT_REQUEST_TARGET, so `uri` is what goes over the wire (C-46).
 */

typedef struct curl_url_parts {
    char *scheme; /* lower case */
    char *host;   /* lower case, Punycode; brackets around IPv6 */
    unsigned port;
    char *authority; /* host, and the port unless it is the default one */
    char *connect;   /* host:port, as CONNECT has it (C-49) */
    char *target;    /* origin-form: path and query, never empty (C-47) */
    char *absolute;  /* absolute-form, for a plain request to a proxy (C-48) */
    char *clean;     /* for CURLOPT_URL: no user, password or fragment */
    char *user;      /* decoded; NULL when the URL names none */
    char *password;
} curl_url_parts;

/**
 * Take a URL apart.
 *
 * In:      `text`, a URL; without a scheme it is http, as curl guesses.
 *          `base`, NULL or the URL a Location is relative to.
 *          `as_is`, keep dot segments.
 * Returns: CSN_OK; CSN_E_SYNTAX, no URL; CSN_E_UNSUPPORTED, neither http nor
 *          https; CSN_E_MEMORY.
 * Memory:  csn_curl_url_parts_free, also after a failure.
 */
CSN_NODISCARD csn_status csn_curl_url_parts_read(const char *text,
    const char *base, bool as_is, curl_url_parts *parts);

/**
 * Take a proxy's address apart: `[scheme://][user:password@]host[:port]`,
 * port 1080 when absent (443 for https), as curl has it. `socks*` schemes
 * are not HTTP proxies: CSN_E_UNSUPPORTED.
 */
CSN_NODISCARD csn_status csn_curl_url_proxy_read(const char *text,
    curl_url_parts *parts);

void csn_curl_url_parts_free(curl_url_parts *parts);

/** Whether two URLs have the same scheme, host and port (F-43). */
bool csn_curl_url_same_origin(const curl_url_parts *a,
    const curl_url_parts *b);

#endif
