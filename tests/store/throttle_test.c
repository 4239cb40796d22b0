// SPDX-License-Identifier: MIT

/* Failed logins: what is counted, what is refused, what is slowed down. Time
 * is an argument, and each row has a table of its own. */

#include "check.h"

#include <countersign/stores/throttle.h>

enum {
    MAX = 20,
    START_MS = 1000000,
    SECOND_MS = 1000,
    MINUTE_MS = 60000,
    MAX_DELAY_MS = 5000
};

/* Counts in a table of the default size; its head takes the room of 16. */
enum { CELLS = CSN_THROTTLE_DEFAULT_SIZE / 8 - 16 };

static _Alignas(64) uint8_t memory[CSN_THROTTLE_DEFAULT_SIZE];
static csn_throttle *table;
static csn_throttle_limits limits;

/* Octets that are the same in every run. */
static csn_status
count_up(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i + 1);
    return CSN_OK;
}

static const csn_crypto crypto = { .random = count_up };

static void
new_table(unsigned failures)
{
    limits = (csn_throttle_limits){ failures, MINUTE_MS, MAX_DELAY_MS };
    assert_int_equal(csn_throttle_init(memory, sizeof(memory), &crypto,
                         START_MS, &table),
        CSN_OK);
}

static csn_throttle_source
find(csn_layer layer, const uint8_t address[16], csn_span user)
{
    csn_span exact = check_exact(user);
    csn_throttle_source source = csn_throttle_find(table, &limits, layer,
        address, exact);

    check_drop(exact);
    return source;
}

/* 192.0.2.`last` in its mapped form. */
static csn_throttle_source
from_v4_octets(unsigned last, csn_span user)
{
    const uint8_t address[16] = { [10] = 255,
        [11] = 255,
        [12] = 192,
        [14] = 2,
        [15] = (uint8_t)last };

    return find(CSN_LAYER_ORIGIN, address, user);
}

static csn_throttle_source
from_v4(unsigned last, const char *user)
{
    return from_v4_octets(last, check_text(user));
}

/* An address of 2001:db8::/32: `site` are the next 16 bits, `subnet` those
 * after them, `host` the last. */
static csn_throttle_source
from_v6(unsigned site, unsigned subnet, unsigned host, const char *user)
{
    const uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(site >> 8),
        (uint8_t)site, (uint8_t)(subnet >> 8),
        (uint8_t)subnet, [15] = (uint8_t)host };

    return find(CSN_LAYER_ORIGIN, address, check_text(user));
}

static uint64_t
wait_at(csn_throttle_source source, uint64_t now_ms)
{
    return csn_throttle_wait_ms(table, &limits, &source, now_ms);
}

/* The delay of the last of `times` failures. */
static uint32_t
failures(csn_throttle_source source, unsigned times, uint64_t now_ms)
{
    uint32_t delay = 0;

    while (times-- > 0)
        delay = csn_throttle_failed(table, &limits, &source, now_ms);
    return delay;
}

static void
test_user_at_an_address(void **state)
{
    (void)state;
    new_table(MAX);
    failures(from_v4(1, "alice"), MAX, START_MS);
    CHECK_EQ("at the limit", wait_at(from_v4(1, "alice"), START_MS), 0);
    failures(from_v4(1, "alice"), 1, START_MS);
    CHECK_EQ("over it", wait_at(from_v4(1, "alice"), START_MS),
        MINUTE_MS / MAX);
    CHECK_EQ("another user there", wait_at(from_v4(1, "bob"), START_MS), 0);
    CHECK_EQ("the user elsewhere", wait_at(from_v4(2, "alice"), START_MS), 0);
    CHECK_EQ("a longer name", wait_at(from_v4(1, "alice2"), START_MS), 0);
}

static void
test_names_that_differ_by_a_zero(void **state)
{
    csn_throttle_source with;
    csn_throttle_source without;

    (void)state;
    new_table(MAX);
    with = from_v4_octets(1, CSN_SPAN("alice\0"));
    without = from_v4_octets(1, CSN_SPAN("alice"));
    failures(without, MAX + 1, START_MS);
    assert_true(wait_at(without, START_MS) > 0);
    CHECK_EQ("its neighbour", wait_at(with, START_MS), 0);
}

static void
test_it_runs_down(void **state)
{
    csn_throttle_source alice;

    (void)state;
    new_table(MAX);
    alice = from_v4(1, "alice");
    failures(alice, MAX + 1, START_MS);
    CHECK_EQ("a millisecond before",
        wait_at(alice, START_MS + MINUTE_MS / MAX - 1), 1);
    CHECK_EQ("in time", wait_at(alice, START_MS + MINUTE_MS / MAX), 0);
    failures(alice, 1, START_MS + MINUTE_MS / MAX);
    CHECK_EQ("one more", wait_at(alice, START_MS + MINUTE_MS / MAX),
        MINUTE_MS / MAX);
    CHECK_EQ("begun anew",
        (failures(alice, MAX + 1, START_MS + 10 * MINUTE_MS),
            wait_at(alice, START_MS + 10 * MINUTE_MS)),
        MINUTE_MS / MAX);
    CHECK_EQ("all forgotten",
        csn_throttle_used(table, START_MS + 13 * MINUTE_MS), 0);
}

static void
test_the_wait_has_an_end(void **state)
{
    csn_throttle_source alice;

    (void)state;
    new_table(MAX);
    alice = from_v4(1, "alice");
    failures(alice, 100000, START_MS);
    CHECK_EQ("a minute at most", wait_at(alice, START_MS), MINUTE_MS);
    CHECK_EQ("and then", wait_at(alice, START_MS + MINUTE_MS), 0);
    CHECK_EQ("pushed out", csn_throttle_displaced(table), 0);
}

static void
test_an_address(void **state)
{
    char user[16];

    (void)state;
    new_table(MAX);
    for (unsigned i = 0; i < 10 * MAX; i++) {
        (void)snprintf(user, sizeof(user), "user%u", i);
        failures(from_v4(1, user), 1, START_MS);
    }
    CHECK_EQ("at the limit", wait_at(from_v4(1, "bob"), START_MS), 0);
    failures(from_v4(1, "one more"), 1, START_MS);
    assert_true(wait_at(from_v4(1, "bob"), START_MS) > 0);
    CHECK_EQ("its neighbour", wait_at(from_v4(2, "bob"), START_MS), 0);
}

static void
test_a_subnet_is_one_address(void **state)
{
    (void)state;
    new_table(MAX);
    for (unsigned host = 0; host <= MAX; host++)
        failures(from_v6(1, 2, host, "alice"), 1, START_MS);
    assert_true(wait_at(from_v6(1, 2, 99, "alice"), START_MS) > 0);
    CHECK_EQ("the next /64", wait_at(from_v6(1, 3, 99, "alice"), START_MS), 0);
}

static void
test_a_site(void **state)
{
    char user[16];

    (void)state;
    new_table(MAX);
    for (unsigned i = 0; i <= 100 * MAX; i++) {
        (void)snprintf(user, sizeof(user), "user%u", i);
        CHECK_EQ("not yet", wait_at(from_v6(1, i, 0, user), START_MS), 0);
        failures(from_v6(1, i, 0, user), 1, START_MS);
    }
    assert_true(wait_at(from_v6(1, 60000, 0, "bob"), START_MS) > 0);
    CHECK_EQ("another /48", wait_at(from_v6(2, 0, 0, "bob"), START_MS), 0);
    CHECK_EQ("IPv4", wait_at(from_v4(1, "bob"), START_MS), 0);
}

static void
test_a_network_slows_down(void **state)
{
    char user[16];
    uint32_t delay = 0;

    (void)state;
    new_table(1);
    for (unsigned i = 0; i <= 1100; i++) {
        (void)snprintf(user, sizeof(user), "user%u", i);
        delay = failures(from_v6(i, 0, 0, user), 1, START_MS);
        CHECK_EQ("before the limit", delay > 0, i >= 1000);
    }
    assert_true(delay <= MAX_DELAY_MS);
    CHECK_EQ("refuses nobody", wait_at(from_v6(5000, 0, 0, "bob"), START_MS),
        0);
}

static void
test_a_user_slows_down(void **state)
{
    uint32_t before = 0;

    (void)state;
    new_table(MAX);
    for (unsigned i = 0; i < 2 * MAX; i++)
        CHECK_EQ("below twice the limit",
            failures(from_v4(i, "alice"), 1, START_MS), 0);
    for (unsigned i = 2 * MAX; i < 4 * MAX; i++) {
        uint32_t delay = failures(from_v4(i, "alice"), 1, START_MS);

        assert_true(delay > before);
        before = delay;
    }
    CHECK_EQ("the longest", before, MAX_DELAY_MS);
    CHECK_EQ("never longer", failures(from_v4(200, "alice"), 1, START_MS),
        MAX_DELAY_MS);
    CHECK_EQ("nobody is refused", wait_at(from_v4(201, "alice"), START_MS), 0);
    CHECK_EQ("another user", failures(from_v4(202, "bob"), 1, START_MS), 0);
    CHECK_EQ("and it ends",
        failures(from_v4(203, "alice"), 1, START_MS + 2 * MINUTE_MS), 0);
}

static void
test_one_address_never_slows_a_user(void **state)
{
    csn_throttle_source alice;

    (void)state;
    new_table(MAX);
    alice = from_v4(1, "alice");
    /* What a gateway counts: the rest is refused unread. */
    for (uint64_t now = START_MS; now < START_MS + 5 * MINUTE_MS; now += 100) {
        if (wait_at(alice, now) == 0)
            CHECK_EQ("one address", failures(alice, 1, now), 0);
    }
}

static void
test_layers_are_apart(void **state)
{
    const uint8_t address[16] = { [10] = 255, [11] = 255, [12] = 192 };
    csn_throttle_source origin;
    csn_throttle_source proxy;

    (void)state;
    new_table(MAX);
    origin = find(CSN_LAYER_ORIGIN, address, CSN_SPAN("alice"));
    proxy = find(CSN_LAYER_PROXY, address, CSN_SPAN("alice"));
    failures(origin, 1000, START_MS);
    assert_true(wait_at(origin, START_MS) > 0);
    CHECK_EQ("the other layer", wait_at(proxy, START_MS), 0);
    CHECK_EQ("slow there", failures(proxy, 1, START_MS), 0);
}

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
        { "H-09 a user at an address", test_user_at_an_address, NULL, NULL,
            NULL },
        { "H-09 names that differ by a zero at their end",
            test_names_that_differ_by_a_zero, NULL, NULL, NULL },
        { "H-09 a count runs down", test_it_runs_down, NULL, NULL, NULL },
        { "H-09 the wait has an end", test_the_wait_has_an_end, NULL, NULL,
            NULL },
        { "H-09 an address, whoever is guessed at", test_an_address, NULL,
            NULL, NULL },
        { "H-09 an IPv6 /64 is one address", test_a_subnet_is_one_address,
            NULL, NULL, NULL },
        { "H-09 an IPv6 /48 has a limit of its own", test_a_site, NULL, NULL,
            NULL },
        { "H-09 an IPv6 /32 slows down and refuses nobody",
            test_a_network_slows_down, NULL, NULL, NULL },
        { "H-09 a user slows down and is never locked out",
            test_a_user_slows_down, NULL, NULL, NULL },
        { "H-09 one address alone is refused, not slowed down",
            test_one_address_never_slows_a_user, NULL, NULL, NULL },
        { "H-09 origin and proxy count apart", test_layers_are_apart, NULL,
            NULL, NULL },
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

    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
