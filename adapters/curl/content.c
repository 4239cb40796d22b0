// SPDX-License-Identifier: MIT
#include "content.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 * 1024 };

void
csn_curl_content_init(curl_content *content, const csn_curl_request *request)
{
    *content = (curl_content){ .body = request->body,
        .read = request->read,
        .read_data = request->read_data,
        .rewind = request->rewind };
}

void
csn_curl_content_free(curl_content *content)
{
    csn_openssl_hash_free(content->check);
    content->check = NULL;
}

void
csn_curl_content_drop(curl_content *content)
{
    csn_curl_content_free(content);
    *content = (curl_content){ .body = CSN_CURL_BODY_NONE };
}

bool
csn_curl_content_can_hash(const curl_content *content)
{
    return content->body == CSN_CURL_BODY_NONE ||
        content->body == CSN_CURL_BODY_REPEAT;
}

const uint8_t *
csn_curl_content_digest(const curl_content *content, csn_hash hash)
{
    return content->known[hash] ? content->digests[hash] : NULL;
}

/* All of it through a hash. A callback's special values are no octets. */
static csn_status
read_through(curl_content *content, csn_openssl_hash *hash, char *chunk)
{
    size_t got;

    content->size = 0;
    content->started = true;
    while ((got = content->read(chunk, 1, CHUNK, content->read_data)) != 0) {
        csn_status status;

        if (got > CHUNK)
            return CSN_E_STORE;
        status = csn_openssl_hash_update(hash,
            (csn_span){ (const uint8_t *)chunk, got });
        if (status != CSN_OK)
            return status;
        content->size += got;
    }
    return CSN_OK;
}

static csn_status
hash_by_reading(curl_content *content, csn_hash kind)
{
    csn_openssl_hash *hash = csn_openssl_hash_new(kind);
    char *chunk = malloc(CHUNK);
    csn_status status = CSN_E_MEMORY;

    if (hash != NULL && chunk != NULL)
        status = csn_curl_content_rewind(content) ? CSN_OK : CSN_E_STORE;
    if (status == CSN_OK)
        status = read_through(content, hash, chunk);
    if (status == CSN_OK)
        status = csn_openssl_hash_digest(hash, content->digests[kind]);
    if (status == CSN_OK && !csn_curl_content_rewind(content))
        status = CSN_E_STORE;
    free(chunk);
    csn_openssl_hash_free(hash);
    return status;
}

csn_status
csn_curl_content_hash(curl_content *content, const csn_crypto *crypto,
    csn_hash hash)
{
    csn_status status;

    if (content->known[hash])
        return CSN_OK;
    if (!csn_curl_content_can_hash(content))
        return CSN_E_MISSING;
    if (content->body == CSN_CURL_BODY_NONE)
        status = crypto->digest(hash, NULL, 0, content->digests[hash]);
    else
        status = hash_by_reading(content, hash);
    if (status != CSN_OK) {
        content->failed = status == CSN_E_STORE;
        return status;
    }
    content->known[hash] = true;
    content->hashed = content->body == CSN_CURL_BODY_REPEAT;
    content->kind = hash;
    return CSN_OK;
}

/* Whether the octets sent so far, these included, can be those hashed. */
static bool
is_as_hashed(curl_content *content, const char *data, size_t len)
{
    uint8_t digest[CSN_MAX_DIGEST];

    if (content->check == NULL)
        content->check = csn_openssl_hash_new(content->kind);
    if (content->check == NULL || len > content->size - content->sent ||
        csn_openssl_hash_update(content->check,
            (csn_span){ (const uint8_t *)data, len }) != CSN_OK)
        return false;
    content->sent += len;
    if (content->sent < content->size)
        return len != 0;
    return csn_openssl_hash_digest(content->check, digest) == CSN_OK &&
        memcmp(digest, content->digests[content->kind],
            csn_hash_size(content->kind)) == 0;
}

size_t
csn_curl_content_read(curl_content *content, char *data, size_t size,
    size_t count)
{
    size_t got;

    content->started = true;
    got = content->read(data, size, count, content->read_data);
    if (got > size * count || !content->hashed)
        return got;
    if (is_as_hashed(content, data, got))
        return got;
    content->changed = true;
    return CURL_READFUNC_ABORT;
}

bool
csn_curl_content_rewind(curl_content *content)
{
    csn_openssl_hash_free(content->check);
    content->check = NULL;
    content->sent = 0;
    if (!content->started)
        return true;
    if (content->body != CSN_CURL_BODY_REPEAT ||
        content->rewind(content->read_data) != 0)
        return false;
    content->started = false;
    return true;
}
