// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>

/*
 * Users: a snapshot of each file. The master reads it when it reads the
 * configuration, and workers inherit it. Afterwards a thread of each worker
 * looks at the file every second and reads it when it changed, so that the
 * event loop never waits for a disk; the loop takes the new snapshot over
 * when it next asks for a user, and hands the old one back to the thread, for
 * to clear and free a large one takes time, too.
 */

enum {
    LOOK_S = 1,
    TICK_MS = 20 /* file systems note times no finer than that */
};

/* What tells that a file changed: any of these, of the file or its SQLite
 * journal. The time is that of the last change of any kind, which nobody can
 * set back. */
typedef struct look {
    struct timespec changed[2];
    off_t size[2];
    ino_t inode[2];
} look;

struct ngx_http_csn_users {
    ngx_str_t path;
    csn_users *current;           /* the event loop's */
    _Atomic(csn_users *) pending; /* from the thread to the loop, */
    _Atomic(csn_users *) retired; /* and back: emptied before the next */
    look seen;                    /* the thread's, after the fork */
    uint64_t read_ms;
    ngx_flag_t failed;
};

/* The thread that watches: one in each worker. */
static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    ngx_http_csn_main_conf_t *main;
    ngx_log_t *log;
    ngx_flag_t runs;
    ngx_flag_t ending;
} watch = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t
to_ms(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_nsec / 1000000;
}

static uint64_t
now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return to_ms(&now);
}

static void
look_at(const ngx_http_csn_users_t *users, look *found)
{
    static const char *const suffixes[2] = { "", "-wal" };

    ngx_memzero(found, sizeof(*found));
    for (size_t i = 0; i < 2; i++) {
        u_char name[NGX_MAX_PATH + 8];
        struct stat info;

        (void)ngx_snprintf(name, sizeof(name), "%V%s%Z", &users->path,
            suffixes[i]);
        name[sizeof(name) - 1] = '\0';
        if (stat((const char *)name, &info) != 0)
            continue;
        found->changed[i] = info.st_ctim;
        found->size[i] = info.st_size;
        found->inode[i] = info.st_ino;
    }
}

/* Whether it may have changed while or after it was last read: two changes
 * within a tick look alike. */
static ngx_flag_t
is_too_new(const ngx_http_csn_users_t *users, const look *found)
{
    uint64_t now = now_ms();

    for (size_t i = 0; i < 2; i++) {
        uint64_t changed = to_ms(&found->changed[i]);

        /* Another machine's clock may be ahead: that tells nothing. */
        if (changed + TICK_MS >= users->read_ms && changed <= now)
            return 1;
    }
    return 0;
}

static csn_users *
load(ngx_http_csn_users_t *users, csn_users_error *error)
{
    csn_users *loaded;

    users->read_ms = now_ms();
    if (csn_users_load((const char *)users->path.data, csn_crypto_openssl(),
            &loaded, error) != CSN_OK)
        return NULL;
    return loaded;
}

/* In the thread: read the file if it changed. A file that cannot be read is
 * tried again every time, and spoken of once. */
static void
renew(ngx_http_csn_users_t *users)
{
    look found;
    csn_users_error error = { "" };
    csn_users *loaded;
    ngx_flag_t changed;

    csn_users_release(atomic_exchange(&users->retired, NULL));
    look_at(users, &found);
    changed = ngx_memcmp(&found, &users->seen, sizeof(found)) != 0;
    if (!changed && !users->failed && !is_too_new(users, &found))
        return;
    users->seen = found;
    loaded = load(users, &error);
    if (loaded == NULL) {
        if (changed || !users->failed)
            ngx_log_error(NGX_LOG_ERR, watch.log, 0,
                "countersign_users \"%V\": %s; the users before stay",
                &users->path, error.text);
        users->failed = 1;
        return;
    }
    users->failed = 0;
    csn_users_release(atomic_exchange(&users->pending, loaded));
    if (changed)
        ngx_log_error(NGX_LOG_NOTICE, watch.log, 0,
            "countersign_users \"%V\": read anew", &users->path);
}

/* False when it is time to end. */
static ngx_flag_t
pause_a_while(void)
{
    struct timespec until;
    int rc = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_S;
    while (!watch.ending && rc == 0)
        rc = pthread_cond_timedwait(&watch.ended, &watch.lock, &until);
    return !watch.ending;
}

static void *
watch_all(void *unused)
{
    ngx_http_csn_users_t **all = watch.main->users.elts;

    (void)unused;
    (void)pthread_mutex_lock(&watch.lock);
    while (pause_a_while()) {
        (void)pthread_mutex_unlock(&watch.lock);
        for (ngx_uint_t i = 0; i < watch.main->users.nelts; i++)
            renew(all[i]);
        (void)pthread_mutex_lock(&watch.lock);
    }
    (void)pthread_mutex_unlock(&watch.lock);
    return NULL;
}

/* A clock that is set does not change how long the thread pauses. */
static int
make_condition(void)
{
    pthread_condattr_t monotonic;
    int rc = pthread_condattr_init(&monotonic);

    if (rc != 0)
        return rc;
    rc = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(&watch.ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return rc;
}

/* nginx takes its signals in the main thread. */
static int
start_thread(void)
{
    sigset_t all;
    sigset_t before;
    int rc = make_condition();

    if (rc != 0)
        return rc;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    rc = pthread_create(&watch.thread, NULL, watch_all, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

ngx_int_t
ngx_http_csn_users_watch(ngx_cycle_t *cycle)
{
    ngx_http_csn_main_conf_t *main;
    int rc;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
        return NGX_OK;
    if (ngx_get_conf(cycle->conf_ctx, ngx_http_module) == NULL)
        return NGX_OK;
    main = ngx_http_cycle_get_module_main_conf(cycle,
        ngx_http_countersign_module);
    if (main == NULL || main->users.nelts == 0)
        return NGX_OK;
    watch.main = main;
    watch.log = cycle->log;
    rc = start_thread();
    if (rc != 0) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, rc,
            "countersign_users: no thread to watch the files");
        return NGX_ERROR;
    }
    watch.runs = 1;
    return NGX_OK;
}

void
ngx_http_csn_users_unwatch(ngx_cycle_t *cycle)
{
    if (!watch.runs)
        return;
    (void)pthread_mutex_lock(&watch.lock);
    watch.ending = 1;
    (void)pthread_cond_signal(&watch.ended);
    (void)pthread_mutex_unlock(&watch.lock);
    (void)pthread_join(watch.thread, NULL);
    watch.runs = 0;
}

const csn_users *
ngx_http_csn_users_now(ngx_http_csn_users_t *users)
{
    csn_users *renewed;

    if (atomic_load_explicit(&users->pending, memory_order_relaxed) == NULL)
        return users->current;
    renewed = atomic_exchange(&users->pending, NULL);
    if (renewed != NULL) {
        csn_users_release(atomic_exchange(&users->retired, users->current));
        users->current = renewed;
    }
    return users->current;
}

static void
release(void *data)
{
    ngx_http_csn_users_t *users = data;

    csn_users_release(atomic_exchange(&users->pending, NULL));
    csn_users_release(atomic_exchange(&users->retired, NULL));
    csn_users_release(users->current);
}

static ngx_http_csn_users_t *
find(const ngx_http_csn_main_conf_t *main, const ngx_str_t *path)
{
    ngx_http_csn_users_t **all = main->users.elts;

    for (ngx_uint_t i = 0; i < main->users.nelts; i++) {
        if (all[i]->path.len == path->len &&
            ngx_memcmp(all[i]->path.data, path->data, path->len) == 0)
            return all[i];
    }
    return NULL;
}

static ngx_http_csn_users_t *
make(ngx_conf_t *cf, const ngx_str_t *path)
{
    ngx_http_csn_users_t *users = ngx_pcalloc(cf->pool, sizeof(*users));
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    csn_users_error error = { "" };

    if (users == NULL || cleanup == NULL)
        return NULL;
    users->path = *path;
    look_at(users, &users->seen);
    users->current = load(users, &error);
    if (users->current == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", path,
            error.text);
        return NULL;
    }
    cleanup->handler = release;
    cleanup->data = users;
    return users;
}

ngx_http_csn_users_t *
ngx_http_csn_users_add(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_http_csn_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf,
        ngx_http_countersign_module);
    ngx_http_csn_users_t *users = find(main, path);
    ngx_http_csn_users_t **place;

    if (users != NULL)
        return users;
    users = make(cf, path);
    place = users != NULL ? ngx_array_push(&main->users) : NULL;
    if (place == NULL)
        return NULL;
    *place = users;
    return users;
}
