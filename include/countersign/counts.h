// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_COUNTS_H
#define COUNTERSIGN_COUNTS_H

#include <countersign/span.h>
#include <countersign/status.h>

/*
 * Marking nonce counts, each exactly once: what the server engine asks and
 * what a counts store answers. The engine computes a csn_mark after the
 * response verified (D-26); the host hands it to its store and the store's
 * csn_mark_result back to the engine. stores/memory.h has a store for threads
 * and for processes that share memory.
 *
 * Contract of every store (D-23 to D-25, H-07): a pair (nonce, nc) is marked
 * at most once, whatever happens to threads, processes, memory or clocks.
 * Where the store no longer knows it says CSN_MARK_EVICTED or
 * CSN_MARK_FOREIGN, never CSN_MARK_FRESH.
 */

/** Octets of a count domain: drawn when a table comes into being empty. */
#define CSN_DOMAIN_SIZE 8

/** Octets of the longest session key: a digest, not hex. */
#define CSN_SESSION_KEY_SIZE 32

/** How many counts below the highest can still be used (nc_window). */
#define CSN_NC_WINDOW 256

/**
 * One count to mark.
 *
 * `id`             minting time (6 octets, big-endian) and random octets (8) of
 *                  the nonce: the whole key of the nonce in its domain.
 * `minted_ms`      the same minting time, milliseconds since 1970.
 * `user_tag`       keyed hash of the user: the nonce belongs to the first.
 * `nc`             1..UINT32_MAX.
 * `one_time`       the nonce is good for a single mark, whatever the count.
 * `now_ms`         the time the engine judged the age with.
 * `life_ms`, `grace_ms`  the nonce is refused when now is later than
 *                  minted + life or, once replaced, later than
 *                  min(replaced + grace, minted + life + grace); a one-time
 *                  nonce only when later than minted + life. What a store
 *                  keeps for it has expired when now is later than
 *                  minted + life + grace.
 * `replace`        a nextnonce will be sent with this response: note the time
 *                  in the line unless one is noted already.
 * `session_len`    octets of `session`, 0 without `-sess`: the session's key,
 *                  a secret, to be kept with the nonce at its first such mark
 *                  (D-45) and never replaced. Where it cannot be kept the
 *                  answer is CSN_MARK_EVICTED.
 */
typedef struct csn_mark {
    uint8_t domain[CSN_DOMAIN_SIZE];
    uint8_t id[14];
    uint8_t user_tag[8];
    uint64_t minted_ms;
    uint64_t now_ms;
    uint32_t life_ms;
    uint32_t grace_ms;
    uint32_t nc;
    bool one_time;
    bool replace;
    uint8_t session_len;
    uint8_t session[CSN_SESSION_KEY_SIZE];
} csn_mark;

typedef enum csn_mark_result_code {
    CSN_MARK_FRESH,        /* marked now, by this call alone */
    CSN_MARK_REPLAY,       /* was marked before */
    CSN_MARK_BELOW_WINDOW, /* too far below the highest to know */
    CSN_MARK_USED_UP,      /* one-time nonce, already used */
    CSN_MARK_EXPIRED,      /* replaced, and its grace is over; or too old */
    CSN_MARK_EVICTED,      /* made way, or may have: at the horizon */
    CSN_MARK_FOREIGN,      /* minted in another count domain */
    CSN_MARK_OTHER_USER,   /* belongs to another user */
    CSN_MARK_UNAVAILABLE   /* no answer in bounded time: 503 (H-34) */
} csn_mark_result_code;

/**
 * The answer. `replaced_ms` is the time the first nextnonce for this nonce was
 * (or is now) sent, 0 when none was; all concurrent responses get the same
 * number and so name the same successor (E-34). Valid with CSN_MARK_FRESH.
 */
typedef struct csn_mark_result {
    csn_mark_result_code code;
    uint64_t replaced_ms;
} csn_mark_result;

/** A `-sess` session to look up: the fields mean what they do in csn_mark. */
typedef struct csn_session_query {
    uint8_t domain[CSN_DOMAIN_SIZE];
    uint8_t id[14];
    uint8_t user_tag[8];
    uint64_t minted_ms;
} csn_session_query;

typedef enum csn_session_code {
    CSN_SESSION_FOUND,
    CSN_SESSION_NONE, /* the nonce was not used with -sess, or by another */
    CSN_SESSION_LOST, /* it may have been: foreign domain, or made way */
    CSN_SESSION_UNAVAILABLE /* no answer in bounded time: 503 (H-34) */
} csn_session_code;

/** With FOUND, `key_len` octets of a secret: to be wiped after use. */
typedef struct csn_session_result {
    csn_session_code code;
    uint8_t key_len;
    uint8_t key[CSN_SESSION_KEY_SIZE];
} csn_session_result;

#endif
