// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_COUNTS_MODEL_H
#define COUNTERSIGN_TESTS_COUNTS_MODEL_H

/*
 * The rules of docs/counts.md written a second time, slowly, over a memory
 * that forgets nothing: every count ever marked on every nonce there ever was.
 */

#include "counts_rig.h"

enum { MODEL_BUCKETS = 3 };

typedef struct nonce {
    uint64_t minted_ms;
    uint64_t serial;
    uint64_t user;
    uint32_t life_ms;
    uint32_t grace_ms;
    bool one_time; /* how it was minted */
    bool single;   /* how it was first used */
    size_t bucket;
    bool present; /* has a line */
    bool replaced;
    uint64_t replaced_ms;
    uint64_t end_ms; /* when its line is known to be dead */
    uint32_t highest;
    uint32_t *marked; /* every count ever answered FRESH */
    size_t marked_count;
    size_t marked_room;
    bool keyed;  /* has a second line, */
    rig_key key; /* with this */
} nonce;

typedef struct model {
    nonce *nonces;
    size_t count;
    size_t room;
    uint64_t high_water_ms;
    uint64_t horizon_ms[MODEL_BUCKETS];
    size_t slots[MODEL_BUCKETS][CSN_COUNTS_WAYS]; /* nonce + 1; 0 free */
    bool second[MODEL_BUCKETS][CSN_COUNTS_WAYS];  /* the nonce's second line */
    uint64_t lost;
    bool owner_died[MODEL_BUCKETS];
    uint64_t evictions;
    uint64_t stale_evicted;
    uint64_t owner_deaths;
} model;

void model_begin(model *m);
void model_end(model *m);

/* A new nonce; its number. */
size_t model_add(model *m, const nonce *n);

/* Whether the count was ever answered FRESH on the nonce. */
bool model_was_marked(const nonce *n, uint32_t nc);

/* The answer there must be to `mark` on nonce number `i`. */
csn_mark_result model_mark(model *m, size_t i, const csn_mark *mark);

/* What there must be said of its session to the user of `mark`. */
csn_session_code model_session(model *m, size_t i, const csn_mark *mark);

#endif
