// SPDX-License-Identifier: MIT
/*
 * Looking a user up in a snapshot, and reading the snapshot from its file.
 *
 *     users            ns of a lookup, found and missed, by number of users;
 *                      names asked for in an order that no cache knows before
 *
 * Each user has two entries (SHA-256 and SHA-512-256). "warm" asks for the
 * same sixteen users again and again, as a busy site does. Processor time, so
 * that other programs disturb less.
 */
#define _GNU_SOURCE /* mkstemp, clock_gettime */
#include <countersign/stores/users.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOKUPS = 1000000, NAMES = 1 << 16, WARM = 16 };

static char names[NAMES][16];
static size_t name_lens[NAMES];
static size_t sink;

static const csn_span realm = CSN_LIT("example.org");

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "users: %s\n", what);
    exit(1);
}

static double
cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Repeatable, and unlike the order of the file. */
static uint32_t
next_random(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static void
write_file(const char *path, unsigned users)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        die("cannot write the file");
    for (unsigned i = 0; i < users; i++)
        fprintf(file,
            "user%u:example.org:%064x\nuser%u:example.org:%064x:SHA-512-256\n",
            i, i, i, ~i);
    if (fclose(file) != 0)
        die("cannot write the file");
}

/* Names to ask for: numbers from `first`, `count` of them, shuffled. */
static void
draw_names(unsigned first, unsigned count)
{
    for (size_t i = 0; i < NAMES; i++)
        name_lens[i] = (size_t)snprintf(names[i], sizeof(names[i]), "user%u",
            first + next_random() % count);
}

static double
measure(const csn_users *users, size_t wheel)
{
    double best = 1e9;

    for (int round = 0; round < 5; round++) {
        double started = cpu_s();

        for (size_t i = 0; i < LOOKUPS; i++) {
            size_t at = i % wheel;
            csn_span user = { (const uint8_t *)names[at], name_lens[at] };

            sink += csn_users_find(users, realm, user, CSN_HASH_SHA_256).len;
        }
        started = cpu_s() - started;
        best = started < best ? started : best;
    }
    return best * 1e9 / LOOKUPS;
}

static void
run(const char *path, unsigned count)
{
    csn_users_error error;
    csn_users *users;
    double loaded;
    double warm;
    double found;

    write_file(path, count);
    loaded = cpu_s();
    if (csn_users_load(path, NULL, &users, &error) != CSN_OK)
        die(error.text);
    loaded = cpu_s() - loaded;

    draw_names(0, count);
    warm = measure(users, WARM);
    found = measure(users, NAMES);
    draw_names(count, count);
    printf("%8u %11.1f %11.1f %11.1f %11.1f\n", count, warm, found,
        measure(users, NAMES), loaded * 1e3);
    csn_users_release(users);
}

int
main(void)
{
    char path[] = "/tmp/users-bench.XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0)
        die("cannot make a file");
    close(fd);
    printf("   users     warm ns    found ns   missed ns     load ms\n");
    run(path, 2);
    run(path, 1000);
    run(path, 100000);
    run(path, 1000000);
    unlink(path);
    return sink == 0;
}
