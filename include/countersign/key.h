// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_KEY_H
#define COUNTERSIGN_KEY_H

#include <stdint.h>

/**
 * A nonce key's state. Rotate: new key in as ACCEPT on every node, then MINT
 * there and ACCEPT here, after nonce_life + old_grace RECOGNISE, and out
 * after 7 days at least, so that a client left open overnight retries
 * quietly instead of asking its user.
 */
typedef enum csn_key_state {
    CSN_KEY_MINT,     /* mints, and is accepted: exactly one */
    CSN_KEY_ACCEPT,   /* accepted */
    CSN_KEY_RECOGNISE /* its nonces are genuine but stale */
} csn_key_state;

#define CSN_KEY_SIZE 32 /* octets; 256 bits, of which B-07 asks 128 */
#define CSN_MAX_KEYS 8

/** A nonce key. Secret; from the system's generator. */
typedef struct csn_key {
    uint8_t id; /* stands in the nonce; unique among live keys */
    csn_key_state state;
    uint8_t secret[CSN_KEY_SIZE];
} csn_key;

#endif
