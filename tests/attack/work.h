// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_ATTACK_WORK_H
#define COUNTERSIGN_TESTS_ATTACK_WORK_H

#include <stddef.h>

/*
 * How much a piece of code does: branches taken in sources built with
 * -fsanitize-coverage=trace-pc, and octets that these had the C library move
 * or compare (--wrap). The same for the same input, on any machine.
 */
void work_begin(void);
size_t work_end(void);

#endif
