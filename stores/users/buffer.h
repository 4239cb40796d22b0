// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_BUFFER_H
#define CSN_STORES_USERS_BUFFER_H

#include "row.h"

/*
 * Growing memory for what holds digests: wiped before it is given back, also
 * when it moves (H-22, H-23). Begin with zeros; csn_users_buffer_free at the
 * end.
 */
typedef struct csn_users_buffer {
    uint8_t *ptr;
    size_t len;
    size_t cap;
} csn_users_buffer;

/*
 * Make room for `more` octets behind `len`.
 *
 * Returns: CSN_OK; CSN_E_MEMORY, nothing changed.
 */
CSN_NODISCARD csn_status csn_users_buffer_reserve(csn_users_buffer *buffer,
    size_t more);

CSN_NODISCARD csn_status csn_users_buffer_add(csn_users_buffer *buffer,
    const void *octets, size_t len);

/* A text file larger than this is refused: offsets have 32 bits. */
#define CSN_USERS_MAX_FILE ((size_t)1 << 30)

/*
 * Append all that `fd` has left.
 *
 * Returns: CSN_OK; CSN_E_STORE, it cannot be read; CSN_E_LIMIT, more than
 *          CSN_USERS_MAX_FILE; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_buffer_read(csn_users_buffer *buffer,
    int fd, csn_users_error *error);

static inline csn_span
csn_users_buffer_span(const csn_users_buffer *buffer)
{
    return (csn_span){ buffer->ptr, buffer->len };
}

void csn_users_buffer_free(csn_users_buffer *buffer);

#endif
