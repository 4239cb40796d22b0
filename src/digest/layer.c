// SPDX-License-Identifier: MIT
#include <countersign/layer.h>

/* RFC 9110, 11.6 and 11.7. */
static const struct {
    csn_span challenge;
    csn_span credentials;
    csn_span info;
} fields[] = {
    [CSN_LAYER_ORIGIN] = { CSN_LIT("WWW-Authenticate"),
        CSN_LIT("Authorization"), CSN_LIT("Authentication-Info") },
    [CSN_LAYER_PROXY] = { CSN_LIT("Proxy-Authenticate"),
        CSN_LIT("Proxy-Authorization"), CSN_LIT("Proxy-Authentication-Info") },
};

csn_span
csn_layer_challenge_field(csn_layer layer)
{
    return fields[layer == CSN_LAYER_PROXY].challenge;
}

csn_span
csn_layer_credentials_field(csn_layer layer)
{
    return fields[layer == CSN_LAYER_PROXY].credentials;
}

csn_span
csn_layer_info_field(csn_layer layer)
{
    return fields[layer == CSN_LAYER_PROXY].info;
}
