// SPDX-License-Identifier: MIT

/* The table of failed logins: a full one, other limits and windows, clocks,
 * memory. */

#include "throttle_rig.h"

/* A minute of guessing from ever new addresses fills the table many times
 * over: nobody who did not fail is refused or slowed down. */
static void
test_a_full_table_locks_nobody_out(void **state)
{
    char user[16];
    unsigned refused = 0;
    unsigned slow = 0;

    (void)state;
    new_table(1);
    for (unsigned i = 0; i < 4 * CELLS; i++) {
        (void)snprintf(user, sizeof(user), "guess%u", i);
        failures(from_v6(i >> 16, i & 0xffff, 0, user), 2, START_MS);
    }
    assert_true(csn_throttle_displaced(table) > CELLS);
    assert_true(csn_throttle_used(table, START_MS) > CELLS / 2);
    for (unsigned i = 0; i < 2000; i++) {
        (void)snprintf(user, sizeof(user), "honest%u", i);
        refused += wait_at(from_v6(40000 + i, i, 0, user), START_MS) > 0;
        refused += wait_at(from_v4(i & 0xff, user), START_MS) > 0;
        slow += failures(from_v4(i & 0xff, user), 1, START_MS) > 0;
    }
    CHECK_EQ("refused", refused, 0);
    CHECK_EQ("slow", slow, 0);
}

/* Who failed most stays when others are pushed out. */
static void
test_the_fullest_stay(void **state)
{
    char user[16];

    (void)state;
    new_table(MAX);
    failures(from_v4(1, "alice"), 2 * MAX, START_MS);
    for (unsigned i = 0; i < 2 * CELLS; i++) {
        (void)snprintf(user, sizeof(user), "guess%u", i);
        failures(from_v6(i >> 16, i & 0xffff, 0, user), 1, START_MS);
    }
    assert_true(csn_throttle_displaced(table) > CELLS);
    assert_true(wait_at(from_v4(1, "alice"), START_MS) > 0);
}

static void
test_switched_off(void **state)
{
    csn_throttle_source alice;

    (void)state;
    new_table(0);
    alice = from_v4(1, "alice");
    CHECK_EQ("delay", failures(alice, 1000, START_MS), 0);
    CHECK_EQ("wait", wait_at(alice, START_MS), 0);
    CHECK_EQ("used", csn_throttle_used(table, START_MS), 0);
}

static void
test_largest_limit(void **state)
{
    csn_throttle_source alice;

    (void)state;
    new_table(6000);
    alice = from_v6(1, 2, 3, "alice");
    failures(alice, 6000, START_MS);
    CHECK_EQ("at the limit", wait_at(alice, START_MS), 0);
    failures(alice, 1, START_MS);
    CHECK_EQ("over it", wait_at(alice, START_MS), MINUTE_MS / 6000);
}

/* A clock that was set back counts as one that stands still. */
static void
test_time_before_the_start(void **state)
{
    csn_throttle_source alice;

    (void)state;
    new_table(MAX);
    alice = from_v4(1, "alice");
    failures(alice, MAX + 1, START_MS - SECOND_MS);
    CHECK_EQ("over", wait_at(alice, 0), MINUTE_MS / MAX);
}

/* As one place that allows 5 in ten seconds, beside others on the table. */
static void
test_other_limits(void **state)
{
    const csn_throttle_limits few = { 5, 10000, 1000 };
    const csn_throttle_limits many = { 10, 10000, 0 };
    const csn_throttle_limits off = { 0, 10000, 1000 };
    csn_throttle_source alice;
    csn_throttle_source minute;

    (void)state;
    new_table(5);
    minute = from_v4(1, "alice");
    limits = few;
    alice = from_v4(1, "alice");
    failures(alice, 6, START_MS);
    CHECK_EQ("over it", wait_at(alice, START_MS), 2000);
    failures(alice, 1000, START_MS);
    CHECK_EQ("a window at most", wait_at(alice, START_MS), 10000);
    for (unsigned i = 0; i < 50; i++)
        failures(from_v4(i + 2, "bob"), 1, START_MS);
    CHECK_EQ("the longest delay", failures(from_v4(100, "bob"), 1, START_MS),
        1000);

    /* What was counted there is as large a share of what is allowed here. */
    limits = many;
    CHECK_EQ("more are allowed", wait_at(alice, START_MS), 10000);
    CHECK_EQ("none waits", failures(from_v4(101, "bob"), 1, START_MS), 0);
    limits = off;
    CHECK_EQ("any number is", wait_at(alice, START_MS), 0);

    limits = (csn_throttle_limits){ 5, MINUTE_MS, 5000 };
    CHECK_EQ("a longer window", wait_at(minute, START_MS), 0);
    failures(minute, 6, START_MS);
    CHECK_EQ("over that", wait_at(minute, START_MS), MINUTE_MS / 5);
    limits = (csn_throttle_limits){ 5, 20000, 5000 };
    CHECK_EQ("a shorter one", wait_at(from_v4(1, "alice"), START_MS), 0);
}

static void
test_windows(void **state)
{
    static const uint32_t windows[] = { 1000, 3600000 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        csn_throttle_source alice;

        new_table(2);
        limits.window_ms = windows[i];
        alice = from_v6(1, 2, 3, "alice");
        failures(alice, 2, START_MS);
        CHECK_EQ("at the limit", wait_at(alice, START_MS), 0);
        failures(alice, 1, START_MS);
        CHECK_EQ("over it", wait_at(alice, START_MS), windows[i] / 2);
        CHECK_EQ("in time", wait_at(alice, START_MS + windows[i] / 2), 0);
    }
}

/* Shares that are no whole milliseconds, or less than can be counted. */
static void
test_small_shares(void **state)
{
    (void)state;
    new_table(9);
    failures(from_v4(1, "alice"), 10, START_MS);
    CHECK_EQ("rounded up", wait_at(from_v4(1, "alice"), START_MS),
        MINUTE_MS / 9 + 1);
    new_table(100000);
    limits.window_ms = 1000;
    failures(from_v4(1, "alice"), 16000, START_MS);
    CHECK_EQ("at the limit", wait_at(from_v4(1, "alice"), START_MS), 0);
    failures(from_v4(1, "alice"), 1, START_MS);
    CHECK_EQ("over it", wait_at(from_v4(1, "alice"), START_MS), 1);
}

static csn_status
no_random(uint8_t *out, size_t len)
{
    (void)out;
    (void)len;
    return CSN_E_RANDOM;
}

static void
test_memory(void **state)
{
    static const csn_crypto broken = { .random = no_random };
    size_t least = csn_throttle_min_size();
    uint8_t *exact = aligned_alloc(64, (least + 63) / 64 * 64);
    csn_throttle *made = NULL;

    (void)state;
    assert_non_null(exact);
    CHECK_EQ("too small",
        csn_throttle_init(exact, least - 1, &crypto, START_MS, &made),
        CSN_E_LENGTH);
    CHECK_EQ("not aligned",
        csn_throttle_init(memory + 8, sizeof(memory) - 8, &crypto, START_MS,
            &made),
        CSN_E_LENGTH);
    CHECK_EQ("no random octets",
        csn_throttle_init(exact, least, &broken, START_MS, &made),
        CSN_E_RANDOM);
    assert_null(made);
    memset(exact, 0xff, least);
    CHECK_EQ("the smallest",
        csn_throttle_init(exact, least, &crypto, START_MS, &made), CSN_OK);
    table = made;
    limits = (csn_throttle_limits){ 1, MINUTE_MS, 0 };
    CHECK_EQ("empty", csn_throttle_used(table, START_MS), 0);
    failures(from_v4(1, "alice"), 1, START_MS);
    CHECK_EQ("its four counts", csn_throttle_used(table, START_MS), 3);
    failures(from_v6(1, 2, 3, "bob"), 1, START_MS);
    CHECK_EQ("are all it has", csn_throttle_used(table, START_MS), 4);
    assert_true(csn_throttle_displaced(table) > 0);
    free(exact);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-09 a full table locks nobody out",
            test_a_full_table_locks_nobody_out, NULL, NULL, NULL },
        { "H-09 who failed most stays in a full table", test_the_fullest_stay,
            NULL, NULL, NULL },
        { "no limit", test_switched_off, NULL, NULL, NULL },
        { "the largest limit", test_largest_limit, NULL, NULL, NULL },
        { "a clock that was set back", test_time_before_the_start, NULL, NULL,
            NULL },
        { "H-09 places with limits of their own", test_other_limits, NULL,
            NULL, NULL },
        { "the shortest and the longest window", test_windows, NULL, NULL,
            NULL },
        { "H-09 the smallest shares count", test_small_shares, NULL, NULL,
            NULL },
        { "memory for a table", test_memory, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("throttle_table", tests, NULL, NULL);
}
