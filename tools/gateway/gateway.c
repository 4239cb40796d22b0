// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "settings/address.h"
#include "owner.h"
#include "present/login.h"

#include "common/exit.h"
#include "common/note.h"
#include "verbs.h"

#include <countersign/stores/users.h>

#include <string.h>

/* A warning, not an error: users may be added while the gateway runs. */
static void
note_missing_users(const csn_gw_settings *settings, csn_layer layer,
    const csn_users *users)
{
    csn_span realm = { (const uint8_t *)settings->realm[layer],
        strlen(settings->realm[layer]) };

    for (size_t i = 0; i < settings->algorithm_count; i++) {
        csn_hash hash = csn_algorithm_hash(settings->algorithms[i]);
        csn_span name = csn_hash_name(hash);

        if (!csn_users_has(users, realm, hash))
            csn_note("%s has no user with %.*s in realm \"%s\": nobody can "
                     "log in there that way",
                settings->users[layer], (int)name.len, (const char *)name.ptr,
                settings->realm[layer]);
    }
}

/* H-16, H-28: a balancer in front is taken to speak TLS itself. */
static void
note_plain(const csn_gw_settings *settings)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        const csn_gw_listen *listen = &settings->listens[i];

        if (!listen->admin && !listen->tls &&
            settings->source == CSN_GW_SOURCE_DIRECT &&
            !csn_gw_is_loopback((const struct sockaddr *)&listen->address))
            csn_note("%s is without TLS: whoever listens in reads all that is "
                     "sent and can guess passwords from it, unseen",
                listen->text);
    }
}

static bool
check_logins(const csn_gw_settings *settings, csn_gw_error *error)
{
    csn_gw_login login;

    if (settings->via.present && !settings->via_relay &&
        !csn_gw_login_read_via(settings, &login, error))
        return false;
    for (size_t i = 0; i < settings->presented_count; i++) {
        if (!csn_gw_login_read_present(settings, &settings->presented[i],
                &login, error))
            return false;
    }
    csn_gw_login_wipe(&login);
    return true;
}

bool
csn_gw_check(const csn_gw_settings *settings, csn_gw_error *error)
{
    if (settings->open_count > 0 && !csn_gw_owner_works(error))
        return false;
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        csn_users_error why = { "" };
        csn_users *users;

        if (!csn_gw_settings_asks(settings, (csn_layer)layer))
            continue;
        if (csn_users_load(settings->users[layer], NULL, &users, &why) !=
            CSN_OK)
            return csn_gw_fail(error, "%.200s: %s", settings->users[layer],
                why.text);
        note_missing_users(settings, (csn_layer)layer, users);
        csn_users_release(users);
    }
    for (size_t i = 0; i < settings->algorithm_count; i++) {
        if (settings->algorithms[i] == CSN_ALG_MD5)
            csn_note("MD5 is switched on (RFC 7616 advises against it)");
    }
    note_plain(settings);
    return csn_gw_keys_check(settings, error) && check_logins(settings, error);
}

static int
fail(const csn_gw_error *error)
{
    csn_note("%s", error->text);
    return CSN_EXIT_USAGE;
}

int
csn_cmd_gateway(int argc, char **argv)
{
    static const csn_gw_use use = { .ready = csn_gw_say_ready };
    csn_gw_options options;
    csn_gw_state state;
    csn_gw_error error;
    int code = CSN_EXIT_OK;

    if (argc > 1 && csn_gw_is_verb(argv[1]))
        return csn_gw_verb(argc - 1, argv + 1);
    if (!csn_gw_options_read(argc, argv, &options, &code))
        return code;
    if (!csn_gw_settings_finish(&options.settings, &error) ||
        !csn_gw_paths_absolute(&options.settings, &error) ||
        !csn_gw_check(&options.settings, &error))
        return fail(&error);
    if (options.check_only) {
        puts("the settings are good");
        return CSN_EXIT_OK;
    }
    if (!csn_gw_state_open(options.settings.state, &state, &error))
        return fail(&error);
    memcpy(options.settings.state, state.directory, CSN_GW_MAX_PATH);
    code = csn_gw_run(&options.settings, &state, &use);
    csn_gw_state_close(&state);
    return code;
}
