// SPDX-License-Identifier: MIT
#include "login.h"

#include <stdlib.h>
#include <string.h>

#include "note.h"
#include "core/ct.h"

static bool
set_user(csn_login *login, const char *text, size_t len)
{
    if (len == 0) {
        csn_note("a login needs a user name");
        return false;
    }
    csn_login_free(login);
    login->user = strndup(text, len);
    login->given = login->user != NULL;
    if (!login->given)
        csn_note("no memory");
    return login->given;
}

bool
csn_login_argument(csn_login *login, char *text)
{
    size_t user_len = strcspn(text, ":");

    if (!set_user(login, text, user_len))
        return false;
    login->ask = text[user_len] == '\0';
    return login->ask ||
        csn_secret_argument(&login->password, text + user_len + 1);
}

/* Split USER:PASSWORD, which came as one secret. */
static bool
split(csn_login *login, csn_secret_text *secret, const char *from)
{
    size_t user_len = strcspn(secret->text, ":");
    bool done = false;

    if (user_len == secret->len)
        csn_note("%s: USER:PASSWORD is wanted there", from);
    else if (set_user(login, secret->text, user_len)) {
        login->password.len = secret->len - user_len - 1;
        memcpy(login->password.text, secret->text + user_len + 1,
            login->password.len + 1);
        login->ask = false;
        done = true;
    }
    csn_secret_wipe(secret);
    return done;
}

bool
csn_login_file(csn_login *login, const char *path)
{
    csn_secret_text secret;

    if (strcmp(path, "-") == 0)
        return csn_secret_stdin(&secret) &&
            split(login, &secret, "standard input");
    return csn_secret_file(&secret, path) && split(login, &secret, path);
}

bool
csn_login_complete(csn_login *login, const char *name, const char *whose)
{
    const char *value = getenv(name);
    char prompt[256];

    if (!login->given && value != NULL && *value != '\0') {
        csn_secret_text secret;

        return csn_secret_env(&secret, name) && split(login, &secret, name);
    }
    if (!login->given || !login->ask)
        return true;
    (void)snprintf(prompt, sizeof(prompt), "Password for the %s: ", whose);
    return csn_secret_prompt(&login->password, prompt);
}

void
csn_login_free(csn_login *login)
{
    csn_secret_wipe(&login->password);
    free(login->user);
    login->user = NULL;
    login->given = false;
    login->ask = false;
}
