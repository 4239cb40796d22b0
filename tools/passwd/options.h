// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_PASSWD_OPTIONS_H
#define COUNTERSIGN_TOOLS_PASSWD_OPTIONS_H

#include <countersign/algorithm.h>

#include "stores/users/load.h"

/* What one call of `countersign passwd` was asked to do. */

typedef enum passwd_action {
    PASSWD_SET,
    PASSWD_LIST,
    PASSWD_REMOVE,
    PASSWD_VERIFY,
    PASSWD_IMPORT,
    PASSWD_EXPORT
} passwd_action;

typedef enum passwd_source {
    PASSWD_FROM_PROMPT,
    PASSWD_FROM_STDIN,
    PASSWD_FROM_FILE,
    PASSWD_FROM_ENV,
    PASSWD_FROM_ARGUMENT
} passwd_source;

typedef struct passwd_options {
    passwd_action action;
    const char *file;
    const char *user;  /* NULL where an action needs none */
    const char *realm; /* NULL: the file's only one */
    const char *other; /* the file to import from or export to */
    unsigned hashes;   /* bits 1 << csn_hash; 0: not said */
    passwd_source source;
    char *source_value;
    csn_users_form form; /* CSN_USERS_EMPTY: not said */
    bool allow_empty;
    bool json;
    bool force;
} passwd_options;

/* Read the command line; a wrong one ends the program as argp does. */
void passwd_options_parse(passwd_options *options, int argc, char **argv);

#endif
