// SPDX-License-Identifier: MIT
/*
 * Many threads look users up while snapshots are replaced under them, as a
 * server reloads: every lookup finds one snapshot's digest whole.
 */
#include "rig.h"

#include <pthread.h>
#include <stdatomic.h>

enum { READERS = 4, RELOADS = 200 };

typedef struct shared {
    pthread_mutex_t lock;
    csn_users *current;
    atomic_bool done;
    atomic_size_t lookups;
    atomic_size_t wrong;
} shared;

static csn_users *
take(shared *all)
{
    csn_users *users;

    pthread_mutex_lock(&all->lock);
    users = csn_users_hold(all->current);
    pthread_mutex_unlock(&all->lock);
    return users;
}

static void *
read_on(void *argument)
{
    shared *all = argument;

    while (!atomic_load(&all->done)) {
        csn_users *users = take(all);
        csn_span found = rig_find(users, "r", "alice", CSN_HASH_SHA_256);
        bool right = found.len == 64 && found.ptr[0] == found.ptr[63];

        right &= rig_find(users, "r", "bob", CSN_HASH_SHA_256).len == 0;
        atomic_fetch_add(&all->wrong, (size_t)!right);
        atomic_fetch_add(&all->lookups, 1);
        csn_users_release(users);
    }
    return NULL;
}

static csn_users *
load(const char *path, char digit)
{
    char line[] = "alice:r:................................................"
                  "................\n";
    csn_users_error error;
    csn_users *users = NULL;

    memset(line + 8, digit, 64);
    rig_write(path, check_text(line));
    assert_int_equal(csn_users_load(path, NULL, &users, &error), CSN_OK);
    return users;
}

static void
test_replaced_under_readers(void **state)
{
    pthread_t readers[READERS];
    char folder[64];
    const char *path;
    shared all = { .done = false };

    (void)state;
    rig_folder_make(folder);
    path = rig_path(folder, "users");
    all.current = load(path, '0');
    pthread_mutex_init(&all.lock, NULL);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &all), 0);
    for (int i = 0; i < RELOADS || atomic_load(&all.lookups) < 1000; i++) {
        csn_users *fresh = load(path, "0123456789abcdef"[i % 16]);
        csn_users *old;

        pthread_mutex_lock(&all.lock);
        old = all.current;
        all.current = fresh;
        pthread_mutex_unlock(&all.lock);
        csn_users_release(old);
    }
    atomic_store(&all.done, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    csn_users_release(all.current);
    pthread_mutex_destroy(&all.lock);
    rig_folder_drop(folder);
    assert_int_equal(atomic_load(&all.wrong), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "replaced under four readers", test_replaced_under_readers, NULL,
            NULL, NULL },
    };

    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
