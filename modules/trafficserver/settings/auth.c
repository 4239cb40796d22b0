// SPDX-License-Identifier: MIT
#include "settings/setters.h"

#include "settings/address.h"

#include <string.h>

/* What challenges offer, and how much content is kept for auth-int. */

enum { MAX_CONTENT_MIB = 4096 };

bool
csn_gw_set_algorithm(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_span name = { (const uint8_t *)value, strlen(value) };
    csn_algorithm algorithm = csn_algorithm_find(name);

    if (algorithm == CSN_ALG_UNKNOWN)
        return csn_gw_fail(error,
            "'%.40s' is not SHA-256, SHA-512-256 or MD5, nor one of these "
            "with -sess",
            value);
    for (size_t i = 0; i < settings->algorithm_count; i++) {
        if (settings->algorithms[i] == algorithm)
            return csn_gw_fail(error, "'%.40s' is named twice", value);
    }
    settings->algorithms[settings->algorithm_count++] = algorithm;
    return true;
}

bool
csn_gw_set_qop(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    static const struct {
        const char *text;
        unsigned qops;
    } lists[] = { { "auth", CSN_QOP_AUTH }, { "auth-int", CSN_QOP_AUTH_INT },
        { "auth,auth-int", CSN_QOP_AUTH | CSN_QOP_AUTH_INT } };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(value, lists[i].text) != 0)
            continue;
        settings->qops = lists[i].qops;
        return true;
    }
    return csn_gw_fail(error,
        "is auth, auth,auth-int or auth-int, not '%.40s'", value);
}

/* `4096`, `64k` or `1m`. */
static bool
set_size(size_t *to, const char *value, unsigned long least,
    csn_gw_error *error)
{
    char digits[16] = "";
    size_t len = strspn(value, "0123456789");
    unsigned shift = 0;
    unsigned long number;

    if (strcmp(value + len, "k") == 0)
        shift = 10;
    else if (strcmp(value + len, "m") == 0)
        shift = 20;
    else if (value[len] != '\0')
        len = 0;
    if (len == 0 || len >= sizeof(digits))
        return csn_gw_fail(error, "'%.40s' is no size: 4096, 64k, 1m", value);
    memcpy(digits, value, len);
    if (!csn_gw_number_parse(digits,
            ((unsigned long)MAX_CONTENT_MIB << 20) >> shift, &number) ||
        number << shift < least)
        return csn_gw_fail(error, "is less than %lu octets or more than %dm",
            least, MAX_CONTENT_MIB);
    *to = (size_t)number << shift;
    return true;
}

bool
csn_gw_set_content_limit(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return set_size(&settings->content_limit, value, 0, error);
}

bool
csn_gw_set_proof_limit(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return set_size(&settings->proof_limit, value, 0, error);
}

bool
csn_gw_set_content_memory(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return set_size(&settings->content_memory, value, 1, error);
}
