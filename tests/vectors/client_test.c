// SPDX-License-Identifier: MIT
#include "guest.h"
#include "vectors.h"

#include <countersign/crypto_openssl.h>

#include "client/client.h"
#include "core/hex.h"

/*
 * The client engine against whole vectors: from a vector's challenge it must
 * write the vector's credentials, octet for octet, and take the vector's Info
 * field for a proof, of the vector's content alone.
 */

static csn_span
value_of(const json_t *item, const char *line)
{
    csn_span text = vectors_text(vectors_member(item, "lines"), line);
    const uint8_t *colon = memchr(text.ptr, ':', text.len);
    size_t skip = (size_t)(colon - text.ptr) + sizeof(": ") - 1;

    return (csn_span){ text.ptr + skip, text.len - skip };
}

static bool
is_id(const json_t *item, const char *id)
{
    return csn_name_equal(vectors_text(item, "id"), check_text(id));
}

/*
 * The generator gives what makes the vector's cnonce, so only a cnonce of
 * this client's own form can be tried; and it writes counts in lower case.
 */
static void
skip_foreign(const json_t *item)
{
    const json_t *inputs = vectors_member(item, "inputs");
    csn_span cnonce = vectors_text(inputs, "cnonce");

    if (vectors_text(inputs, "qop").ptr != NULL &&
        !csn_name_equal(cnonce, CSN_SPAN(GUEST_CNONCE))) {
        print_message("another client's cnonce\n");
        skip();
    }
    if (is_id(item, "nc-upper")) {
        print_message("this client writes lower case\n");
        skip();
    }
}

static void
open_space(guest *g, const json_t *item)
{
    const json_t *inputs = vectors_member(item, "inputs");
    const csn_client_key key = {
        .layer = json_is_true(json_object_get(inputs, "proxy"))
            ? CSN_LAYER_PROXY
            : CSN_LAYER_ORIGIN,
        .scheme = CSN_SPAN("https"),
        .host = CSN_SPAN("example.org"),
        .port = 443,
        .user = vectors_text(inputs, "username"),
    };

    guest_open(g, key.layer);
    assert_int_equal(csn_client_space_init(&g->space, &key), CSN_OK);
    g->policy.allow_md5 = true;
    g->policy.legacy_no_qop = true;
    g->policy.raw_username = is_id(item, "username-raw-utf8");
}

static csn_status
challenge(guest *g, const json_t *item)
{
    csn_span line = check_exact(value_of(item, "challenge"));
    csn_span password = vectors_text(vectors_member(item, "inputs"),
        "password");
    csn_status status = csn_client_choose(&g->policy, 0, &line, 1, &g->choice,
        &g->why);

    if (status == CSN_OK)
        status = csn_client_accept(&g->space, &guest_crypto, &g->policy,
            &g->choice, password);
    check_drop(line);
    return status;
}

/* H of the request's or the response's content; false where there is none. */
static bool
hash_content(const json_t *item, const char *key, uint8_t *digest)
{
    const json_t *inputs = vectors_member(item, "inputs");
    csn_hash hash = csn_algorithm_hash(
        csn_algorithm_find(vectors_text(inputs, "algorithm")));
    csn_span content = vectors_text(inputs, key);
    uint8_t octets[64];
    char hex_key[64];
    csn_span hex;

    snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
    hex = vectors_text(inputs, hex_key);
    if (hex.ptr != NULL) {
        assert_int_equal(csn_hex_decode(hex, octets, hex.len / 2), CSN_OK);
        content = (csn_span){ octets, hex.len / 2 };
    }
    if (content.ptr == NULL)
        return false;
    assert_int_equal(csn_crypto_openssl()->digest(hash, &content, 1, digest),
        CSN_OK);
    return true;
}

static void
check_credentials(guest *g, const json_t *item)
{
    const json_t *inputs = vectors_member(item, "inputs");
    csn_writer out = csn_writer_init((uint8_t *)g->line, sizeof(g->line) - 1);
    uint8_t digest[CSN_MAX_DIGEST];
    bool has_content = hash_content(item, "request_content", digest);

    assert_int_equal(csn_client_authorize(&g->space, &guest_crypto,
                         vectors_text(inputs, "method"),
                         vectors_text(inputs, "uri"),
                         has_content ? digest : NULL, &out, &g->attempt),
        CSN_OK);
    CHECK_SPAN("credentials", csn_writer_span(&out),
        value_of(item, "credentials"));
}

static void
hear(guest *g, const json_t *item, csn_span field, const uint8_t *digest)
{
    csn_client_response response = { .status = 200,
        .header = &field,
        .header_count = 1,
        .uri = vectors_text(vectors_member(item, "inputs"), "uri"),
        .content_digest = digest };

    csn_client_verify(&g->policy, &g->space, &g->attempt, &response,
        &g->result);
}

/* The right field last: a wrong one ends the session. */
static void
check_info(guest *g, const json_t *item)
{
    uint8_t digest[CSN_MAX_DIGEST];
    bool has_content = hash_content(item, "response_content", digest);
    bool has_qop = csn_client_attempt_qop(&g->attempt) != CSN_QOP_NONE;

    if (has_content) {
        hear(g, item, value_of(item, "info"), NULL);
        CHECK_EQ("without its content", g->result.reason,
            CSN_R_CONTENT_INCOMPLETE);
    }
    hear(g, item, value_of(item, "info"), has_content ? digest : NULL);
    CHECK_EQ("info", g->result.proof,
        has_qop ? CSN_PROOF_PROVED : CSN_PROOF_ABSENT);
    CHECK_EQ("nextnonce", g->result.nextnonce,
        vectors_text(vectors_member(item, "inputs"), "nextnonce").ptr != NULL);
}

/* Other octets than the vector's are no proof. */
static void
check_content(guest *g, const json_t *item)
{
    uint8_t digest[CSN_MAX_DIGEST];
    csn_span wrong = vectors_text(item, "rspauth_if_hashed_after_decoding");

    if (!hash_content(item, "response_content", digest))
        return;
    if (wrong.ptr != NULL) {
        char field[GUEST_TEXT];

        snprintf(field, sizeof(field), "rspauth=\"%.*s\"", (int)wrong.len,
            (const char *)wrong.ptr);
        hear(g, item, check_text(field), digest);
        CHECK_EQ("decoded", g->result.reason, CSN_R_RSPAUTH_WRONG);
    }
    digest[0] ^= 1;
    hear(g, item, value_of(item, "info"), digest);
    CHECK_EQ("another content", g->result.reason, CSN_R_RSPAUTH_WRONG);
}

/* Refused by C-10 or C-23 whatever is switched on. */
static bool
must_refuse(const json_t *item)
{
    csn_span legality = vectors_text(item, "legality");

    return csn_name_equal(legality, CSN_SPAN("must-refuse")) ||
        csn_name_equal(legality, CSN_SPAN("legacy-extension"));
}

static void
test_vector(void **state)
{
    const json_t *item = *state;
    csn_span nc = vectors_text(vectors_member(item, "inputs"), "nc");
    guest g;

    if (json_object_get(item, "lines") == NULL) {
        print_message("not HTTP\n");
        skip();
    }
    open_space(&g, item);
    if (must_refuse(item)) {
        CHECK_EQ("refused", challenge(&g, item), CSN_E_REFUSED);
        CHECK_EQ("refused", g.why, CSN_R_NO_ACCEPTABLE);
        return;
    }
    skip_foreign(item);
    assert_int_equal(challenge(&g, item), CSN_OK);
    if (nc.ptr != NULL)
        client_space_of(&g.space)->count =
            (uint32_t)(strtoul((const char *)nc.ptr, NULL, 16) - 1);
    check_credentials(&g, item);
    check_info(&g, item);
    check_content(&g, item);
}

/* One session over all steps: only the first has a challenge. */
static void
test_chain(void **state)
{
    const json_t *steps = vectors_member(*state, "steps");
    csn_span rebuilt = vectors_text(*state, "step2_response_if_A1_rebuilt");
    json_t *item;
    size_t i;
    guest g;

    json_array_foreach(steps, i, item)
    {
        if (i == 0) {
            open_space(&g, item);
            assert_int_equal(challenge(&g, item), CSN_OK);
        }
        check_credentials(&g, item);
        if (i == 1 && rebuilt.ptr != NULL)
            assert_null(strstr(g.line, (const char *)rebuilt.ptr));
        check_info(&g, item);
    }
}

/* None of the well-known mistakes passes for a proof. */
static void
test_mistakes(void **state)
{
    const json_t *base = vectors_member(*state, "base");
    const json_t *inputs = vectors_member(base, "inputs");
    csn_span algorithm = vectors_text(inputs, "algorithm");
    csn_span right = vectors_text(vectors_member(base, "computed"), "rspauth");
    char field[GUEST_TEXT];
    json_t *row;
    size_t i;

    assert_true(csn_algorithm_is_session(csn_algorithm_find(algorithm)));
    json_array_foreach(vectors_member(*state, "wrong"), i, row)
    {
        csn_span wrong = vectors_text(row, "value");
        csn_span line;
        guest g;

        open_space(&g, base);
        snprintf(field, sizeof(field),
            "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"",
            (const char *)vectors_text(inputs, "realm").ptr,
            (const char *)vectors_text(inputs, "nonce").ptr,
            (const char *)algorithm.ptr);
        line = check_text(field);
        assert_int_equal(csn_client_choose(&g.policy, 0, &line, 1, &g.choice,
                             &g.why),
            CSN_OK);
        assert_int_equal(csn_client_accept(&g.space, &guest_crypto, &g.policy,
                             &g.choice, vectors_text(inputs, "password")),
            CSN_OK);
        assert_int_equal(guest_ask(&g,
                             (const char *)vectors_text(inputs, "method").ptr,
                             (const char *)vectors_text(inputs, "uri").ptr),
            CSN_OK);
        snprintf(field, sizeof(field), "rspauth=\"%s\"",
            (const char *)right.ptr);
        guest_hear(&g, 200, field, NULL);
        CHECK_EQ("right", g.result.proof, CSN_PROOF_PROVED);
        snprintf(field, sizeof(field), "rspauth=\"%s\"",
            (const char *)wrong.ptr);
        guest_hear(&g, 200, field, NULL);
        CHECK_EQ(json_string_value(vectors_member(row, "mistake")),
            g.result.reason, CSN_R_RSPAUTH_WRONG);
    }
}

/* The items of a group that have a property. */
static json_t *
pick(const json_t *items, bool (*has)(const json_t *inputs))
{
    json_t *picked = json_array();
    json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        if (has(json_object_get(item, "inputs")))
            json_array_append(picked, item);
    }
    return picked;
}

static bool
has_session(const json_t *inputs)
{
    return csn_algorithm_is_session(
        csn_algorithm_find(vectors_text(inputs, "algorithm")));
}

static bool
has_content(const json_t *inputs)
{
    return csn_name_equal(vectors_text(inputs, "qop"), CSN_SPAN("auth-int"));
}

static bool
has_userhash(const json_t *inputs)
{
    return json_is_true(json_object_get(inputs, "userhash"));
}

static bool
has_utf8_name(const json_t *inputs)
{
    return vectors_text(inputs, "username_utf8_hex").ptr != NULL &&
        !has_userhash(inputs);
}

static bool
is_plain(const json_t *inputs)
{
    return !has_session(inputs) && !has_content(inputs) &&
        !has_userhash(inputs) && !has_utf8_name(inputs);
}

static const struct {
    const char *name;
    bool (*has)(const json_t *inputs);
} kinds[] = {
    { "C-01, C-16, F-17 client of", is_plain },
    { "C-05, C-06, C-10 client of", has_session },
    { "C-15, F-24 client of", has_content },
    { "C-31, C-32, C-33 client of", has_userhash },
    { "C-35, C-36, C-37 client of", has_utf8_name },
};

static int
run(const json_t *all)
{
    static const char *const groups[] = { "digest_published", "digest_matrix",
        "digest_special" };
    int failed = 0;

    for (size_t g = 0; g < COUNT_OF(groups); g++)
        for (size_t k = 0; k < COUNT_OF(kinds); k++) {
            json_t *items = pick(json_object_get(all, groups[g]),
                kinds[k].has);

            if (json_array_size(items) > 0)
                failed += vectors_run(groups[g], kinds[k].name, items,
                    test_vector);
            json_decref(items);
        }
    return failed;
}

int
main(int argc, char **argv)
{
    json_t *all = vectors_load(argc, argv);
    const struct CMUnitTest tests[] = {
        { "C-05, F-17 none of the known mistakes is a proof", test_mistakes,
            NULL, NULL, json_object_get(all, "digest_mistakes") },
    };
    int failed = run(all) +
        vectors_run("chains", "C-08, C-09, F-10, F-11 client of",
            json_object_get(all, "digest_chains"), test_chain) +
        cmocka_run_group_tests_name("mistakes", tests, NULL, NULL);

    json_decref(all);
    return failed;
}
