// SPDX-License-Identifier: MIT
#include "../common/address.h"
#include "settings/address.h"
#include "present/present.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/*
 * TS_HTTP_OS_DNS: the name is resolved and nothing was sent yet. The address
 * judged here is the one that will be used: it is fixed in the transaction,
 * so that neither a second look-up nor the next address of a list gets round
 * the check.
 */

/*
 * Denied unless allowed: what reaches this machine, its link, or one of the
 * special uses of RFC 6890 that lead there. Private networks (10/8 and the
 * like) are not in the list: a forward proxy inside one is there to reach it.
 */
static const csn_gw_net special[] = {
#define V4(a, b, c, d, bits)                                                  \
    {                                                                         \
        { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d }, 96 + (bits),  \
            0                                                                 \
    }
    V4(0, 0, 0, 0, 8),         /* this host */
    V4(127, 0, 0, 0, 8),       /* loopback */
    V4(169, 254, 0, 0, 16),    /* link-local; cloud metadata lives there */
    V4(192, 0, 0, 0, 24),      /* protocol assignments */
    V4(224, 0, 0, 0, 4),       /* multicast */
    V4(240, 0, 0, 0, 4),       /* reserved, broadcast */
    { { 0 }, 96, 0 },          /* ::, ::1 and IPv4-compatible */
    { { 0xfe, 0x80 }, 10, 0 }, /* link-local */
    { { 0xfe, 0xc0 }, 10, 0 }, /* site-local */
    { { 0xff }, 8, 0 },        /* multicast */
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 0 }, /* NAT64: IPv4 in disguise */
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, 0 },
    { { 0x20, 0x02 }, 16, 0 }, /* 6to4: IPv4 in disguise */
    { { 0x20, 0x01 }, 32, 0 }, /* Teredo: IPv4 in disguise */
#undef V4
};

static bool
any_holds(const csn_gw_net *nets, size_t count, const uint8_t octets[16],
    uint16_t port)
{
    for (size_t i = 0; i < count; i++) {
        if (csn_gw_net_holds(&nets[i], octets, port))
            return true;
    }
    return false;
}

/* Whether an address is one of this machine's: it can be bound here. */
static bool
is_local(const struct sockaddr *address)
{
    struct sockaddr_storage probe;
    socklen_t len = address->sa_family == AF_INET6
        ? sizeof(struct sockaddr_in6)
        : sizeof(struct sockaddr_in);
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool local;

    if (fd < 0)
        return true; /* denied rather than let through */
    memcpy(&probe, address, len);
    if (address->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)&probe)->sin6_port = 0;
    else
        ((struct sockaddr_in *)&probe)->sin_port = 0;
    local = bind(fd, (const struct sockaddr *)&probe, len) == 0;
    close(fd);
    return local;
}

/* The gateway's own ports, wherever they listen: a loop, or the metrics. */
static bool
is_own(const csn_gw_settings *settings, const struct sockaddr *address,
    const uint8_t octets[16], uint16_t port)
{
    static const uint8_t any[16];

    for (size_t i = 0; i < settings->listen_count; i++) {
        const struct sockaddr *own =
            (const struct sockaddr *)&settings->listens[i].address;
        uint8_t own_octets[16];

        if (csn_gw_sockaddr_port(own) != port ||
            !csn_address_octets(own, own_octets))
            continue;
        if (memcmp(own_octets, octets, 16) == 0)
            return true;
        if (memcmp(own_octets + 12, any, 4) == 0 && is_local(address))
            return true; /* it listens on every address */
    }
    return false;
}

bool
csn_gw_destination_allowed(const csn_gw_settings *settings,
    const struct sockaddr *address)
{
    uint8_t octets[16];
    uint16_t port = csn_gw_sockaddr_port(address);

    if (!csn_address_octets(address, octets))
        return false;
    if (is_own(settings, address, octets, port))
        return false;
    if (any_holds(settings->deny, settings->deny_count, octets, port))
        return false;
    if (any_holds(settings->allow, settings->allow_count, octets, port))
        return true;
    return !any_holds(special, sizeof(special) / sizeof(special[0]), octets,
        port);
}

static void
fix(TSHttpTxn txn, const struct sockaddr *address)
{
    struct sockaddr_storage fixed;

    memcpy(&fixed, address,
        address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                       : sizeof(struct sockaddr_in));
    (void)TSHttpTxnServerAddrSet(txn, (const struct sockaddr *)&fixed);
}

int
csn_gw_on_destination(TSHttpTxn txn)
{
    const csn_gw_txn *kept = csn_gw_txn_get(txn);
    const struct sockaddr *address = TSHttpTxnServerAddrGet(txn);

    /* Only what was allowed comes this far; should it ever not, it ends
     * here (H-34). */
    if (kept == NULL || !kept->allowed || address == NULL) {
        csn_gw_refuse(txn, 500);
        TSHttpTxnReenable(txn, TS_EVENT_HTTP_ERROR);
        return 0;
    }
    if (kept->layer == CSN_LAYER_PROXY && !kept->relayed &&
        !csn_gw_present_is_via(txn)) {
        if (!csn_gw_destination_allowed(&csn_gateway.settings, address)) {
            csn_gw_refuse_late(txn, 403, CSN_GW_R_DESTINATION);
            TSHttpTxnReenable(txn, TS_EVENT_HTTP_ERROR);
            return 0;
        }
        if (!csn_gw_present_is_origin(txn))
            fix(txn, address);
    }
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}
