// SPDX-License-Identifier: MIT
/*
 * The counts table: marks per second on one thread and on two, time per mark,
 * octets per nonce.
 *
 *     build/bench/counts [ROUNDS]
 *
 * Each figure is the best of ROUNDS (default 5), in which the ways take turns,
 * so that what else the machine does hits them alike. The ns are processor
 * time of one thread per mark, its making included. "apart" is two threads
 * with a table each, which share nothing of ours: what this machine allows.
 */
#define _GNU_SOURCE /* getentropy, pthread_barrier_t */

#include <countersign/stores/memory.h>

#include "core/bytes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LIVE = 245000, /* nonces: a quarter of the default table */
    MAX_THREADS = 2,
    MARKS_PER_MS = 1000, /* of one thread, by the clock of this bench */
    DEFAULT_ROUNDS = 5,
    LIFE_MS = 300000,
    GRACE_MS = 30000
};

#define START_MS UINT64_C(1800000000000)

/* One kind of load: which nonce and count mark number `i` of a thread has. */
typedef struct load {
    const char *name;
    uint32_t (*pick)(uint32_t i, unsigned thread, uint32_t *nc);
    uint32_t marks;   /* per thread and round */
    unsigned smaller; /* the table, by so much */
    bool all_fresh;   /* otherwise a thread that falls behind is refused */
} load;

typedef struct job {
    csn_counts *table;
    const load *what;
    pthread_barrier_t *start;
    unsigned thread;
    uint64_t refused;
    double began_s, ended_s;
    double cpu_s;
} job;

static csn_status
draw(uint8_t *out, size_t len)
{
    return getentropy(out, len) == 0 ? CSN_OK : CSN_E_RANDOM;
}

/* Nonces in use, each thread its own half of them, in no order that a cache
 * would like: the next count. */
static uint32_t
pick_known(uint32_t i, unsigned thread, uint32_t *nc)
{
    uint32_t half = LIVE / 2;

    *nc = 2 + i / half;
    return (uint32_t)((uint64_t)i * 104729 % half) * 2 + thread;
}

/* A nonce nobody used before. */
static uint32_t
pick_new(uint32_t i, unsigned thread, uint32_t *nc)
{
    *nc = 1;
    return LIVE + i * MAX_THREADS + thread;
}

/* One nonce, all counts; the threads take turns. */
static uint32_t
pick_same(uint32_t i, unsigned thread, uint32_t *nc)
{
    *nc = 2 + i * MAX_THREADS + thread;
    return 0;
}

static const load loads[] = {
    { "next count, nonces at random", pick_known, 1000000, 1, true },
    { "first use, table with room", pick_new, 100000, 1, true },
    { "first use, table full", pick_new, 300000, 32, false },
    { "next count, all on one nonce", pick_same, 1000000, 1, false },
};

/* The first LIVE nonces were minted one in a millisecond, before the clock
 * begins; the others two thousand in a millisecond, while it runs. */
static csn_mark
mark_of(const csn_counts *table, uint32_t serial, uint32_t nc)
{
    uint64_t minted_ms = serial < LIVE
        ? START_MS + serial
        : START_MS + LIVE + (serial - LIVE) / (MAX_THREADS * MARKS_PER_MS);
    csn_mark mark = {
        .minted_ms = minted_ms,
        .now_ms = minted_ms,
        .life_ms = LIFE_MS,
        .grace_ms = GRACE_MS,
        .nc = nc,
    };

    csn_counts_domain(table, mark.domain);
    csn_put_be(mark.id, minted_ms, 6);
    csn_put_be(mark.id + 6, serial, 8);
    csn_put_be(mark.user_tag, serial % 1000, 8);
    return mark;
}

static double
seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *
work(void *argument)
{
    job *j = argument;

    pthread_barrier_wait(j->start);
    j->began_s = seconds(CLOCK_MONOTONIC);
    j->cpu_s = -seconds(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < j->what->marks; i++) {
        uint64_t wall_ms = START_MS + LIVE + i / MARKS_PER_MS;
        uint32_t nc;
        uint32_t serial = j->what->pick(i, j->thread, &nc);
        csn_mark mark = mark_of(j->table, serial, nc);

        mark.now_ms = csn_counts_now(j->table, wall_ms);
        j->refused += csn_counts_mark(j->table, &mark).code != CSN_MARK_FRESH;
    }
    j->cpu_s += seconds(CLOCK_THREAD_CPUTIME_ID);
    j->ended_s = seconds(CLOCK_MONOTONIC);
    return NULL;
}

static csn_counts *
make_table(uint8_t *memory, unsigned smaller)
{
    static const csn_crypto crypto = { .version = CSN_CRYPTO_VERSION,
        .random = draw };
    csn_counts *table;

    if (csn_counts_init(memory, CSN_COUNTS_DEFAULT_SIZE / smaller, &crypto,
            START_MS, &table) != CSN_OK)
        abort();
    for (uint32_t serial = 0; serial < LIVE; serial++) {
        csn_mark mark = mark_of(table, serial, 1);

        if (csn_counts_mark(table, &mark).code != CSN_MARK_FRESH)
            abort();
    }
    return table;
}

typedef struct figure {
    double per_s;  /* marks of all threads */
    double cpu_ns; /* of one thread per mark */
} figure;

static figure
sum_up(const job *jobs, unsigned threads)
{
    double began_s = jobs[0].began_s, ended_s = jobs[0].ended_s;
    double marks = (double)threads * jobs[0].what->marks;
    figure got = { 0 };

    for (unsigned i = 0; i < threads; i++) {
        if (jobs[i].what->all_fresh && jobs[i].refused != 0)
            abort();
        if (jobs[i].began_s < began_s)
            began_s = jobs[i].began_s;
        if (jobs[i].ended_s > ended_s)
            ended_s = jobs[i].ended_s;
        got.cpu_ns += jobs[i].cpu_s * 1e9 / marks;
    }
    got.per_s = marks / (ended_s - began_s);
    return got;
}

/* `tables`: 1, or as many as threads. */
static figure
run(uint8_t *memory, const load *what, unsigned threads, unsigned tables)
{
    csn_counts *made[MAX_THREADS];
    pthread_barrier_t start;
    pthread_t ids[MAX_THREADS];
    job jobs[MAX_THREADS];

    for (unsigned i = 0; i < tables; i++)
        made[i] = make_table(memory + i * CSN_COUNTS_DEFAULT_SIZE,
            what->smaller);
    pthread_barrier_init(&start, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        jobs[i] = (job){ .table = made[i % tables],
            .what = what,
            .start = &start,
            .thread = i };
        if (pthread_create(&ids[i], NULL, work, &jobs[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    pthread_barrier_destroy(&start);
    for (unsigned i = 0; i < tables; i++)
        csn_counts_wipe(made[i]);
    return sum_up(jobs, threads);
}

static void
keep_best(figure *best, figure got)
{
    if (got.per_s > best->per_s)
        best->per_s = got.per_s;
    if (best->cpu_ns == 0 || got.cpu_ns < best->cpu_ns)
        best->cpu_ns = got.cpu_ns;
}

static void
show_size(uint8_t *memory)
{
    csn_counts *table = make_table(memory, 1);
    csn_counts_stats stats;
    double began = seconds(CLOCK_MONOTONIC);

    csn_counts_stats_read(table, START_MS, &stats);
    began = seconds(CLOCK_MONOTONIC) - began;
    printf("%zu octets, %llu lines of %d octets; with the buckets' headers "
           "%.1f octets per line\n",
        CSN_COUNTS_DEFAULT_SIZE, (unsigned long long)stats.lines,
        CSN_COUNTS_LINE,
        (double)CSN_COUNTS_DEFAULT_SIZE / (double)stats.lines);
    printf("%llu live nonces, totals read in %.1f ms\n\n",
        (unsigned long long)stats.live, began * 1e3);
    csn_counts_wipe(table);
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : DEFAULT_ROUNDS;
    uint8_t *memory = aligned_alloc(64, MAX_THREADS * CSN_COUNTS_DEFAULT_SIZE);

    if (memory == NULL || rounds < 1)
        return 2;
    show_size(memory);
    printf("%-28s %11s %5s %11s %5s %6s %11s %6s\n", "", "1 thread/s", "ns",
        "2 threads/s", "ns", "times", "2 apart/s", "times");
    for (size_t l = 0; l < sizeof(loads) / sizeof(loads[0]); l++) {
        figure one = { 0 }, two = { 0 }, apart = { 0 };

        for (int round = 0; round < rounds; round++) {
            keep_best(&one, run(memory, &loads[l], 1, 1));
            keep_best(&two, run(memory, &loads[l], 2, 1));
            keep_best(&apart, run(memory, &loads[l], 2, 2));
        }
        printf("%-28s %11.0f %5.0f %11.0f %5.0f %6.2f %11.0f %6.2f\n",
            loads[l].name, one.per_s, one.cpu_ns, two.per_s, two.cpu_ns,
            two.per_s / one.per_s, apart.per_s, apart.per_s / one.per_s);
    }
    free(memory);
    return 0;
}
