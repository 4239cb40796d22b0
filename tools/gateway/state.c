// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The lock file holds the owner's process number, for `reload` and `stop`. */
static const char lock_name[] = "lock";

static bool
make_directory(const char *directory, csn_gw_error *error)
{
    struct stat info;

    if (mkdir(directory, S_IRWXU) != 0 && errno != EEXIST)
        return csn_gw_fail(error, "%.400s: %s", directory, strerror(errno));
    if (stat(directory, &info) != 0)
        return csn_gw_fail(error, "%.400s: %s", directory, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return csn_gw_fail(error, "%.400s: is no directory", directory);
    /* Whoever owns it decides where what is written there really goes. */
    if (info.st_uid != geteuid())
        return csn_gw_fail(error, "%.400s: belongs to another user",
            directory);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return csn_gw_fail(error, "%.400s: others can write to it; chmod 700",
            directory);
    return true;
}

static int
open_lock(const char *directory, int flags)
{
    char path[CSN_GW_MAX_PATH + sizeof(lock_name) + 1];

    snprintf(path, sizeof(path), "%s/%s", directory, lock_name);
    return open(path, flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
}

bool
csn_gw_state_open(const char *directory, csn_gw_state *state,
    csn_gw_error *error)
{
    char *real;
    char pid[24];
    int len;

    if (!make_directory(directory, error))
        return false;
    real = realpath(directory, NULL);
    /* The engine's configuration has no way to quote these. */
    if (real == NULL || strlen(real) >= sizeof(state->directory) ||
        strpbrk(real, " \t\n\":#") != NULL) {
        free(real);
        return csn_gw_fail(error,
            "%.400s: is too long, or has blanks, "
            "quotation marks, ':' or '#'",
            directory);
    }
    memcpy(state->directory, real, strlen(real) + 1);
    free(real);

    state->lock = open_lock(state->directory, O_RDWR | O_CREAT);
    if (state->lock < 0)
        return csn_gw_fail(error, "%.400s/%s: %s", directory, lock_name,
            strerror(errno));
    if (flock(state->lock, LOCK_EX | LOCK_NB) != 0) {
        close(state->lock);
        return csn_gw_fail(error, "%.400s: another gateway uses it",
            directory);
    }
    len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(state->lock, 0) != 0 ||
        pwrite(state->lock, pid, (size_t)len, 0) != len) {
        close(state->lock);
        return csn_gw_fail(error, "%.400s/%s: %s", directory, lock_name,
            strerror(errno));
    }
    return true;
}

void
csn_gw_state_close(csn_gw_state *state)
{
    close(state->lock);
    state->lock = -1;
}

pid_t
csn_gw_state_owner(const char *directory, csn_gw_error *error)
{
    char text[24] = "";
    unsigned long pid;
    int lock = open_lock(directory, O_RDWR);
    ssize_t len;

    if (lock < 0) {
        csn_gw_fail(error, "%.400s: no gateway uses it", directory);
        return 0;
    }
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        close(lock);
        csn_gw_fail(error, "%.400s: no gateway uses it", directory);
        return 0;
    }
    len = pread(lock, text, sizeof(text) - 1, 0);
    close(lock);
    if (len > 0)
        text[strcspn(text, "\n")] = '\0';
    if (len <= 0 || !csn_gw_number_parse(text, INT32_MAX, &pid) || pid < 2) {
        csn_gw_fail(error, "%.400s/%s: holds no process number", directory,
            lock_name);
        return 0;
    }
    return (pid_t)pid;
}
