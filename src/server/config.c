// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/ascii.h"
#include "core/ct.h"
#include "core/hex.h"
#include "core/siphash.h"

#include <string.h>

enum { MAX_LIFE_MS = 24 * 86400000u }; /* the table counts 49 days at most */

static bool
has_controls(csn_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (csn_ascii_is(text.ptr[i], CSN_CLASS_CONTROL))
            return true;
    }
    return false;
}

/* Copy a configured text that goes into a challenge. */
static csn_status
copy_text(csn_span text, uint8_t *out, size_t cap, uint16_t *len)
{
    if (text.len > cap)
        return CSN_E_LIMIT;
    if (has_controls(text))
        return CSN_E_SYNTAX;
    if (text.len != 0)
        memcpy(out, text.ptr, text.len);
    *len = (uint16_t)text.len;
    return CSN_OK;
}

static csn_status
copy_texts(server *made, const csn_server_config *config)
{
    csn_status status;

    if (config->realm.len == 0)
        return CSN_E_CONFIG;
    if (config->layer == CSN_LAYER_PROXY && config->domain.len != 0)
        return CSN_E_CONFIG;
    if (config->layer != CSN_LAYER_PROXY && config->strict_uri)
        return CSN_E_CONFIG;
    if (config->site.len > CSN_MAX_SITE)
        return CSN_E_LIMIT;
    status = copy_text(config->realm, made->realm, sizeof(made->realm),
        &made->realm_len);
    if (status == CSN_OK)
        status = copy_text(config->opaque, made->opaque, sizeof(made->opaque),
            &made->opaque_len);
    if (status == CSN_OK)
        status = copy_text(config->domain, made->domain, sizeof(made->domain),
            &made->domain_len);
    return status;
}

/* Whether the backend really has the hash: an offer must be kept (B-18). */
static bool
backend_has(const csn_crypto *crypto, csn_algorithm algorithm)
{
    uint8_t digest[CSN_MAX_DIGEST];

    return crypto->digest(csn_algorithm_hash(algorithm), NULL, 0, digest) ==
        CSN_OK;
}

static csn_status
set_algorithms(server *made, const csn_server_config *config)
{
    static const csn_algorithm standard[] = { CSN_ALG_SHA_256 };
    const csn_algorithm *list = config->algorithms;
    size_t count = config->algorithm_count;

    if (count == 0) {
        list = standard;
        count = 1;
    }
    if (count > CSN_ALG_COUNT)
        return CSN_E_CONFIG;
    for (size_t i = 0; i < count; i++) {
        if ((unsigned)list[i] >= CSN_ALG_COUNT ||
            (made->flags & 1u << list[i]) != 0)
            return CSN_E_CONFIG;
        /* A session without nextnonce would challenge each request. */
        if (csn_algorithm_is_session(list[i]) && config->one_time)
            return CSN_E_CONFIG;
        if (csn_algorithm_hash(list[i]) == CSN_HASH_MD5 && !config->allow_md5)
            return CSN_E_CONFIG;
        if (!backend_has(made->crypto, list[i]))
            return CSN_E_CRYPTO;
        made->algorithms[i] = list[i];
        made->flags = (uint16_t)(made->flags | 1u << list[i]);
    }
    made->algorithm_count = count;
    return CSN_OK;
}

static csn_status
set_qops(server *made, const csn_server_config *config)
{
    unsigned qops = config->qops != 0 ? config->qops : CSN_QOP_AUTH;

    if ((qops & ~(unsigned)(CSN_QOP_AUTH | CSN_QOP_AUTH_INT)) != 0)
        return CSN_E_CONFIG;
    /* No qop is weaker than auth: not where that is too weak already. */
    if (config->legacy_no_qop && (qops & CSN_QOP_AUTH) == 0)
        return CSN_E_CONFIG;
    if ((qops & CSN_QOP_AUTH) != 0)
        made->flags |= CSN_NONCE_QOP_AUTH;
    if ((qops & CSN_QOP_AUTH_INT) != 0)
        made->flags |= CSN_NONCE_QOP_AUTH_INT;
    made->qops = (uint8_t)qops;
    return CSN_OK;
}

/* Limits and defaults: next_before and old_grace are a quarter at most. */
static csn_status
set_times(server *made, const csn_server_config *config)
{
    uint32_t standard = config->one_time ? CSN_ONE_TIME_LIFE_MS
                                         : CSN_NONCE_LIFE_MS;
    uint32_t quarter;

    made->life_ms = config->nonce_life_ms ? config->nonce_life_ms : standard;
    if (made->life_ms > MAX_LIFE_MS)
        return CSN_E_CONFIG;
    quarter = made->life_ms / 4;
    if (config->next_before_ms > quarter || config->old_grace_ms > quarter)
        return CSN_E_CONFIG;
    if (quarter > CSN_NEXT_BEFORE_MS)
        quarter = CSN_NEXT_BEFORE_MS;
    made->next_before_ms = config->next_before_ms ? config->next_before_ms
                                                  : quarter;
    made->grace_ms = config->old_grace_ms ? config->old_grace_ms : quarter;
    made->skew_ms = config->clock_skew_ms;
    if (config->one_time) {
        made->grace_ms = 0;
        made->flags |= CSN_NONCE_ONE_TIME;
    }
    return CSN_OK;
}

static csn_status
set_keys(server *made, const csn_server_config *config, const csn_key *keys,
    size_t count)
{
    size_t minting = 0;

    if (count == 0 || count > CSN_MAX_KEYS)
        return CSN_E_CONFIG;
    for (size_t i = 0; i < count; i++) {
        csn_status status = csn_nonce_key_derive(&made->keys[i], made->crypto,
            &keys[i], config->layer, config->realm, config->site);

        if (status != CSN_OK)
            return status;
        for (size_t k = 0; k < i; k++) {
            if (keys[k].id == keys[i].id)
                return CSN_E_CONFIG;
        }
        if (keys[i].state == CSN_KEY_MINT) {
            made->mint = i;
            minting++;
        }
    }
    made->key_count = count;
    return minting == 1 ? CSN_OK : CSN_E_CONFIG;
}

/* A secret nobody has: the same octets for every unknown user (D-39). */
static void
set_stand_in(server *made)
{
    uint8_t octets[CSN_MAX_DIGEST];
    const csn_nonce_key *key = &made->keys[made->mint];

    csn_siphash_128(key->user_tag, "stand-in 1", 10, octets);
    csn_siphash_128(key->user_tag, "stand-in 2", 10, octets + 16);
    csn_hex_encode(octets, sizeof(octets), made->stand_in);
    csn_wipe(octets, sizeof(octets));
}

static csn_status
make(server *made, const csn_server_config *config, const csn_key *keys,
    size_t key_count)
{
    csn_status status = copy_texts(made, config);

    if (status == CSN_OK)
        status = set_algorithms(made, config);
    if (status == CSN_OK)
        status = set_qops(made, config);
    if (status == CSN_OK)
        status = set_times(made, config);
    if (status == CSN_OK)
        status = set_keys(made, config, keys, key_count);
    if (status != CSN_OK)
        return status;

    if (made->opaque_len != 0)
        made->flags |= CSN_NONCE_OPAQUE;
    if (config->userhash)
        made->flags |= CSN_NONCE_USERHASH;
    made->layer = config->layer;
    made->allow_md5 = config->allow_md5;
    made->legacy_no_qop = config->legacy_no_qop;
    made->strict_uri = config->strict_uri;
    set_stand_in(made);
    return CSN_OK;
}

csn_status
csn_server_init(csn_server *out, const csn_server_config *config,
    const csn_crypto *crypto, const csn_key *keys, size_t key_count)
{
    server made;
    csn_status status;

    if (config->version != CSN_SERVER_CONFIG_VERSION || crypto == NULL ||
        crypto->version != CSN_CRYPTO_VERSION)
        return CSN_E_CONFIG;
    memset(&made, 0, sizeof(made));
    made.crypto = crypto;
    status = make(&made, config, keys, key_count);
    if (status == CSN_OK)
        memcpy(out->opaque, &made, sizeof(made));
    csn_wipe(&made, sizeof(made));
    return status;
}

void
csn_server_wipe(csn_server *out)
{
    csn_wipe(out->opaque, sizeof(out->opaque));
}
