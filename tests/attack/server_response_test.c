// SPDX-License-Identifier: MIT
#include "check.h"
#include "rig.h"

/*
 * Responses that are not the one: of other lengths, cut, flipped, or made
 * with what a store says of users that have no secret.
 */

/* The right response's digits, taken again and again. */
static void
of_length(const char *right, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        out[i] = right[i % 64];
    out[len] = '\0';
}

/* 400 for what has not the algorithm's length (D-05), whatever it holds. */
static void
lengths(void **state)
{
    attack_request request, wrong;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    for (size_t len = 0; len < 300; len++) {
        char text[ATTACK_VALUE];

        if (len == 64)
            continue;
        wrong = request;
        of_length(request.value[P_RESPONSE], len, text);
        attack_set(&wrong, P_RESPONSE, text);
        attack_refused("the right digits", &site, &wrong, CSN_R_MALFORMED);
        memset(text, '0', len);
        attack_set(&wrong, P_RESPONSE, text);
        attack_refused("zeros", &site, &wrong, CSN_R_MALFORMED);
    }
    wrong.sent[P_RESPONSE] = false;
    attack_refused("none at all", &site, &wrong, CSN_R_MISSING_PARAMETER);
    attack_allowed("the whole", &site, &request);
    attack_close(&site);
}

/* A prefix of the right response, filled up to its length. */
static void
prefixes(void **state)
{
    attack_request request, wrong;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    for (size_t keep = 0; keep < 64; keep++) {
        wrong = request;
        for (size_t i = keep; i < 64; i++)
            wrong.value[P_RESPONSE][i] = request.value[P_RESPONSE][i] == '0'
                ? '1'
                : '0';
        attack_refused("a prefix", &site, &wrong, CSN_R_WRONG_RESPONSE);
        wrong = request;
        wrong.value[P_RESPONSE][keep] = request.value[P_RESPONSE][keep] == '0'
            ? '1'
            : '0';
        attack_refused("one digit", &site, &wrong, CSN_R_WRONG_RESPONSE);
        wrong.value[P_RESPONSE][keep] = 'g';
        attack_refused("no digit", &site, &wrong, CSN_R_MALFORMED);
    }
    attack_allowed("all of it", &site, &request);
    attack_close(&site);
}

/* MD5's 32 digits under a SHA-256 name, and under no name. */
static void
other_algorithms(void **state)
{
    attack_request request, wrong;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    wrong = request;
    attack_set(&wrong, P_ALGORITHM, "MD5");
    attack_sign(&wrong, "secret");
    attack_refused("MD5", &site, &wrong, CSN_R_ALGORITHM_NOT_OFFERED);
    wrong.sent[P_ALGORITHM] = false;
    attack_refused("MD5 by silence", &site, &wrong,
        CSN_R_ALGORITHM_NOT_OFFERED);
    attack_set(&wrong, P_ALGORITHM, "SHA-256");
    attack_refused("MD5 as SHA-256", &site, &wrong, CSN_R_MALFORMED);
    attack_set(&wrong, P_ALGORITHM, "SHA-512-256");
    attack_sign(&wrong, "secret");
    attack_refused("SHA-512-256", &site, &wrong, CSN_R_ALGORITHM_NOT_OFFERED);
    attack_set(&wrong, P_ALGORITHM, "SHA-256");
    attack_refused("SHA-512-256 as SHA-256", &site, &wrong,
        CSN_R_WRONG_RESPONSE);
    attack_allowed("the offered one", &site, &request);
    attack_close(&site);
}

/*
 * What a careless store says of somebody it does not know, and the response
 * an attacker makes who hopes for it.
 */
static const struct row {
    const char *name;
    csn_secret_code code;
    csn_span said;     /* the store's H(A1) */
    const char *hoped; /* the attacker's */
    csn_reason reason;
} rows[] = {
    { "D-39 unknown user with an empty secret", CSN_SECRET_UNKNOWN,
        CSN_LIT(""), "", CSN_R_UNKNOWN_USER },
    { "D-39 unknown user with a missing secret", CSN_SECRET_UNKNOWN,
        { NULL, 0 }, "", CSN_R_UNKNOWN_USER },
    { "D-39 unknown user with a secret left in memory", CSN_SECRET_UNKNOWN,
        CSN_LIT("00112233445566778899aabbccddeeff"
                "00112233445566778899aabbccddeeff"),
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        CSN_R_UNKNOWN_USER },
    { "H-34 known user with an empty secret", CSN_SECRET_FOUND, CSN_LIT(""),
        "", CSN_R_STORE_FAILED },
    { "H-34 known user with a missing secret", CSN_SECRET_FOUND, { NULL, 0 },
        "", CSN_R_STORE_FAILED },
    { "H-34 known user with a short secret", CSN_SECRET_FOUND,
        CSN_LIT("00112233445566778899aabbccddeeff"),
        "00112233445566778899aabbccddeeff", CSN_R_STORE_FAILED },
    { "H-34 a store that gives no answer", CSN_SECRET_UNAVAILABLE,
        CSN_LIT("00112233445566778899aabbccddeeff"
                "00112233445566778899aabbccddeeff"),
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        CSN_R_STORE_FAILED },
};

static void
check_store(void **state)
{
    const struct row *row = *state;
    const csn_secret secret = { .code = row->code, .ha1_hex = row->said };
    static const char *const hopes[] = { "", "0", "(null)",
        ("nobody:" ATTACK_REALM ":"),
        "0000000000000000000000000000000000000000000000000000000000000000",
        /* H of nothing */
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" };
    attack_request request;
    attack_site site;

    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_set(&request, P_USERNAME, "nobody");
    site.secret = &secret;
    attack_sign_with_ha1(&request, row->hoped);
    attack_refused(row->name, &site, &request, row->reason);
    for (size_t i = 0; i < COUNT_OF(hopes); i++) {
        attack_sign_with_ha1(&request, hopes[i]);
        attack_refused(row->name, &site, &request, row->reason);
    }
    attack_sign(&request, "");
    attack_refused(row->name, &site, &request, row->reason);
    site.secret = NULL;
    attack_right(&site, &request);
    attack_allowed(row->name, &site, &request);
    attack_close(&site);
}

/* C-45: names are compared octet by octet; MySQL-like folding lets none in. */
static void
letter_case(void **state)
{
    static const char *const names[] = { "Alice", "ALICE", "alicE", " alice",
        "alice ", "a\\lice\\ ", "al", ("alice@" ATTACK_REALM), "" };
    attack_request request, wrong;
    attack_site site;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        wrong = request;
        attack_set(&wrong, P_USERNAME, names[i]);
        attack_sign(&wrong, "secret");
        attack_refused(names[i], &site, &wrong, CSN_R_UNKNOWN_USER);
        attack_set(&wrong, P_USERNAME, "alice");
        attack_refused("signed as another", &site, &wrong,
            CSN_R_WRONG_RESPONSE);
    }
    attack_allowed("alice", &site, &request);
    attack_close(&site);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-05 empty, short and wrong-length responses", lengths),
        TEST("D-38 a prefix of the right response", prefixes),
        TEST("D-07 a response of another algorithm", other_algorithms),
        TEST("C-45 letter case of users", letter_case),
    };

    return CHECK_ROWS("what the store says", rows, check_store) +
        cmocka_run_group_tests_name("responses", tests, NULL, NULL);
}
