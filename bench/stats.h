// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_BENCH_STATS_H
#define COUNTERSIGN_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

/* A value with its 99 % confidence interval. */
typedef struct interval {
    double value;
    double low;
    double high;
} interval;

/* How two classes of times differ: positive, the second one takes longer. */
typedef struct difference {
    interval mean;   /* of those below the pooled 90th percentile, Welch */
    interval median; /* of all, by bootstrap */
    double t;        /* Welch's, of the means */
    double effect;   /* Cohen's d: the difference in standard deviations */
} difference;

/* Compare `a` and `b`, `count` samples each; their order is lost. */
difference compare_samples(double *a, double *b, size_t count);

/* A number of the generator that samples and bootstrap share. */
uint64_t draw(void);

#endif
