// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_SPOOL_H
#define COUNTERSIGN_CURL_SPOOL_H

#include <countersign/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Octets that wait: in memory up to a bound, all of them in a file without a
 * name beyond it. Zero everything to begin with an empty one.
 */

enum { SPOOL_MEMORY = 1024 * 1024 };

typedef struct curl_spool {
    uint8_t *octets;
    size_t cap;
    bool in_file;
    int fd; /* when in_file */
    uint64_t size;
} curl_spool;

/** CSN_OK; CSN_E_MEMORY; CSN_E_STORE, the file cannot be made or written. */
CSN_NODISCARD csn_status csn_curl_spool_add(curl_spool *spool,
    const void *data, size_t len);

/**
 * Octets from `at` on.
 *
 * Out:     `*got`, 0 at the end alone.
 * Returns: CSN_OK; CSN_E_STORE.
 */
CSN_NODISCARD csn_status csn_curl_spool_read(const curl_spool *spool,
    uint64_t at, void *out, size_t len, size_t *got);

/** Free all of it; what is left is an empty one. */
void csn_curl_spool_free(curl_spool *spool);

#endif
