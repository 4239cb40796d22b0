// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_COMMON_LOGIN_H
#define COUNTERSIGN_TOOLS_COMMON_LOGIN_H

#include "secret.h"

/* Users and passwords: from the command line, a file, the environment or a
 * prompt. */

/* A user and password, wherever they came from. */
typedef struct csn_login {
    bool given;
    bool ask;   /* for the password, when the command line is read */
    char *user; /* owned */
    csn_secret_text password;
} csn_login;

/*
 * Each returns whether that worked; if not, it has said why.
 *
 * `USER:PASSWORD` of the command line: warns, and overwrites the password.
 * `USER` alone: csn_login_complete will ask.
 */
bool csn_login_argument(csn_login *login, char *text);

/* One line USER:PASSWORD in a file, or of standard input for "-". */
bool csn_login_file(csn_login *login, const char *path);

/* Look into the environment variable `name` when there is no login yet, and
 * ask for the password when there is none. `whose` goes into the prompt. */
bool csn_login_complete(csn_login *login, const char *name, const char *whose);

void csn_login_free(csn_login *login);

#endif
