// SPDX-License-Identifier: MIT
#include "present/login.h"

#include "settings/setters.h"

#include <countersign/prepare.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Of the file of all origins. */
enum { MAX_FILE = 1 << 18 };

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
    return csn_gw_fail(error, "the %s %s", what,
        fault != CSN_PREPARE_FINE ? csn_prepare_fault_text(fault)
                                  : csn_status_text(status));
}

static bool
take(csn_span user, csn_span password, csn_gw_login *login,
    csn_gw_error *error)
{
    return prepare(csn_prepare_typed_user, "user of the gateway's own login",
               user, login->user, sizeof(login->user), &login->user_len,
               error) &&
        prepare(csn_prepare_typed_password,
            "password of the gateway's own login", password, login->password,
            sizeof(login->password), &login->password_len, error);
}

static csn_span
span_of(const char *text, size_t len)
{
    return (csn_span){ (const uint8_t *)text, len };
}

/* USER:PASSWORD */
static bool
take_line(const char *line, size_t len, csn_gw_login *login,
    csn_gw_error *error)
{
    const char *colon = memchr(line, ':', len);

    if (colon == NULL)
        return csn_gw_fail(error, "there is no USER:PASSWORD");
    return take(span_of(line, (size_t)(colon - line)),
        span_of(colon + 1, len - (size_t)(colon - line) - 1), login, error);
}

/* systemd keeps the credentials of a service in a directory that it opens to
 * nobody else; what its user may do there looks like the rights of a group. */
static bool
is_credential(const char *path)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    size_t len = directory != NULL ? strlen(directory) : 0;

    return len > 0 && strncmp(path, directory, len) == 0 && path[len] == '/' &&
        strchr(path + len + 1, '/') == NULL;
}

static bool
is_private(FILE *file, const char *path, csn_gw_error *error)
{
    mode_t others = is_credential(path) ? S_IRWXO : S_IRWXG | S_IRWXO;
    struct stat info;

    if (fstat(fileno(file), &info) != 0)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    if (S_ISREG(info.st_mode) && (info.st_mode & others) != 0)
        return csn_gw_fail(error, "%.400s: others can read it; chmod 600",
            path);
    return true;
}

/* What a file holds that nobody else can read, up to `size` octets; nothing is
 * left of it elsewhere. */
static bool
read_private(const char *path, char *text, size_t size, size_t *len,
    csn_gw_error *error)
{
    FILE *file = fopen(path, "re");
    bool good;

    if (file == NULL)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    good = is_private(file, path, error);
    if (good) {
        setbuf(file, NULL);
        *len = fread(text, 1, size, file);
        if (ferror(file) != 0)
            good = csn_gw_fail(error, "%.400s: cannot be read", path);
    }
    fclose(file);
    return good;
}

/* The next line, without its end; `*rest` is moved behind it. */
static csn_span
next_line(csn_span *rest)
{
    const uint8_t *end = memchr(rest->ptr, '\n', rest->len);
    csn_span line = { rest->ptr,
        end != NULL ? (size_t)(end - rest->ptr) : rest->len };
    size_t used = line.len + (end != NULL ? 1 : 0);

    *rest = (csn_span){ rest->ptr + used, rest->len - used };
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool
read_only_line(const char *path, csn_gw_login *login, csn_gw_error *error)
{
    char text[CSN_MAX_USER + CSN_MAX_VALUE + 4];
    csn_gw_error why = { "" };
    size_t len = 0;
    bool good = read_private(path, text, sizeof(text), &len, error);

    if (good) {
        csn_span rest = span_of(text, len);
        csn_span line = next_line(&rest);

        if (rest.len > 0 || len == sizeof(text))
            good = csn_gw_fail(error, "%.400s: is not one line USER:PASSWORD",
                path);
        else if (!take_line((const char *)line.ptr, line.len, login, &why))
            good = csn_gw_fail(error, "%.300s: %.190s", path, why.text);
    }
    explicit_bzero(text, sizeof(text));
    return good;
}

/* What a line says of `presented`: nothing, its login, or what cannot be
 * read. */
typedef enum found { FOUND_NOTHING, FOUND_LOGIN, FOUND_FAULT } found;

/* ORIGIN=USER:PASSWORD */
static found
take_origin_line(const char *text, const csn_gw_presented *presented,
    csn_gw_login *login, csn_gw_error *error)
{
    csn_gw_origin where;
    const char *rest;
    size_t user_len;

    if (!csn_gw_presented_split(text, &where, &rest, error))
        return FOUND_FAULT;
    user_len = strcspn(rest, ":");
    if (!csn_gw_origin_equal(&where, &presented->where) ||
        user_len != strlen(presented->user) ||
        memcmp(rest, presented->user, user_len) != 0)
        return FOUND_NOTHING;
    return take_line(rest, strlen(rest), login, error) ? FOUND_LOGIN
                                                       : FOUND_FAULT;
}

static found
look_at_line(csn_span line, const csn_gw_presented *presented,
    csn_gw_login *login, csn_gw_error *error)
{
    char text[512 + CSN_MAX_USER + CSN_MAX_VALUE + 4];
    found result;

    if (line.len == 0 || line.ptr[0] == '#')
        return FOUND_NOTHING;
    if (line.len >= sizeof(text) || memchr(line.ptr, '\0', line.len) != NULL) {
        csn_gw_fail(error, "is too long, or no text");
        return FOUND_FAULT;
    }
    memcpy(text, line.ptr, line.len);
    text[line.len] = '\0';
    result = take_origin_line(text, presented, login, error);
    explicit_bzero(text, sizeof(text));
    return result;
}

/* The first line for it; those of others may be there too. */
static bool
find_line(csn_span rest, const char *path, const csn_gw_presented *presented,
    csn_gw_login *login, csn_gw_error *error)
{
    csn_gw_error why = { "" };

    for (unsigned number = 1; rest.len > 0; number++) {
        switch (look_at_line(next_line(&rest), presented, login, &why)) {
        case FOUND_NOTHING:
            break;
        case FOUND_LOGIN:
            return true;
        case FOUND_FAULT:
            return csn_gw_fail(error, "%.200s:%u: %.250s", path, number,
                why.text);
        }
    }
    return csn_gw_fail(error, "%.200s: has no line for %.100s at %.150s", path,
        presented->user, presented->where.host);
}

static bool
read_origin_file(const char *path, const csn_gw_presented *presented,
    csn_gw_login *login, csn_gw_error *error)
{
    char *text = malloc(MAX_FILE);
    size_t len = 0;
    bool good;

    if (text == NULL)
        return csn_gw_fail(error, "no memory for %.400s", path);
    good = read_private(path, text, MAX_FILE, &len, error) &&
        (len < MAX_FILE || csn_gw_fail(error, "%.400s: is too long", path)) &&
        find_line(span_of(text, len), path, presented, login, error);
    explicit_bzero(text, MAX_FILE);
    free(text);
    return good;
}

static bool
take_environment(const char *name, const char *user, csn_gw_login *login,
    csn_gw_error *error)
{
    const char *password = getenv(name);

    return password != NULL
        ? take(span_of(user, strlen(user)),
              span_of(password, strlen(password)), login, error)
        : csn_gw_fail(error, "the environment has no %s", name);
}

static bool
keep(bool good, csn_gw_login *login)
{
    if (!good)
        csn_gw_login_wipe(login);
    return good;
}

bool
csn_gw_login_read_via(const csn_gw_settings *settings, csn_gw_login *login,
    csn_gw_error *error)
{
    memset(login, 0, sizeof(*login));
    return keep(settings->via_user_file[0] != '\0'
            ? read_only_line(settings->via_user_file, login, error)
            : take_environment(CSN_GW_VIA_ENV, settings->via_user, login,
                  error),
        login);
}

bool
csn_gw_login_read_present(const csn_gw_settings *settings,
    const csn_gw_presented *presented, csn_gw_login *login,
    csn_gw_error *error)
{
    memset(login, 0, sizeof(*login));
    return keep(settings->present_user_file[0] != '\0'
            ? read_origin_file(settings->present_user_file, presented, login,
                  error)
            : take_environment(CSN_GW_PRESENT_ENV, presented->user, login,
                  error),
        login);
}

bool
csn_gw_login_is_environment(const csn_gw_settings *settings, csn_layer layer)
{
    return (layer == CSN_LAYER_PROXY ? settings->via_user_file
                                     : settings->present_user_file)[0] == '\0';
}

void
csn_gw_login_clear_environment(void)
{
    static const char *const names[] = { CSN_GW_VIA_ENV, CSN_GW_PRESENT_ENV };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *password = getenv(names[i]);

        if (password != NULL)
            explicit_bzero(password, strlen(password));
    }
}

void
csn_gw_login_wipe(csn_gw_login *login)
{
    explicit_bzero(login, sizeof(*login));
}
