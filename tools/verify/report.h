// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_REPORT_H
#define COUNTERSIGN_TOOLS_VERIFY_REPORT_H

#include "check.h"

enum { VERIFY_MAX_CHECKS = 160 };

/* All rows of the tables in the order of the report, and their results. */
typedef struct verify_report {
    const verify_check *checks[VERIFY_MAX_CHECKS];
    verify_result results[VERIFY_MAX_CHECKS];
    bool chosen[VERIFY_MAX_CHECKS];
    size_t count;
    size_t totals[VERIFY_VERDICTS];
    int exit_code;
} verify_report;

/* For a person; colour on request. */
void verify_report_text(verify_run *run, const verify_report *report,
    FILE *stream, bool colour);

/* For programs; false when there is no memory. */
bool verify_report_json(const verify_run *run, const verify_report *report,
    FILE *stream);

/* The checks themselves, in either form. */
void verify_list_text(const verify_report *report, FILE *stream);
bool verify_list_json(const verify_report *report, FILE *stream);

#endif
