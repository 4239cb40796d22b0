// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* pthread_mutex_clocklock: POSIX 2024, glibc 2.30 */

#include "lock.h"

#include "bucket.h"

#include <errno.h>
#include <time.h>

bool
csn_lock_make(csn_bucket *bucket)
{
    pthread_mutexattr_t kind;
    bool made;

    if (pthread_mutexattr_init(&kind) != 0)
        return false;
    made = pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) == 0 &&
        pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST) == 0 &&
        pthread_mutex_init(&bucket->lock.mutex, &kind) == 0;
    (void)pthread_mutexattr_destroy(&kind);
    return made;
}

void
csn_lock_destroy(csn_bucket *bucket)
{
    (void)pthread_mutex_destroy(&bucket->lock.mutex);
}

/* Monotonic, so that setting the clock neither ends nor prolongs a wait. */
static int
wait_for(pthread_mutex_t *mutex, unsigned wait_ms)
{
    struct timespec until;

    if (clock_gettime(CLOCK_MONOTONIC, &until) != 0)
        return errno;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(wait_ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
}

bool
csn_lock_take(csn_counts *table, csn_bucket *bucket, unsigned wait_ms)
{
    pthread_mutex_t *mutex = &bucket->lock.mutex;
    int error = pthread_mutex_trylock(mutex);

    if (error == EBUSY)
        error = wait_for(mutex, wait_ms);
    if (error == EOWNERDEAD) {
        /* Whoever is killed in here leaves it to the next one. */
        csn_bucket_empty(table, bucket);
        error = pthread_mutex_consistent(mutex);
    }
    return error == 0;
}

void
csn_lock_give(csn_bucket *bucket)
{
    (void)pthread_mutex_unlock(&bucket->lock.mutex);
}
