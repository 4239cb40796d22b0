// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_COUNTS_RIG_H
#define COUNTERSIGN_TESTS_COUNTS_RIG_H

/* What the tests of the counts table share: tables, marks, numbers. */

#include "check.h"

#include <countersign/stores/memory.h>

#include <sys/types.h>

/* Short names for tables of steps. */
#define FRESH CSN_MARK_FRESH
#define REPLAY CSN_MARK_REPLAY
#define BELOW CSN_MARK_BELOW_WINDOW
#define USED_UP CSN_MARK_USED_UP
#define EXPIRED CSN_MARK_EXPIRED
#define EVICTED CSN_MARK_EVICTED
#define FOREIGN CSN_MARK_FOREIGN
#define OTHER_USER CSN_MARK_OTHER_USER
#define UNAVAILABLE CSN_MARK_UNAVAILABLE

#define RIG_START_MS UINT64_C(1800000000000)
#define RIG_LIFE_MS 300000u
#define RIG_GRACE_MS 30000u

typedef struct rig {
    void *memory;
    size_t size;
    bool shared;
    csn_counts *table;
} rig;

/* Random octets that are the same in every run, */
const csn_crypto *rig_crypto(void);

/* and from here on the same as after the last call. */
void rig_crypto_again(void);

/* A table of `buckets` buckets on the heap, ending where its memory ends. */
rig rig_make(size_t buckets);

/* The same in memory that children share. */
rig rig_share(size_t buckets);

void rig_drop(rig *r);

size_t rig_size(size_t buckets);

/* The mark of count `nc` on the nonce (minted_ms, serial), at minted_ms. */
csn_mark rig_mark(const rig *r, uint64_t minted_ms, uint64_t serial,
    uint64_t user, uint32_t nc);

/* The same, later. */
csn_mark rig_mark_at(const rig *r, uint64_t minted_ms, uint64_t serial,
    uint64_t user, uint32_t nc, uint64_t now_ms);

/* A session's key: a number, and what makes it another one. */
typedef struct rig_key {
    uint8_t octets[CSN_SESSION_KEY_SIZE];
} rig_key;

rig_key rig_session_key(uint64_t serial, uint64_t variant);

/* The same mark with a session's key. */
csn_mark rig_with_key(csn_mark mark, rig_key key);

/* What the table says of the session of that mark's nonce and user. */
csn_session_result rig_session(const rig *r, const csn_mark *mark);

/* Lines that hold a key, and those of them whose nonce has no line. */
typedef struct rig_seconds {
    unsigned all;
    unsigned orphans;
} rig_seconds;

rig_seconds rig_count_seconds(const rig *r);

/* csn_counts_mark, its code alone. */
csn_mark_result_code rig_code(const rig *r, csn_mark mark);

csn_counts_stats rig_stats(const rig *r, uint64_t now_ms);

/* fork; the child does not outlive a test that failed. */
pid_t rig_fork(void);

/* Wait for a child that must have ended well. */
void rig_wait(pid_t child);

/* Numbers that look random and are the same for every run with one seed. */
uint64_t rig_random(uint64_t *state);

#endif
