// SPDX-License-Identifier: MIT
#include "core/writer.h"

#include "core/hex.h"

void
csn_write_hex(csn_writer *out, const uint8_t *octets, size_t len)
{
    uint8_t *at = csn_write_room(out, len > SIZE_MAX / 2 ? SIZE_MAX : 2 * len);

    if (at != NULL)
        csn_hex_encode(octets, len, at);
}
