// SPDX-License-Identifier: MIT
#include "edit_rig.h"

csn_users_edit *
edit_begin(const char *path, csn_users_form form)
{
    csn_users_error error = { "" };
    csn_users_edit *edit = NULL;

    assert_int_equal(csn_users_edit_open(path, form, 0, &edit, &error),
        CSN_OK);
    return edit;
}

void
edit_refuse(const char *path, csn_status want, const char *words)
{
    csn_users_error error = { "" };
    csn_users_edit *edit = NULL;
    csn_status status = csn_users_edit_open(path, CSN_USERS_TEXT, 0, &edit,
        &error);

    if (status != want || strstr(error.text, words) == NULL)
        fail_msg("%s: %s, `%s`", path, csn_status_name(status), error.text);
    assert_null(edit);
}

csn_users_change
edit_put(csn_users_edit *edit, const char *user, const char *realm,
    csn_hash hash, const char *hex)
{
    const csn_users_row row = rig_row(user, realm, hash, hex);
    csn_users_change change = CSN_USERS_SAME;
    csn_users_error error = { "" };

    assert_int_equal(csn_users_edit_put(edit, &row, &change, &error), CSN_OK);
    return change;
}

bool
edit_drop(csn_users_edit *edit, const char *user, const char *realm,
    csn_hash hash)
{
    csn_users_error error = { "" };
    bool dropped = false;

    assert_int_equal(csn_users_edit_drop(edit, check_text(realm),
                         check_text(user), hash, &dropped, &error),
        CSN_OK);
    return dropped;
}

void
edit_commit(csn_users_edit *edit)
{
    csn_users_error error = { "" };

    assert_int_equal(csn_users_edit_commit(edit, &error), CSN_OK);
    csn_users_edit_close(edit);
}

csn_users *
edit_load(const char *path)
{
    csn_users_error error = { "" };
    csn_users *users = NULL;

    if (csn_users_load(path, NULL, &users, &error) != CSN_OK)
        fail_msg("%s: %s", path, error.text);
    return users;
}

void
edit_check_entry(const char *path, const char *user, const char *realm,
    csn_hash hash, const char *want)
{
    csn_users *users = edit_load(path);

    CHECK_SPAN(user, rig_find(users, realm, user, hash), check_text(want));
    csn_users_release(users);
}

void
edit_check_content(const char *path, const char *want)
{
    csn_span content = rig_read(path);

    CHECK_SPAN(path, content, check_text(want));
    check_drop(content);
}
