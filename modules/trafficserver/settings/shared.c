// SPDX-License-Identifier: MIT
#include "settings/setters.h"

/* What several gateways have in common. */

bool
csn_gw_set_keys(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_copy_line(settings->keys, sizeof(settings->keys), value,
        error);
}

bool
csn_gw_set_counts(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_copy_line(settings->counts, sizeof(settings->counts), value,
        error);
}

void
csn_gw_keys_path(const csn_gw_settings *settings, char path[CSN_GW_KEYS_PATH])
{
    if (settings->keys[0] != '\0')
        snprintf(path, CSN_GW_KEYS_PATH, "%s", settings->keys);
    else
        snprintf(path, CSN_GW_KEYS_PATH, "%s/%s", settings->state,
            CSN_GW_KEYS_FILE);
}
