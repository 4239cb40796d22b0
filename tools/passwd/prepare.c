// SPDX-License-Identifier: MIT
#include "prepare.h"

#include "core/ct.h"
#include "stores/users/rules.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

enum { IN_USER = 1, IN_PASSWORD = 2 };

static bool
is_control(ucs4_t c)
{
    return uc_is_general_category(c, UC_CONTROL) ||
        uc_is_general_category(c, UC_LINE_SEPARATOR) ||
        uc_is_general_category(c, UC_PARAGRAPH_SEPARATOR);
}

/* RFC 8264, 9.10: its normal form is not known yet. */
static bool
is_unassigned(ucs4_t c)
{
    return uc_is_general_category(c, UC_UNASSIGNED);
}

/* RFC 8265, 4.2.1 maps them to U+0020. */
static bool
is_unusual_space(ucs4_t c)
{
    return c != ' ' && uc_is_general_category(c, UC_SPACE_SEPARATOR);
}

/* RFC 8265, 3.4.1 maps them to their decomposition. */
static bool
is_wide_or_narrow(ucs4_t c)
{
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    int tag = UC_DECOMP_CANONICAL;

    return uc_decomposition(c, &tag, parts) > 0 &&
        (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW);
}

/* RFC 8264, 9.13 and 9.8: no identifier has them, but for the joiners. */
static bool
is_invisible(ucs4_t c)
{
    const bool is_joiner = c == 0x200c || c == 0x200d;

    return !is_joiner && uc_is_general_category(c, UC_FORMAT);
}

static const struct {
    bool (*applies)(ucs4_t c);
    unsigned where;
    const char *fault;
} refusals[] = {
    { is_control, IN_USER | IN_PASSWORD, "has a control character" },
    { is_unassigned, IN_USER | IN_PASSWORD,
        "has a character that Unicode did not assign yet" },
    { is_unusual_space, IN_USER | IN_PASSWORD,
        "has a space that is not U+0020, and not all clients send it alike" },
    { is_wide_or_narrow, IN_USER,
        "has a full-width or half-width character; take the ordinary one" },
    { is_invisible, IN_USER, "has an invisible character" },
};

static const char *
find_refusal(const passwd_text *text, unsigned where)
{
    const uint8_t *octets = (const uint8_t *)text->text;
    size_t at = 0;

    while (at < text->len) {
        ucs4_t c;

        at += (size_t)u8_mbtouc_unsafe(&c, octets + at, text->len - at);
        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
            if ((refusals[i].where & where) != 0 && refusals[i].applies(c))
                return refusals[i].fault;
        }
    }
    return NULL;
}

static bool
is_ascii(csn_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 0x80)
            return false;
    }
    return true;
}

static const char *
keep(csn_span text, passwd_text *ready)
{
    if (text.len > CSN_SECRET_MAX)
        return "is too long";
    memcpy(ready->text, text.ptr, text.len);
    ready->text[text.len] = '\0';
    ready->len = text.len;
    return NULL;
}

const char *
passwd_normalize(csn_span text, passwd_text *ready)
{
    uint8_t *normal;
    size_t len = 0;
    const char *fault;

    if (text.len > CSN_SECRET_MAX)
        return "is too long";
    /* ASCII is in every normal form: no copy of it on the heap. */
    if (is_ascii(text))
        return keep(text, ready);
    if (u8_check(text.ptr, text.len) != NULL)
        return "is not UTF-8";
    normal = u8_normalize(UNINORM_NFC, text.ptr, text.len, NULL, &len);
    if (normal == NULL)
        return "cannot be normalized: no memory";
    fault = keep((csn_span){ normal, len }, ready);
    csn_wipe(normal, len);
    free(normal);
    return fault;
}

static const char *
prepare(csn_span text, unsigned where, passwd_text *ready)
{
    const char *fault = passwd_normalize(text, ready);

    if (fault == NULL)
        fault = find_refusal(ready, where);
    if (fault != NULL)
        csn_secret_wipe(ready);
    return fault;
}

const char *
passwd_prepare_password(csn_span text, passwd_text *ready)
{
    return prepare(text, IN_PASSWORD, ready);
}

const char *
passwd_prepare_user(csn_span text, passwd_text *ready)
{
    const char *fault = prepare(text, IN_USER, ready);

    if (fault != NULL)
        return fault;
    if (ready->len == 0)
        return "is empty";
    if (memchr(ready->text, ':', ready->len) != NULL)
        return "has a colon, which would make two users one";
    /* An application that reads the name from a field would not see it. */
    if (ready->text[0] == ' ' || ready->text[ready->len - 1] == ' ')
        return "begins or ends with a space";
    return NULL;
}
