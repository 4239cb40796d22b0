// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "common/note.h"

#include <countersign/crypto_openssl.h>
#include <countersign/digest.h>

bool
passwd_read(const passwd_options *options, const char *ask,
    csn_secret_text *password)
{
    switch (options->source) {
    case PASSWD_FROM_PROMPT:
        return csn_secret_prompt(password, ask);
    case PASSWD_FROM_STDIN:
        return csn_secret_stdin(password);
    case PASSWD_FROM_FILE:
        return csn_secret_file(password, options->source_value);
    case PASSWD_FROM_ENV:
        return csn_secret_env(password, options->source_value);
    case PASSWD_FROM_ARGUMENT:
        return csn_secret_argument(password, options->source_value);
    }
    return false;
}

int
passwd_ha1(csn_hash hash, csn_span user, csn_span realm, csn_span password,
    uint8_t *hex)
{
    const csn_crypto *crypto = csn_crypto_openssl();
    csn_status status = CSN_E_CRYPTO;

    if (crypto != NULL)
        status = csn_digest_ha1(crypto, hash, user, realm, password, hex);
    if (status == CSN_OK)
        return CSN_EXIT_OK;
    if (status != CSN_E_CRYPTO) {
        csn_note("the password has a control character");
        return CSN_EXIT_USAGE;
    }
    csn_note("OpenSSL has no %s here", csn_hash_name(hash).ptr);
    return CSN_EXIT_READ;
}
