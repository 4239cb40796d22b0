// SPDX-License-Identifier: MIT
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const state_names[] = {
    [CSN_KEY_MINT] = "mint",
    [CSN_KEY_ACCEPT] = "accept",
    [CSN_KEY_RECOGNISE] = "recognise",
};

enum { STATES = sizeof(state_names) / sizeof(state_names[0]) };

static bool
random_secret(uint8_t secret[CSN_KEY_SIZE], csn_gw_error *error)
{
    /* Up to 256 octets come whole or not at all: getrandom(2). */
    if (getrandom(secret, CSN_KEY_SIZE, 0) == CSN_KEY_SIZE)
        return true;
    return csn_gw_fail(error, "no random octets for a nonce key: %s",
        strerror(errno));
}

static bool
secret_parse(const char *text, uint8_t secret[CSN_KEY_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(text) != CSN_KEY_SIZE * 2)
        return false;
    for (size_t i = 0; i < CSN_KEY_SIZE * 2; i++) {
        const char *digit = strchr(digits, text[i]);

        if (digit == NULL)
            return false;
        secret[i / 2] = (uint8_t)(secret[i / 2] << 4 | (digit - digits));
    }
    return true;
}

/* `ID STATE SECRET`; `line` is cut up. */
static bool
key_parse(char *line, csn_key *key)
{
    char *save = NULL;
    const char *id = strtok_r(line, " \t\n", &save);
    const char *state = strtok_r(NULL, " \t\n", &save);
    const char *secret = strtok_r(NULL, " \t\n", &save);
    char *end;
    unsigned long number;

    if (secret == NULL || strtok_r(NULL, " \t\n", &save) != NULL)
        return false;
    errno = 0;
    number = strtoul(id, &end, 10);
    if (errno != 0 || *end != '\0' || end == id || number > UINT8_MAX)
        return false;
    key->id = (uint8_t)number;
    for (int i = 0; i < STATES; i++) {
        if (strcmp(state, state_names[i]) == 0) {
            key->state = (csn_key_state)i;
            return secret_parse(secret, key->secret);
        }
    }
    return false;
}

static bool
check_mode(FILE *file, const char *path, csn_gw_error *error)
{
    struct stat info;

    if (fstat(fileno(file), &info) != 0)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return csn_gw_fail(error, "%.400s: others can read it; chmod 600",
            path);
    return true;
}

bool
csn_gw_keys_load(const char *path, csn_key keys[CSN_MAX_KEYS], size_t *count,
    csn_gw_error *error)
{
    char line[256];
    FILE *file = fopen(path, "re");
    unsigned number = 0;
    bool good;

    if (file == NULL)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    *count = 0;
    good = check_mode(file, path, error);
    while (good && fgets(line, sizeof(line), file) != NULL) {
        number++;
        if (line[0] == '#' || line[strspn(line, " \t\n")] == '\0')
            continue;
        if (*count == CSN_MAX_KEYS)
            good = csn_gw_fail(error, "%.400s: more than %d keys", path,
                CSN_MAX_KEYS);
        else if (!key_parse(line, &keys[(*count)++]))
            good = csn_gw_fail(error,
                "%.400s:%u: is not ID mint|accept|recognise SECRET", path,
                number);
    }
    explicit_bzero(line, sizeof(line));
    fclose(file);
    if (!good)
        explicit_bzero(keys, sizeof(csn_key) * CSN_MAX_KEYS);
    return good;
}

static void
keys_write(FILE *file, const csn_key *keys, size_t count)
{
    fputs("# Nonce keys: ID STATE SECRET. Whoever has these can mint nonces.\n"
          "# States: mint (exactly one), accept, recognise.\n",
        file);
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "%u %s ", keys[i].id, state_names[keys[i].state]);
        for (size_t j = 0; j < CSN_KEY_SIZE; j++)
            fprintf(file, "%02x", keys[i].secret[j]);
        fputc('\n', file);
    }
}

/* Write a new file beside `path`, 0600 from its first moment. */
static bool
keys_save(const char *path, const char *temporary, const csn_key *keys,
    size_t count, csn_gw_error *error)
{
    int fd;
    FILE *file;
    bool good;

    (void)unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
        S_IRUSR | S_IWUSR);
    if (fd < 0)
        return csn_gw_fail(error, "%.400s: %s", temporary, strerror(errno));
    file = fdopen(fd, "w");
    if (file == NULL) {
        close(fd);
        return csn_gw_fail(error, "%.400s: %s", temporary, strerror(errno));
    }
    keys_write(file, keys, count);
    good = fflush(file) == 0 && fsync(fd) == 0;
    good = fclose(file) == 0 && good;
    if (!good)
        (void)unlink(temporary);
    return good || csn_gw_fail(error, "%.400s: cannot be written", path);
}

bool
csn_gw_keys_create(const char *path, csn_gw_error *error)
{
    char temporary[CSN_GW_MAX_PATH + 8];
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    bool good;

    if (access(path, F_OK) == 0)
        return true;
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    good = random_secret(key.secret, error) &&
        keys_save(path, temporary, &key, 1, error);
    explicit_bzero(&key, sizeof(key));
    if (!good)
        return false;
    if (rename(temporary, path) != 0)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    return true;
}

/* An id that no live key has; there are more ids than keys. */
static uint8_t
free_id(const csn_key *keys, size_t count)
{
    uint8_t id = (uint8_t)(keys[0].id + 1);

    for (size_t i = 0; i < count; i++) {
        if (keys[i].id == id) {
            id++;
            i = (size_t)-1; /* look at all of them again */
        }
    }
    return id;
}

/* The new key goes in front, so the oldest stand last. */
static bool
keys_age(csn_key keys[CSN_MAX_KEYS + 1], size_t *count, csn_gw_error *error)
{
    for (size_t i = *count; i > 0; i--) {
        keys[i] = keys[i - 1];
        keys[i].state = keys[i].state == CSN_KEY_MINT ? CSN_KEY_ACCEPT
                                                      : CSN_KEY_RECOGNISE;
    }
    keys[0].id = *count > 0 ? free_id(keys + 1, *count) : 1;
    keys[0].state = CSN_KEY_MINT;
    if (*count < CSN_MAX_KEYS)
        (*count)++;
    return random_secret(keys[0].secret, error);
}

bool
csn_gw_keys_rotate(const char *path, csn_gw_error *error)
{
    char temporary[CSN_GW_MAX_PATH + 8];
    csn_key keys[CSN_MAX_KEYS + 1];
    size_t count;
    bool good;

    snprintf(temporary, sizeof(temporary), "%s.new", path);
    good = csn_gw_keys_load(path, keys, &count, error) &&
        keys_age(keys, &count, error) &&
        keys_save(path, temporary, keys, count, error);
    explicit_bzero(keys, sizeof(keys));
    if (good && rename(temporary, path) != 0)
        good = csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    return good;
}
