// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

/*
 * How long and how often a nonce can be used: D.3, D.4, E.4. The counts table
 * has tests of its own; here the engine is seen to ask it the right thing and
 * to turn its answers into the RFC's.
 */

static void
age(void **state)
{
    char nonce[64];
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    h.now_ms += CSN_NONCE_LIFE_MS;
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONE);
    host_close(&h);

    host_open(&h, NULL);
    host_nonce(&h, nonce);
    h.now_ms += CSN_NONCE_LIFE_MS + 1;
    host_check_stale(&h, &(host_ask){ .nonce = nonce }, CSN_R_STALE);
    host_close(&h);
}

/* D-20, D-21, H-10: an old nonce is no oracle, and a guess on it counts. */
static void
age_and_wrong_response(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    h.now_ms += 10 * CSN_NONCE_LIFE_MS;
    host_send(&h, &(host_ask){ .nonce = nonce, .password = "no" }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_WRONG_RESPONSE);
    assert_false(answer.outcome.stale);
    assert_true(answer.outcome.failed_login);
    host_send(&h, &(host_ask){ .nonce = nonce, .user = "eve" }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_UNKNOWN_USER);
    assert_false(answer.outcome.stale);
    host_close(&h);
}

/* Replaced at life - next_before; good until old_grace later, not longer. */
static void
grace(void **state)
{
    char nonce[64], first[64], second[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    h.now_ms += CSN_NONCE_LIFE_MS - CSN_NEXT_BEFORE_MS - 1;
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "00000001" }, &answer);
    assert_false(answer.nextnonce);
    h.now_ms += 11;
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "00000002" }, &answer);
    assert_true(answer.nextnonce);
    host_param(answer.info, "nextnonce", first, sizeof(first));
    h.now_ms += 20;
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "00000005" }, &answer);
    host_param(answer.info, "nextnonce", second, sizeof(second));
    assert_string_equal(first, second);

    /* E-30: good at once, from 00000001. E-31, E-33: the old one goes on. */
    assert_int_equal(host_send_nc(&h, first, "00000001"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, first, "00000001"), CSN_R_REPLAY);
    assert_int_equal(host_send_nc(&h, nonce, "00000002"), CSN_R_REPLAY);
    h.now_ms += CSN_OLD_GRACE_MS - 21;
    assert_int_equal(host_send_nc(&h, nonce, "00000003"), CSN_R_NONE);
    h.now_ms += 2;
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000004" },
        CSN_R_STALE);
    assert_int_equal(host_send_nc(&h, first, "00000002"), CSN_R_NONE);
    host_close(&h);
}

/* E-36: the successor is a nonce like any other, and its own successor too. */
static void
successors(void **state)
{
    char nonce[64], next[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    for (int i = 0; i < 5; i++) {
        h.now_ms += CSN_NONCE_LIFE_MS - 5;
        host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
        assert_int_equal(answer.outcome.reason, CSN_R_NONE);
        host_param(answer.info, "nextnonce", next, sizeof(next));
        assert_int_equal(strlen(next), 56);
        assert_string_not_equal(next, nonce);
        strcpy(nonce, next);
    }
    host_close(&h);
}

static void
near_last_count(void **state)
{
    char nonce[64], next[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "fffeffff" }, &answer);
    assert_false(answer.nextnonce);
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "ffff0000" }, &answer);
    assert_true(answer.nextnonce);
    host_param(answer.info, "nextnonce", next, sizeof(next));
    assert_int_equal(host_send_nc(&h, nonce, "ffffffff"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, next, "00000001"), CSN_R_NONE);
    host_close(&h);
}

static void
make_one_time(csn_server_config *config)
{
    config->one_time = true;
}

static void
one_time(void **state)
{
    char nonce[64], next[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, make_one_time);
    host_nonce(&h, nonce);
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "00000001" }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    assert_true(answer.nextnonce);
    host_param(answer.info, "nextnonce", next, sizeof(next));
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000001" },
        CSN_R_ONE_TIME_USED);
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000002" },
        CSN_R_ONE_TIME_USED);
    host_send(&h, &(host_ask){ .nonce = next, .nc = "00000001" }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    assert_true(answer.nextnonce);

    /* Its own, shorter life. */
    host_nonce(&h, nonce);
    h.now_ms += CSN_ONE_TIME_LIFE_MS + 1;
    host_check_stale(&h, &(host_ask){ .nonce = nonce }, CSN_R_STALE);
    host_close(&h);
}

static void
counts(void **state)
{
    char nonce[64];
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, nonce, "00000005"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, nonce, "00000005"), CSN_R_REPLAY);
    assert_int_equal(host_send_nc(&h, nonce, "00000002"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, nonce, "00000003"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, nonce, "00000004"), CSN_R_NONE);
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000004" },
        CSN_R_REPLAY);
    /* K-05: the count is a number, hashed as the text that was sent. */
    assert_int_equal(host_send_nc(&h, nonce, "0000000A"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, nonce, "0000000a"), CSN_R_REPLAY);
    assert_int_equal(host_send_nc(&h, nonce, "0000010b"), CSN_R_NONE);
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "0000000b" },
        CSN_R_BELOW_WINDOW);
    assert_int_equal(host_send_nc(&h, nonce, "0000000c"), CSN_R_NONE);
    host_close(&h);
}

/* D-26: a stranger's wrong answer spends nothing, however large its count. */
static void
stranger(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    host_send(&h,
        &(host_ask){ .nonce = nonce, .nc = "ffffffff", .password = "x" },
        &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_WRONG_RESPONSE);
    assert_false(answer.marked);
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONE);
    host_close(&h);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-14 D-19 age", age),
        TEST("D-20 D-21 H-10 an old nonce and a wrong response",
            age_and_wrong_response),
        TEST("E-29 E-30 E-31 E-33 E-34 nextnonce and grace", grace),
        TEST("E-36 a chain of successors", successors),
        TEST("E-29 nextnonce near the last count", near_last_count),
        TEST("D-28 one-time mode", one_time),
        TEST("D-22 D-23 D-24 counts in any order, each once", counts),
        TEST("D-26 a stranger burns nothing", stranger),
    };

    return cmocka_run_group_tests_name("use", tests, NULL, NULL);
}
