// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* pread, O_CLOEXEC */
#include "load.h"

#include "snapshot.h"
#include "sqlite.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

csn_status
csn_users_recognise(int fd, csn_users_form *form, csn_users_error *error)
{
    char begin[sizeof(CSN_USERS_SQLITE_MAGIC)];
    struct stat info;
    ssize_t got;

    if (fstat(fd, &info) != 0)
        return csn_users_fail(error, CSN_E_STORE, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return csn_users_fail(error, CSN_E_STORE, "it is not a plain file");
    got = pread(fd, begin, sizeof(begin), 0);
    if (got < 0)
        return csn_users_fail(error, CSN_E_STORE, "%s", strerror(errno));
    if (got == 0)
        *form = CSN_USERS_EMPTY;
    else if (got == sizeof(begin) &&
        memcmp(begin, CSN_USERS_SQLITE_MAGIC, sizeof(begin)) == 0)
        *form = CSN_USERS_SQLITE;
    else
        *form = CSN_USERS_TEXT;
    return CSN_OK;
}

static csn_status
read_text(int fd, csn_users_builder *builder, csn_users_error *error)
{
    csn_users_buffer content = { NULL, 0, 0 };
    csn_status status = csn_users_buffer_read(&content, fd, error);

    if (status == CSN_OK)
        status = csn_users_text_read(csn_users_buffer_span(&content),
            csn_users_builder_add, builder, error);
    csn_users_buffer_free(&content);
    return status;
}

static csn_status
read_rows(const char *path, csn_users_builder *builder, csn_users_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    csn_users_form form;
    csn_status status;

    if (fd < 0)
        return csn_users_fail(error, CSN_E_STORE, "%s", strerror(errno));
    status = csn_users_recognise(fd, &form, error);
    if (status == CSN_OK && form == CSN_USERS_SQLITE) {
        /* Closed first: closing would drop the locks SQLite will take. */
        (void)close(fd);
        builder->unit = "row";
        return csn_users_sqlite_read(path, csn_users_builder_add, builder,
            error);
    }
    if (status == CSN_OK) {
        builder->unit = "line";
        status = read_text(fd, builder, error);
    }
    (void)close(fd);
    return status;
}

csn_status
csn_users_load(const char *path, const csn_crypto *crypto, csn_users **users,
    csn_users_error *error)
{
    csn_users_builder builder = { .unit = NULL };
    csn_status status = read_rows(path, &builder, error);

    if (status == CSN_OK)
        status = csn_users_builder_finish(&builder, crypto,
            csn_users_key_random, users, error);
    csn_users_builder_free(&builder);
    return status;
}
