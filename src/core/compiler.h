// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_COMPILER_H
#define CSN_CORE_COMPILER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The one place for what C11 cannot say.
 *
 * CSN_OPAQUE(x)  the compiler must forget what it knows about the integer
 *                `x`, so that it cannot turn branch-free code into branches.
 * CSN_INLINE     inline in any case: the few steps that every parameter or
 *                word goes through, where a call costs as much as the step.
 * CSN_USED(p)    the memory behind `p` counts as read, so that a write just
 *                before it cannot be dropped.
 * csn_wide       sixteen octets at once; where the machine has nothing so
 *                wide the compiler splits it up.
 */
#if defined(__GNUC__) || defined(__clang__)
#define CSN_INLINE inline __attribute__((always_inline))
#define CSN_OPAQUE(x) __asm__("" : "+r"(x))
#define CSN_USED(p) __asm__ volatile("" : : "r"(p) : "memory")
typedef uint8_t csn_wide __attribute__((vector_size(16)));
#else
#error "what stands above must be written for this compiler"
#endif

enum { CSN_WIDE = sizeof(csn_wide) };

static CSN_INLINE csn_wide
csn_wide_load(const uint8_t *p)
{
    csn_wide wide;

    memcpy(&wide, p, sizeof(wide));
    return wide;
}

/* 0xff for each octet that is `octet`, 0 for the others. */
static CSN_INLINE csn_wide
csn_wide_equal(csn_wide wide, uint8_t octet)
{
    return (csn_wide)(wide == octet);
}

/* 0xff for each octet below `bound`, 0 for the others. */
static CSN_INLINE csn_wide
csn_wide_below(csn_wide wide, uint8_t bound)
{
    return (csn_wide)(wide < bound);
}

/* 0 for each letter, 0xff for the others. */
static CSN_INLINE csn_wide
csn_wide_not_letters(csn_wide wide)
{
    return (csn_wide)((wide | 0x20) - 'a' >= 26);
}

static CSN_INLINE csn_wide
csn_wide_or(csn_wide a, csn_wide b)
{
    return a | b;
}

/* How many octets stand before the first that is 0xff; CSN_WIDE if none. */
static CSN_INLINE size_t
csn_wide_before(csn_wide marks)
{
    uint64_t words[2];

    memcpy(words, &marks, sizeof(words));
    if ((words[0] | words[1]) == 0)
        return CSN_WIDE;
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        return words[0] != 0 ? (size_t)__builtin_clzll(words[0]) / 8
                             : 8 + (size_t)__builtin_clzll(words[1]) / 8;
    return words[0] != 0 ? (size_t)__builtin_ctzll(words[0]) / 8
                         : 8 + (size_t)__builtin_ctzll(words[1]) / 8;
}

#endif
