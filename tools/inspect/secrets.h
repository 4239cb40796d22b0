// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_SECRETS_H
#define COUNTERSIGN_TOOLS_INSPECT_SECRETS_H

#include "options.h"

#include <countersign/layer.h>

/*
 * Bring in what the options say of one layer: the password, or H(A1).
 *
 * Out:     `*login`, to be wiped in either case.
 * Returns: false when that could not be; a note has said why.
 */
bool inspect_secret_read(const inspect_secret *secret, csn_layer layer,
    inspect_login *login);

#endif
