// SPDX-License-Identifier: MIT
#include "check.h"
#include "guest.h"

#include <ctype.h>

/*
 * Each octet of a right Info field turned into each other one, and each
 * prefix of it. What still proves the server is listed here, and nothing
 * else does:
 *
 *     a letter's case, but for the cnonce's value
 *     the blank behind a comma: a tab, or a comma more
 *     the name `qop`: as a stranger it is skipped, and rspauth covers qop
 *     all of nextnonce, which rspauth does not cover (F-26)
 */

struct right {
    guest g;
    char field[GUEST_TEXT];
    size_t from; /* where the part covered by the proof begins */
    size_t cnonce;
};

static void
make_right(struct right *right, const char *more)
{
    guest_ready(&right->g, CSN_LAYER_ORIGIN);
    guest_info(right->g.line, more, right->field);
    right->from = strlen(more);
    right->cnonce = (size_t)(strstr(right->field, GUEST_CNONCE) -
        right->field);
}

/* Judge `len` octets of `field` on copies, so that each try is the first. */
static csn_proof
judge(const struct right *right, const char *field, size_t len)
{
    csn_span line = check_exact((csn_span){ (const uint8_t *)field, len });
    csn_client_response response = { .status = 200,
        .header = &line,
        .header_count = 1 };
    guest g = right->g;
    bool proved;

    csn_client_verify(&g.policy, &g.space, &g.attempt, &response, &g.result);
    check_drop(line);
    proved = g.result.proof == CSN_PROOF_PROVED;
    assert_int_equal(g.result.deliver,
        proved || g.result.proof == CSN_PROOF_ABSENT);
    assert_int_equal(g.result.dropped,
        !proved && g.result.proof != CSN_PROOF_ABSENT);
    if (!proved && g.result.proof != CSN_PROOF_ABSENT)
        assert_false(g.result.nextnonce);
    return g.result.proof;
}

static bool
is_tchar(unsigned char octet)
{
    return isalnum(octet) ||
        (octet != '\0' && strchr("!#$%&'*+-.^_`|~", octet) != NULL);
}

static bool
is_neutral(const struct right *right, size_t at, unsigned char now)
{
    unsigned char was = (unsigned char)right->field[at];
    size_t in_name = at - right->from;

    if (at >= right->cnonce && at < right->cnonce + strlen(GUEST_CNONCE))
        return false;
    if (isalpha(was) && now == (was ^ 0x20))
        return true;
    if (was == ' ')
        return now == '\t' || now == ',';
    if (in_name >= strlen("qop"))
        return false;
    /* `op=`, and `qo =`, are names of their own as well. */
    return is_tchar(now) || (in_name == 0 && strchr(" \t,", now) && now) ||
        (in_name == 2 && (now == ' ' || now == '\t'));
}

static void
check_flips(void **state)
{
    struct right *right = calloc(1, sizeof(*right));
    size_t len;
    unsigned neutral = 0;

    (void)state;
    make_right(right, "");
    len = strlen(right->field);
    assert_int_equal(judge(right, right->field, len), CSN_PROOF_PROVED);
    for (size_t at = 0; at < len; at++) {
        char was = right->field[at];

        for (int now = 0; now < 256; now++) {
            bool want = is_neutral(right, at, (unsigned char)now) ||
                (char)now == was;
            char field[GUEST_TEXT];

            memcpy(field, right->field, len);
            field[at] = (char)now;
            if ((judge(right, field, len) == CSN_PROOF_PROVED) != want)
                fail_msg("octet %zu (%c) to 0x%02x", at, was, now);
            neutral += want;
        }
    }
    assert_true(neutral > len);
    free(right);
}

/* In nextnonce anything may happen; behind it nothing that matters. */
static void
check_nextnonce_flips(void **state)
{
    struct right *right = calloc(1, sizeof(*right));
    size_t len;

    (void)state;
    make_right(right, "nextnonce=\"n2\", ");
    len = strlen(right->field);
    for (size_t at = 0; at < len; at++) {
        char was = right->field[at];

        for (int bit = 0; bit < 8; bit++) {
            char field[GUEST_TEXT];
            char now = (char)(was ^ (1 << bit));
            bool proved;

            memcpy(field, right->field, len);
            field[at] = now;
            proved = judge(right, field, len) == CSN_PROOF_PROVED;
            if (at >= right->from &&
                proved != is_neutral(right, at, (unsigned char)now))
                fail_msg("octet %zu (%c) to 0x%02x", at, was, now);
        }
    }
    free(right);
}

static void
check_prefixes(void **state)
{
    struct right *right = calloc(1, sizeof(*right));
    size_t len;

    (void)state;
    make_right(right, "");
    len = strlen(right->field);
    for (size_t cut = 0; cut < len; cut++)
        if (judge(right, right->field, cut) == CSN_PROOF_PROVED)
            fail_msg("the first %zu octets", cut);
    free(right);
}

/* Any rspauth but the right one, one bit at a time (H-01). */
static void
check_digest_bits(void **state)
{
    struct right *right = calloc(1, sizeof(*right));
    char *digits;

    (void)state;
    make_right(right, "");
    digits = strstr(right->field, "rspauth=\"") + sizeof("rspauth=");
    for (int bit = 0; bit < 256; bit++) {
        char field[GUEST_TEXT];
        char *digit = field + (digits + bit / 4 - right->field);
        char hex[2] = { digits[bit / 4], '\0' };
        unsigned value = (unsigned)strtoul(hex, NULL, 16) ^ 1u << bit % 4;

        strcpy(field, right->field);
        *digit = "0123456789abcdef"[value];
        assert_int_equal(judge(right, field, strlen(field)),
            CSN_PROOF_MISMATCH);
    }
    free(right);
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("F-18 each octet made each other", check_flips),
        TEST("F-26 each bit, with a nextnonce", check_nextnonce_flips),
        TEST("F-18 A-49 each prefix", check_prefixes),
        TEST("F-17 H-01 each bit of rspauth", check_digest_bits),
    };

    return cmocka_run_group_tests_name("client flip", tests, NULL, NULL);
}
