// SPDX-License-Identifier: MIT
#include "settings/setters.h"

#include "settings/address.h"

#include <string.h>

/* The next proxy, and how the gateway stands before it. */

static const char *const proofs[] = { [CSN_PROOF_REQUIRE] = "require",
    [CSN_PROOF_EXPECT] = "expect",
    [CSN_PROOF_OFF] = "off" };

const char *
csn_gw_proof_name(csn_proof_policy policy)
{
    return proofs[policy];
}

bool
csn_gw_set_via_proxy(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_gw_origin via;

    if (!csn_gw_origin_parse(value, &via, error))
        return false;
    settings->via = via;
    return true;
}

bool
csn_gw_copy_line(char *to, size_t size, const char *value, csn_gw_error *error)
{
    size_t len = strlen(value);

    if (len == 0 || len >= size)
        return csn_gw_fail(error, "has no octets, or more than %zu", size - 1);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return csn_gw_fail(error, "holds a control character");
    }
    memcpy(to, value, len + 1);
    return true;
}

bool
csn_gw_set_via_user(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    if (strchr(value, ':') != NULL)
        return csn_gw_fail(error,
            "has a colon: a password does not belong on a command line");
    return csn_gw_copy_line(settings->via_user, sizeof(settings->via_user),
        value, error);
}

bool
csn_gw_set_via_user_file(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_copy_line(settings->via_user_file, CSN_GW_MAX_PATH, value,
        error);
}

bool
csn_gw_proof_parse(const char *value, csn_proof_policy *policy,
    csn_gw_error *error)
{
    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        if (strcmp(value, proofs[i]) != 0)
            continue;
        *policy = (csn_proof_policy)i;
        return true;
    }
    return csn_gw_fail(error, "is require, expect or off, not '%.40s'", value);
}

bool
csn_gw_set_via_proof(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_proof_parse(value, &settings->via_proof, error);
}

bool
csn_gw_set_via_relay(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_set_switch(&settings->via_relay, value, error);
}

/* The engine takes half a minute without an octet for the end of a client or
 * of a hop: whoever waits here has to be answered before. */
bool
csn_gw_set_via_patience(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    enum { LONGEST_S = 20 };
    unsigned long seconds;

    if (!csn_gw_number_parse(value, LONGEST_S, &seconds))
        return csn_gw_fail(error, "'%.40s' is no number from 0 to %d", value,
            LONGEST_S);
    settings->via_patience_s = (unsigned)seconds;
    return true;
}

bool
csn_gw_set_via_address(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_set_switch(&settings->via_address, value, error);
}
