// SPDX-License-Identifier: MIT
#ifndef CSN_CORE_ASCII_H
#define CSN_CORE_ASCII_H

#include <stdbool.h>
#include <stdint.h>

/* Octet classes as one const table: RFC 9110, 5.6.2 to 5.6.4; 11.2. */
enum {
    CSN_CLASS_TCHAR = 1,   /* token */
    CSN_CLASS_TOKEN68 = 2, /* letters, digits, - . _ ~ + / ; not '=' */
    CSN_CLASS_QDTEXT = 4,  /* quoted-string without '"' and '\' */
    CSN_CLASS_QPAIR = 8,   /* behind a backslash */
    CSN_CLASS_BLANK = 16,  /* SP, HTAB */
    CSN_CLASS_CONTROL = 32 /* C0 and DEL, HTAB included */
};

extern const uint8_t csn_ascii_class[256];

static inline bool
csn_ascii_is(uint8_t octet, uint8_t classes)
{
    return (csn_ascii_class[octet] & classes) != 0;
}

static inline uint8_t
csn_ascii_lower(uint8_t octet)
{
    return (uint8_t)((unsigned)octet - 'A' < 26u ? octet | 0x20u : octet);
}

#endif
