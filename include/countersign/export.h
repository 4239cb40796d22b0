// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_EXPORT_H
#define COUNTERSIGN_EXPORT_H

/**
 * CSN_API marks what the shared libraries export (all else is hidden);
 * CSN_NODISCARD marks results that a caller must look at;
 * CSN_BEGIN_C and CSN_END_C stand around declarations, for C++;
 * CSN_PUBLIC_STATE is the body of a context type: fixed-size aligned octets
 * in the caller's memory, without interior pointers, whose inside may change
 * between versions without a change of size.
 */
#if defined(__GNUC__) || defined(__clang__)
#define CSN_API __attribute__((visibility("default")))
#define CSN_NODISCARD __attribute__((warn_unused_result))
#else
#define CSN_API
#define CSN_NODISCARD
#endif

#ifdef __cplusplus
#define CSN_ALIGNAS(octets) alignas(octets)
#define CSN_BEGIN_C extern "C" {
#define CSN_END_C }
#else
#define CSN_ALIGNAS(octets) _Alignas(octets)
#define CSN_BEGIN_C
#define CSN_END_C
#endif

#define CSN_PUBLIC_STATE(size)                                                \
    {                                                                         \
        CSN_ALIGNAS(16) unsigned char opaque[size];                           \
    }

#endif
