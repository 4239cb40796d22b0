// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_EXPORT_H
#define COUNTERSIGN_EXPORT_H

/**
 * CSN_API marks what the shared libraries export (all else is hidden);
 * CSN_NODISCARD marks results that a caller must look at;
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

#define CSN_PUBLIC_STATE(size)                                                \
    {                                                                         \
        _Alignas(16) unsigned char opaque[size];                              \
    }

#endif
