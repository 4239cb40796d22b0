// SPDX-License-Identifier: MIT
#include "digest/nonce.h"

#include "core/base64url.h"
#include "core/bytes.h"
#include "core/ct.h"
#include "core/siphash.h"

#include <string.h>

_Static_assert(CSN_BASE64URL_LEN(CSN_NONCE_OCTETS) == CSN_NONCE_TEXT,
    "42 octets are 56 characters without padding");

enum { HMAC_BLOCK = 64, DERIVED = 32 };

/* HMAC-SHA-256 (RFC 2104) of gathered parts under a 32-octet key. */
static csn_status
hmac(const csn_crypto *crypto, const uint8_t secret[CSN_KEY_SIZE],
    const csn_span *message, size_t count, uint8_t out[DERIVED])
{
    uint8_t pad[HMAC_BLOCK];
    uint8_t inner[DERIVED];
    csn_span parts[8] = { { pad, sizeof(pad) } };
    csn_status status;

    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] = (i < CSN_KEY_SIZE ? secret[i] : 0) ^ 0x36;
    memcpy(parts + 1, message, count * sizeof(*message));
    status = crypto->digest(CSN_HASH_SHA_256, parts, count + 1, inner);
    if (status == CSN_OK) {
        for (size_t i = 0; i < sizeof(pad); i++)
            pad[i] ^= 0x36 ^ 0x5c;
        parts[1] = (csn_span){ inner, sizeof(inner) };
        status = crypto->digest(CSN_HASH_SHA_256, parts, 2, out);
    }
    csn_wipe(pad, sizeof(pad));
    csn_wipe(inner, sizeof(inner));
    return status;
}

csn_status
csn_nonce_key_derive(csn_nonce_key *derived, const csn_crypto *crypto,
    const csn_key *key, csn_layer layer, csn_span realm, csn_span site)
{
    uint8_t context[6];
    uint8_t first[DERIVED], second[DERIVED];
    csn_span message[] = { CSN_SPAN("countersign nonce 1"),
        { context, sizeof(context) }, realm, site };
    csn_status status;

    /* The realm's length keeps realm and site apart. */
    context[1] = layer == CSN_LAYER_PROXY;
    csn_put_be32(context + 2, (uint32_t)realm.len);
    context[0] = 'm';
    status = hmac(crypto, key->secret, message, 4, first);
    context[0] = 'u';
    if (status == CSN_OK)
        status = hmac(crypto, key->secret, message, 4, second);
    if (status == CSN_OK) {
        derived->id = key->id;
        derived->state = key->state;
        memcpy(derived->mac, first, 16);
        memcpy(derived->successor, first + 16, 16);
        memcpy(derived->user_tag, second, 16);
    }
    csn_wipe(first, sizeof(first));
    csn_wipe(second, sizeof(second));
    return status;
}

void
csn_nonce_write(const csn_nonce_key *key, const csn_nonce *nonce,
    uint8_t text[CSN_NONCE_TEXT])
{
    uint8_t octets[CSN_NONCE_OCTETS];

    octets[0] = CSN_NONCE_VERSION;
    octets[1] = key->id;
    csn_put_be(octets + 2, nonce->flags, 2);
    memcpy(octets + 4, nonce->domain, CSN_DOMAIN_SIZE);
    csn_put_be48(octets + 12, nonce->minted_ms);
    memcpy(octets + 18, nonce->random, CSN_NONCE_RANDOM);
    csn_siphash_128(key->mac, octets, CSN_NONCE_MACED,
        octets + CSN_NONCE_MACED);
    csn_base64url_encode(octets, sizeof(octets), text);
}

csn_status
csn_nonce_read(csn_span text, csn_nonce *nonce,
    uint8_t octets[CSN_NONCE_OCTETS])
{
    csn_status status = csn_base64url_decode(text, octets, CSN_NONCE_OCTETS);

    if (status != CSN_OK)
        return status;
    if (octets[0] != CSN_NONCE_VERSION)
        return CSN_E_SYNTAX;
    nonce->key_id = octets[1];
    nonce->flags = (uint16_t)csn_get_be(octets + 2, 2);
    memcpy(nonce->domain, octets + 4, CSN_DOMAIN_SIZE);
    nonce->minted_ms = csn_get_be48(octets + 12);
    memcpy(nonce->random, octets + 18, CSN_NONCE_RANDOM);
    return CSN_OK;
}

bool
csn_nonce_is_genuine(const csn_nonce_key *key,
    const uint8_t octets[CSN_NONCE_OCTETS])
{
    uint8_t mac[16];

    csn_siphash_128(key->mac, octets, CSN_NONCE_MACED, mac);
    return csn_ct_equal(mac, octets + CSN_NONCE_MACED, sizeof(mac));
}

csn_nonce
csn_nonce_successor(const csn_nonce_key *key, const csn_nonce *old,
    uint64_t minted_ms)
{
    csn_nonce next = *old;
    uint8_t seed[CSN_DOMAIN_SIZE + CSN_NONCE_ID + 6];
    uint8_t drawn[16];

    memcpy(seed, old->domain, CSN_DOMAIN_SIZE);
    csn_nonce_id(old, seed + CSN_DOMAIN_SIZE);
    csn_put_be48(seed + CSN_DOMAIN_SIZE + CSN_NONCE_ID, minted_ms);
    csn_siphash_128(key->successor, seed, sizeof(seed), drawn);
    memcpy(next.random, drawn, CSN_NONCE_RANDOM);
    next.minted_ms = minted_ms;
    return next;
}

void
csn_nonce_id(const csn_nonce *nonce, uint8_t id[CSN_NONCE_ID])
{
    csn_put_be48(id, nonce->minted_ms);
    memcpy(id + 6, nonce->random, CSN_NONCE_RANDOM);
}
