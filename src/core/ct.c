// SPDX-License-Identifier: MIT
#include "core/ct.h"

#include "core/compiler.h"

#include <stdint.h>
#include <string.h>

bool
csn_ct_equal(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    size_t differ = 0;

    for (; len >= sizeof(size_t); len -= sizeof(size_t)) {
        size_t word_x, word_y;

        memcpy(&word_x, x, sizeof(word_x));
        memcpy(&word_y, y, sizeof(word_y));
        differ |= word_x ^ word_y;
        CSN_OPAQUE(differ);
        x += sizeof(size_t);
        y += sizeof(size_t);
    }
    for (size_t i = 0; i < len; i++) {
        differ |= (size_t)(x[i] ^ y[i]);
        CSN_OPAQUE(differ);
    }
    return differ == 0;
}

void
csn_wipe(void *memory, size_t len)
{
    if (len == 0)
        return;
    memset(memory, 0, len);
    CSN_USED(memory);
}
