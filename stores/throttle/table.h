// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_THROTTLE_TABLE_H
#define CSN_STORES_THROTTLE_TABLE_H

#include <countersign/stores/throttle.h>

#include <stdatomic.h>

/** What a failed login is counted under; the order of csn_throttle_source. */
typedef enum csn_throttle_kind {
    CSN_THROTTLE_ADDRESS,   /* an IPv4 address, an IPv6 /64 */
    CSN_THROTTLE_SITE,      /* an IPv6 /48: what one customer has at most */
    CSN_THROTTLE_NETWORK,   /* an IPv6 /32: what one provider has at least */
    CSN_THROTTLE_USER_HERE, /* a user at an address */
    CSN_THROTTLE_USER       /* a user, wherever it comes from */
} csn_throttle_kind;

_Static_assert(CSN_THROTTLE_USER + 1 == CSN_THROTTLE_KINDS, "all of them");

enum { CSN_THROTTLE_WAYS = 4 };

/**
 * A cell is 0 or a key's tag with the time at which its count will have run
 * down to nothing (a leaky bucket): a failure moves that on by a share of the
 * window, and the count is over its limit while it lies more than a window
 * ahead. A key's place hangs on a secret, and a tag of 20 bits keeps
 * neighbours apart. When the four places of a key are taken the one with the
 * least in it makes way.
 *
 * A cell changes in one step, so a process that is killed leaves it as it was
 * before or as it is to be.
 */
struct csn_throttle {
    uint64_t secret[2];
    uint64_t start_ms;
    uint64_t buckets;
    _Alignas(64) _Atomic uint64_t displaced;
    _Alignas(64) _Atomic uint64_t cells[];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
    "a lock inside an atomic would not work between processes");

#endif
