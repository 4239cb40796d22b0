// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_LOGINS_H
#define COUNTERSIGN_TOOLS_FETCH_LOGINS_H

#include "options.h"

/*
 * Give the session every login for the URLs and proxies of the command line.
 * Passwords inside URLs are overwritten afterwards, in the command line too.
 *
 * Returns: an exit code.
 */
int fetch_login_all(fetch_options *options, csn_curl_session *session);

#endif
