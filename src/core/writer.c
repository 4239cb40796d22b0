// SPDX-License-Identifier: MIT
#include "core/writer.h"

#include "core/hex.h"

#include <string.h>

/* Room for `len` octets more; after an overflow there is none (span.h). */
static uint8_t *
claim(csn_writer *out, size_t len)
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

void
csn_write_byte(csn_writer *out, uint8_t byte)
{
    uint8_t *at = claim(out, 1);

    if (at != NULL)
        *at = byte;
}

void
csn_write(csn_writer *out, csn_span text)
{
    uint8_t *at = claim(out, text.len);

    if (at != NULL)
        memcpy(at, text.ptr, text.len);
}

void
csn_write_hex(csn_writer *out, const uint8_t *octets, size_t len)
{
    uint8_t *at = len > SIZE_MAX / 2 ? claim(out, SIZE_MAX)
                                     : claim(out, 2 * len);

    if (at != NULL)
        csn_hex_encode(octets, len, at);
}
