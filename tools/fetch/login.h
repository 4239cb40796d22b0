// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_LOGIN_H
#define COUNTERSIGN_TOOLS_FETCH_LOGIN_H

#include "options.h"

/* Users and passwords: from the command line, a file, the environment or a
 * prompt; and to whom each of them is shown. */

/*
 * Each returns whether that worked; if not, it has said why.
 *
 * `USER:PASSWORD` of the command line: warns, and overwrites the password.
 * `USER` alone: fetch_login_complete will ask.
 */
bool fetch_login_argument(fetch_login *login, char *text);

/* One line USER:PASSWORD in a file, or of standard input for "-". */
bool fetch_login_file(fetch_login *login, const char *path);

/* Look into the environment variable `name` when there is no login yet, and
 * ask for the password when there is none. `whose` goes into the prompt. */
bool fetch_login_complete(fetch_login *login, const char *name,
    const char *whose);

void fetch_login_free(fetch_login *login);

/*
 * Give the session every login for the URLs and proxies of the command line.
 * Passwords inside URLs are overwritten afterwards, in the command line too.
 *
 * Returns: an exit code.
 */
int fetch_login_all(fetch_options *options, csn_curl_session *session);

#endif
