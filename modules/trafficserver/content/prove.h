// SPDX-License-Identifier: MIT
#ifndef CSN_GW_PROVE_H
#define CSN_GW_PROVE_H

#include "request.h"

/*
 * The proof of a response under auth-int, which covers its content (E-15,
 * E-26): of what is really sent, so that is looked at on its way out.
 */

typedef enum csn_gw_proof_state {
    CSN_GW_PROOF_OPEN,   /* the content is not known before the header goes */
    CSN_GW_PROOF_KNOWN,  /* it is, and `digest` is its hash */
    CSN_GW_PROOF_TRAILER /* the proof will follow the content */
} csn_gw_proof_state;

typedef struct csn_gw_proving {
    csn_server_proof proof;
    csn_layer layer;
    TSHttpTxn txn; /* NULL once it closed */
    _Atomic unsigned users;
    bool head;     /* the method is HEAD, */
    bool connect;  /* or CONNECT */
    bool trailers; /* the client takes them (E-38) */
    bool answered; /* upstream gave a whole header, 1xx apart */
    csn_gw_proof_state state;
    uint8_t digest[CSN_MAX_DIGEST];
    uint8_t memory[]; /* of the proof */
} csn_gw_proving;

/** Of a request just allowed; NULL: no memory. Has one user. */
csn_gw_proving *csn_gw_proving_make(const csn_gw_request *req);

void csn_gw_proving_drop(csn_gw_proving *proving);

/** Whether the response came from upstream; the engine makes some itself. */
bool csn_gw_has_upstream(TSHttpTxn txn);

/** Put into the response's header what is true (E-27). */
void csn_gw_proving_write(TSHttpTxn txn, const csn_gw_header *header,
    csn_gw_proving *proving, TSHttpStatus status);

/* hold_response.c */

/** Have the response's content hashed, and held back up to the limit.
 * In: `length`, its octets, or -1. */
void csn_gw_hold_response(TSHttpTxn txn, csn_gw_proving *proving,
    int64_t length);

#endif
