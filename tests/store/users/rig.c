// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* mkdtemp */
#include "rig.h"

#include "users/snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

csn_users_row
rig_row(const char *user, const char *realm, csn_hash hash,
    const char *ha1_hex)
{
    return (csn_users_row){ check_text(user), check_text(realm), hash,
        check_text(ha1_hex) };
}

void
rig_folder_make(char folder[64])
{
    strcpy(folder, "/tmp/users-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static size_t
each_entry(const char *folder, bool remove_it)
{
    DIR *open = opendir(folder);
    size_t count = 0;
    struct dirent *entry;

    assert_non_null(open);
    while ((entry = readdir(open)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (remove_it)
            assert_return_code(unlinkat(dirfd(open), entry->d_name,
                                   entry->d_type == DT_DIR ? AT_REMOVEDIR : 0),
                0);
    }
    closedir(open);
    return count;
}

size_t
rig_entries(const char *folder)
{
    return each_entry(folder, false);
}

void
rig_folder_drop(const char *folder)
{
    (void)each_entry(folder, true);
    assert_return_code(rmdir(folder), 0);
}

const char *
rig_path(const char *folder, const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];

    assert_true(snprintf(path, sizeof(paths[0]), "%s/%s", folder, name) <
        (int)sizeof(paths[0]));
    return path;
}

void
rig_write(const char *path, csn_span content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_return_code(fd, 0);
    assert_int_equal(write(fd, content.ptr, content.len), content.len);
    assert_return_code(close(fd), 0);
}

csn_span
rig_read(const char *path)
{
    struct stat info;
    uint8_t *content;
    size_t len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_return_code(fd, 0);
    assert_return_code(fstat(fd, &info), 0);
    len = (size_t)info.st_size;
    content = malloc(len + 1);
    assert_non_null(content);
    assert_int_equal(read(fd, content, len), info.st_size);
    content[len] = '\0';
    close(fd);
    return (csn_span){ content, len };
}

void
rig_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

csn_span
rig_find(const csn_users *users, const char *realm, const char *user,
    csn_hash hash)
{
    return csn_users_find(users, check_text(realm), check_text(user), hash);
}

csn_users *
rig_build_with(const csn_users_row *rows, size_t count,
    csn_users_key_source key_source, csn_status *status,
    csn_users_error *error)
{
    csn_users_builder builder = { .unit = "line" };
    csn_users *users = NULL;

    *status = CSN_OK;
    for (size_t i = 0; i < count && *status == CSN_OK; i++)
        *status = csn_users_builder_add(&builder, &rows[i], i + 1, error);
    if (*status == CSN_OK)
        *status = csn_users_builder_finish(&builder, NULL, key_source, &users,
            error);
    csn_users_builder_free(&builder);
    return users;
}

csn_users *
rig_build(const csn_users_row *rows, size_t count)
{
    csn_users_error error = { "" };
    csn_status status;
    csn_users *users = rig_build_with(rows, count, csn_users_key_random,
        &status, &error);

    assert_string_equal(error.text, "");
    assert_int_equal(status, CSN_OK);
    return users;
}
