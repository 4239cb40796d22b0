// SPDX-License-Identifier: MIT
/*
 * For LD_PRELOAD: a process that dies with a lock of a counts table in its
 * hand. In the folder DIE_LOCKED a file `locked` is looked for behind a
 * successful pthread_mutex_trylock, which nothing else calls here, and a file
 * `unlocking` before that mutex is unlocked. Whoever removes it dies.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char paths[2][256];
static pthread_mutex_t *held;
static int (*real_trylock)(pthread_mutex_t *);
static int (*real_unlock)(pthread_mutex_t *);

/* nginx removes its environment soon after. */
__attribute__((constructor)) static void
prepare(void)
{
    const char *folder = getenv("DIE_LOCKED");

    if (folder == NULL)
        return;
    snprintf(paths[0], sizeof(paths[0]), "%s/locked", folder);
    snprintf(paths[1], sizeof(paths[1]), "%s/unlocking", folder);
}

static void
die_if_told(const char *path)
{
    if (path[0] != '\0' && unlink(path) == 0)
        raise(SIGKILL);
}

int
pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    int rc;

    if (real_trylock == NULL)
        *(void **)&real_trylock = dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    rc = real_trylock(mutex);
    if (rc == 0) {
        held = mutex;
        die_if_told(paths[0]);
    }
    return rc;
}

int
pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (real_unlock == NULL)
        *(void **)&real_unlock = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    if (mutex == held) {
        die_if_told(paths[1]);
        held = NULL;
    }
    return real_unlock(mutex);
}
