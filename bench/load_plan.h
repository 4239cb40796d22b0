// SPDX-License-Identifier: MIT
#ifndef CSN_BENCH_LOAD_PLAN_H
#define CSN_BENCH_LOAD_PLAN_H

/* What the load is told to do. */

#include "load_http.h"

enum { LOAD_PEERS = 1024 };

typedef enum load_way { LOAD_NONE, LOAD_BASIC, LOAD_DIGEST } load_way;

typedef struct load_plan_t {
    load_way way;
    csn_layer layer;
    load_url url;
    load_url to; /* where to connect */
    csn_span user;
    csn_span password;
    csn_span target; /* as the request line has it */
    double seconds;
    size_t peers;
} load_plan_t;

extern load_plan_t load_plan;

/** Read the arguments; ends the program where they make no sense. */
void load_plan_read(int argc, char **argv);

_Noreturn void load_die(const char *what);

#endif
