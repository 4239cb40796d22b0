// SPDX-License-Identifier: MIT
#include "settings/setters.h"

#include "settings/address.h"

/* Whom the gateway lets in without a login. */

/* How the kernel shows users that have no number here, all alike. */
enum { OVERFLOW_UID = 65534 };

bool
csn_gw_set_open(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    unsigned long uid;

    if (!csn_gw_number_parse(value, UINT32_MAX - 1, &uid))
        return csn_gw_fail(error, "'%.40s' is no user's number; see id -u",
            value);
    if (uid == OVERFLOW_UID)
        return csn_gw_fail(error, "%d is no one user", OVERFLOW_UID);
    if (settings->open_count == CSN_GW_MAX_OPEN)
        return csn_gw_fail(error, "is given more than %d times",
            CSN_GW_MAX_OPEN);
    settings->open[settings->open_count++] = (uid_t)uid;
    return true;
}
