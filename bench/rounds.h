// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_BENCH_ROUNDS_H
#define COUNTERSIGN_BENCH_ROUNDS_H

#include <stddef.h>

/* Steps timed in rounds, one kind after the other, so that what disturbs the
 * machine disturbs all of them alike. */
enum { ROUND_STEPS = 100, ROUNDS = 2000, ROUND_KINDS = 3 };

/* Make ready what the steps 0 to ROUND_STEPS - 1 of a round use up. */
typedef void (*round_prepare)(void);
typedef void (*round_step)(size_t i);

/* What was measured: CPU nanoseconds of a step, medians; and the ratio of the
 * first kind to the last with its quartiles. */
typedef struct rounds_result {
    double ns[ROUND_KINDS];
    double ratio[3];
} rounds_result;

rounds_result rounds_measure(round_prepare prepare, const round_step *kinds,
    size_t count);

/* `count` steps of one round, for an instruction count. */
void rounds_repeat(round_prepare prepare, round_step step, size_t count);

#endif
