// SPDX-License-Identifier: MIT
#ifndef CSN_BENCH_LOAD_TIMES_H
#define CSN_BENCH_LOAD_TIMES_H

#include <stddef.h>

/* How long answers took. */

void load_times_keep(double seconds);

/** That many in a thousand took no longer; in microseconds. */
double load_times_quantile(size_t per_mille);

#endif
