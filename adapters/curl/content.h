// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_CONTENT_H
#define COUNTERSIGN_CURL_CONTENT_H

#include <countersign/crypto_openssl.h>
#include <countersign/curl.h>

/*
 * The content of a request: hashed before it is sent, for auth-int, and
 * hashed again on its way, so that one that changed in between never goes out
 * whole under the hash of another.
 */

typedef struct curl_content {
    csn_curl_body body;
    curl_read_callback read;
    void *read_data;
    int (*rewind)(void *read_data);
    bool started; /* `read` was called since the last rewind */

    bool known[CSN_HASH_COUNT];
    uint8_t digests[CSN_HASH_COUNT][CSN_MAX_DIGEST];
    bool hashed;   /* one of them is, and `kind` is which */
    csn_hash kind; /* the latest */
    uint64_t size; /* as hashed */

    csn_openssl_hash *check; /* of what was sent so far */
    uint64_t sent;
    bool changed; /* what is sent is not what was hashed */
    bool failed;  /* it could not be read again */
} curl_content;

void csn_curl_content_init(curl_content *content,
    const csn_curl_request *request);

void csn_curl_content_free(curl_content *content);

/** From now on there is none: a redirect made the request a GET. */
void csn_curl_content_drop(curl_content *content);

/** Whether H(content) can be known before the content is sent. */
bool csn_curl_content_can_hash(const curl_content *content);

/**
 * H(content) if it is known without reading anything.
 *
 * Returns: CSN_MAX_DIGEST octets, the hash's own in front; NULL.
 */
const uint8_t *csn_curl_content_digest(const curl_content *content,
    csn_hash hash);

/**
 * Make H(content) known: reads the content to its end, and rewinds. Not while
 * libcurl sends it.
 *
 * Returns: CSN_OK; CSN_E_MISSING, it cannot be hashed first; CSN_E_STORE, it
 *          cannot be read; CSN_E_CRYPTO; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_curl_content_hash(curl_content *content,
    const csn_crypto *crypto, csn_hash hash);

/**
 * CURLOPT_READFUNCTION's part. The last piece of a content that was hashed is
 * held back when the whole is not what was hashed.
 *
 * Returns: the octets read; CURL_READFUNC_ABORT, with `changed` or `failed`;
 *          or what the program's own callback says.
 */
size_t csn_curl_content_read(curl_content *content, char *data, size_t size,
    size_t count);

/** Back to the first octet; false: it cannot be sent again. */
bool csn_curl_content_rewind(curl_content *content);

#endif
