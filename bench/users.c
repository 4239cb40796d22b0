// SPDX-License-Identifier: MIT
/*
 * Looking a user up in a snapshot, and reading the snapshot from its file.
 *
 *     users            ns of a lookup, found and missed, by number of users;
 *                      names asked for in an order that no cache knows before
 *
 * Each user has two entries (SHA-256 and SHA-512-256). "warm" asks for the
 * same sixteen users again and again, as a busy site does. The second table
 * is that of hashed names: their index is made too, and they are asked for by
 * hash. Processor time, so that other programs disturb less. "kept" is memory
 * that stays in use after loading.
 */
#define _GNU_SOURCE /* mkstemp, clock_gettime */
#include <countersign/crypto_openssl.h>
#include <countersign/digest.h>
#include <countersign/stores/users.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOKUPS = 1000000, NAMES = 1 << 16, WARM = 16 };

static char names[NAMES][16];
static size_t name_lens[NAMES];
static uint8_t hashed[NAMES][CSN_MAX_DIGEST_HEX];
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

/* The hashed form of the names drawn. */
static void
hash_names(const csn_crypto *crypto)
{
    for (size_t i = 0; i < NAMES; i++) {
        csn_span user = { (const uint8_t *)names[i], name_lens[i] };

        if (csn_digest_userhash(crypto, CSN_HASH_SHA_256, user, realm,
                hashed[i]) != CSN_OK)
            die("cannot hash");
    }
}

static csn_span
find(const csn_users *users, const csn_crypto *crypto, size_t at)
{
    csn_span user = { (const uint8_t *)names[at], name_lens[at] };
    csn_span userhash = { hashed[at], 64 };

    if (crypto == NULL)
        return csn_users_find(users, realm, user, CSN_HASH_SHA_256);
    return csn_users_find_hashed(users, realm, userhash, CSN_HASH_SHA_256,
        &user);
}

static double
measure(const csn_users *users, const csn_crypto *crypto, size_t wheel)
{
    double best = 1e9;

    for (int round = 0; round < 5; round++) {
        double started = cpu_s();

        for (size_t i = 0; i < LOOKUPS; i++)
            sink += find(users, crypto, i % wheel).len;
        started = cpu_s() - started;
        best = started < best ? started : best;
    }
    return best * 1e9 / LOOKUPS;
}

/* MiB that are in use now. What is mapped page by page stands in statm. */
static double
kept_mib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long size;
    unsigned long resident;

    (void)malloc_trim(0);
    if (file == NULL || fscanf(file, "%lu %lu", &size, &resident) != 2)
        die("cannot read /proc/self/statm");
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
}

static void
draw(unsigned first, unsigned count, const csn_crypto *crypto)
{
    draw_names(first, count);
    if (crypto != NULL)
        hash_names(crypto);
}

static void
run(const char *path, unsigned count, const csn_crypto *crypto)
{
    csn_users_error error;
    csn_users *users;
    double loaded;
    double kept = kept_mib();
    double warm;
    double found;

    write_file(path, count);
    loaded = cpu_s();
    if (csn_users_load(path, crypto, &users, &error) != CSN_OK)
        die(error.text);
    loaded = cpu_s() - loaded;
    kept = kept_mib() - kept;

    draw(0, count, crypto);
    warm = measure(users, crypto, WARM);
    found = measure(users, crypto, NAMES);
    draw(count, count, crypto);
    printf("%8u %11.1f %11.1f %11.1f %11.1f %11.1f\n", count, warm, found,
        measure(users, crypto, NAMES), loaded * 1e3, kept);
    csn_users_release(users);
}

static void
run_all(const char *path, const char *what, const csn_crypto *crypto)
{
    printf("%s\n   users     warm ns    found ns   missed ns     load ms"
           "    kept MiB\n",
        what);
    run(path, 2, crypto);
    run(path, 1000, crypto);
    run(path, 100000, crypto);
    run(path, 1000000, crypto);
}

int
main(void)
{
    char path[] = "/tmp/users-bench.XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0)
        die("cannot make a file");
    close(fd);
    draw(0, 1, csn_crypto_openssl()); /* touches all that names take */
    run_all(path, "names", NULL);
    run_all(path, "hashed names", csn_crypto_openssl());
    unlink(path);
    return sink == 0;
}
