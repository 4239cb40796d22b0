// SPDX-License-Identifier: MIT
#include "arrange.h"
#include "snapshot.h"

#include <countersign/limits.h>

#include "core/ascii.h"
#include "core/ct.h"

#include <stdlib.h>
#include <string.h>

/* From rows to a snapshot; arrange.c makes its indexes. */

enum { MAX_ROWS = 1 << 28 /* their number and their buckets fit 32 bits */ };

/* A run of rows with one realm shares its octets; no realm is empty. */
static csn_status
add_realm(csn_users_builder *builder, csn_span realm)
{
    if (builder->realm_len == realm.len &&
        memcmp(builder->names.ptr + builder->realm_at, realm.ptr, realm.len) ==
            0)
        return CSN_OK;
    builder->realm_at = (uint32_t)builder->names.len;
    builder->realm_len = (uint16_t)realm.len;
    builder->realm_runs++;
    return csn_users_buffer_add(&builder->names, realm.ptr, realm.len);
}

static csn_status
add_digest(csn_users_builder *builder, csn_span ha1_hex)
{
    uint8_t digits[CSN_USERS_DIGITS] = { 0 };
    csn_status status;

    for (size_t i = 0; i < ha1_hex.len; i++)
        digits[i] = csn_ascii_lower(ha1_hex.ptr[i]);
    status = csn_users_buffer_add(&builder->digests, digits, sizeof(digits));
    csn_wipe(digits, sizeof(digits));
    return status;
}

csn_status
csn_users_builder_add(void *context, const csn_users_row *row, size_t number,
    csn_users_error *error)
{
    csn_users_builder *builder = context;
    csn_users_entry entry = { .user_len = (uint16_t)row->user.len,
        .realm_len = (uint16_t)row->realm.len,
        .hash = (uint8_t)row->hash };

    if (builder->names.len > UINT32_MAX / 2 ||
        builder->numbers.len / sizeof(number) >= MAX_ROWS)
        return csn_users_fail(error, CSN_E_LIMIT, "too many rows");
    if (add_realm(builder, row->realm) != CSN_OK)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    entry.realm_at = builder->realm_at;
    entry.user_at = (uint32_t)builder->names.len;
    if (csn_users_buffer_add(&builder->names, row->user.ptr, row->user.len) !=
            CSN_OK ||
        add_digest(builder, row->ha1_hex) != CSN_OK ||
        csn_users_buffer_add(&builder->numbers, &number, sizeof(number)) !=
            CSN_OK ||
        csn_users_buffer_add(&builder->entries, &entry, sizeof(entry)) !=
            CSN_OK)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    return CSN_OK;
}

static uint32_t
power_of_two(uint64_t at_least)
{
    uint32_t size = 1;

    while (size < at_least)
        size *= 2;
    return size;
}

/* An exact copy of what was gathered, with `margin` octets of zeros. */
static void *
take(const csn_users_buffer *buffer, size_t margin)
{
    uint8_t *copy = calloc(1, buffer->len + margin);

    if (copy != NULL && buffer->len != 0)
        memcpy(copy, buffer->ptr, buffer->len);
    return copy;
}

/* Everything but the indexes. */
static csn_users *
make_unindexed(const csn_users_builder *builder)
{
    csn_users *users = calloc(1, sizeof(*users));
    uint64_t offered;

    if (users == NULL)
        return NULL;
    atomic_init(&users->references, 1);
    users->count = builder->entries.len / sizeof(csn_users_entry);
    offered = (uint64_t)builder->realm_runs * CSN_HASH_COUNT;
    if (offered > users->count)
        offered = users->count;
    users->offered_mask = power_of_two(2 * offered + 1) - 1;

    users->names = take(&builder->names, CSN_MAX_USER);
    users->entries = take(&builder->entries, sizeof(csn_users_entry));
    users->offered = calloc((size_t)users->offered_mask + 1, sizeof(uint32_t));
    users->digests = csn_users_digests_map(users->count);
    if (users->names == NULL || users->entries == NULL ||
        users->offered == NULL || users->digests == NULL) {
        csn_users_destroy(users);
        return NULL;
    }
    if (users->count != 0)
        memcpy(users->digests, builder->digests.ptr, builder->digests.len);
    return users;
}

static size_t
number_of(const csn_users_builder *builder, uint32_t row)
{
    size_t number;

    memcpy(&number, builder->numbers.ptr + (row - 1) * sizeof(number),
        sizeof(number));
    return number;
}

static csn_status
make_indexes(const csn_users_builder *builder, csn_users *users,
    const csn_crypto *crypto, csn_users_key_source key_source,
    csn_users_error *error)
{
    csn_users_repeat repeat = { 0, 0 };
    csn_status status = csn_users_arrange(users, key_source, &repeat, error);

    if (status == CSN_E_DUPLICATE)
        return csn_users_fail(error, CSN_E_DUPLICATE,
            "%s %zu: the same user, realm and algorithm as %s %zu",
            builder->unit, number_of(builder, repeat.again), builder->unit,
            number_of(builder, repeat.before));
    if (status == CSN_OK && crypto != NULL)
        status = csn_users_arrange_hashed(users, crypto, key_source, error);
    return status;
}

csn_status
csn_users_builder_finish(csn_users_builder *builder, const csn_crypto *crypto,
    csn_users_key_source key_source, csn_users **users, csn_users_error *error)
{
    csn_users *made = make_unindexed(builder);
    csn_status status;

    if (made == NULL)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    status = make_indexes(builder, made, crypto, key_source, error);
    if (status != CSN_OK) {
        csn_users_destroy(made);
        return status;
    }
    for (uint32_t number = 1; number <= made->count; number++) {
        csn_users_row row = csn_users_at(made, number - 1);

        *csn_users_offered_slot(made, row.realm, row.hash) = number;
    }
    *users = made;
    return CSN_OK;
}

void
csn_users_builder_free(csn_users_builder *builder)
{
    csn_users_buffer_free(&builder->names);
    csn_users_buffer_free(&builder->entries);
    csn_users_buffer_free(&builder->digests);
    csn_users_buffer_free(&builder->numbers);
}
