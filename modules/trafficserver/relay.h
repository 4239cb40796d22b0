// SPDX-License-Identifier: MIT
#ifndef CSN_GW_RELAY_H
#define CSN_GW_RELAY_H

#include "request.h"

/*
 * Proxies of one administration (RFC 9110, 11.7): the login of a client is
 * for the next proxy, and travels through this one in both directions as if
 * its three fields were forwarded. Only where --via-relay says so; everywhere
 * else they end at each proxy.
 */

void csn_gw_relay_start(void);

/** Whether the request is one whose client logs in at the next proxy. */
bool csn_gw_relays(const csn_gw_request *req);

/** Before such a request is sent there. */
void csn_gw_relay_begin(csn_gw_request *req);

/** Give the client what the next proxy said about its login, if it did. */
void csn_gw_relay_answer(TSHttpTxn txn, const csn_gw_header *header,
    const csn_gw_txn *kept);

#endif
