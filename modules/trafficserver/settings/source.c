// SPDX-License-Identifier: MIT
#include "settings/setters.h"

#include "settings/address.h"

#include <string.h>

/* Where the client's address comes from. */

static const char *const names[] = {
    [CSN_GW_SOURCE_DIRECT] = "direct",
    [CSN_GW_SOURCE_PROXY_PROTOCOL] = "proxy-protocol",
    [CSN_GW_SOURCE_FORWARDED] = "forwarded",
    [CSN_GW_SOURCE_X_FORWARDED_FOR] = "x-forwarded-for",
};

const char *
csn_gw_source_name(csn_gw_source_way way)
{
    return names[way];
}

bool
csn_gw_set_source(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(value, names[i]) == 0) {
            settings->source = (csn_gw_source_way)i;
            return true;
        }
    }
    return csn_gw_fail(error,
        "'%.40s' is not direct, proxy-protocol, "
        "forwarded or x-forwarded-for",
        value);
}

bool
csn_gw_set_trust_source(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_gw_net net;

    if (settings->trust_count == CSN_GW_MAX_TRUST)
        return csn_gw_fail(error, "is given more than %d times",
            CSN_GW_MAX_TRUST);
    if (!csn_gw_net_parse(value, &net, error))
        return false;
    if (net.port != 0)
        return csn_gw_fail(error, "'%.60s' has a port: it is ADDRESS[/PREFIX]",
            value);
    settings->trust[settings->trust_count++] = net;
    return true;
}
