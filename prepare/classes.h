// SPDX-License-Identifier: MIT
#ifndef CSN_PREPARE_CLASSES_H
#define CSN_PREPARE_CLASSES_H

#include <countersign/prepare.h>

#include <unitypes.h>

/* The string classes of RFC 8264, and what goes with them. */

/* Text while it is prepared: code points in memory somebody else owns. */
typedef struct csn_points {
    ucs4_t *at;
    size_t len;
} csn_points;

typedef enum csn_class { CSN_CLASS_IDENTIFIER, CSN_CLASS_FREEFORM } csn_class;

/*
 * Whether `text` has code points of the class alone, each where its context
 * allows it (RFC 8264, 4.2, 4.3 and 8).
 */
csn_prepare_fault csn_class_fault(csn_points text, csn_class in);

/* The contextual rules of RFC 5892, appendix A, for `text.at[i]`, which has
 * one of them. */
bool csn_context_allows(csn_points text, size_t i);

/* Whether a code point stands there only where its context allows it. */
bool csn_context_is_needed(ucs4_t c);

/* The rule of RFC 5893, 2; a text without right-to-left writing keeps it. */
bool csn_bidi_is_kept(csn_points text);

#endif
