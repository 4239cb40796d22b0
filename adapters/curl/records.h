// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_RECORDS_H
#define COUNTERSIGN_CURL_RECORDS_H

#include <countersign/client.h>

/*
 * The proof store: which protection spaces have proved themselves, so that
 * their silence is noticed in a later run too (F-22). A text file:
 *
 *     # countersign proof store 1
 *     origin https host.example 443 A%20realm Mufasa proof,sha2
 *
 * Realm and user are percent-coded, `-` stands for an empty one.
 */

enum {
    RECORDS_MAX = 10000, /* spaces in one store */
    RECORDS_MAX_FILE = 16 * 1024 * 1024
};

typedef struct curl_record {
    csn_layer layer;
    char *scheme;
    char *host;
    unsigned port;
    char *realm;
    char *user;
    unsigned seen; /* CSN_SEEN bits */
} curl_record;

typedef struct curl_records {
    curl_record *items;
    size_t count;
    size_t cap;
} curl_records;

void csn_curl_records_free(curl_records *records);

/**
 * Add a space, or add `seen` to one already there.
 *
 * Out:     `*changed` (may be NULL) set to true when anything is new.
 * Returns: CSN_OK; CSN_E_LIMIT, the store is full; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_curl_records_add(curl_records *records,
    const curl_record *record, bool *changed);

/**
 * Read a store and add what it holds.
 *
 * Returns: CSN_OK, also when there is no such file; CSN_E_STORE, it cannot be
 *          read; CSN_E_SYNTAX, it is not a proof store; CSN_E_LIMIT;
 *          CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_curl_records_load(curl_records *records,
    const char *path);

/**
 * Write a store: what is in the file now and what is in `records`, in one
 * step, mode 0600, under a lock that keeps other processes out meanwhile.
 */
CSN_NODISCARD csn_status csn_curl_records_save(curl_records *records,
    const char *path);

#endif
