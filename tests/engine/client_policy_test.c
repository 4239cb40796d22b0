// SPDX-License-Identifier: MIT
#include "check.h"
#include "guest.h"

/*
 * What each proof policy makes of each answer: what the server proved, times
 * the policy, times what the space saw before, at both layers and on every
 * kind of status. `deliver` stands for the body, a redirect, a tunnel.
 */

enum answer { RIGHT, WRONG, MISSING, STRIPPED, BARE, UNVERIFIABLE, CACHED };

#define REQUIRE CSN_PROOF_REQUIRE
#define EXPECT CSN_PROOF_EXPECT
#define OFF CSN_PROOF_OFF

static const struct policy_row {
    const char *name;
    enum answer answer;
    csn_proof_policy policy;
    bool proved_before;
    bool deliver;
    csn_proof proof;
    csn_reason reason;
} rows[] = {
    { "F-04 require, right", RIGHT, REQUIRE, false, true, CSN_PROOF_PROVED,
        CSN_R_NONE },
    { "F-04 expect, right", RIGHT, EXPECT, false, true, CSN_PROOF_PROVED,
        CSN_R_NONE },
    { "F-22 expect, proved before, right", RIGHT, EXPECT, true, true,
        CSN_PROOF_PROVED, CSN_R_NONE },
    { "off, right", RIGHT, OFF, false, true, CSN_PROOF_PROVED, CSN_R_NONE },

    { "F-19 require, wrong", WRONG, REQUIRE, false, false, CSN_PROOF_MISMATCH,
        CSN_R_RSPAUTH_WRONG },
    { "F-19 expect, wrong", WRONG, EXPECT, false, false, CSN_PROOF_MISMATCH,
        CSN_R_RSPAUTH_WRONG },
    { "F-19 expect, proved before, wrong", WRONG, EXPECT, true, false,
        CSN_PROOF_MISMATCH, CSN_R_RSPAUTH_WRONG },
    { "off, wrong: reported", WRONG, OFF, false, true, CSN_PROOF_MISMATCH,
        CSN_R_RSPAUTH_WRONG },

    { "F-21 require, no field", MISSING, REQUIRE, false, false,
        CSN_PROOF_ABSENT, CSN_R_NO_INFO },
    { "F-20 expect, no field", MISSING, EXPECT, false, true, CSN_PROOF_ABSENT,
        CSN_R_NO_INFO },
    { "F-22 H-12 expect, proved before, no field", MISSING, EXPECT, true,
        false, CSN_PROOF_ABSENT, CSN_R_PROOF_MISSED },
    { "off, proved before, no field", MISSING, OFF, true, true,
        CSN_PROOF_ABSENT, CSN_R_NO_INFO },

    { "F-21 require, rspauth stripped", STRIPPED, REQUIRE, false, false,
        CSN_PROOF_MISMATCH, CSN_R_INFO_INCOMPLETE },
    { "F-18 expect, rspauth stripped", STRIPPED, EXPECT, false, false,
        CSN_PROOF_MISMATCH, CSN_R_INFO_INCOMPLETE },
    { "F-22 expect, proved before, rspauth stripped", STRIPPED, EXPECT, true,
        false, CSN_PROOF_MISMATCH, CSN_R_INFO_INCOMPLETE },
    { "off, rspauth stripped: reported", STRIPPED, OFF, false, true,
        CSN_PROOF_MISMATCH, CSN_R_INFO_INCOMPLETE },

    { "F-21 require, nextnonce alone", BARE, REQUIRE, false, false,
        CSN_PROOF_ABSENT, CSN_R_NO_RSPAUTH },
    { "F-20 expect, nextnonce alone", BARE, EXPECT, false, true,
        CSN_PROOF_ABSENT, CSN_R_NO_RSPAUTH },
    { "F-22 H-12 expect, proved before, nextnonce alone", BARE, EXPECT, true,
        false, CSN_PROOF_ABSENT, CSN_R_PROOF_MISSED },
    { "off, proved before, nextnonce alone", BARE, OFF, true, true,
        CSN_PROOF_ABSENT, CSN_R_NO_RSPAUTH },

    { "A-44 require, unusable", UNVERIFIABLE, REQUIRE, false, false,
        CSN_PROOF_UNUSABLE, CSN_R_INFO_MALFORMED },
    { "A-44 expect, unusable", UNVERIFIABLE, EXPECT, false, false,
        CSN_PROOF_UNUSABLE, CSN_R_INFO_MALFORMED },
    { "A-44 expect, proved before, unusable", UNVERIFIABLE, EXPECT, true,
        false, CSN_PROOF_UNUSABLE, CSN_R_INFO_MALFORMED },
    { "off, unusable: reported", UNVERIFIABLE, OFF, false, true,
        CSN_PROOF_UNUSABLE, CSN_R_INFO_MALFORMED },

    { "F-09 require, right but from a cache", CACHED, REQUIRE, false, false,
        CSN_PROOF_ABSENT, CSN_R_NO_INFO },
    { "F-09 expect, right but from a cache", CACHED, EXPECT, false, true,
        CSN_PROOF_ABSENT, CSN_R_NO_INFO },
    { "F-09 expect, proved before, from a cache", CACHED, EXPECT, true, false,
        CSN_PROOF_ABSENT, CSN_R_PROOF_MISSED },
    { "F-09 off, from a cache", CACHED, OFF, true, true, CSN_PROOF_ABSENT,
        CSN_R_NO_INFO },
};

/* The field of an answer, NULL for none. */
static const char *
field_of(enum answer answer, const char *line, char *buf)
{
    char *digit;

    switch (answer) {
    case RIGHT:
    case CACHED:
        guest_info(line, "nextnonce=\"n2\", ", buf);
        return buf;
    case WRONG:
        guest_info(line, "nextnonce=\"n2\", ", buf);
        digit = strstr(buf, "rspauth=\"") + sizeof("rspauth=");
        *digit = *digit == '0' ? '1' : '0';
        return buf;
    case STRIPPED:
        return "nextnonce=\"n2\", qop=auth, cnonce=\"" GUEST_CNONCE
               "\", nc=00000001";
    case BARE:
        return "nextnonce=\"n2\"";
    case UNVERIFIABLE:
        return "nextnonce=\"n2\", nextnonce=\"n2\"";
    case MISSING:
        break;
    }
    return NULL;
}

static void
check_one(const struct policy_row *row, csn_layer layer, unsigned status)
{
    char buf[GUEST_TEXT];
    bool failed = row->proof == CSN_PROOF_MISMATCH ||
        row->proof == CSN_PROOF_UNUSABLE;
    bool adopts = row->proof == CSN_PROOF_PROVED ||
        (row->answer == BARE && row->policy != REQUIRE && !row->proved_before);
    csn_client_response response = { .status = status,
        .from_cache = row->answer == CACHED };
    csn_span line;
    guest g;

    guest_ready(&g, layer);
    g.policy.proof = row->policy;
    if (row->proved_before)
        csn_client_space_remember(&g.space, CSN_SEEN_PROOF);
    if (field_of(row->answer, g.line, buf) != NULL) {
        line = check_text(field_of(row->answer, g.line, buf));
        response.header = &line;
        response.header_count = 1;
    }
    csn_client_verify(&g.policy, &g.space, &g.attempt, &response, &g.result);

    CHECK_EQ(row->name, g.result.proof, row->proof);
    CHECK_EQ(row->name, g.result.reason, row->reason);
    CHECK_EQ(row->name, g.result.deliver, row->deliver);
    CHECK_EQ(row->name, g.result.dropped, failed);
    CHECK_EQ(row->name, g.result.nextnonce, adopts);
    CHECK_EQ(row->name, csn_client_space_is_ready(&g.space), !failed);
    CHECK_EQ(row->name, csn_client_space_seen(&g.space) & CSN_SEEN_PROOF,
        row->proved_before || row->proof == CSN_PROOF_PROVED ? CSN_SEEN_PROOF
                                                             : 0);
}

/* 407 at the origin layer and 401 at the proxy's are like any other. */
static void
check_policy(void **state)
{
    static const unsigned statuses[] = { 101, 200, 201, 204, 206, 301, 302,
        303, 304, 307, 400, 403, 404, 412, 416, 500, 502, 503 };

    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        const struct policy_row *row = *state;
        bool early = statuses[i] < 200;

        if (early && row->answer != MISSING)
            continue;
        check_one(row, CSN_LAYER_ORIGIN, statuses[i]);
        check_one(row, CSN_LAYER_PROXY, statuses[i]);
    }
    check_one(*state, CSN_LAYER_ORIGIN, 407);
    check_one(*state, CSN_LAYER_PROXY, 401);
}

/*
 * F-05, F-21: the layer's own refusal carries no proof, whatever its field
 * says, and changes nothing; under `require` it is no success either.
 */
static void
check_refusal(void **state)
{
    static const enum answer answers[] = { RIGHT, WRONG, MISSING, BARE,
        STRIPPED, UNVERIFIABLE };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        for (int bits = 0; bits < 12; bits++) {
            csn_layer layer = bits & 1 ? CSN_LAYER_PROXY : CSN_LAYER_ORIGIN;
            char buf[GUEST_TEXT];
            guest g;

            guest_ready(&g, layer);
            g.policy.proof = (csn_proof_policy)(bits / 4);
            if (bits & 2)
                csn_client_space_remember(&g.space, CSN_SEEN_PROOF);
            guest_hear(&g, layer == CSN_LAYER_PROXY ? 407 : 401,
                field_of(answers[i], g.line, buf), NULL);
            CHECK_EQ("proof", g.result.proof, CSN_PROOF_ABSENT);
            CHECK_EQ("reason", g.result.reason, CSN_R_NO_INFO);
            CHECK_EQ("deliver", g.result.deliver, g.policy.proof != REQUIRE);
            CHECK_EQ("dropped", g.result.dropped, false);
            CHECK_EQ("nextnonce", g.result.nextnonce, false);
            CHECK_EQ("ready", csn_client_space_is_ready(&g.space), true);
            CHECK_EQ("seen", csn_client_space_seen(&g.space) & CSN_SEEN_PROOF,
                bits & 2 ? CSN_SEEN_PROOF : 0);
        }
    }
}

/* F-06: a field in 1xx proves nothing and fails nothing. */
static void
check_early(void **state)
{
    char buf[GUEST_TEXT];
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    guest_hear(&g, 103, field_of(RIGHT, g.line, buf), NULL);
    CHECK_EQ("right", g.result.proof, CSN_PROOF_ABSENT);
    guest_hear(&g, 100, field_of(UNVERIFIABLE, g.line, buf), NULL);
    CHECK_EQ("malformed", g.result.proof, CSN_PROOF_ABSENT);
    CHECK_EQ("malformed", g.result.dropped, false);
    guest_hear(&g, 200, field_of(RIGHT, g.line, buf), NULL);
    CHECK_EQ("the final one", g.result.proof, CSN_PROOF_PROVED);
}

/* F-03: without credentials no field counts, and silence is silence. */
static void
check_unchallenged(void **state)
{
    char buf[GUEST_TEXT];
    csn_span line;
    csn_client_response response = { .status = 200,
        .header = &line,
        .header_count = 1 };
    guest g;

    (void)state;
    for (int policy = 0; policy < 3; policy++) {
        guest_ready(&g, CSN_LAYER_ORIGIN);
        g.policy.proof = (csn_proof_policy)policy;
        guest_info(g.line, "nextnonce=\"n2\", ", buf);
        line = check_text(buf);
        for (int seen = 0; seen < 2; seen++) {
            bool missed = seen && g.policy.proof == EXPECT;

            if (seen)
                csn_client_space_remember(&g.space, CSN_SEEN_PROOF);
            response.status = 200;
            csn_client_verify(&g.policy, &g.space, NULL, &response, &g.result);
            CHECK_EQ("proof", g.result.proof, CSN_PROOF_ABSENT);
            CHECK_EQ("reason", g.result.reason,
                missed ? CSN_R_PROOF_MISSED : CSN_R_NOT_CHALLENGED);
            CHECK_EQ("deliver", g.result.deliver,
                !missed && g.policy.proof != REQUIRE);
            CHECK_EQ("nextnonce", g.result.nextnonce, false);

            /* A challenge is where every login begins. */
            response.status = 401;
            csn_client_verify(&g.policy, &g.space, NULL, &response, &g.result);
            CHECK_EQ("challenged", g.result.deliver,
                g.policy.proof != REQUIRE);
        }
        response.status = 200;
        csn_client_verify(&g.policy, NULL, NULL, &response, &g.result);
        CHECK_EQ("no space", g.result.reason, CSN_R_NOT_CHALLENGED);
        CHECK_EQ("no space", g.result.deliver, g.policy.proof != REQUIRE);
    }
}

/* An attempt may outlive its space: judged, and nothing to change. */
static void
check_no_space(void **state)
{
    char buf[GUEST_TEXT];
    csn_span line;
    csn_client_response response = { .status = 200,
        .header = &line,
        .header_count = 1 };
    guest g;

    (void)state;
    guest_ready(&g, CSN_LAYER_ORIGIN);
    guest_info(g.line, "", buf);
    line = check_text(buf);
    csn_client_verify(&g.policy, NULL, &g.attempt, &response, &g.result);
    CHECK_EQ("right", g.result.proof, CSN_PROOF_PROVED);
    csn_client_attempt_wipe(&g.attempt);
    csn_client_verify(&g.policy, &g.space, &g.attempt, &response, &g.result);
    CHECK_EQ("wiped", g.result.proof == CSN_PROOF_PROVED, false);
    CHECK_EQ("wiped", csn_client_space_is_ready(&g.space), true);
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("F-05 F-21 the field of the layer's own refusal", check_refusal),
        TEST("F-06 the field of a 1xx response", check_early),
        TEST("F-03 no credentials were sent", check_unchallenged),
        TEST("an attempt without its space", check_no_space),
    };

    return CHECK_ROWS("client policy", rows, check_policy) +
        cmocka_run_group_tests_name("client policy", tests, NULL, NULL);
}
