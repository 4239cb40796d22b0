// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* madvise */
#include "snapshot.h"

#include <countersign/limits.h>

#include "core/bytes.h"
#include "core/ct.h"
#include "rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

_Static_assert(sizeof(csn_users_bucket) == 64, "a bucket is a cache line");
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

static void
hash_name(const csn_users *users, csn_span realm, csn_span user, csn_hash hash,
    uint8_t out[16])
{
    uint8_t text[KEY_TEXT_MAX];
    size_t len = 3;

    text[0] = (uint8_t)hash;
    csn_put_be(text + 1, realm.len, 2);
    len = append(text, len, realm);
    len = append(text, len, user);
    csn_siphash_128(users->key, text, len, out);
}

csn_users_spot
csn_users_spot_of(const csn_users *users, csn_span realm, csn_span user,
    csn_hash hash)
{
    uint8_t out[16];

    hash_name(users, realm, user, hash, out);
    return (csn_users_spot){
        .first = (uint32_t)csn_get_be(out, 4) & users->bucket_mask,
        .second = (uint32_t)csn_get_be(out + 4, 4) & users->bucket_mask,
        .tag = (uint32_t)csn_get_be(out + 8, 4),
        .spare = (uint32_t)csn_get_be(out + 12, 4),
    };
}

/* The row of the slot with this tag, without a branch on what is there. */
static uint32_t
scan_bucket(const csn_users_bucket *bucket, uint32_t tag, uint32_t found)
{
    for (int i = 0; i < CSN_USERS_SLOTS; i++) {
        uint32_t row = bucket->rows[i];
        uint32_t hit = 0u - (uint32_t)((bucket->tags[i] == tag) & (row != 0));

        found ^= (found ^ row) & hit;
    }
    return found;
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

uint32_t
csn_users_lookup(const csn_users *users, csn_span realm, csn_span user,
    csn_hash hash)
{
    csn_users_spot spot;
    uint32_t found = 0;
    uint32_t stand_in;
    uint32_t missed;
    uint32_t looked_at;

    if (users->count == 0 || user.len > CSN_MAX_USER ||
        realm.len > CSN_MAX_REALM)
        return 0;
    spot = csn_users_spot_of(users, realm, user, hash);
    found = scan_bucket(&users->buckets[spot.first], spot.tag, found);
    found = scan_bucket(&users->buckets[spot.second], spot.tag, found);

    stand_in = (uint32_t)((uint64_t)spot.spare * users->count >> 32) + 1;
    missed = 0u - (uint32_t)(found == 0);
    looked_at = found | (stand_in & missed);
    /* Rows not placed yet, while the table is built, may be stand-ins too. */
    if (!is_entry(users, &users->entries[looked_at - 1], realm, user, hash))
        return 0;
    return found;
}

csn_span
csn_users_find(const csn_users *users, csn_span realm, csn_span user,
    csn_hash hash)
{
    uint32_t row = csn_users_lookup(users, realm, user, hash);

    return row != 0 ? csn_users_at(users, row - 1).ha1_hex
                    : (csn_span){ NULL, 0 };
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
    uint8_t out[16];
    uint32_t at;

    hash_name(users, realm, (csn_span){ NULL, 0 }, hash, out);
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
    free(users->buckets);
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
