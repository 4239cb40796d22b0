// SPDX-License-Identifier: MIT
#include "check.h"
#include "rig.h"

#include <malloc.h>

/*
 * What strangers can make a server spend: nothing that stays. A flood of
 * challenges or of guesses takes neither memory nor a line of the table.
 */

enum { CHALLENGES = 1000000, GUESSES = 50000, WARM_UP = 1000 };

/* Octets in use by this process: its heap, and its pages in memory. */
static size_t
heap_in_use(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static size_t
resident_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    size_t total, resident;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &total, &resident), 2);
    fclose(file);
    return resident;
}

static uint64_t
lines_used(attack_site *site)
{
    csn_counts_stats stats;

    csn_counts_stats_read(site->table, site->now_ms, &stats);
    return stats.used;
}

static void
flat_memory(void **state)
{
    attack_request request;
    attack_site site;
    csn_server_exchange x;
    size_t heap, pages;
    uint8_t *table;

    (void)state;
    attack_open(&site, NULL);
    attack_right(&site, &request);
    attack_allowed("before the flood", &site, &request);
    for (int i = 0; i < WARM_UP; i++)
        attack_challenge(&site, &x, NULL);
    table = malloc(site.memory_size);
    assert_non_null(table);
    memcpy(table, site.memory, site.memory_size);
    heap = heap_in_use();
    pages = resident_pages();

    for (int i = 0; i < CHALLENGES; i++)
        attack_challenge(&site, &x, NULL);
    assert_true(heap_in_use() <= heap);
    assert_true(resident_pages() <= pages + ATTACK_MORE_PAGES);
    assert_memory_equal(table, site.memory, site.memory_size);
    assert_int_equal(lines_used(&site), 1);

    attack_refused("a replay", &site, &request, CSN_R_REPLAY);
    attack_set(&request, P_NC, "00000002");
    attack_sign(&request, "secret");
    attack_allowed("after the flood", &site, &request);
    free(table);
    attack_close(&site);
}

/* The same with credentials that are wrong: guesses leave no trace either. */
static void
guesses_cost_no_line(void **state)
{
    attack_request request, guess;
    attack_answer answer;
    attack_site site;

    (void)state;
    attack_open_sized(&site, NULL, csn_counts_min_size());
    attack_right(&site, &request);
    attack_allowed("before the flood", &site, &request);
    attack_right(&site, &guess);
    guess.value[P_RESPONSE][0] = guess.value[P_RESPONSE][0] == '0' ? '1' : '0';
    for (unsigned i = 0; i < GUESSES; i++) {
        snprintf(guess.value[P_NC], 9, "%08x", i + 1);
        attack_send(&site, &guess, &answer);
        assert_false(answer.marked);
        assert_int_equal(answer.outcome.reason, CSN_R_WRONG_RESPONSE);
    }
    assert_int_equal(lines_used(&site), 1);
    attack_set(&request, P_NC, "00000002");
    attack_sign(&request, "secret");
    attack_allowed("after the flood", &site, &request);
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
        TEST("H-05 10^6 challenges with flat memory", flat_memory),
        TEST("H-06 guesses take no line of the table", guesses_cost_no_line),
    };

    return cmocka_run_group_tests_name("floods", tests, NULL, NULL);
}
