// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_SPAN_H
#define COUNTERSIGN_SPAN_H

#include <countersign/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Octets somebody else owns: a pointer and a length, passed by value.
 *
 * In:  `ptr` may be NULL only when `len` is 0. No terminating zero is
 *      needed or looked at. A span given to a function is borrowed for
 *      that call, unless the function's header says longer.
 */
typedef struct csn_span {
    const uint8_t *ptr;
    size_t len;
} csn_span;

/** A span over a string literal, its terminating zero left out. */
#define CSN_SPAN(literal)                                                     \
    ((csn_span){ (const uint8_t *)("" literal), sizeof(literal) - 1 })

/** The same in the form that initializes a static table. */
#define CSN_LIT(literal)                                                      \
    {                                                                         \
        (const uint8_t *)("" literal), sizeof(literal) - 1                    \
    }

/**
 * Output into the caller's buffer. Writes past the end set `overflow`,
 * which stays set and is looked at once, at the end; nothing is ever
 * written past `cap`. After an overflow the content is of no use.
 *
 * In:      `buf` holds `cap` octets; `len` of them are written.
 * Memory:  allocates nothing. May be copied by assignment.
 */
typedef struct csn_writer {
    uint8_t *buf;
    size_t cap;
    size_t len;
    bool overflow;
} csn_writer;

/** A writer at the start of `buf`, which holds `cap` octets. */
static inline csn_writer
csn_writer_init(uint8_t *buf, size_t cap)
{
    csn_writer writer = { buf, cap, 0, false };

    return writer;
}

/** What was written so far. Borrowed from the writer's buffer. */
static inline csn_span
csn_writer_span(const csn_writer *writer)
{
    csn_span text = { writer->buf, writer->len };

    return text;
}

#endif
