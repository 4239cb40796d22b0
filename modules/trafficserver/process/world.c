// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <countersign/stores/keys.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Readers: a thread makes its turn odd, takes the pointer, works, and makes
 * the turn even again. The writer swaps the pointer and then waits for each
 * thread whose turn is odd until it changes: who enters later sees the new
 * world, since turn and pointer are read and written in one total order.
 */

const csn_gw_world *
csn_gw_world_enter(csn_gw_thread *thread)
{
    atomic_fetch_add(&thread->turn, 1);
    return atomic_load(&csn_gateway.world);
}

void
csn_gw_world_leave(csn_gw_thread *thread)
{
    atomic_fetch_add_explicit(&thread->turn, 1, memory_order_release);
}

static void
wait_for_readers(void)
{
    const struct timespec pause = { .tv_nsec = 1000000 };

    for (csn_gw_thread *thread = csn_gw_thread_first(); thread != NULL;
         thread = thread->next) {
        uint64_t turn = atomic_load(&thread->turn);

        while ((turn & 1) != 0 && atomic_load(&thread->turn) == turn)
            nanosleep(&pause, NULL);
    }
}

static void
world_free(csn_gw_world *world)
{
    if (world == NULL)
        return;
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (world->users[layer] != NULL)
            csn_users_release(world->users[layer]);
        csn_server_wipe(&world->server[layer]);
    }
    csn_gw_certificate_free(world->certificate);
    free(world);
}

static bool
load_users(csn_gw_world *world, csn_gw_error *error)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    csn_users_error why = { "" };

    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        const char *path = settings->users[layer];

        if (!csn_gw_settings_asks(settings, (csn_layer)layer))
            continue;
        if (layer == CSN_LAYER_PROXY && world->users[0] != NULL &&
            strcmp(path, settings->users[0]) == 0)
            world->users[layer] = csn_users_hold(world->users[0]);
        else if (csn_users_load(path, csn_gateway.crypto, &world->users[layer],
                     &why) != CSN_OK)
            return csn_gw_fail(error, "%.200s: %s", path, why.text);
    }
    return true;
}

static bool
load_servers(csn_gw_world *world, csn_gw_error *error)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    char path[CSN_GW_KEYS_PATH];
    csn_key keys[CSN_MAX_KEYS];
    csn_keys_error why = { "" };
    size_t count;
    bool good = true;

    csn_gw_keys_path(settings, path);
    if (csn_keys_load(path, keys, &count, &why) != CSN_OK)
        return csn_gw_fail(error, "%.200s: %s", path, why.text);
    for (int layer = 0; good && layer < CSN_GW_LAYERS; layer++) {
        csn_server_config config = csn_gw_settings_server(settings,
            (csn_layer)layer);
        csn_status status;

        if (!csn_gw_settings_asks(settings, (csn_layer)layer))
            continue;
        status = csn_server_init(&world->server[layer], &config,
            csn_gateway.crypto, keys, count);
        if (status != CSN_OK)
            good = csn_gw_fail(error, "%.200s or the settings: %s", path,
                csn_status_text(status));
    }
    explicit_bzero(keys, sizeof(keys));
    return good;
}

static bool
load_certificate(csn_gw_world *world, csn_gw_error *error)
{
    const csn_gw_settings *settings = &csn_gateway.settings;

    if (settings->tls_cert[0] == '\0')
        return true;
    world->certificate = csn_gw_certificate_load(settings->tls_cert,
        settings->tls_key, error);
    return world->certificate != NULL;
}

bool
csn_gw_world_load(csn_gw_error *error)
{
    csn_gw_world *world = calloc(1, sizeof(*world));

    atomic_store(&csn_gateway.loaded_ms, csn_gw_wall_ms());
    if (world == NULL)
        return csn_gw_fail(error, "no memory");
    if (!load_users(world, error) || !load_servers(world, error) ||
        !load_certificate(world, error) || !csn_gw_hops_load(error)) {
        world_free(world);
        atomic_fetch_add(&csn_gateway.reload_failures, 1);
        return false;
    }
    world = atomic_exchange(&csn_gateway.world, world);
    wait_for_readers();
    world_free(world);
    atomic_fetch_add(&csn_gateway.reloads, 1);
    return true;
}
