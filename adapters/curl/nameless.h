// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_NAMELESS_H
#define COUNTERSIGN_CURL_NAMELESS_H

#include <stdbool.h>
#include <stddef.h>

/* Files without a name: nobody else can open them, and they are gone when
 * they are closed, whatever happens to the program. */

/** A new one in $TMPDIR or /tmp, mode 0600; -1 and errno. */
int csn_curl_nameless_open(void);

/** Write all of it; false and errno. */
bool csn_curl_nameless_write(int fd, const void *data, size_t len);

#endif
