// SPDX-License-Identifier: MIT
#include "buffer.h"

#include "core/ct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_SIZE = 4096, READ_SIZE = 65536 };

csn_status
csn_users_buffer_reserve(csn_users_buffer *buffer, size_t more)
{
    size_t cap = buffer->cap != 0 ? buffer->cap : FIRST_SIZE;
    uint8_t *moved;

    if (more <= buffer->cap - buffer->len)
        return CSN_OK;
    if (more > SIZE_MAX / 2 - buffer->len)
        return CSN_E_MEMORY;
    while (cap < buffer->len + more)
        cap *= 2;
    moved = malloc(cap);
    if (moved == NULL)
        return CSN_E_MEMORY;
    if (buffer->len != 0)
        memcpy(moved, buffer->ptr, buffer->len);
    csn_wipe(buffer->ptr, buffer->len);
    free(buffer->ptr);
    buffer->ptr = moved;
    buffer->cap = cap;
    return CSN_OK;
}

csn_status
csn_users_buffer_add(csn_users_buffer *buffer, const void *octets, size_t len)
{
    csn_status status = csn_users_buffer_reserve(buffer, len);

    if (status == CSN_OK && len != 0) {
        memcpy(buffer->ptr + buffer->len, octets, len);
        buffer->len += len;
    }
    return status;
}

csn_status
csn_users_buffer_read(csn_users_buffer *buffer, int fd, csn_users_error *error)
{
    for (;;) {
        ssize_t got;

        if (csn_users_buffer_reserve(buffer, READ_SIZE) != CSN_OK)
            return csn_users_fail(error, CSN_E_MEMORY, "no memory");
        got = read(fd, buffer->ptr + buffer->len, READ_SIZE);
        if (got == 0)
            return CSN_OK;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return csn_users_fail(error, CSN_E_STORE, "%s", strerror(errno));
        buffer->len += (size_t)got;
        if (buffer->len > CSN_USERS_MAX_FILE)
            return csn_users_fail(error, CSN_E_LIMIT,
                "the file is larger than 1 GiB");
    }
}

void
csn_users_buffer_free(csn_users_buffer *buffer)
{
    csn_wipe(buffer->ptr, buffer->len);
    free(buffer->ptr);
    *buffer = (csn_users_buffer){ NULL, 0, 0 };
}
