// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "digest/nonce.h"

/*
 * The nonce that a client sends back. Whatever it is, taking it apart and
 * writing it again gives the same text when it was genuine, and another one
 * when it was not: nobody guesses a MAC here.
 */

static const csn_nonce_key key = { .id = 7,
    .state = CSN_KEY_MINT,
    .mac = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
    .successor = { 9, 9 } };

/* One that is minted from the input, and its neighbours of one bit. */
static void
check_minted(const uint8_t *data, size_t size)
{
    csn_nonce nonce = { .key_id = key.id }, read;
    uint8_t text[CSN_NONCE_TEXT], octets[CSN_NONCE_OCTETS];

    if (size < sizeof(nonce.domain) + sizeof(nonce.random) + 8)
        return;
    memcpy(nonce.domain, data, sizeof(nonce.domain));
    memcpy(nonce.random, data + sizeof(nonce.domain), sizeof(nonce.random));
    data += sizeof(nonce.domain) + sizeof(nonce.random);
    nonce.flags = (uint16_t)(data[0] << 8 | data[1]);
    for (size_t i = 2; i < 8; i++)
        nonce.minted_ms = nonce.minted_ms << 8 | data[i];

    csn_nonce_write(&key, &nonce, text);
    FUZZ_HOLDS(csn_nonce_read((csn_span){ text, sizeof(text) }, &read,
                   octets) == CSN_OK);
    FUZZ_HOLDS(csn_nonce_is_genuine(&key, octets));
    FUZZ_HOLDS(read.key_id == nonce.key_id && read.flags == nonce.flags &&
        read.minted_ms == nonce.minted_ms &&
        memcmp(read.domain, nonce.domain, sizeof(nonce.domain)) == 0 &&
        memcmp(read.random, nonce.random, sizeof(nonce.random)) == 0);
    octets[data[0] % CSN_NONCE_OCTETS] ^= (uint8_t)(1u << data[1] % 8);
    FUZZ_HOLDS(!csn_nonce_is_genuine(&key, octets));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csn_nonce nonce;
    uint8_t octets[CSN_NONCE_OCTETS], text[CSN_NONCE_TEXT];
    bool read = csn_nonce_read((csn_span){ data, size }, &nonce, octets) ==
        CSN_OK;

    check_minted(data, size);
    if (!read)
        return 0;
    FUZZ_HOLDS(size == CSN_NONCE_TEXT);
    csn_nonce_write(&key, &nonce, text);
    FUZZ_HOLDS(
        csn_nonce_is_genuine(&key, octets) == (memcmp(text, data, size) == 0));
    return 0;
}
