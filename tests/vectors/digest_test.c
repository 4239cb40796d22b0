// SPDX-License-Identifier: MIT
#include "fields.h"
#include "vectors.h"

#include "core/hex.h"

#include <countersign/crypto_openssl.h>

/*
 * The digest groups: H(A1), response and rspauth of each vector; the values
 * that a published text prints wrong; and the wrong values of known mistakes.
 */

/* Hex of a digest, as the vectors have it. */
typedef struct hex {
    uint8_t text[CSN_MAX_DIGEST_HEX];
    csn_span span;
} hex;

static void
hex_set(hex *out, const uint8_t *octets, size_t len)
{
    csn_hex_encode(octets, len, out->text);
    out->span = (csn_span){ out->text, 2 * len };
}

static csn_digest_input
input_of(const json_t *inputs, csn_span ha1)
{
    return (csn_digest_input){
        .hash = csn_algorithm_hash(
            csn_algorithm_find(vectors_text(inputs, "algorithm"))),
        .ha1_hex = ha1,
        .nonce = vectors_text(inputs, "nonce"),
        .nc = vectors_text(inputs, "nc"),
        .cnonce = vectors_text(inputs, "cnonce"),
        .qop = vectors_text(inputs, "qop"),
        .method = vectors_text(inputs, "method"),
        .uri = vectors_text(inputs, "uri"),
    };
}

/* H of a content in hex; empty where the vector has none. */
static csn_span
content_hex(const json_t *inputs, const char *key, hex *out)
{
    csn_hash hash = csn_algorithm_hash(
        csn_algorithm_find(vectors_text(inputs, "algorithm")));
    csn_span content = vectors_text(inputs, key);
    uint8_t octets[64], digest[CSN_MAX_DIGEST];
    char hex_key[32];
    csn_span coded;

    (void)snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
    coded = vectors_text(inputs, hex_key);
    if (coded.ptr != NULL) {
        assert_int_equal(csn_hex_decode(coded, octets, coded.len / 2), CSN_OK);
        content = (csn_span){ octets, coded.len / 2 };
    }
    if (content.ptr == NULL)
        return content;
    assert_int_equal(csn_crypto_openssl()->digest(hash, &content, 1, digest),
        CSN_OK);
    hex_set(out, digest, csn_hash_size(hash));
    return out->span;
}

/* Both digests; and each alone must be the same. */
static void
compute(const json_t *inputs, csn_span ha1, hex *response, hex *rspauth)
{
    csn_digest_input input = input_of(inputs, ha1);
    uint8_t a[CSN_MAX_DIGEST], b[CSN_MAX_DIGEST], alone[CSN_MAX_DIGEST];
    size_t size = csn_hash_size(input.hash);
    hex request, answer;

    input.content_hex = content_hex(inputs, "request_content", &request);
    input.response_content_hex = content_hex(inputs, "response_content",
        &answer);

    CHECK_EQ("both", csn_digest_compute(csn_crypto_openssl(), &input, a, b),
        CSN_OK);
    CHECK_EQ("alone",
        csn_digest_compute(csn_crypto_openssl(), &input, alone, NULL), CSN_OK);
    CHECK_EQ("alone", memcmp(a, alone, size), 0);
    CHECK_EQ("rspauth alone",
        csn_digest_compute(csn_crypto_openssl(), &input, NULL, alone), CSN_OK);
    CHECK_EQ("rspauth alone", memcmp(b, alone, size), 0);
    hex_set(response, a, size);
    hex_set(rspauth, b, size);
}

static csn_span
check_ha1(const json_t *inputs, const json_t *computed,
    uint8_t buf[CSN_MAX_DIGEST_HEX])
{
    csn_hash hash = csn_algorithm_hash(
        csn_algorithm_find(vectors_text(inputs, "algorithm")));
    csn_span ha1 = { buf, 2 * csn_hash_size(hash) };

    CHECK_EQ("ha1",
        csn_digest_ha1(csn_crypto_openssl(), hash,
            vectors_text(inputs, "username"), vectors_text(inputs, "realm"),
            vectors_text(inputs, "password"), buf),
        CSN_OK);
    CHECK_SPAN("HA1", ha1, vectors_text(computed, "HA1"));
    return ha1;
}

/*
 * Under `-sess` the session's key, of the nonce and cnonce of the first
 * credentials after the challenge, in the place of H(A1).
 */
static csn_span
session_ha1(const json_t *inputs, const json_t *computed, csn_span ha1,
    hex *out)
{
    csn_algorithm algorithm = csn_algorithm_find(
        vectors_text(inputs, "algorithm"));
    csn_hash hash = csn_algorithm_hash(algorithm);
    csn_span nonce = vectors_text(inputs, "session_nonce_prime");
    csn_span cnonce = vectors_text(inputs, "session_cnonce_prime");
    uint8_t key[CSN_MAX_DIGEST];

    if (!csn_algorithm_is_session(algorithm))
        return ha1;
    CHECK_EQ("key",
        csn_digest_session_key(csn_crypto_openssl(), hash, ha1,
            nonce.ptr ? nonce : vectors_text(inputs, "nonce"),
            cnonce.ptr ? cnonce : vectors_text(inputs, "cnonce"), key),
        CSN_OK);
    hex_set(out, key, csn_hash_size(hash));
    CHECK_SPAN("HA1_session", out->span,
        vectors_text(computed, "HA1_session"));
    return out->span;
}

static void
check_userhash(const json_t *inputs, const json_t *computed)
{
    csn_hash hash = csn_algorithm_hash(
        csn_algorithm_find(vectors_text(inputs, "algorithm")));
    csn_span want = vectors_text(computed, "userhash");
    uint8_t buf[CSN_MAX_DIGEST_HEX];

    CHECK_EQ("userhash",
        csn_digest_userhash(csn_crypto_openssl(), hash,
            vectors_text(inputs, "username"), vectors_text(inputs, "realm"),
            buf),
        CSN_OK);
    if (want.ptr != NULL)
        CHECK_SPAN("userhash", ((csn_span){ buf, 2 * csn_hash_size(hash) }),
            want);
}

/* A published value is ours exactly where the vectors say so. */
static void
check_printed(const json_t *item, const char *key, csn_span got)
{
    csn_span printed = vectors_text(json_object_get(item, "printed"), key);
    bool matches = json_is_true(
        json_object_get(json_object_get(item, "printed_matches"), key));

    if (printed.ptr == NULL)
        return;
    CHECK_EQ("printed",
        printed.len == got.len && memcmp(printed.ptr, got.ptr, got.len) == 0,
        matches);
}

static void
test_hash(void **state)
{
    const json_t *item = *state;
    const json_t *inputs = vectors_member(item, "inputs");
    const json_t *computed = vectors_member(item, "computed");
    uint8_t buf[CSN_MAX_DIGEST_HEX];
    hex key, response, rspauth;
    csn_span ha1;

    vectors_skip_unless_http(item);
    ha1 = check_ha1(inputs, computed, buf);
    check_userhash(inputs, computed);
    compute(inputs, session_ha1(inputs, computed, ha1, &key), &response,
        &rspauth);
    CHECK_SPAN("response", response.span, vectors_text(computed, "response"));
    CHECK_SPAN("rspauth", rspauth.span, vectors_text(computed, "rspauth"));
    check_printed(item, "response", response.span);
}

/* What a mistake gives is what the vector says it is: not ours. */
static void
check_mistakes(const json_t *wrong, csn_span response, csn_span rspauth)
{
    size_t i;
    json_t *mistake;

    CHECK_EQ("mistakes", json_array_size(wrong) > 0, true);
    json_array_foreach(wrong, i, mistake)
    {
        const char *name = json_string_value(
            vectors_member(mistake, "mistake"));
        csn_span value = vectors_text(mistake, "value");
        const char *of = json_string_value(json_object_get(mistake, "of"));
        csn_span ours = of != NULL && strcmp(of, "rspauth") == 0 ? rspauth
                                                                 : response;

        CHECK_EQ(name, value.len, ours.len);
        CHECK_EQ(name, memcmp(value.ptr, ours.ptr, ours.len) == 0, false);
    }
}

/* Made with -sess: its session key stands in for H(A1). */
static void
test_mistakes(void **state)
{
    const json_t *mistakes = *state;
    const json_t *base = vectors_member(mistakes, "base");
    const json_t *computed = vectors_member(base, "computed");
    hex response, rspauth;

    compute(vectors_member(base, "inputs"),
        vectors_text(computed, "HA1_session"), &response, &rspauth);
    CHECK_SPAN("response", response.span, vectors_text(computed, "response"));
    CHECK_SPAN("rspauth", rspauth.span, vectors_text(computed, "rspauth"));
    check_mistakes(vectors_member(mistakes, "wrong"), response.span,
        rspauth.span);
}

static void
test_impostors(void **state)
{
    const json_t *impostors = vectors_member(*state, "sha_512_256_impostors");
    const json_t *inputs = vectors_member(impostors, "base_inputs");
    uint8_t ha1[CSN_MAX_DIGEST_HEX];
    hex response, rspauth;

    CHECK_EQ("ha1",
        csn_digest_ha1(csn_crypto_openssl(), CSN_HASH_SHA_512_256,
            vectors_text(inputs, "username"), vectors_text(inputs, "realm"),
            vectors_text(inputs, "password"), ha1),
        CSN_OK);
    compute(inputs, (csn_span){ ha1, sizeof(ha1) }, &response, &rspauth);
    CHECK_SPAN("response", response.span, vectors_text(impostors, "response"));
    check_mistakes(vectors_member(impostors, "wrong"), response.span,
        rspauth.span);
}

int
main(int argc, char **argv)
{
    json_t *all = vectors_load(argc, argv);
    json_t *mistakes = json_object_get(all, "digest_mistakes");
    json_t *chains = json_object_get(all, "digest_chains"), *chain;
    const struct CMUnitTest tests[] = {
        { "C-11, C-14, E-14 none of the known mistakes", test_mistakes, NULL,
            NULL, mistakes },
        { "C-02 SHA-512-256 is neither of its impostors", test_impostors, NULL,
            NULL, mistakes },
    };
    int failed = vectors_run("published", "C-16, C-33, E-14 hash",
        json_object_get(all, "digest_published"), test_hash);
    size_t i;

    failed += vectors_run("matrix", "C-05, C-15, C-16, C-24, C-33, E-14 hash",
        json_object_get(all, "digest_matrix"), test_hash);
    failed += vectors_run("special", "C-15, C-16, C-17, E-16 hash",
        json_object_get(all, "digest_special"), test_hash);
    json_array_foreach(chains, i, chain) failed += vectors_run("chain",
        "C-06, C-08, C-16, F-11 hash of a chain's",
        json_object_get(chain, "steps"), test_hash);
    failed += cmocka_run_group_tests_name("mistakes", tests, NULL, NULL);

    json_decref(all);
    return failed;
}
