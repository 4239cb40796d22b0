// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_COMPILER_H
#define CSN_CORE_COMPILER_H

/*
 * The one place for what C11 cannot say.
 *
 * CSN_OPAQUE(x)  the compiler must forget what it knows about the integer
 *                `x`, so that it cannot turn branch-free code into branches.
 * CSN_INLINE     inline in any case: the few steps that every parameter or
 *                word goes through, where a call costs as much as the step.
 * CSN_USED(p)    the memory behind `p` counts as read, so that a write just
 *                before it cannot be dropped.
 */
#if defined(__GNUC__) || defined(__clang__)
#define CSN_INLINE inline __attribute__((always_inline))
#define CSN_OPAQUE(x) __asm__("" : "+r"(x))
#define CSN_USED(p) __asm__ volatile("" : : "r"(p) : "memory")
#else
#error "CSN_INLINE, CSN_OPAQUE and CSN_USED must be written for this compiler"
#endif

#endif
