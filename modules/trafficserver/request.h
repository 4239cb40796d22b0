// SPDX-License-Identifier: MIT
#ifndef CSN_GW_REQUEST_H
#define CSN_GW_REQUEST_H

#include "plugin.h"

/* One request while it is being judged. */
typedef struct csn_gw_request {
    TSHttpTxn txn;
    csn_gw_thread *thread;
    const csn_gw_listen *listen;
    csn_gw_header header;
    TSMLoc url;
    csn_gw_octets octets;
    csn_gw_target target;
    csn_gw_txn *kept; /* what the response will need */
    csn_gw_peer peer;
    csn_gw_source source; /* of failed logins */
    uint64_t now_ms;
    uint32_t delay_ms; /* how long the answer waits */
} csn_gw_request;

/** The listener a transaction came in by; NULL: none of ours. */
const csn_gw_listen *csn_gw_find_listen(TSHttpTxn txn);

void csn_gw_count_decision(const csn_gw_request *req, unsigned reason);

/** Refuse, count and log. In: `outcome` NULL before the user is known. */
void csn_gw_refuse_for(const csn_gw_request *req,
    const csn_server_outcome *outcome, unsigned status, unsigned reason);

#endif
