// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_FUZZ_H
#define COUNTERSIGN_FUZZ_H

#include <countersign/digest.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every target defines; libFuzzer or tests/support/replay.c calls it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define FUZZ_HOLDS(property)                                                  \
    do {                                                                      \
        if (!(property)) {                                                    \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
                #property);                                                   \
            abort();                                                          \
        }                                                                     \
    } while (0)

/* Whether two values say the same once unescaped, or both are absent. */
static inline bool
fuzz_same_value(const csn_value *a, const csn_value *b, bool any_case)
{
    static uint8_t x[CSN_MAX_FIELD], y[CSN_MAX_FIELD];
    csn_writer plain_a = csn_writer_init(x, sizeof(x));
    csn_writer plain_b = csn_writer_init(y, sizeof(y));

    if (!a->present || !b->present)
        return a->present == b->present;
    csn_value_unescape(a, &plain_a);
    csn_value_unescape(b, &plain_b);
    FUZZ_HOLDS(!plain_a.overflow && !plain_b.overflow);
    if (any_case)
        return csn_name_equal(csn_writer_span(&plain_a),
            csn_writer_span(&plain_b));
    return plain_a.len == plain_b.len && memcmp(x, y, plain_a.len) == 0;
}

/* The unescaped value, in memory that lasts as long as the program's run. */
static inline csn_span
fuzz_plain(const csn_value *value, uint8_t *buf, size_t size)
{
    csn_writer plain = csn_writer_init(buf, size);

    csn_value_unescape(value, &plain);
    FUZZ_HOLDS(!plain.overflow);
    return csn_writer_span(&plain);
}

#endif
