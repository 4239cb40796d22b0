// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* madvise */
#include "snapshot.h"

#include <countersign/limits.h>

#include "core/bytes.h"
#include "core/ct.h"
#include "core/hex.h"
#include "rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

_Static_assert(CSN_MAX_REALM <= CSN_MAX_USER, "one margin serves both");

/* What is hashed: hash, realm's length, realm, user. No two alike. */
enum { KEY_TEXT_MAX = 3 + CSN_MAX_REALM + CSN_MAX_USER };

static size_t
append(uint8_t *text, size_t len, csn_span part)
{
    if (part.len != 0)
        memcpy(text + len, part.ptr, part.len);
    return len + part.len;
}

static size_t
key_text(uint8_t text[KEY_TEXT_MAX], csn_span realm, csn_span user,
    csn_hash hash)
{
    size_t len = 3;

    text[0] = (uint8_t)hash;
    csn_put_be(text + 1, realm.len, 2);
    len = append(text, len, realm);
    return append(text, len, user);
}

csn_users_spot
csn_users_spot_of(const csn_users *users, csn_span realm, csn_span user,
    csn_hash hash)
{
    uint8_t text[KEY_TEXT_MAX];
    size_t len = key_text(text, realm, user, hash);

    return csn_users_index_spot(&users->by_name, text, len);
}

/* Every comparison is made, also once one has failed. */
static bool
is_entry(const csn_users *users, const csn_users_entry *entry, csn_span realm,
    csn_span user, csn_hash hash)
{
    unsigned same = entry->hash == (uint8_t)hash;

    same &= entry->user_len == user.len;
    same &= entry->realm_len == realm.len;
    same &= csn_ct_equal(users->names + entry->user_at, user.ptr, user.len);
    same &= csn_ct_equal(users->names + entry->realm_at, realm.ptr, realm.len);
    return same != 0;
}

/* Brings into cache what will be read of a row that is found: of a stand-in
 * nobody reads it, and that it was not there before could be measured. */
static void
touch(const csn_users *users, uint32_t number)
{
    const csn_users_entry *entry = &users->entries[number - 1];
    const volatile uint8_t *name = users->names + entry->user_at;
    const volatile uint8_t *digest = users->digests +
        (size_t)(number - 1) * CSN_USERS_DIGITS;

    (void)name[0];
    (void)name[entry->user_len - 1];
    (void)digest[0];
    (void)digest[CSN_USERS_DIGITS - 1];
}

uint32_t
csn_users_lookup(const csn_users *users, csn_span realm, csn_span user,
    csn_hash hash)
{
    csn_users_candidate at;

    if (users->count == 0 || user.len > CSN_MAX_USER ||
        realm.len > CSN_MAX_REALM)
        return 0;
    at = csn_users_index_scan(&users->by_name,
        csn_users_spot_of(users, realm, user, hash), users->count);
    /* Rows not placed yet, while the table is built, may be stand-ins too. */
    touch(users, at.compare);
    if (!is_entry(users, &users->entries[at.compare - 1], realm, user, hash))
        return 0;
    return at.found;
}

const uint8_t *
csn_users_userhash_at(const csn_users *users, size_t index)
{
    return users->userhashes + index * CSN_MAX_DIGEST;
}

csn_users_spot
csn_users_hashed_spot_of(const csn_users *users, csn_hash hash,
    const uint8_t *userhash)
{
    const size_t size = csn_users_hash_digits(hash) / 2;
    uint8_t text[1 + CSN_MAX_DIGEST];

    text[0] = (uint8_t)hash;
    memcpy(text + 1, userhash, size);
    return csn_users_index_spot(&users->by_userhash, text, 1 + size);
}

/* The realm too, though the hash covers it: nobody's in another realm. */
static bool
is_hashed_entry(const csn_users *users, uint32_t number, csn_span realm,
    csn_hash hash, const uint8_t *userhash)
{
    const csn_users_entry *entry = &users->entries[number - 1];
    unsigned same = entry->hash == (uint8_t)hash;

    same &= entry->realm_len == realm.len;
    same &= csn_ct_equal(csn_users_userhash_at(users, number - 1), userhash,
        csn_users_hash_digits(hash) / 2);
    same &= csn_ct_equal(users->names + entry->realm_at, realm.ptr, realm.len);
    return same != 0;
}

uint32_t
csn_users_lookup_hashed(const csn_users *users, csn_span realm, csn_hash hash,
    const uint8_t *userhash)
{
    csn_users_candidate at;

    if (users->count == 0 || realm.len > CSN_MAX_REALM)
        return 0;
    at = csn_users_index_scan(&users->by_userhash,
        csn_users_hashed_spot_of(users, hash, userhash), users->count);
    touch(users, at.compare);
    if (!is_hashed_entry(users, at.compare, realm, hash, userhash))
        return 0;
    return at.found;
}

csn_span
csn_users_find(const csn_users *users, csn_span realm, csn_span user,
    csn_hash hash)
{
    uint32_t row = csn_users_lookup(users, realm, user, hash);

    return row != 0 ? csn_users_at(users, row - 1).ha1_hex
                    : (csn_span){ NULL, 0 };
}

csn_span
csn_users_find_hashed(const csn_users *users, csn_span realm,
    csn_span userhash_hex, csn_hash hash, csn_span *user)
{
    uint8_t userhash[CSN_MAX_DIGEST];
    csn_users_row row;
    uint32_t number;

    if (users->by_userhash.buckets == NULL ||
        userhash_hex.len != csn_users_hash_digits(hash) ||
        csn_hex_decode(userhash_hex, userhash, userhash_hex.len / 2) != CSN_OK)
        return (csn_span){ NULL, 0 };
    number = csn_users_lookup_hashed(users, realm, hash, userhash);
    if (number == 0)
        return (csn_span){ NULL, 0 };
    row = csn_users_at(users, number - 1);
    *user = row.user;
    return row.ha1_hex;
}

csn_users_row
csn_users_at(const csn_users *users, size_t index)
{
    const csn_users_entry *entry = &users->entries[index];
    csn_hash hash = (csn_hash)entry->hash;

    return (csn_users_row){
        .user = { users->names + entry->user_at, entry->user_len },
        .realm = { users->names + entry->realm_at, entry->realm_len },
        .hash = hash,
        .ha1_hex = { users->digests + index * CSN_USERS_DIGITS,
            csn_users_hash_digits(hash) },
    };
}

size_t
csn_users_count(const csn_users *users)
{
    return users->count;
}

uint32_t *
csn_users_offered_slot(const csn_users *users, csn_span realm, csn_hash hash)
{
    uint8_t text[KEY_TEXT_MAX];
    size_t len = key_text(text, realm, (csn_span){ NULL, 0 }, hash);
    uint8_t out[16];
    uint32_t at;

    csn_siphash_128(users->by_name.key, text, len, out);
    at = (uint32_t)csn_get_be(out, 4);
    for (;; at++) {
        uint32_t *slot = &users->offered[at & users->offered_mask];
        csn_users_row row;

        if (*slot == 0)
            return slot;
        row = csn_users_at(users, *slot - 1);
        if (row.hash == hash && row.realm.len == realm.len &&
            memcmp(row.realm.ptr, realm.ptr, realm.len) == 0)
            return slot;
    }
}

bool
csn_users_has(const csn_users *users, csn_span realm, csn_hash hash)
{
    if (realm.len > CSN_MAX_REALM)
        return false;
    return *csn_users_offered_slot(users, realm, hash) != 0;
}

static size_t
digests_size(size_t count)
{
    /* Never nothing: an empty file has a snapshot too. */
    return (count + 1) * CSN_USERS_DIGITS;
}

uint8_t *
csn_users_digests_map(size_t count)
{
    size_t size = digests_size(count);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    /* A core file would be a list of ways to log in (H-22). Where the system
     * does not know this, its core files are the administrator's to forbid. */
    (void)madvise(memory, size, MADV_DONTDUMP);
    return memory;
}

void
csn_users_destroy(csn_users *users)
{
    if (users->digests != NULL) {
        csn_wipe(users->digests, digests_size(users->count));
        (void)munmap(users->digests, digests_size(users->count));
    }
    free(users->offered);
    free(users->names);
    free(users->entries);
    free(users->userhashes);
    csn_users_index_free(&users->by_name);
    csn_users_index_free(&users->by_userhash);
    csn_wipe(users, sizeof(*users));
    free(users);
}

csn_users *
csn_users_hold(csn_users *users)
{
    /* The caller has a reference, so nothing needs to be ordered. */
    atomic_fetch_add_explicit(&users->references, 1, memory_order_relaxed);
    return users;
}

void
csn_users_release(csn_users *users)
{
    /* What others read with their references comes before the end. */
    if (users != NULL &&
        atomic_fetch_sub_explicit(&users->references, 1,
            memory_order_acq_rel) == 1)
        csn_users_destroy(users);
}
