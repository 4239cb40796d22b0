// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/*
 * The record of a request with auth-int: all that its answer is judged by,
 * and a secret.
 */

#define CHALLENGE                                                             \
    "Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256, "                   \
    "qop=\"auth, auth-int\""
#define BODY "{\"a\":1}"
#define ANSWER "{\"ok\":true}\n"

static void
begin(guest *g)
{
    guest_open(g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(g, CHALLENGE), CSN_OK);
    assert_int_equal(guest_ask_int(g, "POST", "/a", BODY), CSN_OK);
}

/* The right answer to the last request. */
static void
answer(const guest *g, const char *more, char *out)
{
    guest_info_of((guest_sum){ .line = g->line, .content = ANSWER }, more,
        out);
}

/*
 * F-27: judged by the record, whatever became of the session since: a
 * nextnonce, a new challenge, nothing at all.
 */
static void
check_in_flight(void **state)
{
    static const csn_span uri = CSN_LIT("/a");
    csn_client_response response = { .status = 200,
        .header_count = 1,
        .uri = uri };
    csn_client_attempt late;
    uint8_t digest_of[CSN_MAX_DIGEST];
    csn_span content = CSN_SPAN(ANSWER);
    char field[2][GUEST_TEXT];
    csn_span line;
    guest g;

    (void)state;
    assert_int_equal(
        guest_crypto.digest(CSN_HASH_SHA_256, &content, 1, digest_of), CSN_OK);
    response.content_digest = digest_of;
    response.header = &line;
    begin(&g);
    answer(&g, "nextnonce=\"n2\", ", field[0]);
    late = g.attempt;
    assert_int_equal(guest_ask_int(&g, "POST", "/a", BODY), CSN_OK);
    answer(&g, "", field[1]);
    line = check_text(field[0]);
    csn_client_verify(&g.policy, &g.space, &late, &response, &g.result);
    CHECK_EQ("first", g.result.proof, CSN_PROOF_PROVED);
    CHECK_EQ("first", g.result.nextnonce, true);
    line = check_text(field[1]);
    for (int i = 0; i < 4; i++) {
        csn_client_verify(&g.policy, i == 3 ? NULL : &g.space, &g.attempt,
            &response, &g.result);
        CHECK_EQ("second", g.result.proof, CSN_PROOF_PROVED);
        if (i == 0)
            assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n3")),
                CSN_OK);
        if (i == 1)
            csn_client_forget(&g.space);
    }
    csn_client_attempt_wipe(&g.attempt);
    csn_client_verify(&g.policy, NULL, &g.attempt, &response, &g.result);
    CHECK_EQ("wiped", g.result.proof, CSN_PROOF_ABSENT);
}

static int digests_left;

static csn_status
failing_digest(csn_hash hash, const csn_span *parts, size_t count,
    uint8_t *out)
{
    return digests_left-- > 0 ? guest_crypto.digest(hash, parts, count, out)
                              : CSN_E_CRYPTO;
}

/* H-34: what cannot be checked is not let pass. */
static void
check_failing_hash(void **state)
{
    static const csn_proof_policy policies[] = { CSN_PROOF_REQUIRE,
        CSN_PROOF_EXPECT, CSN_PROOF_OFF };

    (void)state;
    for (size_t i = 0; i < 3 * COUNT_OF(policies); i++) {
        bool fails = i / COUNT_OF(policies) < 2;
        csn_crypto crypto = guest_crypto;
        char field[GUEST_TEXT];
        guest g;

        crypto.digest = failing_digest;
        begin(&g);
        g.policy.proof = policies[i % COUNT_OF(policies)];
        ((struct client_attempt *)(void *)g.attempt.opaque)->crypto = &crypto;
        answer(&g, "nextnonce=\"n2\", ", field);
        digests_left = (int)(i / COUNT_OF(policies));
        guest_hear_int(&g, 200, field, "/a", ANSWER);
        CHECK_EQ("proof", g.result.proof,
            fails ? CSN_PROOF_UNUSABLE : CSN_PROOF_PROVED);
        CHECK_EQ("reason", g.result.reason,
            fails ? CSN_R_INTERNAL : CSN_R_NONE);
        CHECK_EQ("deliver", g.result.deliver,
            !fails || g.policy.proof == CSN_PROOF_OFF);
        CHECK_EQ("nextnonce", g.result.nextnonce, !fails);
        CHECK_EQ("dropped", g.result.dropped, fails);
    }
}

/* F-07: the proof in the trailer, where a server that hashes as it sends
 * must put it (E-37), and the nextnonce in the header. */
static void
check_trailer(void **state)
{
    static const char *const mores[] = { "", "nextnonce=\"n9\", " };
    csn_span content = CSN_SPAN(ANSWER);
    uint8_t digest_of[CSN_MAX_DIGEST];

    (void)state;
    assert_int_equal(
        guest_crypto.digest(CSN_HASH_SHA_256, &content, 1, digest_of), CSN_OK);
    for (size_t i = 0; i < COUNT_OF(mores); i++) {
        char field[GUEST_TEXT];
        csn_span header = CSN_SPAN("nextnonce=\"n2\"");
        csn_span trailer;
        csn_client_response response = { .status = 200,
            .header = &header,
            .header_count = 1,
            .trailer = &trailer,
            .trailer_count = 1,
            .uri = CSN_SPAN("/a"),
            .content_digest = digest_of };
        guest g;

        begin(&g);
        answer(&g, mores[i], field);
        trailer = check_text(field);
        csn_client_verify(&g.policy, &g.space, &g.attempt, &response,
            &g.result);
        CHECK_EQ("reason", g.result.reason,
            i == 0 ? CSN_R_NONE : CSN_R_SECTIONS_DIFFER);
        CHECK_EQ("nextnonce", g.result.nextnonce, i == 0);
    }
}

static bool
holds_ha1(const guest *g)
{
    const char *at = (const char *)&g->attempt;
    uint8_t ha1[CSN_MAX_DIGEST_HEX];

    assert_int_equal(csn_digest_ha1(&guest_crypto, CSN_HASH_SHA_256,
                         CSN_SPAN(GUEST_USER), CSN_SPAN("r"),
                         CSN_SPAN(GUEST_PASSWORD), ha1),
        CSN_OK);
    for (size_t i = 0; i + sizeof(ha1) <= sizeof(g->attempt); i++)
        if (memcmp(at + i, ha1, sizeof(ha1)) == 0)
            return true;
    return false;
}

/* H-23: H(A1) lies in a record only as long as auth-int needs it. */
static void
check_secret(void **state)
{
    guest g;

    (void)state;
    begin(&g);
    assert_true(holds_ha1(&g));
    csn_client_attempt_wipe(&g.attempt);
    assert_false(holds_ha1(&g));
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_false(holds_ha1(&g));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "F-27 requests in flight", check_in_flight, NULL, NULL, NULL },
        { "H-34 a hash that fails", check_failing_hash, NULL, NULL, NULL },
        { "F-07 the proof in the trailer", check_trailer, NULL, NULL, NULL },
        { "H-23 H(A1) in the record", check_secret, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("client auth-int record", tests, NULL,
        NULL);
}
