// SPDX-License-Identifier: MIT
#include "prepare.h"

#include <countersign/prepare.h>

#include <string.h>

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

static const char *
prepare(prepare_fn *fn, csn_span text, passwd_text *ready)
{
    csn_writer out = csn_writer_init((uint8_t *)ready->text, CSN_SECRET_MAX);
    csn_prepare_fault fault;
    csn_status status = fn(text, &out, &fault);

    ready->len = out.len;
    ready->text[out.len] = '\0';
    if (status == CSN_OK)
        return NULL;
    if (status == CSN_E_OVERFLOW)
        fault = CSN_PREPARE_LONG;
    return status == CSN_E_MEMORY ? "cannot be prepared: no memory"
                                  : csn_prepare_fault_text(fault);
}

const char *
passwd_prepare_password(csn_span text, passwd_text *ready)
{
    /* Whether it may be empty is not the profile's to say here. */
    return prepare(text.len == 0 ? csn_prepare_nfc : csn_prepare_password,
        text, ready);
}

const char *
passwd_prepare_user(csn_span text, passwd_text *ready)
{
    return prepare(csn_prepare_user, text, ready);
}

const char *
passwd_typed_password(csn_span text, passwd_text *ready)
{
    return prepare(csn_prepare_typed_password, text, ready);
}

const char *
passwd_typed_user(csn_span text, passwd_text *ready)
{
    return prepare(csn_prepare_typed_user, text, ready);
}

bool
passwd_is_more_than_nfc(csn_span text, const passwd_text *ready)
{
    passwd_text normal = { .len = 0 };
    bool more = prepare(csn_prepare_nfc, text, &normal) == NULL &&
        (normal.len != ready->len ||
            memcmp(normal.text, ready->text, normal.len) != 0);

    csn_secret_wipe(&normal);
    return more;
}
