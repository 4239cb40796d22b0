// SPDX-License-Identifier: MIT
/*
 * Whether the time of a refusal tells something: where a wrong response first
 * differs from the right one (H-01), or whether the user exists (H-02). The
 * server's engine with a user store, up to the verdict.
 *
 *     timing [USERS [SAMPLES]]     default: 1000 users, 200000 samples a class
 *
 * Classes come in random order, one exchange at a time, each with a name drawn
 * anew. For each pair: the difference of trimmed means (Welch) and of medians
 * (bootstrap) in nanoseconds with 99 % intervals, t, and Cohen's d. The pair
 * "the same" compares a class with itself: what it shows is noise. How to read
 * it: docs/speed.md.
 */
#define _GNU_SOURCE /* memfd_create, clock_gettime */
#include "sample.h"
#include "stats.h"

#include <countersign/stores/users.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    NAME = 10,
    MAX_USERS = 1000000,
    DIGITS = 64,
    LINE = 768,
    TABLE = 1 << 20,
    WARM_UP = 5000
};

/* What is sent. All are refused, and all but in these ways are alike. */
enum {
    KNOWN_FIRST,  /* wrong in the first digit */
    KNOWN_AGAIN,  /* the same */
    KNOWN_LAST,   /* wrong in the last digit */
    UNKNOWN,      /* no such user */
    HASHED_KNOWN, /* likewise, by hashed name */
    HASHED_UNKNOWN,
    CLASSES
};

static const struct {
    const char *name;
    int a;
    int b;
} pairs[] = {
    { "the same", KNOWN_FIRST, KNOWN_AGAIN },
    { "first, last digit wrong", KNOWN_FIRST, KNOWN_LAST },
    { "known, unknown user", KNOWN_FIRST, UNKNOWN },
    { "known, unknown hashed name", HASHED_KNOWN, HASHED_UNKNOWN },
};

static sample_server peer;
static csn_users *users;
static unsigned user_count = 1000;
static size_t sample_count = 200000;
static double *samples[CLASSES];

/* Names of one length; nobody's begin with another letter. */
static void
name_of(unsigned number, bool known, char name[NAME + 1])
{
    name[0] = known ? 'u' : 'x';
    for (size_t i = NAME - 1; i > 0; i--, number /= 10)
        name[i] = (char)('0' + number % 10);
    name[NAME] = '\0';
}

static void
ha1_of(unsigned number, char ha1[DIGITS + 1])
{
    snprintf(ha1, DIGITS + 1, "%0*x", DIGITS, number * 2654435761u);
}

static void
load_users(void)
{
    csn_users_error error = { "" };
    char path[64];
    char name[NAME + 1];
    char ha1[DIGITS + 1];
    int fd = memfd_create("users", MFD_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (file == NULL)
        sample_die("no memory for the user file");
    for (unsigned i = 0; i < user_count; i++) {
        name_of(i, true, name);
        ha1_of(i, ha1);
        fprintf(file, "%s:%s:%s\n", name, SAMPLE_REALM, ha1);
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fflush(file) != 0 ||
        csn_users_load(path, peer.crypto, &users, &error) != CSN_OK)
        sample_die(error.text);
    fclose(file);
}

/* The right response of a user, but for one digit. */
static void
respond(const char *nonce, unsigned number, size_t wrong, char hex[SAMPLE_HEX])
{
    char ha1[DIGITS + 1];

    ha1_of(number, ha1);
    sample_compute(peer.crypto, sample_text(ha1), sample_text(nonce),
        "00000001", hex, NULL);
    hex[wrong] = hex[wrong] == '0' ? '1' : '0';
}

static size_t
make_line(int class, const char *nonce, char line[LINE])
{
    unsigned number = (unsigned)(draw() % user_count);
    bool hashed = class == HASHED_KNOWN || class == HASHED_UNKNOWN;
    bool known = class != UNKNOWN && class != HASHED_UNKNOWN;
    char name[NAME + 1];
    char shown[SAMPLE_HEX];
    char hex[SAMPLE_HEX];
    uint8_t hash[CSN_MAX_DIGEST];
    csn_span parts[3] = { { (uint8_t *)name, NAME }, CSN_SPAN(":"),
        CSN_SPAN(SAMPLE_REALM) };

    name_of(number, known, name);
    respond(nonce, number, class == KNOWN_LAST ? DIGITS - 1 : 0, hex);
    memcpy(shown, name, sizeof(name));
    if (hashed) {
        if (peer.crypto->digest(CSN_HASH_SHA_256, parts, 3, hash) != CSN_OK)
            sample_die("no hash");
        sample_hex(hash, shown);
    }
    return (size_t)snprintf(line, LINE,
        "Digest username=\"%s\", realm=\"" SAMPLE_REALM "\", nonce=\"%s\", "
        "uri=\"" SAMPLE_TARGET "\", response=\"%s\", algorithm=SHA-256, "
        "cnonce=\"" SAMPLE_CNONCE "\", nc=00000001, qop=auth%s",
        shown, nonce, hex, hashed ? ", userhash=true" : "");
}

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* From the line to the verdict. */
static double
judge(csn_span line)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    static csn_server_exchange x;
    csn_server_request request = sample_request(&peer, &line, scratch);
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };
    csn_secret_query query;
    double before = now_ns();
    double after;

    if (csn_server_begin(&x, &peer.server, &request) != CSN_NEED_SECRET)
        sample_die("no user is asked for");
    query = csn_server_secret_query(&x);
    secret.user = query.user;
    secret.ha1_hex = query.hashed
        ? csn_users_find_hashed(users, query.realm, query.user, query.hash,
              &secret.user)
        : csn_users_find(users, query.realm, query.user, query.hash);
    if (secret.ha1_hex.len > 0)
        secret.code = CSN_SECRET_FOUND;
    if (csn_server_give_secret(&x, &secret) != CSN_DONE)
        sample_die("not refused");
    after = now_ns();
    csn_server_end(&x);
    return after - before;
}

static void
measure(void)
{
    size_t counts[CLASSES] = { 0 };
    size_t left = sample_count * CLASSES + WARM_UP;
    char nonce[SAMPLE_NONCE];
    char line[LINE];

    sample_nonce(&peer, nonce);
    while (left > 0) {
        int class = (int)(draw() % CLASSES);
        double took;

        if (counts[class] == sample_count)
            continue;
        took = judge(
            (csn_span){ (uint8_t *)line, make_line(class, nonce, line) });
        if (left-- <= sample_count * CLASSES)
            samples[class][counts[class]++] = took;
    }
}

static void
report(void)
{
    double *copy[2];

    printf("%u users, %zu samples a class; differences in ns, 99 %% "
           "intervals\n\n%-28s %26s %26s %8s %8s\n",
        user_count, sample_count, "", "trimmed mean", "median", "t", "d");
    for (int i = 0; i < 2; i++) {
        copy[i] = malloc(sample_count * sizeof(double));
        if (copy[i] == NULL)
            sample_die("no memory");
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        difference d;

        memcpy(copy[0], samples[pairs[i].a], sample_count * sizeof(double));
        memcpy(copy[1], samples[pairs[i].b], sample_count * sizeof(double));
        d = compare_samples(copy[0], copy[1], sample_count);
        printf("%-28s %7.2f [%7.2f, %7.2f] %7.0f [%7.0f, %7.0f] %8.2f "
               "%8.4f\n",
            pairs[i].name, d.mean.value, d.mean.low, d.mean.high,
            d.median.value, d.median.low, d.median.high, d.t, d.effect);
    }
    free(copy[0]);
    free(copy[1]);
}

static void
start(void)
{
    sample_start(&peer, TABLE, true);
    for (int i = 0; i < CLASSES; i++) {
        samples[i] = malloc(sample_count * sizeof(double));
        if (samples[i] == NULL)
            sample_die("no memory");
    }
}

int
main(int argc, char **argv)
{
    if (argc > 1)
        user_count = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        sample_count = strtoul(argv[2], NULL, 10);
    if (argc > 3 || user_count == 0 || user_count > MAX_USERS ||
        sample_count < 100)
        sample_die("[USERS [SAMPLES]]: up to 1000000, at least 100");
    start();
    load_users();
    measure();
    report();
    csn_users_release(users);
    return 0;
}
