// SPDX-License-Identifier: MIT
#include "client_oracle.h"

const csn_span oracle_users[ORACLE_USERS] = { CSN_LIT("u"),
    CSN_LIT("\xc3\xbc*'\""), CSN_LIT("\xfc") };

bool
oracle_is_hex_of(csn_span text, const uint8_t *octets, size_t size)
{
    char hex[2 * CSN_MAX_DIGEST + 1];

    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", octets[i]);
    return csn_name_equal(text, (csn_span){ (uint8_t *)hex, 2 * size });
}

void
oracle_hash(csn_hash hash, csn_span content, uint8_t *digest)
{
    require(crypto()->digest(hash, &content, 1, digest) == CSN_OK, "hash");
}

static bool
is_equal(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

void
oracle_challenge(oracle *it, const csn_client_policy *policy,
    const csn_digest_challenge *challenge)
{
    csn_span nonce = fuzz_plain(&challenge->nonce, it->nonce,
        sizeof(it->nonce));

    if (nonce.ptr != it->nonce)
        memcpy(it->nonce, nonce.ptr, nonce.len);
    it->nonce_len = nonce.len;
    it->policy = *policy;
    it->userhash = challenge->userhash;
    it->qops = challenge->has_qop ? challenge->qops : CSN_QOP_NONE;
    it->has_cnonce = false;
}

/* Counts on a nonce grow, as long as the engine keeps all nonces. */
static void
note_count(oracle *it, csn_span nonce, uint32_t count)
{
    for (size_t i = 0; i < it->used_count; i++) {
        oracle_used *used = &it->used[i];

        if (is_equal((csn_span){ used->nonce, used->len }, nonce)) {
            require(it->used_count == ORACLE_NONCES || count > used->count,
                "a count did not grow");
            used->count = count;
            return;
        }
    }
    if (it->used_count < ORACLE_NONCES) {
        oracle_used *used = &it->used[it->used_count++];

        memcpy(used->nonce, nonce.ptr, nonce.len);
        used->len = nonce.len;
        used->count = count;
    }
}

/* What policy and challenge let be sent. */
static void
check_choice(const oracle *it, const csn_digest_credentials *said,
    bool has_content)
{
    bool is_md5 = csn_algorithm_hash(said->algorithm) == CSN_HASH_MD5;
    bool is_int = said->qop_known == CSN_QOP_AUTH_INT;

    require(said->algorithm != CSN_ALG_UNKNOWN &&
            (!is_md5 || it->policy.allow_md5),
        "an algorithm that must not be answered");
    if (!said->qop.present) {
        require(said->algorithm == CSN_ALG_MD5 && it->policy.legacy_no_qop &&
                it->qops == CSN_QOP_NONE && !it->policy.require_int,
            "no qop where it must be");
        return;
    }
    require(said->cnonce.present && said->nc.present, "qop alone");
    require((it->qops & said->qop_known) != 0, "a qop that was not offered");
    require(is_int || !it->policy.require_int, "less than auth-int");
    require(is_int == (has_content && (it->qops & CSN_QOP_AUTH_INT) != 0),
        "another qop than the best");
}

/* The name, in the one form that the session asks for. */
static void
check_name(const oracle *it, const csn_digest_credentials *said)
{
    static uint8_t buf[CSN_MAX_FIELD];
    csn_writer decoded = csn_writer_init(buf, sizeof(buf));
    uint8_t hash[CSN_MAX_DIGEST];
    csn_span realm = fuzz_plain(&said->realm, buf, sizeof(buf));
    const csn_span parts[] = { it->user, CSN_SPAN(":"), realm };
    bool extended = it->user.ptr == oracle_users[1].ptr && !it->userhash &&
        !it->policy.raw_username;

    require(said->username.present != said->username_ext.present, "two names");
    require(said->userhash == it->userhash, "userhash is not as offered");
    require(said->username_ext.present == extended, "another form of name");
    if (extended) {
        require(csn_ext_value_decode(said->username_ext.text, &decoded) ==
                    CSN_OK &&
                is_equal(csn_writer_span(&decoded), it->user),
            "another username*");
    } else if (it->userhash) {
        csn_hash base = csn_algorithm_hash(said->algorithm);

        require(crypto()->digest(base, parts, 3, hash) == CSN_OK, "hash");
        require(oracle_is_hex_of(said->username.text, hash,
                    csn_hash_size(base)),
            "another hashed name");
    } else {
        require(is_equal(fuzz_plain(&said->username, buf, sizeof(buf)),
                    it->user),
            "another name");
    }
}

/*
 * H(A1), and under -sess the key of nonce and cnonce of the first credentials
 * after the challenge, whose cnonce the session keeps.
 */
static void
make_key(oracle *it, const csn_digest_credentials *said, csn_span cnonce,
    uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    static uint8_t buf[CSN_MAX_FIELD];
    csn_hash hash = csn_algorithm_hash(said->algorithm);
    size_t size = csn_hash_size(hash);
    csn_span realm = fuzz_plain(&said->realm, buf, sizeof(buf));
    csn_span first = { it->cnonce, it->cnonce_len };
    const csn_span colon = CSN_SPAN(":");
    uint8_t key[CSN_MAX_DIGEST];

    require(csn_digest_ha1(crypto(), hash, it->user, realm, CSN_SPAN("p"),
                hex) == CSN_OK,
        "ha1");
    if (!csn_algorithm_is_session(said->algorithm))
        return;
    if (!it->has_cnonce) {
        memcpy(it->cnonce, cnonce.ptr, cnonce.len);
        it->cnonce_len = cnonce.len;
        it->has_cnonce = true;
        first.len = cnonce.len;
    }
    require(is_equal(first, cnonce), "a -sess session changed its cnonce");
    const csn_span parts[] = { { hex, 2 * size }, colon,
        { it->nonce, it->nonce_len }, colon, first };
    require(crypto()->digest(hash, parts, 5, key) == CSN_OK, "hash");
    for (size_t i = 0; i < size; i++) {
        static const char digits[] = "0123456789abcdef";

        hex[2 * i] = (uint8_t)digits[key[i] >> 4];
        hex[2 * i + 1] = (uint8_t)digits[key[i] & 15];
    }
}

static csn_span
content_hex(csn_hash hash, csn_span content, char hex[65])
{
    uint8_t digest[CSN_MAX_DIGEST];
    size_t size = csn_hash_size(hash);

    oracle_hash(hash, content, digest);
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return (csn_span){ (const uint8_t *)hex, 2 * size };
}

/* response as the formula has it, and the rspauth it asks for. */
static void
check_response(oracle *it, const csn_digest_credentials *said,
    oracle_sent *sent)
{
    static uint8_t bufs[4][CSN_MAX_FIELD];
    uint8_t key[CSN_MAX_DIGEST_HEX];
    uint8_t response[CSN_MAX_DIGEST];
    char request_hex[65], answer_hex[65];
    csn_digest_input sum = { .method = ORACLE_METHOD };

    sum.hash = sent->hash;
    sum.nonce = fuzz_plain(&said->nonce, bufs[0], CSN_MAX_FIELD);
    sum.cnonce = fuzz_plain(&said->cnonce, bufs[1], CSN_MAX_FIELD);
    sum.uri = fuzz_plain(&said->uri, bufs[2], CSN_MAX_FIELD);
    sum.nc = said->nc.text;
    sum.qop = said->qop.text;
    require(is_equal(sum.uri, ORACLE_URI), "another uri");
    make_key(it, said, sum.cnonce, key);
    sum.ha1_hex = (csn_span){ key, 2 * csn_hash_size(sum.hash) };
    if (sent->qop == CSN_QOP_AUTH_INT) {
        csn_span qop = sum.qop;

        sum.qop = CSN_SPAN("auth");
        require(csn_digest_compute(crypto(), &sum, NULL, sent->rspauth_auth) ==
                CSN_OK,
            "compute");
        sum.qop = qop;
        sum.content_hex = content_hex(sum.hash, ORACLE_CONTENT, request_hex);
        sum.response_content_hex = content_hex(sum.hash, ORACLE_ANSWER,
            answer_hex);
    }
    require(csn_digest_compute(crypto(), &sum, response, sent->rspauth) ==
            CSN_OK,
        "compute");
    require(
        oracle_is_hex_of(fuzz_plain(&said->response, bufs[3], CSN_MAX_FIELD),
            response, csn_hash_size(sum.hash)),
        "a response of another formula");
    if (sent->qop != CSN_QOP_NONE)
        note_count(it, sum.nonce, said->count);
}

void
oracle_check(oracle *it, csn_span line, bool has_content, oracle_sent *sent)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_credentials said;

    require(csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line, 1) ==
                CSN_OK &&
            csn_field_next(&cursor, &event) == CSN_OK &&
            csn_digest_credentials_read(&cursor, &said) == CSN_OK,
        "credentials do not parse");
    check_choice(it, &said, has_content);
    check_name(it, &said);
    sent->qop = (csn_qop)said.qop_known;
    sent->hash = csn_algorithm_hash(said.algorithm);
    check_response(it, &said, sent);
}
