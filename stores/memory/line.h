// SPDX-License-Identifier: MIT
#ifndef CSN_MEMORY_LINE_H
#define CSN_MEMORY_LINE_H

#include "layout.h"

/* What one line says. Pure functions over a line whose bucket is locked. */

/** The minting time in an id, and so in a line. */
uint64_t csn_id_minted(const uint8_t id[CSN_ID_SIZE]);

/** When the first nextnonce was sent; 0 when none was. */
uint64_t csn_line_replaced_ms(const csn_line *line);

/**
 * Whether the nonce is past its age for this request: refused once now is
 * later than minted + life or, after a nextnonce, than
 * min(replaced + grace, minted + life + grace). A one-time nonce has no use
 * after its first, so its nextnonce shortens nothing.
 */
bool csn_line_is_past(const csn_line *line, const csn_mark *mark);

/** Start a line for `mark`'s nonce; no count is marked yet. */
void csn_line_begin(csn_line *line, const csn_mark *mark);

/** Whether it is a second line, which holds a session's key. */
static inline bool
csn_line_is_session(const csn_line *line)
{
    return (line->flags & CSN_LINE_SESSION) != 0;
}

/** Start the second line for `mark`'s nonce, with its session's key. */
void csn_line_begin_session(csn_line *line, const csn_mark *mark);

/** After a fresh mark: note a first nextnonce, and when the line ends. */
void csn_line_note(csn_line *line, const csn_mark *mark);

/**
 * Whether nobody can use the line, a first one, any more: expired, or replaced and past
 * its grace. Never early; late by up to 1/256 of the line's age then.
 */
bool csn_line_is_dead(const csn_line *line, uint64_t now_ms);

#endif
