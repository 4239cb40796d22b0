// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_COUNTS_STEP_H
#define COUNTERSIGN_TESTS_COUNTS_STEP_H

/* Another process, run instruction by instruction (x86-64, Linux). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct stepped {
    pid_t pid;
    bool exited;
} stepped;

/* A child that runs `work(argument)` and exits, stopped before it. False when
 * this machine lets nobody trace. */
bool step_fork(stepped *child, void (*work)(void *), void *argument);

/* One instruction. */
void step_once(stepped *child);

/* The address of the next instruction. */
uint64_t step_address(const stepped *child);

/* Run until the instruction at `address` is next. */
void step_until(stepped *child, uint64_t address);

/* SIGKILL, and wait until it is gone. */
void step_kill(stepped *child);

#endif
