// SPDX-License-Identifier: MIT
#include "plugin.h"

#include "settings/address.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * Refusals go through a ring to a thread of its own, which makes the JSON and
 * writes it: a slow disk or reader costs log lines, never a request.
 */
enum { RING = 1024 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    size_t first;
    size_t count;
    bool writing; /* one that is not in the ring any more */
    csn_gw_refusal ring[RING];
    _Atomic uint64_t dropped;
    atomic_bool reopen;
    char path[CSN_GW_MAX_PATH];
    int fd;
} log_state = { .lock = PTHREAD_MUTEX_INITIALIZER,
    .filled = PTHREAD_COND_INITIALIZER,
    .fd = STDERR_FILENO };

void
csn_gw_log_refusal(const csn_gw_refusal *refusal)
{
    pthread_mutex_lock(&log_state.lock);
    if (log_state.count == RING) {
        atomic_fetch_add(&log_state.dropped, 1);
    } else {
        size_t last = (log_state.first + log_state.count) % RING;

        log_state.ring[last] = *refusal;
        if (log_state.count++ == 0)
            pthread_cond_signal(&log_state.filled);
    }
    pthread_mutex_unlock(&log_state.lock);
}

uint64_t
csn_gw_log_dropped(void)
{
    return atomic_load(&log_state.dropped);
}

size_t
csn_gw_log_waiting(void)
{
    size_t waiting;

    pthread_mutex_lock(&log_state.lock);
    waiting = log_state.count + (log_state.writing ? 1 : 0);
    pthread_mutex_unlock(&log_state.lock);
    return waiting;
}

void
csn_gw_log_reopen(void)
{
    atomic_store(&log_state.reopen, true);
}

static void
time_print(int64_t time_ms, char text[32])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    size_t len;

    gmtime_r(&seconds, &parts);
    len = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + len, 32 - len, ".%03dZ", (int)(time_ms % 1000));
}

/* jansson escapes what could end the line or the string (H-19). */
static char *
refusal_render(const csn_gw_refusal *refusal)
{
    char when[32];
    char client[64];
    char connection[64];
    json_t *peer = NULL;
    json_t *user = NULL;
    json_t *line;
    char *text;

    time_print(refusal->time_ms, when);
    csn_gw_octets_print(refusal->client, client);
    csn_gw_octets_print(refusal->connection, connection);
    if (strcmp(client, connection) != 0)
        peer = json_string(connection);
    if (refusal->has_user)
        user = json_string(refusal->user_known ? refusal->user : "***");
    line = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:o*, s:o?, s:s, s:s}",
        "time", when, "event", "refused", "layer",
        refusal->layer == CSN_LAYER_ORIGIN ? "origin" : "proxy", "status",
        (int)refusal->status, "reason", csn_gw_reason_name(refusal->reason),
        "client", client, "peer", peer, "user", user, "method",
        refusal->method, "target", refusal->target);
    text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(line);
    return text;
}

static void
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, text, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            atomic_fetch_add(&log_state.dropped, 1);
            return;
        }
        text += written;
        len -= (size_t)written;
    }
}

/* One write for one line: the line end takes the place of the zero. */
static void
write_line(char *text)
{
    size_t len = strlen(text);

    text[len] = '\n';
    write_all(log_state.fd, text, len + 1);
}

/* `fd:N` is what the launcher makes of `-`: its own standard error. */
static int
open_log(void)
{
    if (strncmp(log_state.path, "fd:", 3) == 0)
        return atoi(log_state.path + 3);
    return open(log_state.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
        S_IRUSR | S_IWUSR);
}

/* A file that cannot be opened anew leaves the old one in use. The number
 * stays: csn_gw_log_event may be writing to it, and a number set free is at
 * once that of some client's connection. */
static void
reopen_log(void)
{
    int fd = open_log();

    if (fd < 0 || fd == log_state.fd)
        return;
    (void)dup3(fd, log_state.fd, O_CLOEXEC);
    close(fd);
}

static void *
log_main(void *unused)
{
    (void)unused;
    for (;;) {
        csn_gw_refusal refusal;
        char *text;

        pthread_mutex_lock(&log_state.lock);
        log_state.writing = false;
        while (log_state.count == 0)
            pthread_cond_wait(&log_state.filled, &log_state.lock);
        refusal = log_state.ring[log_state.first];
        log_state.first = (log_state.first + 1) % RING;
        log_state.count--;
        log_state.writing = true;
        pthread_mutex_unlock(&log_state.lock);

        if (atomic_exchange(&log_state.reopen, false))
            reopen_log();
        text = refusal_render(&refusal);
        if (text == NULL) {
            atomic_fetch_add(&log_state.dropped, 1);
            continue;
        }
        write_line(text);
        free(text);
    }
    return NULL;
}

void
csn_gw_log_event(const char *event, const char *text)
{
    char when[32];
    char *line;
    json_t *object;

    time_print((int64_t)csn_gw_wall_ms(), when);
    object = json_pack("{s:s, s:s, s:s}", "time", when, "event", event, "text",
        text);
    line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (line == NULL)
        return;
    write_line(line);
    free(line);
}

bool
csn_gw_log_start(const char *path, csn_gw_error *error)
{
    pthread_t thread;

    snprintf(log_state.path, sizeof(log_state.path), "%s", path);
    log_state.fd = open_log();
    if (log_state.fd < 0)
        return csn_gw_fail(error, "log: %.400s: %s", path, strerror(errno));
    if (pthread_create(&thread, NULL, log_main, NULL) != 0)
        return csn_gw_fail(error, "log: no thread");
    pthread_detach(thread);
    return true;
}
