// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_BYTES_H
#define CSN_CORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Big-endian numbers. Written out, those of 4 and 8 octets become one move
 * and one swap; the loops are for the odd sizes.
 */
static inline void
csn_put_be32(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

static inline void
csn_put_be64(uint8_t *out, uint64_t value)
{
    csn_put_be32(out, (uint32_t)(value >> 32));
    csn_put_be32(out + 4, (uint32_t)value);
}

static inline uint32_t
csn_get_be32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
        (uint32_t)in[2] << 8 | in[3];
}

static inline uint64_t
csn_get_be64(const uint8_t *in)
{
    return (uint64_t)in[0] << 56 | (uint64_t)in[1] << 48 |
        (uint64_t)in[2] << 40 | (uint64_t)in[3] << 32 | (uint64_t)in[4] << 24 |
        (uint64_t)in[5] << 16 | (uint64_t)in[6] << 8 | in[7];
}

/* Little-endian, one move where the machine is so. */
static inline uint64_t
csn_get_le64(const uint8_t *in)
{
    return (uint64_t)in[7] << 56 | (uint64_t)in[6] << 48 |
        (uint64_t)in[5] << 40 | (uint64_t)in[4] << 32 | (uint64_t)in[3] << 24 |
        (uint64_t)in[2] << 16 | (uint64_t)in[1] << 8 | in[0];
}

static inline void
csn_put_le64(uint8_t *out, uint64_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
    out[2] = (uint8_t)(value >> 16);
    out[3] = (uint8_t)(value >> 24);
    out[4] = (uint8_t)(value >> 32);
    out[5] = (uint8_t)(value >> 40);
    out[6] = (uint8_t)(value >> 48);
    out[7] = (uint8_t)(value >> 56);
}

/* Six octets: a time in milliseconds. */
static inline void
csn_put_be48(uint8_t *out, uint64_t value)
{
    out[0] = (uint8_t)(value >> 40);
    out[1] = (uint8_t)(value >> 32);
    csn_put_be32(out + 2, (uint32_t)value);
}

static inline uint64_t
csn_get_be48(const uint8_t *in)
{
    return (uint64_t)in[0] << 40 | (uint64_t)in[1] << 32 |
        csn_get_be32(in + 2);
}

/* 1 to 8 octets. */
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
