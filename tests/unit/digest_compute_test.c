// SPDX-License-Identifier: MIT
#include "check.h"

#include "core/hex.h"

#include <countersign/crypto_openssl.h>
#include <countersign/digest.h>

/*
 * What the vectors do not show: what is refused, names without case, and a
 * backend that fails halfway.
 */

static const struct ha1_row {
    const char *name;
    csn_span user;
    csn_span realm;
    csn_span password;
    csn_status want;
} ha1_rows[] = {
    { "C-04 plain", CSN_LIT("u"), CSN_LIT("r"), CSN_LIT("p"), CSN_OK },
    { "C-38 a colon in the name", CSN_LIT("u:"), CSN_LIT("r"), CSN_LIT("p"),
        CSN_E_SYNTAX },
    { "C-38 a colon in the password", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT(":p:"), CSN_OK },
    { "C-39 a control octet in the name", CSN_LIT("u\n"), CSN_LIT("r"),
        CSN_LIT("p"), CSN_E_SYNTAX },
    { "C-39 a control octet in the password", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT("p\0"), CSN_E_SYNTAX },
    { "C-39 DEL", CSN_LIT("u\x7f"), CSN_LIT("r"), CSN_LIT("p"), CSN_E_SYNTAX },
    { "C-42 UTF-8", CSN_LIT("J\xc3\xa4"), CSN_LIT("r"), CSN_LIT("\xc2\xbd"),
        CSN_OK },
    { "an empty password", CSN_LIT("u"), CSN_LIT("r"), CSN_LIT(""), CSN_OK },
};

static void
run_ha1(void **state)
{
    const struct ha1_row *row = *state;
    uint8_t hex[CSN_MAX_DIGEST_HEX];

    memset(hex, '?', sizeof(hex));
    CHECK_EQ(row->name,
        csn_digest_ha1(csn_crypto_openssl(), CSN_HASH_SHA_256, row->user,
            row->realm, row->password, hex),
        row->want);
    CHECK_EQ(row->name, hex[0] == '?', row->want != CSN_OK);
}

static void
long_names(void **state)
{
    static uint8_t text[CSN_MAX_VALUE + 1];
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    const csn_crypto *crypto = csn_crypto_openssl();

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(csn_digest_ha1(crypto, CSN_HASH_MD5,
                         (csn_span){ text, CSN_MAX_USER }, CSN_SPAN("r"),
                         (csn_span){ text, CSN_MAX_VALUE }, hex),
        CSN_OK);
    assert_int_equal(csn_digest_userhash(crypto, CSN_HASH_MD5,
                         (csn_span){ text, CSN_MAX_USER },
                         (csn_span){ text, CSN_MAX_VALUE }, hex),
        CSN_OK);
    assert_int_equal(csn_digest_userhash(crypto, CSN_HASH_MD5,
                         (csn_span){ text, CSN_MAX_USER + 1 }, CSN_SPAN("r"),
                         hex),
        CSN_E_LIMIT);
    assert_int_equal(csn_digest_userhash(crypto, CSN_HASH_MD5, CSN_SPAN("u"),
                         (csn_span){ text, CSN_MAX_VALUE + 1 }, hex),
        CSN_E_LIMIT);
    assert_int_equal(csn_digest_ha1(crypto, CSN_HASH_MD5,
                         (csn_span){ text, CSN_MAX_USER + 1 }, CSN_SPAN("r"),
                         CSN_SPAN("p"), hex),
        CSN_E_LIMIT);
    assert_int_equal(csn_digest_ha1(crypto, CSN_HASH_MD5, CSN_SPAN("u"),
                         CSN_SPAN("r"), (csn_span){ text, CSN_MAX_VALUE + 1 },
                         hex),
        CSN_E_LIMIT);
}

static csn_digest_input
sample(void)
{
    static const uint8_t ha1[64] = "7987c64c30e25f1b74be53f966b49b90f2808aa"
                                   "92faf9a00262392d7b4794232";

    return (csn_digest_input){ .hash = CSN_HASH_SHA_256,
        .ha1_hex = { ha1, 64 },
        .nonce = CSN_SPAN("n"),
        .nc = CSN_SPAN("00000001"),
        .cnonce = CSN_SPAN("c"),
        .qop = CSN_SPAN("auth"),
        .method = CSN_SPAN("GET"),
        .uri = CSN_SPAN("/") };
}

/* H-13, H-14: the response of an empty method would be an rspauth. */
static void
empty_method(void **state)
{
    csn_digest_input input = sample();
    uint8_t response[CSN_MAX_DIGEST] = { 0x5a }, rspauth[CSN_MAX_DIGEST];

    (void)state;
    input.method.len = 0;
    assert_int_equal(csn_digest_compute(csn_crypto_openssl(), &input, response,
                         rspauth),
        CSN_E_SYNTAX);
    assert_int_equal(response[0], 0x5a);
}

/* The pair and the single computation agree, and the two ends differ. */
static void
pair(void **state)
{
    csn_digest_input input = sample();
    uint8_t both[CSN_MAX_DIGEST], rspauth[CSN_MAX_DIGEST];
    uint8_t alone[CSN_MAX_DIGEST];

    (void)state;
    assert_int_equal(csn_digest_compute(csn_crypto_openssl(), &input, both,
                         rspauth),
        CSN_OK);
    assert_int_equal(
        csn_digest_compute(csn_crypto_openssl(), &input, alone, NULL), CSN_OK);
    assert_memory_equal(both, alone, sizeof(both));
    assert_memory_not_equal(both, rspauth, sizeof(both));
}

/* Each part counts: another octet anywhere gives another response. */
static void
every_part(void **state)
{
    uint8_t first[CSN_MAX_DIGEST], other[CSN_MAX_DIGEST];
    csn_digest_input input = sample();
    csn_span *parts[] = { &input.ha1_hex, &input.nonce, &input.nc,
        &input.cnonce, &input.qop, &input.method, &input.uri,
        &input.content_hex };

    (void)state;
    assert_int_equal(
        csn_digest_compute(csn_crypto_openssl(), &input, first, NULL), CSN_OK);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        csn_span before = *parts[i];

        *parts[i] = CSN_SPAN("x");
        assert_int_equal(csn_digest_compute(csn_crypto_openssl(), &input,
                             other, NULL),
            CSN_OK);
        assert_memory_not_equal(first, other, sizeof(first));
        *parts[i] = before;
    }
}

/* C-15: the contents' hashes stand behind uri, each in its own digest. */
static void
contents(void **state)
{
    static const char response_hex[] =
        "c4ba96b81d981edb89f3805a30e686db7234fb2f7ad306d4155fc1ada093d55b";
    static const char rspauth_hex[] =
        "1b24364f3cb5c6ca9caa5c869e63170b36b3fdfbbab83e3664e50238ccabf96d";
    csn_digest_input input = sample();
    uint8_t response[CSN_MAX_DIGEST], rspauth[CSN_MAX_DIGEST];
    uint8_t hex[CSN_MAX_DIGEST_HEX];

    (void)state;
    input.qop = CSN_SPAN("auth-int");
    input.content_hex = CSN_SPAN("230d8358dc8e8890b4c58deeb62912ee"
                                 "2f20357ae92a5cc861b98e68fe31acb5");
    input.response_content_hex = CSN_SPAN("0db52f4076c082518412afd3dd3576e2"
                                          "cb0c63703fd7fed5e23ade60efef31d9");
    assert_int_equal(csn_digest_compute(csn_crypto_openssl(), &input, response,
                         rspauth),
        CSN_OK);
    csn_hex_encode(response, sizeof(response), hex);
    assert_memory_equal(hex, response_hex, sizeof(hex));
    csn_hex_encode(rspauth, sizeof(rspauth), hex);
    assert_memory_equal(hex, rspauth_hex, sizeof(hex));
}

/* rspauth alone needs no method; a response does, with rspauth or without. */
static void
rspauth_alone(void **state)
{
    csn_digest_input input = sample();
    uint8_t response[CSN_MAX_DIGEST], both[CSN_MAX_DIGEST];
    uint8_t alone[CSN_MAX_DIGEST];

    (void)state;
    assert_int_equal(csn_digest_compute(csn_crypto_openssl(), &input, response,
                         both),
        CSN_OK);
    input.method.len = 0;
    assert_int_equal(
        csn_digest_compute(csn_crypto_openssl(), &input, NULL, alone), CSN_OK);
    assert_memory_equal(both, alone, sizeof(both));
    assert_int_equal(csn_digest_compute(csn_crypto_openssl(), &input, response,
                         NULL),
        CSN_E_SYNTAX);
}

static const struct derived_row {
    const char *name;
    csn_hash hash;
    csn_span a, b, c;
    const char *want;
} derived_rows[] = {
    { "C-05 a session's key", CSN_HASH_SHA_256,
        CSN_LIT("7987c64c30e25f1b74be53f966b49b90"
                "f2808aa92faf9a00262392d7b4794232"),
        CSN_LIT("n"), CSN_LIT("c"),
        "0184bda50747936b75de914120aabe08e873e12311aa9d053c89b2751c242b11" },
    { "C-33 a hashed name", CSN_HASH_SHA_256, CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT(""),
        "1d8a03a6e21a4ce775060ea57360329ac750dea5d847297b42f0d46539af8ab2" },
    { "C-33 a hashed name under MD5", CSN_HASH_MD5, CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT(""), "ba84be203fdfc7d34e054a76d285d0c9" },
};

static void
run_derived(void **state)
{
    const struct derived_row *row = *state;
    const csn_crypto *crypto = csn_crypto_openssl();
    uint8_t key[CSN_MAX_DIGEST], hex[CSN_MAX_DIGEST_HEX];
    csn_span a = check_exact(row->a);
    csn_span b = check_exact(row->b);
    csn_span c = check_exact(row->c);

    memset(hex, '?', sizeof(hex));
    if (c.len != 0) {
        CHECK_EQ(row->name,
            csn_digest_session_key(crypto, row->hash, a, b, c, key), CSN_OK);
        csn_hex_encode(key, csn_hash_size(row->hash), hex);
    } else {
        CHECK_EQ(row->name, csn_digest_userhash(crypto, row->hash, a, b, hex),
            CSN_OK);
    }
    CHECK_SPAN(row->name, ((csn_span){ hex, 2 * csn_hash_size(row->hash) }),
        check_text(row->want));
    for (size_t i = 2 * csn_hash_size(row->hash); i < sizeof(hex); i++)
        CHECK_EQ(row->name, hex[i], '?');
    check_drop(a);
    check_drop(b);
    check_drop(c);
}

static int calls_left;

static csn_status
failing_digest(csn_hash hash, const csn_span *parts, size_t count,
    uint8_t *out)
{
    if (calls_left-- == 0)
        return CSN_E_CRYPTO;
    return csn_crypto_openssl()->digest(hash, parts, count, out);
}

static csn_status
failing_pair(csn_hash hash, const csn_span *shared, size_t count, csn_span a,
    csn_span b, uint8_t *out_a, uint8_t *out_b)
{
    if (calls_left-- == 0)
        return CSN_E_CRYPTO;
    return csn_crypto_openssl()->digest_pair(hash, shared, count, a, b, out_a,
        out_b);
}

static void
failing_backend(void **state)
{
    csn_crypto crypto = *csn_crypto_openssl();
    csn_digest_input input = sample();
    uint8_t response[CSN_MAX_DIGEST], rspauth[CSN_MAX_DIGEST];
    uint8_t hex[CSN_MAX_DIGEST_HEX];

    (void)state;
    crypto.digest = failing_digest;
    crypto.digest_pair = failing_pair;
    for (int good = 0; good < 3; good++) {
        calls_left = good;
        assert_int_equal(csn_digest_compute(&crypto, &input, response,
                             rspauth),
            CSN_E_CRYPTO);
    }
    calls_left = 3;
    assert_int_equal(csn_digest_compute(&crypto, &input, response, rspauth),
        CSN_OK);
    for (int good = 0; good < 2; good++) {
        calls_left = good;
        assert_int_equal(csn_digest_compute(&crypto, &input, NULL, rspauth),
            CSN_E_CRYPTO);
    }
    calls_left = 0;
    assert_int_equal(csn_digest_session_key(&crypto, CSN_HASH_MD5,
                         CSN_SPAN("h"), CSN_SPAN("n"), CSN_SPAN("c"), rspauth),
        CSN_E_CRYPTO);
    calls_left = 0;
    memset(hex, '?', sizeof(hex));
    assert_int_equal(csn_digest_userhash(&crypto, CSN_HASH_MD5, CSN_SPAN("u"),
                         CSN_SPAN("r"), hex),
        CSN_E_CRYPTO);
    assert_int_equal(hex[0], '?');
}

static const struct name_row {
    const char *name;
    csn_span text;
    csn_algorithm want;
} names[] = {
    { "A-55 MD5", CSN_LIT("MD5"), CSN_ALG_MD5 },
    { "A-55 md5-SESS", CSN_LIT("md5-SESS"), CSN_ALG_MD5_SESS },
    { "A-55 sha-256", CSN_LIT("sha-256"), CSN_ALG_SHA_256 },
    { "A-55 SHA-256-sess", CSN_LIT("SHA-256-sess"), CSN_ALG_SHA_256_SESS },
    { "A-55 SHA-512-256", CSN_LIT("SHA-512-256"), CSN_ALG_SHA_512_256 },
    { "A-55 SHA-512-256-sess", CSN_LIT("SHA-512-256-sess"),
        CSN_ALG_SHA_512_256_SESS },
    { "SHA-512/256 is not the registered name", CSN_LIT("SHA-512/256"),
        CSN_ALG_UNKNOWN },
    { "a longer name", CSN_LIT("SHA-2567"), CSN_ALG_UNKNOWN },
    { "no name", CSN_LIT(""), CSN_ALG_UNKNOWN },
};

static void
run_name(void **state)
{
    const struct name_row *row = *state;
    csn_span text = check_exact(row->text);
    csn_algorithm found = csn_algorithm_find(text);

    CHECK_EQ(row->name, found, row->want);
    if (found != CSN_ALG_UNKNOWN)
        assert_true(csn_name_equal(csn_algorithm_name(found), text));
    check_drop(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-24 names at their limits", long_names, NULL, NULL, NULL },
        { "C-18 H-13 H-14 an empty method", empty_method, NULL, NULL, NULL },
        { "E-14 both ends at once", pair, NULL, NULL, NULL },
        { "C-16 every part counts", every_part, NULL, NULL, NULL },
        { "C-15 contents", contents, NULL, NULL, NULL },
        { "E-14 rspauth alone", rspauth_alone, NULL, NULL, NULL },
        { "H-34 a backend that fails", failing_backend, NULL, NULL, NULL },
    };

    return CHECK_ROWS("ha1", ha1_rows, run_ha1) +
        CHECK_ROWS("derived", derived_rows, run_derived) +
        CHECK_ROWS("names", names, run_name) +
        cmocka_run_group_tests_name("compute", tests, NULL, NULL);
}
