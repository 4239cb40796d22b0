// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_CT_H
#define CSN_CORE_CT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `len` octets are equal, in time that depends on `len` alone. */
bool csn_ct_equal(const void *a, const void *b, size_t len);

/* Overwrite with zeros in a way the compiler cannot drop (H-23). */
void csn_wipe(void *memory, size_t len);

#endif
