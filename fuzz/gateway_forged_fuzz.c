// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "settings/address.h"
#include "source.h"

/*
 * Whose address counts behind a load balancer: a client sends what the input
 * says as X-Forwarded-For or Forwarded, and the balancer at 10.0.0.1, which
 * is trusted, adds the client's address behind it, on the same line or on
 * one of its own. Whatever the client sent:
 *
 *   - he is never somebody else: with X-Forwarded-For he is himself, with
 *     Forwarded, where he can leave a quote open, himself or nobody, and then
 *     the address is the balancer's;
 *   - who comes without the balancer is who the connection says.
 */

static const struct form {
    csn_gw_source_way way;
    csn_span behind; /* what the balancer adds */
    csn_span client;
} forms[] = {
    { CSN_GW_SOURCE_X_FORWARDED_FOR, CSN_LIT(", 192.0.2.1"),
        CSN_LIT("192.0.2.1") },
    { CSN_GW_SOURCE_X_FORWARDED_FOR, CSN_LIT(",2001:db8::7"),
        CSN_LIT("2001:db8::7") },
    { CSN_GW_SOURCE_FORWARDED, CSN_LIT(", for=192.0.2.1"),
        CSN_LIT("192.0.2.1") },
    { CSN_GW_SOURCE_FORWARDED, CSN_LIT(",for=\"[2001:db8::7]:4711\""),
        CSN_LIT("2001:db8::7") },
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static void
address_of(csn_span text, uint8_t address[16])
{
    FUZZ_HOLDS(csn_gw_node_parse(text, address));
}

static void
check(const csn_gw_settings *settings, const struct form *form,
    const csn_span *lines, size_t count, bool own_line)
{
    uint8_t peer[16], client[16], address[16];
    csn_gw_from from;

    address_of(CSN_SPAN("10.0.0.1"), peer);
    address_of(form->client, client);
    memcpy(address, peer, sizeof(address));
    from = csn_gw_source_follow(settings, lines, count, address);
    if (form->way == CSN_GW_SOURCE_X_FORWARDED_FOR || own_line)
        FUZZ_HOLDS(from == CSN_GW_FROM_CARRIED);
    FUZZ_HOLDS(from == CSN_GW_FROM_CARRIED || from == CSN_GW_FROM_UNUSABLE);
    FUZZ_HOLDS(memcmp(address, from == CSN_GW_FROM_CARRIED ? client : peer,
                   sizeof(address)) == 0);

    memcpy(address, client, sizeof(address));
    FUZZ_HOLDS(csn_gw_source_follow(settings, lines, count, address) ==
            CSN_GW_FROM_IGNORED &&
        memcmp(address, client, sizeof(address)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t joined[1 << 16];
    csn_gw_settings settings;
    csn_gw_error error;

    if (size > sizeof(joined) - 64)
        return 0;
    csn_gw_settings_init(&settings);
    FUZZ_HOLDS(
        csn_gw_settings_set(&settings, "trust-source", "10.0.0.0/8", &error));
    for (size_t i = 0; i < FORMS; i++) {
        const struct form *form = &forms[i];
        csn_span apart[] = { { data, size }, form->behind };
        csn_span together = { joined, size + form->behind.len };

        settings.source = form->way;
        if (size != 0)
            memcpy(joined, data, size);
        memcpy(joined + size, form->behind.ptr, form->behind.len);
        check(&settings, form, &together, 1, false);
        check(&settings, form, apart, 2, true);
    }
    return 0;
}
