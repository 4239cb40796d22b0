// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_TEXT_H
#define CSN_STORES_USERS_TEXT_H

#include "row.h"

/*
 * The htdigest style, as users.h describes it. Two more forms are read:
 *
 *   user:realm:HEX:HEX         a fourth field of the third's length is
 *                              lighttpd's userhash; kept, not used
 *   a realm with colons        fields count from both ends of the line
 */

typedef struct csn_users_line {
    bool is_row; /* else an empty line or a comment */
    csn_users_row row;
    csn_span userhash; /* empty when there is none */
} csn_users_line;

/*
 * Understand one line.
 *
 * Out:     `*line`, when NULL is returned; its spans are parts of `text`.
 * Returns: NULL, or what is wrong (see rules.h).
 */
const char *csn_users_line_read(csn_span text, csn_users_line *line);

/*
 * Read a whole text file's content, row by row, up to the first bad line.
 *
 * Returns: CSN_OK; CSN_E_SYNTAX, with the line's number in `*error`; what the
 *          sink returned.
 */
CSN_NODISCARD csn_status csn_users_text_read(csn_span content,
    csn_users_sink sink, void *context, csn_users_error *error);

/* The longest line that csn_users_line_write writes, LF included. */
#define CSN_USERS_LINE_MAX (CSN_MAX_USER + CSN_MAX_REALM + 160)

/*
 * Write one row and its LF: the algorithm is named where length and place do
 * not tell it, and only there, for other programs know no such field.
 *
 * In:      `userhash` may be empty.
 * Out:     at most CSN_USERS_LINE_MAX octets.
 */
void csn_users_line_write(csn_writer *out, const csn_users_row *row,
    csn_span userhash);

/*
 * Whether a row comes back as it is when its line is read: a name that starts
 * with `#` would be a comment. SQLite files hold such rows, text files do not.
 */
bool csn_users_line_holds(const csn_users_row *row);

#endif
