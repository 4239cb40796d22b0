// SPDX-License-Identifier: MIT
#include "classes.h"

#include "core/ct.h"
#include "core/writer.h"

#include <countersign/limits.h>

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/*
 * The order of RFC 8264, 7: width, other mappings, normalization, direction,
 * and then which code points there are. Mapping and normalizing are repeated
 * until nothing changes any more, so that a prepared text stays as it is.
 */

enum {
    GROWTH = 3, /* code points of NFC for one, at most: U+1D160 has three */
    PASSES = 4  /* RFC 8264, 7: once, and up to three times again */
};

/* How one of the public functions prepares. */
typedef struct profile {
    ucs4_t (*map)(ucs4_t c); /* before NFC */
    csn_prepare_fault (*fault)(csn_points text);
    size_t max; /* octets of what it gives */
} profile;

/* Two buffers of `cap` code points; mapping and normalizing go from one to
 * the other. */
typedef struct workplace {
    ucs4_t *memory;
    ucs4_t *spare;
    csn_points text;
    size_t cap;
} workplace;

static ucs4_t
map_nothing(ucs4_t c)
{
    return c;
}

/* RFC 8265, 3.4.1; a full-width space becomes U+0020 so. */
static ucs4_t
map_width(ucs4_t c)
{
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    int tag = UC_DECOMP_CANONICAL;
    int len = uc_decomposition(c, &tag, parts);

    if (len == 1 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW))
        return parts[0];
    return c;
}

/* RFC 8265, 4.2.1 */
static ucs4_t
map_space(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs) ? ' ' : c;
}

static csn_prepare_fault
control_fault(csn_points text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (uc_is_general_category_withtable(text.at[i], UC_CATEGORY_MASK_Cc))
            return CSN_PREPARE_CONTROL;
    }
    return CSN_PREPARE_FINE;
}

static bool
has_colon(csn_points text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == ':')
            return true;
    }
    return false;
}

/* What no name is, whatever else it is: C-38, C-39. */
static csn_prepare_fault
name_fault(csn_points text)
{
    if (text.len == 0)
        return CSN_PREPARE_EMPTY;
    if (has_colon(text))
        return CSN_PREPARE_COLON;
    return control_fault(text);
}

static csn_prepare_fault
part_fault(csn_points part)
{
    csn_prepare_fault fault = csn_class_fault(part, CSN_CLASS_IDENTIFIER);

    if (fault == CSN_PREPARE_FINE && !csn_bidi_is_kept(part))
        fault = CSN_PREPARE_DIRECTION;
    return fault;
}

/* username = userpart *(1*SP userpart): RFC 8265, 3.5. */
static csn_prepare_fault
user_fault(csn_points text)
{
    csn_prepare_fault fault = name_fault(text);
    size_t from = 0;

    if (fault == CSN_PREPARE_FINE &&
        (text.at[0] == ' ' || text.at[text.len - 1] == ' '))
        fault = CSN_PREPARE_EDGE;
    while (fault == CSN_PREPARE_FINE && from < text.len) {
        size_t to = from;

        while (to < text.len && text.at[to] != ' ')
            to++;
        fault = part_fault((csn_points){ text.at + from, to - from });
        from = to + 1;
    }
    return fault;
}

static csn_prepare_fault
password_fault(csn_points text)
{
    if (text.len == 0)
        return CSN_PREPARE_EMPTY;
    return csn_class_fault(text, CSN_CLASS_FREEFORM);
}

static const profile profile_user = { map_width, user_fault, CSN_MAX_USER };
static const profile profile_password = { map_space, password_fault,
    CSN_MAX_VALUE };
static const profile profile_nfc_user = { map_nothing, name_fault,
    CSN_MAX_USER };
static const profile profile_nfc = { map_nothing, control_fault,
    CSN_MAX_VALUE };

/* Room for the longest normal form of `len` code points. */
static csn_status
open_workplace(workplace *work, size_t len)
{
    work->cap = GROWTH * (len + 1);
    work->memory = malloc(2 * work->cap * sizeof(ucs4_t));
    if (work->memory == NULL)
        return CSN_E_MEMORY;
    work->text = (csn_points){ work->memory, 0 };
    work->spare = work->memory + work->cap;
    return CSN_OK;
}

static void
close_workplace(workplace *work)
{
    if (work->memory != NULL)
        csn_wipe(work->memory, 2 * work->cap * sizeof(ucs4_t));
    free(work->memory);
}

/* One pass; `*changed` when the text is another one now. */
static csn_status
pass(workplace *work, const profile *by, bool *changed)
{
    size_t len = work->cap;
    ucs4_t *before = work->text.at;
    const size_t before_len = work->text.len;

    *changed = false;
    for (size_t i = 0; i < before_len; i++) {
        const ucs4_t mapped = by->map(before[i]);

        *changed |= mapped != before[i];
        before[i] = mapped;
    }
    if (u32_normalize(UNINORM_NFC, before, before_len, work->spare, &len) ==
        NULL)
        return CSN_E_MEMORY;
    *changed |= len != before_len ||
        memcmp(before, work->spare, len * sizeof(*before)) != 0;
    work->text = (csn_points){ work->spare, len };
    work->spare = before;
    return CSN_OK;
}

static csn_status
settle(workplace *work, const profile *by, csn_prepare_fault *fault)
{
    bool changed = true;

    for (int i = 0; i < PASSES && changed; i++) {
        csn_status status = pass(work, by, &changed);

        if (status != CSN_OK)
            return status;
    }
    *fault = changed ? CSN_PREPARE_UNSTABLE : by->fault(work->text);
    return *fault == CSN_PREPARE_FINE ? CSN_OK : CSN_E_SYNTAX;
}

/* The text as UTF-8, straight into `out`. */
static csn_status
give(csn_points text, size_t max, csn_writer *out, csn_prepare_fault *fault)
{
    const csn_writer saved = *out;
    uint8_t octets[6];

    for (size_t i = 0; i < text.len; i++) {
        const int len = u8_uctomb(octets, text.at[i], sizeof(octets));

        csn_write(out, (csn_span){ octets, (size_t)len });
    }
    csn_wipe(octets, sizeof(octets));
    if (!out->overflow && out->len - saved.len <= max)
        return CSN_OK;
    if (out->len > saved.len)
        csn_wipe(out->buf + saved.len, out->len - saved.len);
    if (out->overflow) {
        *out = saved;
        return CSN_E_OVERFLOW;
    }
    *out = saved;
    *fault = CSN_PREPARE_LONG;
    return CSN_E_LIMIT;
}

static csn_status
prepare_in(workplace *work, const profile *by, csn_span text, csn_writer *out,
    csn_prepare_fault *fault)
{
    size_t len = work->cap;
    csn_status status;

    if (u8_to_u32(text.ptr, text.len, work->text.at, &len) == NULL)
        return CSN_E_MEMORY;
    work->text.len = len;
    status = settle(work, by, fault);
    if (status == CSN_OK)
        status = give(work->text, by->max, out, fault);
    return status;
}

static csn_status
prepare(const profile *by, csn_span text, csn_writer *out,
    csn_prepare_fault *fault)
{
    static const uint8_t nothing;
    workplace work = { .memory = NULL };
    csn_prepare_fault unwanted;
    csn_status status;

    if (fault == NULL)
        fault = &unwanted;
    *fault = CSN_PREPARE_FINE;
    if (text.len > CSN_MAX_VALUE) {
        *fault = CSN_PREPARE_LONG;
        return CSN_E_LIMIT;
    }
    if (text.len == 0)
        text.ptr = &nothing; /* libunistring takes no NULL */
    if (u8_check(text.ptr, text.len) != NULL) {
        *fault = CSN_PREPARE_NOT_UTF8;
        return CSN_E_SYNTAX;
    }
    status = open_workplace(&work, text.len);
    if (status == CSN_OK)
        status = prepare_in(&work, by, text, out, fault);
    close_workplace(&work);
    return status;
}

/* As enrolled where the profile accepts it, and else NFC. */
static csn_status
prepare_typed(const profile *enrolled, const profile *otherwise, csn_span text,
    csn_writer *out, csn_prepare_fault *fault)
{
    csn_status status = prepare(enrolled, text, out, fault);

    if (status == CSN_E_SYNTAX)
        status = prepare(otherwise, text, out, fault);
    return status;
}

csn_status
csn_prepare_user(csn_span text, csn_writer *out, csn_prepare_fault *fault)
{
    return prepare(&profile_user, text, out, fault);
}

csn_status
csn_prepare_password(csn_span text, csn_writer *out, csn_prepare_fault *fault)
{
    return prepare(&profile_password, text, out, fault);
}

csn_status
csn_prepare_typed_user(csn_span text, csn_writer *out,
    csn_prepare_fault *fault)
{
    return prepare_typed(&profile_user, &profile_nfc_user, text, out, fault);
}

csn_status
csn_prepare_typed_password(csn_span text, csn_writer *out,
    csn_prepare_fault *fault)
{
    return prepare_typed(&profile_password, &profile_nfc, text, out, fault);
}

csn_status
csn_prepare_nfc_user(csn_span text, csn_writer *out, csn_prepare_fault *fault)
{
    return prepare(&profile_nfc_user, text, out, fault);
}

csn_status
csn_prepare_nfc(csn_span text, csn_writer *out, csn_prepare_fault *fault)
{
    return prepare(&profile_nfc, text, out, fault);
}

const char *
csn_prepare_fault_text(csn_prepare_fault fault)
{
    static const char *const texts[] = {
#define CSN_PREPARE_FAULT_SENTENCE(code, sentence) sentence,
        CSN_PREPARE_FAULT_MAP(CSN_PREPARE_FAULT_SENTENCE)
#undef CSN_PREPARE_FAULT_SENTENCE
    };
    const size_t at = (size_t)fault;

    return at < sizeof(texts) / sizeof(texts[0]) ? texts[at] : texts[0];
}
