// SPDX-License-Identifier: MIT
#ifndef CSN_GW_CONTROL_H
#define CSN_GW_CONTROL_H

#include "settings/settings.h"

/*
 * The control socket, STATE/control: one command line (`status`, `reload`)
 * and one JSON object back for each connection. Only its owner reaches it.
 */

/** Make the socket; -1 on failure. */
int csn_gw_control_listen(const char *state, csn_gw_error *error);

/**
 * Send `command` and wait for the answer, at most `timeout_ms`.
 *
 * Out: `answer`, ended by a zero.
 */
bool csn_gw_control_ask(const char *state, const char *command, int timeout_ms,
    char *answer, size_t size, csn_gw_error *error);

#endif
