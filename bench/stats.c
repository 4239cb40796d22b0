// SPDX-License-Identifier: MIT
#include "stats.h"

#include <math.h>
#include <stdlib.h>

enum { RESAMPLES = 400, KEEP_PERCENT = 90 };

#define Z99 2.5758293 /* of the normal distribution, both sides */

/* xorshift64*: repeatable, and far from any order of the data. */
uint64_t
draw(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717u;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

typedef struct moments {
    double mean;
    double variance;
    double count;
} moments;

/* Of the samples up to `limit`; `sorted` in ascending order. */
static moments
moments_below(const double *sorted, size_t count, double limit)
{
    moments m = { 0, 0, 0 };
    double squares = 0;

    for (size_t i = 0; i < count && sorted[i] <= limit; i++) {
        double step = sorted[i] - m.mean;

        m.count++;
        m.mean += step / m.count;
        squares += step * (sorted[i] - m.mean);
    }
    m.variance = m.count > 1 ? squares / (m.count - 1) : 0;
    return m;
}

/* The pooled percentile of two sorted classes of one size. */
static double
pooled_limit(const double *a, const double *b, size_t count)
{
    size_t wanted = 2 * count * KEEP_PERCENT / 100;
    size_t i = 0;
    size_t j = 0;

    while (i + j < wanted) {
        if (j == count || (i < count && a[i] <= b[j]))
            i++;
        else
            j++;
    }
    return fmax(i > 0 ? a[i - 1] : 0, j > 0 ? b[j - 1] : 0);
}

static void
compare_means(const double *a, const double *b, size_t count, difference *out)
{
    double limit = pooled_limit(a, b, count);
    moments x = moments_below(a, count, limit);
    moments y = moments_below(b, count, limit);
    double error = sqrt(x.variance / x.count + y.variance / y.count);
    double spread = sqrt((x.variance + y.variance) / 2);

    out->mean.value = y.mean - x.mean;
    out->mean.low = out->mean.value - Z99 * error;
    out->mean.high = out->mean.value + Z99 * error;
    out->t = error > 0 ? out->mean.value / error : 0;
    out->effect = spread > 0 ? out->mean.value / spread : 0;
}

/*
 * The median of a resample, drawn from a sorted class without making it: the
 * index of a resample's median is the median of uniform indices, which for
 * many samples is normal about the middle with sqrt(count) / 2.
 */
static double
resampled_median(const double *sorted, size_t count)
{
    double sum = 0;
    double index;

    for (int i = 0; i < 12; i++) /* Irwin and Hall: nearly normal */
        sum += (double)(draw() >> 11) / 9007199254740992.0;
    index = (double)count / 2 + (sum - 6) * sqrt((double)count) / 2;
    if (index < 0)
        index = 0;
    if (index > (double)(count - 1))
        index = (double)(count - 1);
    return sorted[(size_t)index];
}

static void
compare_medians(const double *a, const double *b, size_t count,
    difference *out)
{
    static double found[RESAMPLES];

    for (size_t i = 0; i < RESAMPLES; i++)
        found[i] = resampled_median(b, count) - resampled_median(a, count);
    qsort(found, RESAMPLES, sizeof(double), ascending);
    out->median.value = b[count / 2] - a[count / 2];
    out->median.low = found[RESAMPLES / 200];
    out->median.high = found[RESAMPLES - 1 - RESAMPLES / 200];
}

difference
compare_samples(double *a, double *b, size_t count)
{
    difference out;

    qsort(a, count, sizeof(double), ascending);
    qsort(b, count, sizeof(double), ascending);
    compare_means(a, b, count, &out);
    compare_medians(a, b, count, &out);
    return out;
}
