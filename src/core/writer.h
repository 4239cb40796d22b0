// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_WRITER_H
#define CSN_CORE_WRITER_H

#include <countersign/span.h>

/* Append to a csn_writer; see span.h for the overflow flag. */

void csn_write_byte(csn_writer *out, uint8_t byte);
void csn_write(csn_writer *out, csn_span text);

/* Append `len` octets as lower-case hex. */
void csn_write_hex(csn_writer *out, const uint8_t *octets, size_t len);

#endif
