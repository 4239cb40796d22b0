// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_COMMON_SECRET_H
#define COUNTERSIGN_TOOLS_COMMON_SECRET_H

#include <countersign/span.h>

/*
 * Passwords on their way in. One lives in the caller's memory, never on the
 * heap and in no stdio buffer, and is wiped by csn_secret_wipe on every path
 * out (H-23).
 */

/* Octets of the longest password: more than anybody types, and far below the
 * engines' limit for a value. */
#define CSN_SECRET_MAX 1024

typedef struct csn_secret_text {
    char text[CSN_SECRET_MAX + 1]; /* ends in a zero that `len` leaves out */
    size_t len;
} csn_secret_text;

/*
 * Each reads one secret and returns whether that worked; if not, it has said
 * why in a note and `*secret` is wiped. A line ends at LF, CR LF or the end
 * of input, which do not belong to it; NUL and what is longer than
 * CSN_SECRET_MAX are refused. The characters are not looked at.
 */

/* Ask at the terminal (/dev/tty), without echo. */
bool csn_secret_prompt(csn_secret_text *secret, const char *prompt);

/* The first line of standard input; later lines stay unread. */
bool csn_secret_stdin(csn_secret_text *secret);

/* The only line of a file; more than one is an error. Notes when others
 * than its owner can read it. */
bool csn_secret_file(csn_secret_text *secret, const char *path);

/* The value of an environment variable. */
bool csn_secret_env(csn_secret_text *secret, const char *name);

/* An argument of the command line, which others can see: notes that, and
 * overwrites the argument. */
bool csn_secret_argument(csn_secret_text *secret, char *argument);

void csn_secret_wipe(csn_secret_text *secret);

static inline csn_span
csn_secret_span(const csn_secret_text *secret)
{
    return (csn_span){ (const uint8_t *)secret->text, secret->len };
}

#endif
