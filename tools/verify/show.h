// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_SHOW_H
#define COUNTERSIGN_TOOLS_VERIFY_SHOW_H

#include <countersign/span.h>

/*
 * Write a message's head to standard error, each line behind `mark` and a
 * blank. `response` and `rspauth` are hidden, and all that another scheme
 * than Digest sends: those are passwords, or stand for one (H-18). Control
 * octets are written as \xHH. The content is not shown.
 */
void verify_show(csn_span message, char mark);

#endif
