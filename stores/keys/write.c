// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* realpath */
#include "file.h"

#include "../common/replace.h"
#include "core/ct.h"
#include "core/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
write_key(csn_writer *out, const csn_key *key)
{
    char id[8];
    int len = snprintf(id, sizeof(id), "%u", key->id);

    csn_write(out, (csn_span){ (const uint8_t *)id, (size_t)len });
    csn_write_byte(out, ' ');
    csn_write(out, csn_keys_state_names[key->state]);
    csn_write_byte(out, ' ');
    csn_write_hex(out, key->secret, sizeof(key->secret));
    csn_write_byte(out, '\n');
}

void
csn_keys_write(csn_writer *out, const csn_key *keys, size_t count)
{
    csn_write(out,
        CSN_SPAN("# Nonce keys: ID STATE SECRET. Whoever has these can mint "
                 "nonces.\n# States: mint (exactly one), accept, "
                 "recognise.\n"));
    for (size_t i = 0; i < count; i++)
        write_key(out, &keys[i]);
}

/* `like` NULL: a file that must be new. */
static csn_status
save(const char *path, const csn_key *keys, size_t count,
    const struct stat *like, csn_keys_error *error)
{
    uint8_t room[CSN_KEYS_FILE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    csn_status status;

    csn_keys_write(&out, keys, count);
    status = csn_file_replace(path, csn_writer_span(&out), like);
    csn_wipe(room, sizeof(room));
    if (status == CSN_E_STATE)
        return status;
    if (status != CSN_OK)
        return csn_keys_fail(error, status, "cannot be written: %s",
            strerror(errno));
    return CSN_OK;
}

static csn_status
draw(const csn_crypto *crypto, csn_key *key, csn_keys_error *error)
{
    csn_status status = crypto->random(key->secret, sizeof(key->secret));

    if (status != CSN_OK)
        return csn_keys_fail(error, status, "no random octets for a key");
    return CSN_OK;
}

csn_status
csn_keys_create(const char *path, const csn_crypto *crypto,
    csn_keys_error *error)
{
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    csn_status status;

    if (access(path, F_OK) == 0)
        return CSN_OK;
    status = draw(crypto, &key, error);
    if (status == CSN_OK)
        status = save(path, &key, 1, NULL, error);
    csn_wipe(&key, sizeof(key));
    /* Somebody else was quicker. */
    return status == CSN_E_STATE ? CSN_OK : status;
}

/* An id that none of the keys has; there are more ids than keys. */
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

/* The last one that does not mint. */
static void
drop_oldest(csn_key *keys, size_t *count)
{
    size_t gone = *count - 1;

    if (keys[gone].state == CSN_KEY_MINT)
        gone--;
    (*count)--;
    for (size_t i = gone; i < *count; i++)
        keys[i] = keys[i + 1];
}

/* A new key goes in front, so the oldest stand last. */
static csn_status
announce(csn_key keys[CSN_MAX_KEYS], size_t *count, const csn_crypto *crypto,
    csn_keys_error *error)
{
    if (*count == CSN_MAX_KEYS)
        drop_oldest(keys, count);
    for (size_t i = *count; i > 0; i--)
        keys[i] = keys[i - 1];
    keys[0].id = free_id(keys + 1, *count);
    keys[0].state = CSN_KEY_ACCEPT;
    (*count)++;
    return draw(crypto, &keys[0], error);
}

static csn_status
promote(csn_key *keys, size_t count, csn_keys_error *error)
{
    if (keys[0].state != CSN_KEY_ACCEPT)
        return csn_keys_fail(error, CSN_E_STATE, "no key is announced");
    for (size_t i = 1; i < count; i++)
        keys[i].state = keys[i].state == CSN_KEY_MINT ? CSN_KEY_ACCEPT
                                                      : CSN_KEY_RECOGNISE;
    keys[0].state = CSN_KEY_MINT;
    return CSN_OK;
}

enum { ANNOUNCE = 1, PROMOTE = 2 };

static csn_status
change(const char *path, unsigned steps, const csn_crypto *crypto,
    csn_keys_error *error)
{
    csn_key keys[CSN_MAX_KEYS];
    struct stat like;
    size_t count;
    csn_status status = csn_keys_load(path, keys, &count, error);

    if (status != CSN_OK)
        return status;
    if ((steps & ANNOUNCE) != 0)
        status = announce(keys, &count, crypto, error);
    if (status == CSN_OK && (steps & PROMOTE) != 0)
        status = promote(keys, count, error);
    if (status == CSN_OK && stat(path, &like) != 0)
        status = csn_keys_fail(error, CSN_E_STORE, "%s", strerror(errno));
    if (status == CSN_OK)
        status = save(path, keys, count, &like, error);
    csn_wipe(keys, sizeof(keys));
    return status;
}

/* What stands behind a link is replaced, not the link. */
static csn_status
change_real(const char *path, unsigned steps, const csn_crypto *crypto,
    csn_keys_error *error)
{
    char *real = realpath(path, NULL);
    csn_status status;

    if (real == NULL)
        return csn_keys_fail(error, CSN_E_STORE, "%s", strerror(errno));
    status = change(real, steps, crypto, error);
    free(real);
    return status;
}

csn_status
csn_keys_rotate(const char *path, const csn_crypto *crypto,
    csn_keys_error *error)
{
    return change_real(path, ANNOUNCE | PROMOTE, crypto, error);
}

csn_status
csn_keys_announce(const char *path, const csn_crypto *crypto,
    csn_keys_error *error)
{
    return change_real(path, ANNOUNCE, crypto, error);
}

csn_status
csn_keys_promote(const char *path, csn_keys_error *error)
{
    return change_real(path, PROMOTE, NULL, error);
}
