// SPDX-License-Identifier: MIT
#include "present/present.h"
#include "relay.h"
#include "source.h"

#include <string.h>

/* What an allowed request becomes on its way on. */

/*
 * The name as a field can carry it: what is not printable ASCII, `%`, and
 * blanks at either end, which a reader of fields takes off, percent-coded.
 */
static csn_span
code_user(csn_span user, uint8_t *room)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 0;

    for (size_t i = 0; i < user.len; i++) {
        uint8_t octet = user.ptr[i];
        bool at_end = i == 0 || i + 1 == user.len;

        if (octet > 0x7e || octet < 0x20 || octet == '%' ||
            (octet == ' ' && at_end)) {
            room[len++] = '%';
            room[len++] = (uint8_t)digits[octet >> 4];
            room[len++] = (uint8_t)digits[octet & 0xf];
        } else {
            room[len++] = octet;
        }
    }
    return (csn_span){ room, len };
}

/* The application's side of an allowed request. The engine passes no
 * Connection on, nor obeys it; TE goes because trailers are dropped. */
static void
forward_to_origin(csn_gw_request *req, csn_span user)
{
    uint8_t room[3 * CSN_MAX_USER];
    const csn_gw_settings *settings = &csn_gateway.settings;
    const csn_gw_origin *origin = &settings->origin;
    csn_span header_name = { (const uint8_t *)settings->user_header,
        strlen(settings->user_header) };
    csn_span hidden[4] = { CSN_LIT("Authorization"),
        CSN_LIT("Proxy-Authorization"), CSN_LIT("TE"), header_name };

    (void)csn_gw_fields_remove(&req->header, hidden,
        header_name.len > 0 ? 4 : 3);
    if (header_name.len > 0)
        csn_gw_field_append(&req->header, header_name, code_user(user, room));
    (void)TSUrlSchemeSet(req->header.buffer, req->url,
        origin->tls ? "https" : "http", origin->tls ? 5 : 4);
    (void)TSUrlHostSet(req->header.buffer, req->url, origin->host,
        (int)strlen(origin->host));
    (void)TSUrlPortSet(req->header.buffer, req->url, origin->port);
    csn_gw_present_begin(req);
}

/* Who asks is the business of this proxy, and what a trusted address said of
 * it: a load balancer, or a proxy that relays (relay.c). */
static void
hide_source(const csn_gw_request *req)
{
    csn_gw_source_way way = csn_gateway.settings.source;
    csn_span name = way == CSN_GW_SOURCE_FORWARDED
        ? CSN_SPAN("Forwarded")
        : CSN_SPAN("X-Forwarded-For");

    if ((way == CSN_GW_SOURCE_FORWARDED ||
            way == CSN_GW_SOURCE_X_FORWARDED_FOR) &&
        (req->peer.from == CSN_GW_FROM_CARRIED ||
            req->peer.from == CSN_GW_FROM_UNUSABLE))
        (void)csn_gw_fields_remove(&req->header, &name, 1);
    if (csn_gateway.settings.origin.present)
        (void)TSHttpTxnConfigIntSet(req->txn,
            TS_CONFIG_HTTP_INSERT_SQUID_X_FORWARDED_FOR, 0);
}

/* What a proxy takes out: its own credentials, for it alone (G-08). The
 * client's address is for an application behind the same engine alone, or
 * for the next proxy that the client logs in to (G-09). */
static void
forward_to_anywhere(csn_gw_request *req)
{
    csn_span hidden[2] = { CSN_LIT("TE"), CSN_LIT("Proxy-Authorization") };
    bool relays = csn_gw_relays(req);

    (void)csn_gw_fields_remove(&req->header, hidden, relays ? 1 : 2);
    if (relays)
        csn_gw_relay_begin(req);
    else
        hide_source(req);
    csn_gw_present_begin(req);
}

bool
csn_gw_is_connect(const csn_gw_request *req)
{
    return req->target.target.method.len == 7 &&
        memcmp(req->target.target.method.ptr, "CONNECT", 7) == 0;
}

static bool
connect_port_allowed(int port)
{
    const csn_gw_settings *settings = &csn_gateway.settings;

    for (size_t i = 0; i < settings->connect_port_count; i++) {
        if (settings->connect_ports[i] == port)
            return true;
    }
    return settings->connect_port_count == 0; /* the next proxy judges */
}

/* What a verified user of the proxy still may not do; 0: nothing. TLS to an
 * origin is the caller's own, in a tunnel, but where the gateway logs in. */
unsigned
csn_gw_forward_forbids(const csn_gw_request *req)
{
    int len;
    const char *scheme;

    if (csn_gw_is_connect(req))
        return connect_port_allowed(TSUrlPortGet(req->header.buffer, req->url))
            ? 0
            : CSN_GW_R_CONNECT_PORT;
    scheme = TSUrlSchemeGet(req->header.buffer, req->url, &len);
    if (len == 5 && strncasecmp(scheme, "https", 5) == 0 &&
        csn_gw_hops_are_origin(req))
        return 0;
    return len == 4 && strncasecmp(scheme, "http", 4) == 0 ? 0
                                                           : CSN_GW_R_SCHEME;
}

void
csn_gw_forward(csn_gw_request *req, csn_span user)
{
    if (req->listen->layer == CSN_LAYER_PROXY)
        forward_to_anywhere(req);
    else
        forward_to_origin(req, user);
    csn_gw_target_restore(&req->target, req->header.buffer, req->url);
}
