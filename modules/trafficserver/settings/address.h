// SPDX-License-Identifier: MIT
#ifndef CSN_GW_ADDRESS_H
#define CSN_GW_ADDRESS_H

#include "settings/settings.h"

/** Whole decimal number of `text`, at most `max`. */
bool csn_gw_number_parse(const char *text, unsigned long max,
    unsigned long *number);

/**
 * `HOST:PORT`, `[V6]:PORT` or `PORT` (then on 127.0.0.1). HOST is an address
 * or `localhost`: names would hang on a resolver at start.
 */
bool csn_gw_listen_parse(const char *text, csn_gw_listen *listen,
    csn_gw_error *error);

/** Write the address of `listen` with the port it really has into `text`. */
void csn_gw_listen_print(csn_gw_listen *listen);

/** An address literal of `len` octets, into its 16 octet form. */
bool csn_gw_literal_parse(const char *text, size_t len, uint8_t octets[16],
    bool *is_v4);

uint16_t csn_gw_sockaddr_port(const struct sockaddr *address);

/** Write an address of 16 octets for people; IPv4 as four numbers. */
void csn_gw_octets_print(const uint8_t octets[16], char text[64]);

/**
 * An address as forwarded fields name one: `V4`, `V4:PORT`, `V6`, `[V6]` or
 * `[V6]:PORT`; any octets. The port is read and dropped.
 *
 * Source: RFC 7239, 6. Names (`unknown`, `_hidden`) are no addresses.
 * Out:    `octets`, on true.
 */
bool csn_gw_node_parse(csn_span node, uint8_t octets[16]);

bool csn_gw_is_loopback(const struct sockaddr *address);

/** `ADDRESS[/PREFIX][:PORT]`, a v6 address with a port in brackets. */
bool csn_gw_net_parse(const char *text, csn_gw_net *net, csn_gw_error *error);

void csn_gw_net_print(const csn_gw_net *net, char text[80]);

/** Whether an address lies in `net`; IPv4 and its mapped form are one. */
bool csn_gw_net_holds(const csn_gw_net *net, const uint8_t octets[16],
    uint16_t port);

/** `http[s]://HOST[:PORT]`, nothing behind it but one slash. */
bool csn_gw_origin_parse(const char *text, csn_gw_origin *origin,
    csn_gw_error *error);

#endif
