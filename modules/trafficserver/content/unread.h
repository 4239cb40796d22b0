// SPDX-License-Identifier: MIT
#ifndef CSN_GW_UNREAD_H
#define CSN_GW_UNREAD_H

#include "request.h"

/*
 * Content that was announced and never read.
 *
 * A request that waits for 100 (Continue) may be answered without it. The
 * engine (9.2.9) then takes it for a request without content and uses both
 * connections on: what the client sends all the same becomes a request of its
 * own, and who is behind the gateway and reads on (RFC 9110, 10.1.1) takes the
 * next request for the content, whoever sent it. So the client's connection
 * ends with every such request, and the one behind it where no 100 came.
 */

/** See to it for all transactions. */
void csn_gw_unread_start(void);

/** `Connection: close`, in place of what stands there. */
void csn_gw_say_close(const csn_gw_header *header);

#endif
