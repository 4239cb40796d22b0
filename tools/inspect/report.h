// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_REPORT_H
#define COUNTERSIGN_TOOLS_INSPECT_REPORT_H

#include "exchange.h"
#include "params.h"

#include <countersign/layer.h>
#include <countersign/status.h>

#include <stdio.h>

/* What was found, step by step, before it is written in some form. */

typedef enum inspect_level {
    INSPECT_RIGHT, /* checked, and as it must be */
    INSPECT_NOTE,  /* worth knowing, or could not be checked */
    INSPECT_ODD,   /* not as RFC 7616 has it, but peers get along with it */
    INSPECT_WRONG,
    INSPECT_LEVELS
} inspect_level;

typedef struct inspect_finding {
    inspect_level level;
    const char *about;      /* a parameter or field */
    csn_reason reason;      /* CSN_R_NONE where no word fits */
    const char *mistake[2]; /* names; NULL when none is known */
    const char *text;       /* a sentence, nothing in it needs escaping */
    const char *is;         /* values in hex, or NULL */
    const char *right;
    bool has_place;
    size_t line; /* of the input, 0 if not known */
    size_t offset;
} inspect_finding;

/* What one side claimed at one layer: one field, or one of its challenges. */
typedef struct inspect_step {
    csn_layer layer;
    const char *what; /* "challenge", "credentials", "info", "response" */
    const inspect_params *params; /* NULL when there is no field */
    inspect_finding *findings;
    size_t count;
} inspect_step;

typedef struct inspect_part {
    const inspect_exchange *exchange;
    inspect_step *steps;
    size_t count;
} inspect_part;

typedef struct inspect_report {
    csn_pool *pool;
    inspect_part *parts; /* one for each exchange */
    size_t count;
    size_t totals[INSPECT_LEVELS];
} inspect_report;

/* A step more in the newest part; NULL `params` for a missing field. */
inspect_step *inspect_step_add(inspect_report *report, csn_layer layer,
    const char *what, const inspect_params *params);

/* A finding more in the newest step. */
__attribute__((format(printf, 5, 6))) inspect_finding *inspect_say(
    inspect_report *report, inspect_level level, const char *about,
    csn_reason reason, const char *format, ...);

/* Whether nothing in it is odd or wrong. */
bool inspect_step_is_clean(const inspect_step *step);

/* The name of the mistake that was found; returns `finding`. */
inspect_finding *inspect_blame(inspect_finding *finding, const char *mistake);

/* The level's word: "right", "note", "odd", "wrong". */
const char *inspect_level_name(inspect_level level);

/* "origin" or "proxy". */
const char *inspect_layer_name(csn_layer layer);

/*
 * Untrusted text for a terminal or JSON: printable UTF-8 as it is, everything
 * else (controls, what turns the direction of writing, what is no UTF-8) as
 * \xHH, and so is a backslash, that nothing can look like an escape.
 */
const char *inspect_visible(csn_pool *pool, csn_span text);

/* Write it for a person; returns nothing, stdout tells of failures. */
void inspect_write_text(const inspect_report *report, FILE *stream,
    bool colour);

/* Write it as one JSON object; false when there is no memory. */
bool inspect_write_json(const inspect_report *report, FILE *stream);

#endif
