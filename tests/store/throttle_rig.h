// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_THROTTLE_RIG_H
#define COUNTERSIGN_TESTS_THROTTLE_RIG_H

#include "check.h"

#include <countersign/stores/throttle.h>

/* Failed logins in a table of the default size. Time is an argument, and each
 * row has a table of its own. */

enum {
    MAX = 20,
    START_MS = 1000000,
    SECOND_MS = 1000,
    MINUTE_MS = 60000,
    MAX_DELAY_MS = 5000
};

/* Counts in a table of the default size; its head takes the room of 16. */
enum { CELLS = CSN_THROTTLE_DEFAULT_SIZE / 8 - 16 };

extern uint8_t memory[CSN_THROTTLE_DEFAULT_SIZE];
extern csn_throttle *table;
extern csn_throttle_limits limits;
extern const csn_crypto crypto;

void new_table(unsigned failures);

csn_throttle_source find(csn_layer layer, const uint8_t address[16],
    csn_span user);

/* 192.0.2.`last` in its mapped form. */
csn_throttle_source from_v4_octets(unsigned last, csn_span user);
csn_throttle_source from_v4(unsigned last, const char *user);

/* An address of 2001:db8::/32: `site` are the next 16 bits, `subnet` those
 * after them, `host` the last. */
csn_throttle_source from_v6(unsigned site, unsigned subnet, unsigned host,
    const char *user);

uint64_t wait_at(csn_throttle_source source, uint64_t now_ms);

/* The delay of the last of `times` failures. */
uint32_t failures(csn_throttle_source source, unsigned times, uint64_t now_ms);

#endif
