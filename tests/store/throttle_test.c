// SPDX-License-Identifier: MIT

/* Failed logins: what is counted, what is refused, what is slowed down. */

#include "throttle_rig.h"

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
    };

    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
