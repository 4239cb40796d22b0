// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_COMMON_NOTE_H
#define COUNTERSIGN_TOOLS_COMMON_NOTE_H

#include <stdio.h>

/*
 * Notes for a person, on standard error: one line each, led by the program's
 * name and verb. Octets that could move a terminal's cursor or start another
 * line are written as \xHH, so that text from outside cannot forge a note
 * (H-19).
 */

/* What notes begin with: "countersign passwd"; kept, not copied. */
void csn_note_name(const char *name);

__attribute__((format(printf, 1, 2))) void csn_note(const char *format, ...);

/* Write `text` with control characters as \xHH, as notes do. */
void csn_print_visible(FILE *stream, const char *text);

/*
 * Flush standard output at the end of a verb.
 *
 * Returns: `code`; CSN_EXIT_WRITE, after a note, when `code` is 0 and not
 *          everything could be written (a full disk, a closed pipe).
 */
int csn_stdout_done(int code);

#endif
