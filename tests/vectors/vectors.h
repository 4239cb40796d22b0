// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_VECTORS_H
#define COUNTERSIGN_TESTS_VECTORS_H

#include "check.h"

#include <jansson.h>

#include <countersign/digest.h>

/* vectors.json, one test per vector, named by what it checks and its id. */

/* The file named on the command line, or the end of the program. */
json_t *vectors_load(int argc, char **argv);

/*
 * Run `fn` once per item of an array; *state points to the item. The test is
 * called `what` and the item's "id", or its number where it has none.
 * Returns the number of failed tests.
 */
int vectors_run(const char *group, const char *what, json_t *items,
    CMUnitTestFunction fn);

/* A string member; an empty span where it is null or not there. */
csn_span vectors_text(const json_t *object, const char *key);

/* A member that must be there. */
json_t *vectors_member(const json_t *object, const char *key);

/* Skip this test, said and counted, when its vector is not HTTP's. */
void vectors_skip_unless_http(const json_t *item);

#endif
