// SPDX-License-Identifier: MIT
#include "secrets.h"

#include "common/note.h"
#include "core/ct.h"

#include <stdlib.h>
#include <string.h>

static bool
read_environment(csn_layer layer, inspect_login *login)
{
    static const char *const names[] = {
        [CSN_LAYER_ORIGIN] = "COUNTERSIGN_PASSWORD",
        [CSN_LAYER_PROXY] = "COUNTERSIGN_PROXY_PASSWORD",
    };

    if (getenv(names[layer]) == NULL || inspect_login_is_given(login))
        return true;
    login->has_password = csn_secret_env(&login->password, names[layer]);
    return login->has_password;
}

static bool
read_password(const inspect_secret *secret, csn_layer layer,
    inspect_login *login)
{
    switch (secret->source) {
    case INSPECT_FROM_NOWHERE:
        return read_environment(layer, login);
    case INSPECT_FROM_FILE:
        login->has_password = csn_secret_file(&login->password, secret->value);
        break;
    case INSPECT_FROM_STDIN:
        login->has_password = csn_secret_stdin(&login->password);
        break;
    case INSPECT_FROM_PROMPT:
        login->has_password = csn_secret_prompt(&login->password,
            "Password: ");
        break;
    case INSPECT_FROM_ARGUMENT:
        login->has_password = csn_secret_argument(&login->password,
            secret->value);
        break;
    }
    return login->has_password;
}

static bool
take_ha1(inspect_login *login, csn_secret_text *text)
{
    const char *fault = inspect_login_take_ha1(login, text->text);

    csn_secret_wipe(text);
    if (fault != NULL)
        csn_note("%s", fault);
    return fault == NULL;
}

bool
inspect_secret_read(const inspect_secret *secret, csn_layer layer,
    inspect_login *login)
{
    csn_secret_text text;

    memset(login, 0, sizeof(*login));
    login->user = secret->user;
    for (size_t i = 0; i < secret->ha1_count; i++) {
        if (!csn_secret_argument(&text, secret->ha1[i]) ||
            !take_ha1(login, &text))
            return false;
    }
    for (size_t i = 0; i < secret->ha1_file_count; i++) {
        if (!csn_secret_file(&text, secret->ha1_files[i]) ||
            !take_ha1(login, &text))
            return false;
    }
    return read_password(secret, layer, login);
}
