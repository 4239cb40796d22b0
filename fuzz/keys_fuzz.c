// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "keys/file.h"

/*
 * Nonce key files: what is read keeps the rules, and is the same when it is
 * written and read again.
 */

static void
check_rules(const csn_key *keys, size_t count)
{
    unsigned minting = 0;

    FUZZ_HOLDS(count >= 1 && count <= CSN_MAX_KEYS);
    for (size_t i = 0; i < count; i++) {
        minting += keys[i].state == CSN_KEY_MINT;
        FUZZ_HOLDS((unsigned)keys[i].state < CSN_KEYS_STATES);
        for (size_t j = 0; j < i; j++)
            FUZZ_HOLDS(keys[j].id != keys[i].id);
    }
    FUZZ_HOLDS(minting == 1);
}

static void
check_again(const csn_key *keys, size_t count)
{
    static uint8_t room[CSN_KEYS_FILE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    csn_key again[CSN_MAX_KEYS];
    csn_keys_error error;
    size_t found;

    csn_keys_write(&out, keys, count);
    FUZZ_HOLDS(!out.overflow);
    FUZZ_HOLDS(
        csn_keys_read(csn_writer_span(&out), again, &found, &error) == CSN_OK);
    FUZZ_HOLDS(found == count);
    for (size_t i = 0; i < count; i++) {
        FUZZ_HOLDS(again[i].id == keys[i].id);
        FUZZ_HOLDS(again[i].state == keys[i].state);
        FUZZ_HOLDS(memcmp(again[i].secret, keys[i].secret, CSN_KEY_SIZE) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csn_key keys[CSN_MAX_KEYS];
    csn_keys_error error = { "" };
    size_t count = 0;

    if (csn_keys_read((csn_span){ data, size }, keys, &count, &error) ==
        CSN_OK) {
        check_rules(keys, count);
        check_again(keys, count);
    } else {
        FUZZ_HOLDS(error.text[0] != '\0');
    }
    return 0;
}
