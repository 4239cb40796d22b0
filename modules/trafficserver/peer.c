// SPDX-License-Identifier: MIT
#include "plugin.h"

#include "../common/address.h"
#include "settings/address.h"

#include <netinet/in.h>
#include <string.h>

/* Whose request it is: the connection's peer, or who a balancer says. */

/* The connection's own peer. The engine's idea of it is what a PROXY header
 * said, where there was one. */
static bool
peer_of(TSHttpTxn txn, uint8_t octets[16])
{
    const struct sockaddr *engine = TSHttpTxnClientAddrGet(txn);
    struct sockaddr_storage own;
    socklen_t len = sizeof(own);
    int fd;

    if (csn_gateway.settings.source != CSN_GW_SOURCE_PROXY_PROTOCOL)
        return engine != NULL && csn_address_octets(engine, octets);
    return TSHttpTxnClientFdGet(txn, &fd) == TS_SUCCESS &&
        getpeername(fd, (struct sockaddr *)&own, &len) == 0 &&
        csn_address_octets((const struct sockaddr *)&own, octets);
}

/* The engine closes what a stranger sends on such a port, so that is asked
 * twice. A balancer's own connections (`LOCAL`, `UNKNOWN`) name nobody. */
static csn_gw_from
proxy_protocol(TSHttpTxn txn, uint8_t address[16])
{
    const struct sockaddr *named = TSHttpTxnClientAddrGet(txn);

    if (!csn_gw_source_trusts(&csn_gateway.settings, address))
        return CSN_GW_FROM_IGNORED;
    if (named == NULL || !csn_address_octets(named, address))
        return CSN_GW_FROM_UNUSABLE;
    return CSN_GW_FROM_CARRIED;
}

static csn_gw_from
forwarded(const csn_gw_header *header, uint8_t address[16])
{
    csn_span lines[CSN_GW_MAX_HOPS + 1];
    csn_span name = csn_gateway.settings.source == CSN_GW_SOURCE_FORWARDED
        ? CSN_SPAN("Forwarded")
        : CSN_GW_KNOWN(X_FORWARDED_FOR);
    size_t count = header->buffer != NULL
        ? csn_gw_field_lines(header, name, lines, CSN_GW_MAX_HOPS + 1)
        : 0;

    return csn_gw_source_follow(&csn_gateway.settings, lines, count, address);
}

csn_gw_peer
csn_gw_peer_find(TSHttpTxn txn, const csn_gw_header *header)
{
    csn_gw_peer peer = { .from = CSN_GW_FROM_PEER };

    /* One source for all that have no address. */
    if (!peer_of(txn, peer.connection))
        memset(peer.connection, 0, sizeof(peer.connection));
    memcpy(peer.source, peer.connection, sizeof(peer.source));
    switch (csn_gateway.settings.source) {
    case CSN_GW_SOURCE_DIRECT:
        break;
    case CSN_GW_SOURCE_PROXY_PROTOCOL:
        peer.from = proxy_protocol(txn, peer.source);
        break;
    case CSN_GW_SOURCE_FORWARDED:
    case CSN_GW_SOURCE_X_FORWARDED_FOR:
        peer.from = forwarded(header, peer.source);
        break;
    }
    return peer;
}
