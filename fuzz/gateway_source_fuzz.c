// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "settings/address.h"
#include "source.h"

/*
 * Fields that name a client's address. The first octet says which field and
 * whether the peer is trusted, the rest are its lines. A stranger's changes
 * nothing; what stands left of the address that was found is never reached;
 * an address that reads is the same when it is printed and read again.
 */

enum { MAX_LINES = CSN_GW_MAX_HOPS + 2 };

static void
trust(csn_gw_settings *settings, const char *net)
{
    csn_gw_error error;

    FUZZ_HOLDS(csn_gw_settings_set(settings, "trust-source", net, &error));
}

static void
check_node(csn_span node)
{
    uint8_t octets[16];
    uint8_t again[16];
    char text[64];

    if (!csn_gw_node_parse(node, octets))
        return;
    csn_gw_octets_print(octets, text);
    FUZZ_HOLDS(csn_gw_node_parse(
        (csn_span){ (const uint8_t *)text, strlen(text) }, again));
    FUZZ_HOLDS(memcmp(octets, again, 16) == 0);
}

/* Cut at line ends; as many as there is room for. */
static size_t
cut(csn_span rest, csn_span lines[MAX_LINES])
{
    size_t count = 0;

    while (count < MAX_LINES && rest.len > 0) {
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;

        lines[count++] = (csn_span){ rest.ptr, len };
        check_node(lines[count - 1]);
        len += end != NULL;
        rest = (csn_span){ rest.ptr + len, rest.len - len };
    }
    return count;
}

/* A line more in front, as a client may send it. */
static void
check_in_front(const csn_gw_settings *settings, const csn_span *lines,
    size_t count, const uint8_t peer[16], const uint8_t found[16])
{
    static const csn_span forged[] = { CSN_LIT("\"\xff;=,"),
        CSN_LIT("for=198.51.100.99"), CSN_LIT("198.51.100.99") };
    csn_span more[MAX_LINES + 1];
    uint8_t address[16];

    memcpy(more + 1, lines, count * sizeof(*lines));
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        more[0] = forged[i];
        memcpy(address, peer, 16);
        FUZZ_HOLDS(csn_gw_source_follow(settings, more, count + 1, address) ==
            CSN_GW_FROM_CARRIED);
        FUZZ_HOLDS(memcmp(address, found, 16) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static csn_gw_settings settings;
    csn_span lines[MAX_LINES];
    csn_span peer_text = CSN_SPAN("10.0.0.1");
    uint8_t peer[16];
    uint8_t address[16];
    csn_gw_from from;
    size_t count;

    if (size == 0)
        return 0;
    csn_gw_settings_init(&settings);
    settings.source = (data[0] & 1) != 0 ? CSN_GW_SOURCE_FORWARDED
                                         : CSN_GW_SOURCE_X_FORWARDED_FOR;
    trust(&settings, "10.0.0.0/8");
    trust(&settings, "fd00::/8");
    if ((data[0] & 2) != 0)
        peer_text = CSN_SPAN("192.0.2.66");
    FUZZ_HOLDS(csn_gw_node_parse(peer_text, peer));
    memcpy(address, peer, 16);

    count = cut((csn_span){ data + 1, size - 1 }, lines);
    from = csn_gw_source_follow(&settings, lines, count, address);
    FUZZ_HOLDS(csn_gw_from_name(from) != NULL);
    if (from != CSN_GW_FROM_CARRIED)
        FUZZ_HOLDS(memcmp(address, peer, 16) == 0);
    else if (!csn_gw_source_trusts(&settings, address) &&
        count < CSN_GW_MAX_HOPS)
        check_in_front(&settings, lines, count, peer, address);
    if ((data[0] & 2) != 0)
        FUZZ_HOLDS(
            from == (count > 0 ? CSN_GW_FROM_IGNORED : CSN_GW_FROM_PEER));
    return 0;
}
