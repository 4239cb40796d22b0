// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_ENV_H
#define COUNTERSIGN_CURL_ENV_H

#include <stdbool.h>

/** The environment's no_proxy list; NULL without one. */
const char *csn_curl_env_no_proxy(void);

/**
 * Whether a no_proxy list (commas or blanks between names, addresses and
 * networks; a single `*` for all) covers `host`. NULL covers nothing.
 */
bool csn_curl_env_no_proxy_covers(const char *list, const char *host);

#endif
