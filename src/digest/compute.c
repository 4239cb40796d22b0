// SPDX-License-Identifier: MIT
#include <countersign/digest.h>

#include "core/ascii.h"
#include "core/ct.h"
#include "core/hex.h"

static const csn_span colon = CSN_LIT(":");

/* C-38, C-39: a colon would let two identities hash alike. */
static bool
is_clean(csn_span text, bool colon_allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (csn_ascii_is(text.ptr[i], CSN_CLASS_CONTROL) ||
            (!colon_allowed && text.ptr[i] == ':'))
            return false;
    }
    return true;
}

csn_status
csn_digest_ha1(const csn_crypto *crypto, csn_hash hash, csn_span username,
    csn_span realm, csn_span password, uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    uint8_t digest[CSN_MAX_DIGEST];
    const csn_span parts[] = { username, colon, realm, colon, password };
    csn_status status;

    if (username.len > CSN_MAX_USER || realm.len > CSN_MAX_VALUE ||
        password.len > CSN_MAX_VALUE)
        return CSN_E_LIMIT;
    if (!is_clean(username, false) || !is_clean(realm, true) ||
        !is_clean(password, true))
        return CSN_E_SYNTAX;

    status = crypto->digest(hash, parts, 5, digest);
    if (status == CSN_OK)
        csn_hex_encode(digest, csn_hash_size(hash), hex);
    csn_wipe(digest, sizeof(digest));
    return status;
}

csn_status
csn_digest_session_key(const csn_crypto *crypto, csn_hash hash,
    csn_span ha1_hex, csn_span nonce, csn_span cnonce,
    uint8_t key[CSN_MAX_DIGEST])
{
    const csn_span parts[] = { ha1_hex, colon, nonce, colon, cnonce };

    return crypto->digest(hash, parts, 5, key);
}

csn_status
csn_digest_userhash(const csn_crypto *crypto, csn_hash hash, csn_span username,
    csn_span realm, uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    uint8_t digest[CSN_MAX_DIGEST];
    const csn_span parts[] = { username, colon, realm };
    csn_status status;

    if (username.len > CSN_MAX_USER || realm.len > CSN_MAX_VALUE)
        return CSN_E_LIMIT;
    status = crypto->digest(hash, parts, 3, digest);
    if (status == CSN_OK)
        csn_hex_encode(digest, csn_hash_size(hash), hex);
    return status;
}

/*
 * H(A2), in hex: RFC 7616, 3.4.3; an empty method is rspauth's (3.5). With
 * auth-int the content's hash follows.
 */
static csn_status
hash_a2(const csn_crypto *crypto, const csn_digest_input *input,
    csn_span method, csn_span content_hex, uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    uint8_t digest[CSN_MAX_DIGEST];
    csn_span parts[5];
    size_t count = 0;
    csn_status status;

    parts[count++] = method;
    parts[count++] = colon;
    parts[count++] = input->uri;
    if (content_hex.len != 0) {
        parts[count++] = colon;
        parts[count++] = content_hex;
    }
    status = crypto->digest(input->hash, parts, count, digest);
    if (status == CSN_OK)
        csn_hex_encode(digest, csn_hash_size(input->hash), hex);
    return status;
}

/*
 * All of KD's input but H(A2) at its end: RFC 7616, 3.4.1. Without qop the
 * middle is left out: RFC 2617, 3.2.2.1. Returns the number of parts.
 */
static size_t
gather_prefix(const csn_digest_input *input, csn_span parts[10])
{
    size_t count = 0;

    parts[count++] = input->ha1_hex;
    parts[count++] = colon;
    parts[count++] = input->nonce;
    parts[count++] = colon;
    if (input->qop.len != 0) {
        parts[count++] = input->nc;
        parts[count++] = colon;
        parts[count++] = input->cnonce;
        parts[count++] = colon;
        parts[count++] = input->qop;
        parts[count++] = colon;
    }
    return count;
}

csn_status
csn_digest_compute(const csn_crypto *crypto, const csn_digest_input *input,
    uint8_t response[CSN_MAX_DIGEST], uint8_t rspauth[CSN_MAX_DIGEST])
{
    uint8_t request_a2[CSN_MAX_DIGEST_HEX];
    uint8_t response_a2[CSN_MAX_DIGEST_HEX];
    csn_span parts[11];
    size_t count = gather_prefix(input, parts);
    size_t hex_len = 2 * csn_hash_size(input->hash);
    csn_span request_tail = { request_a2, hex_len };
    csn_span response_tail = { response_a2, hex_len };
    csn_status status = CSN_OK;

    if (response != NULL) {
        if (input->method.len == 0)
            return CSN_E_SYNTAX;
        status = hash_a2(crypto, input, input->method, input->content_hex,
            request_a2);
    }
    if (rspauth != NULL && status == CSN_OK)
        status = hash_a2(crypto, input, (csn_span){ NULL, 0 },
            input->response_content_hex, response_a2);
    if (status != CSN_OK)
        return status;

    if (response != NULL && rspauth != NULL)
        return crypto->digest_pair(input->hash, parts, count, request_tail,
            response_tail, response, rspauth);
    parts[count++] = response != NULL ? request_tail : response_tail;
    return crypto->digest(input->hash, parts, count,
        response != NULL ? response : rspauth);
}
