// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_PREPARE_RIG_H
#define COUNTERSIGN_TESTS_PREPARE_RIG_H

#include "check.h"

#include <countersign/prepare.h>

/* Rows of a text and what one of the functions of prepare.h makes of it. */

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

typedef struct prepare_row {
    const char *name;
    prepare_fn *prepare;
    csn_span text;
    csn_prepare_fault fault;
    csn_span want; /* NULL: the text itself, or with a fault nothing */
} prepare_row;

#define FINE CSN_PREPARE_FINE
#define SAME                                                                  \
    {                                                                         \
        NULL, 0                                                               \
    }
#define NONE SAME

/* Behind what stands in `out` already; and again, into a buffer that the
 * result just fills: it stays. */
static inline void
prepare_check(void **state)
{
    const prepare_row *row = *state;
    const bool is_fine = row->fault == CSN_PREPARE_FINE;
    uint8_t buf[256] = "before";
    csn_writer out = { buf, sizeof(buf), 6, false };
    csn_prepare_fault fault = CSN_PREPARE_UNSTABLE;
    csn_span want = is_fine && row->want.ptr == NULL ? row->text : row->want;
    csn_span text = check_exact(row->text);

    CHECK_EQ(row->name, row->prepare(text, &out, &fault),
        is_fine ? CSN_OK : CSN_E_SYNTAX);
    check_drop(text);
    CHECK_EQ(row->name, fault, row->fault);
    CHECK_EQ(row->name, out.overflow, false);
    CHECK_SPAN(row->name, ((csn_span){ buf, 6 }), check_text("before"));
    CHECK_SPAN(row->name, ((csn_span){ buf + 6, out.len - 6 }), want);
    if (!is_fine)
        return;

    text = check_exact(want);
    out = csn_writer_init(buf, text.len);
    CHECK_EQ(row->name, row->prepare(text, &out, NULL), CSN_OK);
    CHECK_SPAN(row->name, csn_writer_span(&out), text);
    check_drop(text);
}

#endif
