// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_WRITER_H
#define CSN_CORE_WRITER_H

#include <countersign/span.h>

#include <string.h>

/*
 * Append to a csn_writer; see span.h for the overflow flag. Short and called
 * for every piece of a field: inline, so that a piece of known length costs
 * the check and its moves.
 */

/* Room for `len` octets more, or NULL; after an overflow there is none. */
static inline uint8_t *
csn_write_room(csn_writer *out, size_t len)
{
    uint8_t *at = NULL;

    if (out->overflow || len > out->cap - out->len) {
        out->overflow = true;
    } else if (len > 0) {
        at = out->buf + out->len;
        out->len += len;
    }
    return at;
}

static inline void
csn_write_byte(csn_writer *out, uint8_t byte)
{
    uint8_t *at = csn_write_room(out, 1);

    if (at != NULL)
        *at = byte;
}

static inline void
csn_write(csn_writer *out, csn_span text)
{
    uint8_t *at = csn_write_room(out, text.len);

    if (at != NULL)
        memcpy(at, text.ptr, text.len);
}

/* Append `len` octets as lower-case hex. */
void csn_write_hex(csn_writer *out, const uint8_t *octets, size_t len);

#endif
