// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include <countersign/prepare.h>

#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/*
 * User names and passwords: what comes out is UTF-8 in Normalization Form C
 * without what is forbidden, is the same when it is prepared again and
 * whether it came in composed or taken apart; what is refused leaves nothing
 * and has a reason.
 */

enum { ROOM = 4096 };

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

/* What one function made of a text. */
typedef struct made {
    csn_status status;
    csn_prepare_fault fault;
    uint8_t buf[ROOM];
    csn_span text;
} made;

static bool
is_same(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool
is_nfc(csn_span text)
{
    uint8_t room[ROOM];
    size_t len = sizeof(room);
    uint8_t *form = u8_normalize(UNINORM_NFC, text.ptr, text.len, room, &len);
    bool same;

    FUZZ_HOLDS(form != NULL);
    same = is_same((csn_span){ form, len }, text);
    if (form != room)
        free(form);
    return same;
}

static bool
has(csn_span text, uint32_t categories, ucs4_t but)
{
    size_t at = 0;

    while (at < text.len) {
        ucs4_t c;

        at += (size_t)u8_mbtouc(&c, text.ptr + at, text.len - at);
        if (c != but && uc_is_general_category_withtable(c, categories))
            return true;
    }
    return false;
}

static void
prepare(prepare_fn *fn, csn_span text, made *out)
{
    csn_writer writer = csn_writer_init(out->buf, sizeof(out->buf));

    out->status = fn(text, &writer, &out->fault);
    out->text = csn_writer_span(&writer);
    FUZZ_HOLDS(!writer.overflow);
    FUZZ_HOLDS(out->status == CSN_OK || out->text.len == 0);
    FUZZ_HOLDS((out->status == CSN_OK) == (out->fault == CSN_PREPARE_FINE));
}

/* Of everything that comes out. */
static void
check(prepare_fn *fn, const made *one)
{
    static made again;

    if (one->status != CSN_OK)
        return;
    FUZZ_HOLDS(u8_check(one->text.ptr, one->text.len) == NULL);
    FUZZ_HOLDS(is_nfc(one->text));
    FUZZ_HOLDS(!has(one->text, UC_CATEGORY_MASK_Cc, 0));
    prepare(fn, one->text, &again);
    FUZZ_HOLDS(again.status == CSN_OK && is_same(again.text, one->text));
}

static void
check_user(const made *user)
{
    FUZZ_HOLDS(user->text.len != 0 && user->text.len <= CSN_MAX_USER);
    FUZZ_HOLDS(memchr(user->text.ptr, ':', user->text.len) == NULL);
    FUZZ_HOLDS(!has(user->text,
        UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Co, ' '));
}

static void
check_password(const made *password)
{
    FUZZ_HOLDS(password->text.len != 0);
    FUZZ_HOLDS(!has(password->text,
        UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Co, ' '));
}

/* The typed form is the enrolled one where there is one, and else NFC. */
static void
check_typed(const made *typed, const made *enrolled, const made *nfc)
{
    const made *want = enrolled->status == CSN_E_SYNTAX ? nfc : enrolled;

    FUZZ_HOLDS(typed->status == want->status && typed->fault == want->fault);
    FUZZ_HOLDS(is_same(typed->text, want->text));
}

/* Taken apart (NFD) it is the same text. */
static void
check_apart(prepare_fn *fn, csn_span text, const made *one)
{
    static made other;
    size_t len = 0;
    uint8_t *apart;

    if (one->status != CSN_OK)
        return;
    apart = u8_normalize(UNINORM_NFD, text.ptr, text.len, NULL, &len);
    if (apart != NULL && len <= CSN_MAX_VALUE) {
        prepare(fn, (csn_span){ apart, len }, &other);
        FUZZ_HOLDS(other.status == CSN_OK && is_same(other.text, one->text));
    }
    free(apart);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static made user, password, typed_user, typed_password, nfc, nfc_user;
    const csn_span text = { data, size };

    prepare(csn_prepare_user, text, &user);
    prepare(csn_prepare_password, text, &password);
    prepare(csn_prepare_typed_user, text, &typed_user);
    prepare(csn_prepare_typed_password, text, &typed_password);
    prepare(csn_prepare_nfc, text, &nfc);
    prepare(csn_prepare_nfc_user, text, &nfc_user);
    check(csn_prepare_user, &user);
    check(csn_prepare_password, &password);
    check(csn_prepare_typed_user, &typed_user);
    check(csn_prepare_typed_password, &typed_password);
    check(csn_prepare_nfc, &nfc);
    check(csn_prepare_nfc_user, &nfc_user);

    if (user.status == CSN_OK)
        check_user(&user);
    if (password.status == CSN_OK)
        check_password(&password);
    check_typed(&typed_user, &user, &nfc_user);
    check_typed(&typed_password, &password, &nfc);
    check_apart(csn_prepare_user, text, &user);
    check_apart(csn_prepare_password, text, &password);
    check_apart(csn_prepare_nfc, text, &nfc);
    return 0;
}
