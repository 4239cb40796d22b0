// SPDX-License-Identifier: MIT
#include "present/login.h"

#include <countersign/prepare.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

static bool
prepare(prepare_fn *fn, const char *what, csn_span text, uint8_t *room,
    size_t size, size_t *len, csn_gw_error *error)
{
    csn_writer out = csn_writer_init(room, size);
    csn_prepare_fault fault = CSN_PREPARE_FINE;
    csn_status status = fn(text, &out, &fault);

    *len = out.len;
    if (status == CSN_OK)
        return true;
    return csn_gw_fail(error, "the %s for the next proxy %s", what,
        fault != CSN_PREPARE_FINE ? csn_prepare_fault_text(fault)
                                  : csn_status_text(status));
}

static bool
take(csn_span user, csn_span password, csn_gw_login *login,
    csn_gw_error *error)
{
    return prepare(csn_prepare_typed_user, "user", user, login->user,
               sizeof(login->user), &login->user_len, error) &&
        prepare(csn_prepare_typed_password, "password", password,
            login->password, sizeof(login->password), &login->password_len,
            error);
}

static csn_span
span_of(const char *text, size_t len)
{
    return (csn_span){ (const uint8_t *)text, len };
}

/* USER:PASSWORD, the only line of the file. */
static bool
take_file(FILE *file, const char *path, csn_gw_login *login,
    csn_gw_error *error)
{
    char line[CSN_MAX_USER + CSN_MAX_VALUE + 4];
    struct stat info;
    size_t len;
    const char *colon;
    bool good;

    if (fstat(fileno(file), &info) != 0)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return csn_gw_fail(error, "%.400s: others can read it; chmod 600",
            path);
    setbuf(file, NULL); /* what it holds is read into `line` alone */
    len = fread(line, 1, sizeof(line), file);
    good = len < sizeof(line) && ferror(file) == 0;
    if (good && len > 0 && line[len - 1] == '\n')
        len--;
    if (good && len > 0 && line[len - 1] == '\r')
        len--;
    colon = good ? memchr(line, ':', len) : NULL;
    if (colon == NULL || memchr(line, '\n', len) != NULL)
        good = csn_gw_fail(error, "%.400s: is not one line USER:PASSWORD",
            path);
    else
        good = take(span_of(line, (size_t)(colon - line)),
            span_of(colon + 1, len - (size_t)(colon - line) - 1), login,
            error);
    explicit_bzero(line, sizeof(line));
    return good;
}

static bool
read_file(const char *path, csn_gw_login *login, csn_gw_error *error)
{
    FILE *file = fopen(path, "re");
    bool good;

    if (file == NULL)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    good = take_file(file, path, login, error);
    fclose(file);
    return good;
}

bool
csn_gw_login_read_via(const csn_gw_settings *settings, csn_gw_login *login,
    csn_gw_error *error)
{
    const char *password;
    bool good;

    memset(login, 0, sizeof(*login));
    if (settings->via_user_file[0] != '\0') {
        good = read_file(settings->via_user_file, login, error);
    } else {
        password = getenv(CSN_GW_VIA_ENV);
        good = password != NULL
            ? take(span_of(settings->via_user, strlen(settings->via_user)),
                  span_of(password, strlen(password)), login, error)
            : csn_gw_fail(error, "the environment has no %s", CSN_GW_VIA_ENV);
    }
    if (!good)
        csn_gw_login_wipe(login);
    return good;
}

void
csn_gw_login_wipe(csn_gw_login *login)
{
    explicit_bzero(login, sizeof(*login));
}
