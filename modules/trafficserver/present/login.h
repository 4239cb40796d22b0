// SPDX-License-Identifier: MIT
#ifndef CSN_GW_LOGIN_H
#define CSN_GW_LOGIN_H

#include "settings/settings.h"

/* A login of the gateway's own, at a hop behind it. */

/** Where the password is when --via-user names the user. */
#define CSN_GW_VIA_ENV "COUNTERSIGN_VIA_PASSWORD"

/** Where that of a single --present is, without --present-user-file. */
#define CSN_GW_PRESENT_ENV "COUNTERSIGN_PRESENT_PASSWORD"

/** To be wiped with csn_gw_login_wipe. Prepared as it is hashed. */
typedef struct csn_gw_login {
    uint8_t user[CSN_MAX_USER];
    size_t user_len;
    uint8_t password[CSN_MAX_VALUE];
    size_t password_len;
} csn_gw_login;

/**
 * Read that for the next proxy: from the file of --via-user-file, which only
 * its owner may be able to read, or from the environment.
 */
bool csn_gw_login_read_via(const csn_gw_settings *settings,
    csn_gw_login *login, csn_gw_error *error);

/** Read that for an origin, in the same way. */
bool csn_gw_login_read_present(const csn_gw_settings *settings,
    const csn_gw_presented *presented, csn_gw_login *login,
    csn_gw_error *error);

/** Whether the passwords stand in the environment, which never changes. */
bool csn_gw_login_is_environment(const csn_gw_settings *settings,
    csn_layer layer);

/** Clear them there, once they were read: who may look at this process's
 * environment learns nothing then. */
void csn_gw_login_clear_environment(void);

void csn_gw_login_wipe(csn_gw_login *login);

#endif
