// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* O_CLOEXEC */
#include "file.h"

#include "../common/line.h"
#include "core/ascii.h"
#include "core/ct.h"
#include "core/hex.h"
#include "core/span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE = 16384, ID_DIGITS = 3 };

const csn_span csn_keys_state_names[CSN_KEYS_STATES] = {
    [CSN_KEY_MINT] = CSN_LIT("mint"),
    [CSN_KEY_ACCEPT] = CSN_LIT("accept"),
    [CSN_KEY_RECOGNISE] = CSN_LIT("recognise"),
};

csn_status
csn_keys_fail(csn_keys_error *error, csn_status status, const char *format,
    ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return status;
}

/* Cut the next word off `*text`; empty when there is none. */
static csn_span
next_word(csn_span *text)
{
    csn_span word;
    size_t len = 0;

    *text = csn_span_trim(*text);
    while (len < text->len && !csn_ascii_is(text->ptr[len], CSN_CLASS_BLANK))
        len++;
    word = csn_span_slice(*text, 0, len);
    *text = csn_span_slice(*text, len, text->len);
    return word;
}

static bool
read_id(csn_span word, uint8_t *id)
{
    unsigned number = 0;

    if (word.len == 0 || word.len > ID_DIGITS)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9')
            return false;
        number = number * 10 + (unsigned)(word.ptr[i] - '0');
    }
    *id = (uint8_t)number;
    return number <= UINT8_MAX;
}

static bool
read_state(csn_span word, csn_key_state *state)
{
    for (unsigned i = 0; i < CSN_KEYS_STATES; i++) {
        if (csn_span_equal(word, csn_keys_state_names[i])) {
            *state = (csn_key_state)i;
            return true;
        }
    }
    return false;
}

/* ID STATE SECRET, and nothing more. */
static bool
read_key(csn_span line, csn_key *key)
{
    csn_span id = next_word(&line);
    csn_span state = next_word(&line);
    csn_span secret = next_word(&line);

    return csn_span_trim(line).len == 0 && read_id(id, &key->id) &&
        read_state(state, &key->state) &&
        csn_hex_decode(secret, key->secret, CSN_KEY_SIZE) == CSN_OK;
}

static bool
has_id(const csn_key *keys, size_t count, uint8_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].id == id)
            return true;
    }
    return false;
}

static csn_status
check_mint(const csn_key *keys, size_t count, csn_keys_error *error)
{
    unsigned minting = 0;

    for (size_t i = 0; i < count; i++)
        minting += keys[i].state == CSN_KEY_MINT;
    if (minting == 1)
        return CSN_OK;
    return csn_keys_fail(error, CSN_E_CONFIG,
        minting == 0 ? "no key has the state mint"
                     : "more than one key has the state mint");
}

csn_status
csn_keys_read(csn_span content, csn_key *keys, size_t *count,
    csn_keys_error *error)
{
    csn_span line;

    *count = 0;
    for (unsigned number = 1; csn_line_next(&content, &line); number++) {
        csn_key *key = &keys[*count];

        if (csn_span_trim(line).len == 0 || line.ptr[0] == '#')
            continue;
        if (*count == CSN_MAX_KEYS)
            return csn_keys_fail(error, CSN_E_LIMIT,
                "line %u: more than %d keys", number, CSN_MAX_KEYS);
        if (!read_key(line, key))
            return csn_keys_fail(error, CSN_E_SYNTAX,
                "line %u: is not ID mint|accept|recognise SECRET", number);
        if (has_id(keys, *count, key->id))
            return csn_keys_fail(error, CSN_E_DUPLICATE,
                "line %u: another key has the ID %u", number, key->id);
        (*count)++;
    }
    return check_mint(keys, *count, error);
}

static csn_status
check_mode(int fd, csn_keys_error *error)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return csn_keys_fail(error, CSN_E_STORE, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return csn_keys_fail(error, CSN_E_STORE, "is not a plain file");
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return csn_keys_fail(error, CSN_E_REFUSED,
            "others than its owner may read or write it; chmod 600");
    return CSN_OK;
}

/* All of a file of up to MAX_FILE octets. */
static csn_status
read_all(int fd, uint8_t room[MAX_FILE + 1], size_t *len,
    csn_keys_error *error)
{
    ssize_t got = 1;

    *len = 0;
    while (got != 0 && *len <= MAX_FILE) {
        got = read(fd, room + *len, MAX_FILE + 1 - *len);
        if (got < 0 && errno != EINTR)
            return csn_keys_fail(error, CSN_E_STORE, "%s", strerror(errno));
        *len += got > 0 ? (size_t)got : 0;
    }
    if (*len > MAX_FILE)
        return csn_keys_fail(error, CSN_E_LIMIT, "is larger than 16 KiB");
    return CSN_OK;
}

csn_status
csn_keys_load(const char *path, csn_key keys[CSN_MAX_KEYS], size_t *count,
    csn_keys_error *error)
{
    uint8_t room[MAX_FILE + 1];
    csn_key read[CSN_MAX_KEYS];
    csn_status status;
    size_t found = 0;
    size_t len = 0;
    /* A pipe in its place is refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return csn_keys_fail(error, CSN_E_STORE, "%s", strerror(errno));
    status = check_mode(fd, error);
    if (status == CSN_OK)
        status = read_all(fd, room, &len, error);
    if (status == CSN_OK)
        status = csn_keys_read((csn_span){ room, len }, read, &found, error);
    if (status == CSN_OK) {
        memcpy(keys, read, found * sizeof(*keys));
        *count = found;
    }
    csn_wipe(room, sizeof(room));
    csn_wipe(read, sizeof(read));
    close(fd);
    return status;
}
