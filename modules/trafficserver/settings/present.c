// SPDX-License-Identifier: MIT
#include "settings/setters.h"

#include "settings/address.h"

#include <string.h>
#include <strings.h>

/* The origins that the gateway logs in to, and how it stands before them. */

bool
csn_gw_origin_equal(const csn_gw_origin *a, const csn_gw_origin *b)
{
    return a->tls == b->tls && a->port == b->port &&
        strcasecmp(a->host, b->host) == 0;
}

const csn_gw_presented *
csn_gw_presented_find(const csn_gw_settings *settings,
    const csn_gw_origin *where)
{
    for (size_t i = 0; i < settings->presented_count; i++) {
        if (csn_gw_origin_equal(&settings->presented[i].where, where))
            return &settings->presented[i];
    }
    return NULL;
}

bool
csn_gw_presented_split(const char *text, csn_gw_origin *where,
    const char **rest, csn_gw_error *error)
{
    const char *sign = strchr(text, '=');
    char origin[512];
    size_t len = sign != NULL ? (size_t)(sign - text) : 0;

    if (sign == NULL || len >= sizeof(origin))
        return csn_gw_fail(error, "does not start with ORIGIN=");
    memcpy(origin, text, len);
    origin[len] = '\0';
    *rest = sign + 1;
    return csn_gw_origin_parse(origin, where, error);
}

/* That of an origin named for the first time is new. */
static csn_gw_presented *
get_presented(csn_gw_settings *settings, const csn_gw_origin *where,
    csn_gw_error *error)
{
    const csn_gw_presented *known = csn_gw_presented_find(settings, where);
    csn_gw_presented *one;

    if (known != NULL)
        return &settings->presented[known - settings->presented];
    if (settings->presented_count == CSN_GW_MAX_PRESENTED) {
        csn_gw_fail(error, "names more than %d origins", CSN_GW_MAX_PRESENTED);
        return NULL;
    }
    one = &settings->presented[settings->presented_count++];
    one->where = *where;
    return one;
}

bool
csn_gw_set_present(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_gw_presented *one;
    csn_gw_origin where;
    const char *user = "";

    if (!csn_gw_presented_split(value, &where, &user, error))
        return false;
    if (strchr(user, ':') != NULL)
        return csn_gw_fail(error,
            "has a colon behind the user: a password does not belong on a "
            "command line");
    one = get_presented(settings, &where, error);
    if (one == NULL)
        return false;
    if (one->user[0] != '\0')
        return csn_gw_fail(error, "'%.300s' has a user already", where.host);
    return csn_gw_copy_line(one->user, sizeof(one->user), user, error);
}

bool
csn_gw_set_present_user_file(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    return csn_gw_copy_line(settings->present_user_file, CSN_GW_MAX_PATH,
        value, error);
}

bool
csn_gw_set_present_proof(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_gw_presented *one;
    csn_gw_origin where;
    const char *policy = "";

    if (strchr(value, '=') == NULL)
        return csn_gw_proof_parse(value, &settings->present_proof, error);
    if (!csn_gw_presented_split(value, &where, &policy, error))
        return false;
    one = get_presented(settings, &where, error);
    if (one == NULL || !csn_gw_proof_parse(policy, &one->proof, error))
        return false;
    one->proof_given = true;
    return true;
}

bool
csn_gw_set_present_allow(csn_gw_settings *settings, const char *value,
    csn_gw_error *error)
{
    csn_gw_presented *one;
    csn_gw_origin where;
    const char *what = "";

    if (!csn_gw_presented_split(value, &where, &what, error))
        return false;
    one = get_presented(settings, &where, error);
    if (one == NULL)
        return false;
    if (strcmp(what, "md5") == 0)
        one->allow_md5 = true;
    else if (strcmp(what, "no-qop") == 0)
        one->allow_md5 = one->allow_no_qop = true;
    else
        return csn_gw_fail(error,
            "is ORIGIN=md5 or ORIGIN=no-qop, not '%.40s'", what);
    return true;
}

static void
save_one(const csn_gw_presented *one, FILE *file)
{
    char where[300];

    snprintf(where, sizeof(where), "%s://%s:%u",
        one->where.tls ? "https" : "http", one->where.host,
        (unsigned)one->where.port);
    fprintf(file, "present=%s=%s\npresent-proof=%s=%s\n", where, one->user,
        where, csn_gw_proof_name(one->proof));
    if (one->allow_md5)
        fprintf(file, "present-allow=%s=%s\n", where,
            one->allow_no_qop ? "no-qop" : "md5");
}

void
csn_gw_presented_save(const csn_gw_settings *settings, FILE *file)
{
    for (size_t i = 0; i < settings->presented_count; i++)
        save_one(&settings->presented[i], file);
    if (settings->present_user_file[0] != '\0')
        fprintf(file, "present-user-file=%s\n", settings->present_user_file);
}

/* Whether anything can be asked of it at all. */
static bool
is_of_use(const csn_gw_settings *settings, const csn_gw_presented *one)
{
    return settings->forward ||
        (settings->origin.present &&
            csn_gw_origin_equal(&settings->origin, &one->where));
}

bool
csn_gw_presented_finish(csn_gw_settings *settings, csn_gw_error *error)
{
    for (size_t i = 0; i < settings->presented_count; i++) {
        csn_gw_presented *one = &settings->presented[i];

        if (one->user[0] == '\0')
            return csn_gw_fail(error,
                "--present-proof and --present-allow name %.300s:%u, which "
                "no --present does",
                one->where.host, (unsigned)one->where.port);
        if (!is_of_use(settings, one))
            return csn_gw_fail(error,
                "--present names %.300s:%u, which is not that of --origin, "
                "and "
                "there is no --forward",
                one->where.host, (unsigned)one->where.port);
        if (!one->proof_given)
            one->proof = settings->present_proof;
        one->proof_given = true;
    }
    if (settings->presented_count == 0 &&
        settings->present_user_file[0] != '\0')
        return csn_gw_fail(error,
            "--present-user-file is of no use without --present");
    if (settings->presented_count > 1 &&
        settings->present_user_file[0] == '\0')
        return csn_gw_fail(error,
            "--present for several origins needs --present-user-file");
    return true;
}
