// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_OPTIONS_H
#define COUNTERSIGN_TOOLS_INSPECT_OPTIONS_H

#include "login.h"

typedef enum inspect_source {
    INSPECT_FROM_NOWHERE, /* or the environment */
    INSPECT_FROM_FILE,
    INSPECT_FROM_STDIN,
    INSPECT_FROM_PROMPT,
    INSPECT_FROM_ARGUMENT
} inspect_source;

/* Where one layer's secret comes from. */
typedef struct inspect_secret {
    const char *user;
    inspect_source source;
    char *value; /* a file's name, or the password itself */
    char *ha1[8];
    const char *ha1_files[8];
    size_t ha1_count;
    size_t ha1_file_count;
} inspect_secret;

typedef struct inspect_options {
    const char *file; /* NULL: standard input */
    const char *method;
    inspect_secret secrets[2]; /* by csn_layer */
    bool json;
} inspect_options;

/* Read the command line; a fault ends the program with CSN_EXIT_USAGE. */
void inspect_options_parse(inspect_options *options, int argc, char **argv);

#endif
