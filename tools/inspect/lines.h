// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_LINES_H
#define COUNTERSIGN_TOOLS_INSPECT_LINES_H

#include <countersign/span.h>

/* A pasted text line by line, and what a line looks like. */
typedef struct inspect_lines {
    csn_span text;
    size_t pos;    /* where the next line begins */
    size_t number; /* of the line read last, from 1 */
} inspect_lines;

/* Who is speaking in a line of `curl -v`. */
typedef enum inspect_side {
    INSPECT_SIDE_NONE, /* no mark: a raw message, or content */
    INSPECT_SIDE_SENT,
    INSPECT_SIDE_CAME,
    INSPECT_SIDE_CURL /* curl itself: "* ...", "{ [5 bytes data]" */
} inspect_side;

typedef struct inspect_line {
    csn_span text; /* without its mark and its end */
    inspect_side side;
    size_t indent; /* blanks before the mark, or before the text */
} inspect_line;

/* The next line; false at the end. It ends at LF or CR LF. */
bool inspect_lines_next(inspect_lines *lines, inspect_line *line);

/* The octets not read yet. */
csn_span inspect_lines_rest(const inspect_lines *lines);

/* Step over `len` octets, lines among them counted. */
void inspect_lines_skip(inspect_lines *lines, size_t len);

/* The line without its first `indent` blanks, or as many as it has. */
csn_span inspect_line_outdent(csn_span text, size_t indent);

/* `GET / HTTP/1.1`. */
bool inspect_is_request_line(csn_span text, csn_span *method,
    csn_span *target);

/* `HTTP/1.1 401 Unauthorized`. */
bool inspect_is_status_line(csn_span text, unsigned *status);

/* `Name: value`, blanks around the value dropped. */
bool inspect_is_field_line(csn_span text, csn_span *name, csn_span *value);

/* One of the six authentication fields' names. */
bool inspect_is_auth_name(csn_span name);

/* What stands before the first of two octets, or all of it. */
csn_span inspect_until(csn_span text, uint8_t one, uint8_t other);

/* `text` without blanks at both ends. */
csn_span inspect_trim(csn_span text);

#endif
