// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "rounds.h"

#include "sample.h"

#include <stdlib.h>
#include <time.h>

static double
time_round(round_step step)
{
    struct timespec from;
    struct timespec to;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (size_t i = 0; i < ROUND_STEPS; i++)
        step(i);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 +
               (double)(to.tv_nsec - from.tv_nsec)) /
        ROUND_STEPS;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
quartile(double *values, size_t number)
{
    qsort(values, ROUNDS, sizeof(values[0]), ascending);
    return values[number * ROUNDS / 4];
}

rounds_result
rounds_measure(round_prepare prepare, const round_step *kinds, size_t count)
{
    static double ns[ROUND_KINDS][ROUNDS];
    static double ratio[ROUNDS];
    rounds_result result = { 0 };

    for (size_t i = 0; i < ROUNDS; i++) {
        for (size_t kind = 0; kind < count; kind++) {
            prepare();
            ns[kind][i] = time_round(kinds[kind]);
        }
        ratio[i] = ns[0][i] / ns[count - 1][i];
    }
    for (size_t kind = 0; kind < count; kind++)
        result.ns[kind] = quartile(ns[kind], 2);
    for (size_t i = 0; i < 3; i++)
        result.ratio[i] = quartile(ratio, i + 1);
    return result;
}

void
rounds_repeat(round_prepare prepare, round_step step, size_t count)
{
    if (count > ROUND_STEPS)
        sample_die("a round has at most 100 steps");
    prepare();
    for (size_t i = 0; i < count; i++)
        step(i);
}
