// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_OPTIONS_H
#define COUNTERSIGN_TOOLS_VERIFY_OPTIONS_H

#include "common/login.h"

/* The command line of `countersign verify`, read. */

enum { VERIFY_MAX_ONLY = 32 };

typedef struct verify_options {
    const char *url;
    const char *proxy; /* NULL: the origin is looked at */
    csn_login user;
    csn_login proxy_user;
    const char *only[VERIFY_MAX_ONLY]; /* names of checks, or IDs */
    size_t only_count;
    const char *cacert;
    bool insecure;
    bool tunnel; /* CONNECT for http too */
    bool strict;
    bool safe;  /* GET, HEAD and CONNECT alone */
    bool basic; /* the password may be sent by Basic */
    bool json;
    bool list;
    bool verbose;
    long timeout_ms;  /* for one exchange */
    long max_time_ms; /* for all of them */
    long wait_ms;     /* life of a nonce, to wait for its end; 0: do not */
} verify_options;

/* Read the command line; a fault ends the program with CSN_EXIT_USAGE. */
void verify_options_parse(verify_options *options, int argc, char **argv);

/* Passwords that are still missing, from environment or terminal. */
bool verify_options_complete(verify_options *options);

/* Passwords are wiped. */
void verify_options_free(verify_options *options);

#endif
