// SPDX-License-Identifier: MIT
#ifndef CSN_GW_SOURCE_H
#define CSN_GW_SOURCE_H

#include "settings/settings.h"

#include <countersign/span.h>

/*
 * Whose address counts when the gateway stands behind a load balancer. What a
 * field or a PROXY header says is believed of trusted addresses only
 * (--trust-source); everybody else is who the connection says.
 */

/** Where the address that counts was found. */
typedef enum csn_gw_from {
    CSN_GW_FROM_PEER,     /* the connection's own */
    CSN_GW_FROM_CARRIED,  /* a trusted address named it */
    CSN_GW_FROM_IGNORED,  /* a stranger named one: the connection's own */
    CSN_GW_FROM_UNUSABLE, /* a trusted address named none: its own */
    CSN_GW_FROM_COUNT
} csn_gw_from;

/** The word metrics show. */
const char *csn_gw_from_name(csn_gw_from from);

/** More field lines, or more hops in one line, than are looked at. */
#define CSN_GW_MAX_HOPS 16

/** Whether what this address says of others is believed. */
bool csn_gw_source_trusts(const csn_gw_settings *settings,
    const uint8_t address[16]);

/**
 * Follow the chain of a forwarded field from the connection's end: the first
 * address that is not trusted counts, or the last one when all are.
 *
 * Source: RFC 7239, 4 to 6 (Forwarded); X-Forwarded-For has no standard and is
 *         read as a list of addresses, with a port or without.
 * In:     `settings` with `source` FORWARDED or X_FORWARDED_FOR; `lines`, all
 *         values of that field in the order received, any octets; `address`,
 *         the connection's peer, in its 16 octet form.
 * Out:    `address`, the one that counts; it stays the peer's when a hop that
 *         is reached does not parse or names no address.
 */
csn_gw_from csn_gw_source_follow(const csn_gw_settings *settings,
    const csn_span *lines, size_t count, uint8_t address[16]);

#endif
