// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* pthread barriers under -std=c11 */
#include "check.h"
#include "rig.h"

#include <countersign/crypto_openssl.h>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

/*
 * What strangers can make a server spend: nothing that stays. A flood of
 * challenges neither takes memory nor a line of the table, and the nonces are
 * different at any speed.
 */

enum {
    CHALLENGES = 1000000,
    GUESSES = 50000,
    WARM_UP = 1000,
    THREADS = 8,
    EACH = 25000,
    NONCE = 56
};

/* One challenge for nobody, as fast as it goes; its nonce, if wanted. */
static void
challenge(const attack_site *site, csn_server_exchange *x, char *nonce)
{
    csn_server_request request = { .target = { CSN_SPAN("GET"), CSN_SPAN("/"),
                                       CSN_SPAN("http"), CSN_SPAN("h") },
        .now_ms = site->now_ms };
    char text[CSN_CHALLENGE_SIZE + 1];
    csn_writer out = csn_writer_init((uint8_t *)text, CSN_CHALLENGE_SIZE);
    const char *at;

    csn_counts_domain(site->table, request.domain);
    if (csn_server_begin(x, &site->server, &request) != CSN_DONE ||
        csn_server_challenge(x, 0, &out) != CSN_OK)
        abort(); /* on a thread: cmocka cannot fail there */
    text[out.len] = '\0';
    at = strstr(text, "nonce=\"");
    if (at == NULL || at[7 + NONCE] != '"')
        abort();
    if (nonce != NULL)
        memcpy(nonce, at + 7, NONCE);
    csn_server_end(x);
}

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
        challenge(&site, &x, NULL);
    table = malloc(site.memory_size);
    assert_non_null(table);
    memcpy(table, site.memory, site.memory_size);
    heap = heap_in_use();
    pages = resident_pages();

    for (int i = 0; i < CHALLENGES; i++)
        challenge(&site, &x, NULL);
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
    guess.value[P_RESPONSE][0] ^= 1;
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

typedef struct minter {
    const attack_site *site;
    pthread_barrier_t *start;
    char (*nonces)[NONCE];
} minter;

static void *
mint(void *argument)
{
    const minter *m = argument;
    csn_server_exchange x;

    pthread_barrier_wait(m->start);
    for (size_t i = 0; i < EACH; i++)
        challenge(m->site, &x, m->nonces[i]);
    return NULL;
}

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, NONCE);
}

/* All in one millisecond, of one server, on all threads at once. */
static void
unique(void **state)
{
    char(*nonces)[NONCE] = calloc(THREADS * EACH, NONCE);
    pthread_t threads[THREADS];
    minter minters[THREADS];
    pthread_barrier_t start;
    attack_site site;

    (void)state;
    assert_non_null(nonces);
    attack_open(&site, NULL);
    pthread_barrier_init(&start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        minters[i] = (minter){ &site, &start, nonces + i * EACH };
        assert_int_equal(pthread_create(&threads[i], NULL, mint, &minters[i]),
            0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    qsort(nonces, THREADS * EACH, NONCE, compare);
    for (size_t i = 1; i < THREADS * EACH; i++)
        assert_memory_not_equal(nonces[i - 1], nonces[i], NONCE);
    pthread_barrier_destroy(&start);
    free(nonces);
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
        TEST("B-05 nonce uniqueness at full speed on many threads", unique),
    };

    return cmocka_run_group_tests_name("floods", tests, NULL, NULL);
}
