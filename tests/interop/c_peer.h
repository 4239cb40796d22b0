// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_C_PEER_H
#define COUNTERSIGN_TESTS_C_PEER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A server for C tests: one thread per connection, on a loopback port of its
 * own. It reads header sections and hands them over; a request's content is
 * read and counted.
 */

enum { PEER_HEAD = 16384, PEER_ANSWER = 2048, PEER_USER = 64 };

typedef struct c_peer_request {
    char head[PEER_HEAD]; /* the header section, ends in a zero */
    unsigned connection;  /* from 1 */
    char user[PEER_USER]; /* who opened this tunnel; empty outside */
    size_t content;
} c_peer_request;

typedef struct c_peer c_peer;

/* Writes the answer; false drops the connection. Runs on many threads. */
typedef bool (*c_peer_handler)(void *data, c_peer_request *request,
    char answer[PEER_ANSWER]);

/* Aborts the test when the system gives no port or thread. */
c_peer *c_peer_open(c_peer_handler handler, void *data);

void c_peer_close(c_peer *peer);

unsigned c_peer_port(const c_peer *peer);

/* A quoted parameter of the credentials in `field`; false without it. */
bool c_peer_param(const c_peer_request *request, const char *field,
    const char *name, char *out, size_t size);

#endif
