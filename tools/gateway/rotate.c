// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "common/note.h"

#include <countersign/crypto_openssl.h>
#include <countersign/stores/keys.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * A new nonce key. One gateway takes it at once. Several that share the file
 * first all learn to accept it: one that met a nonce whose key it does not
 * know would have its client ask for the password.
 */

/* The key file of a gateway that was started there before, and whether it was
 * given one. */
static bool
find_keys(const char *state, char path[CSN_GW_KEYS_PATH], bool *given,
    csn_gw_error *error)
{
    char name[CSN_GW_MAX_PATH + 64];
    csn_gw_settings settings;

    csn_gw_settings_init(&settings);
    if (snprintf(name, sizeof(name), "%s/etc/countersign.settings", state) >=
        (int)sizeof(name))
        return csn_gw_fail(error, "%.400s: the path is too long", state);
    if (access(name, F_OK) == 0 &&
        !csn_gw_settings_load(&settings, name, error))
        return false;
    if (strlen(state) >= sizeof(settings.state))
        return csn_gw_fail(error, "%.400s: the path is too long", state);
    memcpy(settings.state, state, strlen(state) + 1);
    csn_gw_keys_path(&settings, path);
    *given = settings.keys[0] != '\0';
    return true;
}

static bool
find_shared_keys(const char *const *states, size_t count,
    char path[CSN_GW_KEYS_PATH], bool *given, csn_gw_error *error)
{
    for (size_t i = 0; i < count; i++) {
        char other[CSN_GW_KEYS_PATH];

        if (!find_keys(states[i], i == 0 ? path : other, given, error))
            return false;
        if (i > 0 && strcmp(path, other) != 0)
            return csn_gw_fail(error,
                "the gateways of %.100s and %.100s have different key files: "
                "give them the same --keys",
                states[0], states[i]);
    }
    return true;
}

/* Those that do not run read the file when they start. */
static bool
reload_all(const char *const *states, size_t count, csn_gw_error *error)
{
    for (size_t i = 0; i < count; i++) {
        csn_gw_error none;

        if (csn_gw_state_owner(states[i], &none) != 0 &&
            !csn_gw_reload(states[i], error))
            return false;
    }
    return true;
}

bool
csn_gw_rotate(const char *const *states, size_t count, csn_gw_error *error)
{
    char path[CSN_GW_KEYS_PATH];
    csn_keys_error why = { "" };
    csn_status status;
    bool given;

    if (!find_shared_keys(states, count, path, &given, error))
        return false;
    if (count == 1 && given)
        csn_note("%s: a gateway that shares it and is not named here learns "
                 "the new key at its next reload",
            path);
    if (count == 1) {
        status = csn_keys_rotate(path, csn_crypto_openssl(), &why);
    } else {
        status = csn_keys_announce(path, csn_crypto_openssl(), &why);
        if (status == CSN_OK && !reload_all(states, count, error))
            return false;
        if (status == CSN_OK)
            status = csn_keys_promote(path, &why);
    }
    if (status != CSN_OK)
        return csn_gw_fail(error, "%.200s: %s", path, why.text);
    return reload_all(states, count, error);
}
