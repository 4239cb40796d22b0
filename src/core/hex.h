// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_HEX_H
#define CSN_CORE_HEX_H

#include <countersign/span.h>
#include <countersign/status.h>

/*
 * Decode `size` octets from exactly twice as many hex digits of either case.
 * CSN_E_LENGTH, CSN_E_SYNTAX; `out` is written on CSN_OK only. The time does
 * not depend on the digits' values.
 */
CSN_NODISCARD csn_status csn_hex_decode(csn_span text, uint8_t *out,
    size_t size);

/* Lower-case digits, 2 x len octets, no terminating zero. */
void csn_hex_encode(const uint8_t *octets, size_t len, uint8_t *out);

/* Whether every octet is a hex digit; true for an empty span. */
bool csn_is_hex(csn_span text);

#endif
