// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERBS_H
#define COUNTERSIGN_TOOLS_VERBS_H

#include "verb_table.h"

/*
 * The verbs of the program, as the build found them: CSN_VERBS(X) calls
 * X(name, "summary") for each. A verb is one function:
 *
 * In:      its arguments; argv[0] is "countersign VERB", so that messages and
 *          argp name it that way. `--help`, `--usage` and `--version` are
 *          the verb's to answer (argp does).
 * Returns: the program's exit code, see common/exit.h.
 */
#define CSN_VERB_FUNCTION(name, summary)                                      \
    int csn_cmd_##name(int argc, char **argv);
CSN_VERBS(CSN_VERB_FUNCTION)
#undef CSN_VERB_FUNCTION

#endif
