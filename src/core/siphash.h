// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_SIPHASH_H
#define CSN_CORE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define CSN_SIPHASH_KEY 16

/*
 * SipHash-2-4 with 64 or 128 bits of result: a keyed function for short
 * input whose output nobody can predict without the key (Aumasson and
 * Bernstein 2012; the 128-bit form is the authors' own). Octet order as in
 * their reference: little endian.
 */
uint64_t csn_siphash(const uint8_t key[CSN_SIPHASH_KEY], const void *data,
    size_t len);
void csn_siphash_128(const uint8_t key[CSN_SIPHASH_KEY], const void *data,
    size_t len, uint8_t out[16]);

#endif
