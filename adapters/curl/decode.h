// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_DECODE_H
#define COUNTERSIGN_CURL_DECODE_H

#include <countersign/span.h>
#include <countersign/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

/*
 * The content coding gzip (RFC 9110, 8.4.1.3), taken off behind the hash:
 * auth-int covers the content as it was sent (C-53), so libcurl must not do
 * it before. Zero everything for one that passes octets through.
 */
typedef struct curl_decoder {
    bool on;
    bool begun; /* an octet came */
    bool whole; /* and so did the end of a gzip member, nothing after it */
    z_stream stream;
} curl_decoder;

/** Takes decoded octets; false ends it. */
typedef bool (*curl_decoder_sink)(void *data, char *octets, size_t len);

/**
 * Begin a response.
 *
 * In:      `coding`, the value of Content-Encoding; empty for none.
 * Returns: CSN_OK; CSN_E_UNSUPPORTED, a coding other than gzip, x-gzip and
 *          identity; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_curl_decoder_begin(curl_decoder *decoder,
    csn_span coding);

/** CSN_OK; CSN_E_SYNTAX, not gzip; CSN_E_STATE, the sink said false. */
CSN_NODISCARD csn_status csn_curl_decoder_feed(curl_decoder *decoder,
    char *data, size_t len, curl_decoder_sink sink, void *userp);

/** Whether nothing is missing at the end. */
bool csn_curl_decoder_is_whole(const curl_decoder *decoder);

void csn_curl_decoder_free(curl_decoder *decoder);

#endif
