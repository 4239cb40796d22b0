// SPDX-License-Identifier: MIT
#include "prepare.h"

#include <countersign/limits.h>

#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

#include "text.h"

/* C0, DEL and C1: RFC 8265 allows none of them in names or passwords. */
static bool
has_control(const uint8_t *text, size_t len)
{
    while (len != 0) {
        ucs4_t c;
        int used = u8_mbtouc(&c, text, len);

        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            return true;
        text += used;
        len -= (size_t)used;
    }
    return false;
}

csn_status
csn_curl_prepare_password(const char *password, char **ready)
{
    const uint8_t *text = (const uint8_t *)password;
    size_t len = strlen(password);
    size_t normal_len = 0;
    uint8_t *normal;

    if (len > CSN_MAX_VALUE)
        return CSN_E_LIMIT;
    if (u8_check(text, len) != NULL || has_control(text, len))
        return CSN_E_SYNTAX;
    if (len == 0) {
        *ready = csn_curl_text_copy("");
        return *ready ? CSN_OK : CSN_E_MEMORY;
    }
    normal = u8_normalize(UNINORM_NFC, text, len, NULL, &normal_len);
    if (normal == NULL)
        return CSN_E_MEMORY;
    *ready = csn_curl_text_of_span((csn_span){ normal, normal_len });
    csn_curl_text_wipe(normal, normal_len);
    free(normal);
    return *ready ? CSN_OK : CSN_E_MEMORY;
}

csn_status
csn_curl_prepare_user(const char *user, char **ready)
{
    csn_status status;

    if (*user == '\0' || strchr(user, ':') != NULL)
        return CSN_E_SYNTAX;
    status = csn_curl_prepare_password(user, ready);
    if (status == CSN_OK && strlen(*ready) > CSN_MAX_USER) {
        free(*ready);
        *ready = NULL;
        status = CSN_E_LIMIT;
    }
    return status;
}
