// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <stdlib.h>
#include <time.h>

/* Threads of the engine live as long as the process, so theirs stay linked. */
static _Atomic(csn_gw_thread *) first;
static _Thread_local csn_gw_thread *self;

csn_gw_thread *
csn_gw_thread_self(void)
{
    csn_gw_thread *thread = self;

    if (thread != NULL)
        return thread;
    thread = calloc(1, sizeof(*thread));
    if (thread == NULL)
        abort(); /* at a thread's first request, before anything is served */
    thread->next = atomic_load(&first);
    while (!atomic_compare_exchange_weak(&first, &thread->next, thread)) {
    }
    self = thread;
    return thread;
}

csn_gw_thread *
csn_gw_thread_first(void)
{
    return atomic_load(&first);
}

uint64_t
csn_gw_wall_ms(void)
{
    struct timespec now;

    /* Ticks of some milliseconds are fine enough, and cheaper to read. */
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
