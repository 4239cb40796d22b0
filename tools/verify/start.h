// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_START_H
#define COUNTERSIGN_TOOLS_VERIFY_START_H

#include "form.h"

/* What comes before the checks: the URL, the first challenge, a login. */

/* Take the URLs of the command line apart; false after a note. */
bool verify_start_urls(verify_run *run);

/*
 * Ask, choose the challenge to answer, and log in.
 *
 * Returns: an exit code. With CSN_EXIT_OK `run->is_in` says whether checks
 *          that log in can be made; CSN_EXIT_LOGIN, a right login is refused.
 */
int verify_start(verify_run *run);

/* Wait for the end of a nonce's life (--wait). */
void verify_wait(verify_run *run, int64_t since_ms);

#endif
