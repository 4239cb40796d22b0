// SPDX-License-Identifier: MIT
#include "prepare.h"

#include <countersign/limits.h>
#include <countersign/prepare.h>

#include "text.h"

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

static csn_status
prepare(prepare_fn *fn, const char *text, char **ready)
{
    uint8_t octets[CSN_MAX_VALUE];
    csn_writer out = csn_writer_init(octets, sizeof(octets));
    csn_status status = fn(csn_curl_text_span(text), &out, NULL);

    if (status == CSN_OK) {
        *ready = csn_curl_text_of_span(csn_writer_span(&out));
        status = *ready != NULL ? CSN_OK : CSN_E_MEMORY;
    }
    csn_curl_text_wipe(octets, sizeof(octets));
    return status;
}

csn_status
csn_curl_prepare_user(const char *user, bool nfc_only, char **ready)
{
    return prepare(nfc_only ? csn_prepare_nfc_user : csn_prepare_typed_user,
        user, ready);
}

csn_status
csn_curl_prepare_password(const char *password, bool nfc_only, char **ready)
{
    return prepare(nfc_only ? csn_prepare_nfc : csn_prepare_typed_password,
        password, ready);
}
