// SPDX-License-Identifier: MIT
#include "spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nameless.h"

static csn_status
add_to_memory(curl_spool *spool, const void *data, size_t len)
{
    size_t size = (size_t)spool->size;
    size_t cap = spool->cap ? spool->cap : 16384;

    while (cap < size + len)
        cap *= 2;
    if (cap != spool->cap) {
        uint8_t *octets = realloc(spool->octets, cap);

        if (octets == NULL)
            return CSN_E_MEMORY;
        spool->octets = octets;
        spool->cap = cap;
    }
    memcpy(spool->octets + size, data, len);
    return CSN_OK;
}

static csn_status
move_to_file(curl_spool *spool)
{
    int fd = csn_curl_nameless_open();

    if (fd < 0)
        return CSN_E_STORE;
    if (!csn_curl_nameless_write(fd, spool->octets, (size_t)spool->size)) {
        close(fd);
        return CSN_E_STORE;
    }
    free(spool->octets);
    spool->octets = NULL;
    spool->cap = 0;
    spool->fd = fd;
    spool->in_file = true;
    return CSN_OK;
}

csn_status
csn_curl_spool_add(curl_spool *spool, const void *data, size_t len)
{
    csn_status status = CSN_OK;

    if (len == 0)
        return CSN_OK;
    if (!spool->in_file && len > SPOOL_MEMORY - (size_t)spool->size)
        status = move_to_file(spool);
    if (status != CSN_OK)
        return status;
    if (!spool->in_file)
        status = add_to_memory(spool, data, len);
    else if (!csn_curl_nameless_write(spool->fd, data, len))
        status = CSN_E_STORE;
    if (status == CSN_OK)
        spool->size += len;
    return status;
}

csn_status
csn_curl_spool_read(const curl_spool *spool, uint64_t at, void *out,
    size_t len, size_t *got)
{
    uint64_t left = spool->size - at;
    size_t want = left < len ? (size_t)left : len;
    ssize_t done;

    *got = want;
    if (want == 0)
        return CSN_OK;
    if (!spool->in_file) {
        memcpy(out, spool->octets + at, want);
        return CSN_OK;
    }
    do
        done = pread(spool->fd, out, want, (off_t)at);
    while (done < 0 && errno == EINTR);
    if (done <= 0)
        return CSN_E_STORE;
    *got = (size_t)done;
    return CSN_OK;
}

void
csn_curl_spool_free(curl_spool *spool)
{
    if (spool->in_file)
        close(spool->fd);
    free(spool->octets);
    *spool = (curl_spool){ 0 };
}
