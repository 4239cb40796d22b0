// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_BYTES_H
#define CSN_CORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Big-endian numbers of 1 to 8 octets. */
static inline void
csn_put_be(uint8_t *out, uint64_t value, size_t size)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        out[i] = (uint8_t)value;
}

static inline uint64_t
csn_get_be(const uint8_t *in, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = (value << 8) | in[i];
    return value;
}

#endif
