// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_INFO_H
#define COUNTERSIGN_TOOLS_VERIFY_INFO_H

#include "check.h"

/* The server's own answer: what its Info field says, and whether it is right
 * for the credentials that were sent. */

typedef enum verify_proof {
    VERIFY_NO_INFO,  /* no field */
    VERIFY_NO_PROOF, /* a field without rspauth: nextnonce perhaps */
    VERIFY_PROVED,
    VERIFY_WRONG
} verify_proof;

typedef struct verify_info {
    size_t lines;
    bool trailer;      /* it came there */
    csn_status status; /* of the parser */
    verify_params params;
    verify_proof proof;
    const char *text; /* says what `proof` is about */
    csn_reason reason;
} verify_info;

/* Read the Info field of an answer to the credentials in `form`. */
verify_info verify_info_read(verify_run *run, const verify_form *form,
    const verify_response *response);

/* What a parameter says; empty when it is not there. */
csn_span verify_info_text(const verify_info *info, const char *name);

/* The verdict where a proof is wanted: none is a miss of the profile, a wrong
 * one a failure. */
void verify_info_judge(verify_run *run, const verify_check *check,
    const verify_info *info, const verify_response *response,
    verify_result *result);

#endif
