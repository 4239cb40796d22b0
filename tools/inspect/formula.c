// SPDX-License-Identifier: MIT
#include "formula.h"

#include "core/ct.h"
#include "core/hex.h"

#include <openssl/evp.h>
#include <string.h>

enum { MAX_PARTS = 16, SHA_512_SIZE = 64, CUT_SIZE = 32 };

/* csn_crypto has no SHA-512, for Digest has none. */
static bool
digest_cut(const csn_span *parts, size_t count, uint8_t out[SHA_512_SIZE])
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    bool done = state != NULL &&
        EVP_DigestInit_ex(state, EVP_sha512(), NULL) == 1;

    for (size_t i = 0; done && i < count; i++)
        done = EVP_DigestUpdate(state, parts[i].ptr, parts[i].len) == 1;
    done = done && EVP_DigestFinal_ex(state, out, NULL) == 1;
    EVP_MD_CTX_free(state);
    return done;
}

bool
inspect_digest(inspect_hasher *hasher, inspect_hash hash,
    const csn_span *parts, size_t count, inspect_hex *hex)
{
    uint8_t octets[SHA_512_SIZE];
    size_t size = CUT_SIZE;
    bool done;

    hasher->count++;
    if (hash == INSPECT_SHA_512_CUT) {
        done = digest_cut(parts, count, octets);
    } else {
        size = csn_hash_size((csn_hash)hash);
        done = hasher->crypto->digest((csn_hash)hash, parts, count, octets) ==
            CSN_OK;
    }
    if (done) {
        csn_hex_encode(octets, size, hex->digits);
        hex->len = 2 * size;
    }
    csn_wipe(octets, sizeof(octets));
    return done;
}

/* An intermediate hash as it enters the next one. */
typedef struct entry {
    inspect_hex hex;
    uint8_t octets[CSN_MAX_DIGEST];
    csn_span text;
} entry;

static bool
enter(entry *e, const inspect_values *v, unsigned which)
{
    e->text = inspect_hex_span(&e->hex);
    if ((v->raw & which) != 0) {
        if (csn_hex_decode(e->text, e->octets, e->hex.len / 2) != CSN_OK)
            return false;
        e->text = (csn_span){ e->octets, e->hex.len / 2 };
    } else if ((v->upper & which) != 0) {
        for (size_t i = 0; i < e->hex.len; i++)
            e->hex.digits[i] = csn_octet_upper(e->hex.digits[i]);
    }
    return true;
}

#define COLON CSN_SPAN(":")

/* H(user:realm:password), hashed or as it was given. */
static bool
compute_inner(inspect_hasher *hasher, const inspect_values *v, entry *e)
{
    const csn_span parts[] = { v->user, COLON, v->realm, COLON, v->password };
    const csn_span given = v->ha1[v->hash];

    if (v->has_password)
        return inspect_digest(hasher, v->hash, parts, 5, &e->hex);
    if (given.len == 0)
        return false;
    memcpy(e->hex.digits, given.ptr, given.len);
    e->hex.len = given.len;
    return true;
}

static bool
compute_ha1(inspect_hasher *hasher, const inspect_values *v, entry *e)
{
    entry inner;
    bool done;

    if (!v->session)
        return compute_inner(hasher, v, e) && enter(e, v, INSPECT_HA1);
    done = compute_inner(hasher, v, &inner) && enter(&inner, v, INSPECT_INNER);
    if (done) {
        const csn_span parts[] = { inner.text, COLON, v->first_nonce, COLON,
            v->first_cnonce };

        done = inspect_digest(hasher, v->hash, parts, 5, &e->hex) &&
            enter(e, v, INSPECT_HA1);
    }
    csn_wipe(&inner, sizeof(inner));
    return done;
}

/* The octets of a large content never change, so its place tells it. */
static bool
hash_content(inspect_hasher *hasher, const inspect_values *v, inspect_hex *hex)
{
    const bool is_large = v->content.len > INSPECT_SMALL_CONTENT;

    for (size_t i = 0; is_large && i < INSPECT_KNOWN_CONTENTS; i++) {
        const inspect_content_hash *known = &hasher->known[i];

        if (known->content.ptr == v->content.ptr && known->hash == v->hash &&
            known->content.len == v->content.len) {
            *hex = known->hex;
            return true;
        }
    }
    if (!inspect_digest(hasher, v->hash, &v->content, 1, hex))
        return false;
    if (is_large) {
        hasher->known[hasher->next] = (inspect_content_hash){ v->content,
            v->hash, *hex };
        hasher->next = (hasher->next + 1) % INSPECT_KNOWN_CONTENTS;
    }
    return true;
}

static bool
compute_ha2(inspect_hasher *hasher, const inspect_values *v, entry *e)
{
    static const csn_span separators[] = {
        [INSPECT_A2_PLAIN] = CSN_LIT(":"),
        [INSPECT_A2_NO_COLON] = CSN_LIT(""),
        [INSPECT_A2_TWO_COLONS] = CSN_LIT("::"),
    };
    csn_span parts[5] = { v->method, separators[v->a2], v->uri };
    size_t count = 3;
    inspect_hex content;

    if (v->with_content) {
        if (!hash_content(hasher, v, &content))
            return false;
        parts[count++] = COLON;
        parts[count++] = inspect_hex_span(&content);
    }
    return inspect_digest(hasher, v->hash, parts, count, &e->hex) &&
        enter(e, v, INSPECT_HA2);
}

bool
inspect_compute(inspect_hasher *hasher, const inspect_values *v,
    inspect_hex *hex)
{
    entry ha1, ha2;
    bool done = compute_ha1(hasher, v, &ha1) && compute_ha2(hasher, v, &ha2);

    if (done) {
        const struct {
            unsigned part;
            csn_span text;
        } tail[] = {
            { INSPECT_NC, v->nc },
            { INSPECT_CNONCE, v->cnonce },
            { INSPECT_QOP, v->qop },
            { INSPECT_LAST, ha2.text },
        };
        csn_span parts[MAX_PARTS] = { ha1.text, COLON, v->nonce };
        size_t count = 3;

        for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++) {
            if ((v->parts & tail[i].part) != 0) {
                parts[count++] = COLON;
                parts[count++] = tail[i].text;
            }
        }
        done = inspect_digest(hasher, v->hash, parts, count, hex);
    }
    csn_wipe(&ha1, sizeof(ha1));
    csn_wipe(&ha2, sizeof(ha2));
    return done;
}
