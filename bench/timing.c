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
#include "stats.h"

#include <countersign/countersign.h>
#include <countersign/crypto_openssl.h>
#include <countersign/stores/memory.h>
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

#define REALM "test@example.org"
#define METHOD "GET"
#define TARGET "/api/v1/items?page=3&size=50"
#define CNONCE "pY6rW2vJ0nqk5Xb3uQeT1A7z"

static const csn_crypto *crypto;
static csn_server server;
static csn_counts *table;
static csn_users *users;
static unsigned user_count = 1000;
static size_t sample_count = 200000;
static double *samples[CLASSES];
static const uint64_t now_ms = 1700000000000u;

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "timing: %s\n", what);
    exit(1);
}

static csn_span
text(const char *string)
{
    return (csn_span){ (const uint8_t *)string, strlen(string) };
}

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
        die("no memory for the user file");
    for (unsigned i = 0; i < user_count; i++) {
        name_of(i, true, name);
        ha1_of(i, ha1);
        fprintf(file, "%s:%s:%s\n", name, REALM, ha1);
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fflush(file) != 0 ||
        csn_users_load(path, crypto, &users, &error) != CSN_OK)
        die(error.text);
    fclose(file);
}

static csn_server_request
make_request(csn_span *line, uint8_t *scratch)
{
    csn_server_request request = { .target = { CSN_SPAN(METHOD),
                                       CSN_SPAN(TARGET), CSN_SPAN("http"),
                                       CSN_SPAN("www.example.org") },
        .lines = line,
        .line_count = line != NULL,
        .now_ms = now_ms,
        .scratch = scratch,
        .scratch_len = CSN_SCRATCH_SIZE };

    csn_counts_domain(table, request.domain);
    return request;
}

/* A nonce as the server mints it, found in its challenge. */
static void
draw_nonce(char nonce[57])
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    uint8_t challenge[CSN_CHALLENGE_SIZE + 1] = { 0 };
    csn_writer out = csn_writer_init(challenge, CSN_CHALLENGE_SIZE);
    csn_server_request request = make_request(NULL, scratch);
    csn_server_exchange x;
    const char *at;

    if (csn_server_begin(&x, &server, &request) != CSN_DONE ||
        csn_server_challenge(&x, 0, &out) != CSN_OK ||
        (at = strstr((char *)challenge, "nonce=\"")) == NULL)
        die("no challenge");
    memcpy(nonce, at + 7, 56);
    nonce[56] = '\0';
    csn_server_end(&x);
}

static void
to_hex(const uint8_t octets[CSN_MAX_DIGEST], char hex[DIGITS + 1])
{
    for (size_t i = 0; i < DIGITS / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", octets[i]);
}

/* The right response of a user, but for one digit. */
static void
respond(const char *nonce, unsigned number, size_t wrong, char hex[DIGITS + 1])
{
    char ha1[DIGITS + 1];
    uint8_t response[CSN_MAX_DIGEST];
    csn_digest_input input = { .hash = CSN_HASH_SHA_256,
        .nonce = text(nonce),
        .nc = CSN_SPAN("00000001"),
        .cnonce = CSN_SPAN(CNONCE),
        .qop = CSN_SPAN("auth"),
        .method = CSN_SPAN(METHOD),
        .uri = CSN_SPAN(TARGET) };

    ha1_of(number, ha1);
    input.ha1_hex = text(ha1);
    if (csn_digest_compute(crypto, &input, response, NULL) != CSN_OK)
        die("no response");
    to_hex(response, hex);
    hex[wrong] = hex[wrong] == '0' ? '1' : '0';
}

static size_t
make_line(int class, const char *nonce, char line[LINE])
{
    unsigned number = (unsigned)(draw() % user_count);
    bool hashed = class == HASHED_KNOWN || class == HASHED_UNKNOWN;
    bool known = class != UNKNOWN && class != HASHED_UNKNOWN;
    char name[NAME + 1];
    char shown[DIGITS + 1];
    char hex[DIGITS + 1];
    uint8_t hash[CSN_MAX_DIGEST];
    csn_span parts[3] = { { (uint8_t *)name, NAME }, CSN_SPAN(":"),
        CSN_SPAN(REALM) };

    name_of(number, known, name);
    respond(nonce, number, class == KNOWN_LAST ? DIGITS - 1 : 0, hex);
    memcpy(shown, name, sizeof(name));
    if (hashed) {
        if (crypto->digest(CSN_HASH_SHA_256, parts, 3, hash) != CSN_OK)
            die("no hash");
        to_hex(hash, shown);
    }
    return (size_t)snprintf(line, LINE,
        "Digest username=\"%s\", realm=\"" REALM "\", nonce=\"%s\", "
        "uri=\"" TARGET "\", response=\"%s\", algorithm=SHA-256, "
        "cnonce=\"" CNONCE "\", nc=00000001, qop=auth%s",
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
    csn_server_request request = make_request(&line, scratch);
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };
    csn_secret_query query;
    double before = now_ns();
    double after;

    if (csn_server_begin(&x, &server, &request) != CSN_NEED_SECRET)
        die("no user is asked for");
    query = csn_server_secret_query(&x);
    secret.user = query.user;
    secret.ha1_hex = query.hashed
        ? csn_users_find_hashed(users, query.realm, query.user, query.hash,
              &secret.user)
        : csn_users_find(users, query.realm, query.user, query.hash);
    if (secret.ha1_hex.len > 0)
        secret.code = CSN_SECRET_FOUND;
    if (csn_server_give_secret(&x, &secret) != CSN_DONE)
        die("not refused");
    after = now_ns();
    csn_server_end(&x);
    return after - before;
}

static void
measure(void)
{
    size_t counts[CLASSES] = { 0 };
    size_t left = sample_count * CLASSES + WARM_UP;
    char nonce[57];
    char line[LINE];

    draw_nonce(nonce);
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
            die("no memory");
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
    csn_server_config config = { .version = CSN_SERVER_CONFIG_VERSION,
        .realm = CSN_SPAN(REALM),
        .site = CSN_SPAN("www.example.org"),
        .userhash = true };
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    void *memory = aligned_alloc(64, TABLE);

    crypto = csn_crypto_openssl();
    if (crypto == NULL || memory == NULL ||
        crypto->random(key.secret, sizeof(key.secret)) != CSN_OK ||
        csn_counts_init(memory, TABLE, crypto, now_ms, &table) != CSN_OK ||
        csn_server_init(&server, &config, crypto, &key, 1) != CSN_OK)
        die("cannot start");
    for (int i = 0; i < CLASSES; i++) {
        samples[i] = malloc(sample_count * sizeof(double));
        if (samples[i] == NULL)
            die("no memory");
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
        die("[USERS [SAMPLES]]: up to 1000000, at least 100");
    start();
    load_users();
    measure();
    report();
    csn_users_release(users);
    return 0;
}
