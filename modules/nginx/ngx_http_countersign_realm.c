// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

#include <stdlib.h>

/*
 * What a request is to log in to. A realm may have variables, and a server of
 * the engine has one realm and one layer, so a guard keeps those that were
 * asked for last: nothing is lost with the others, for their nonces are good
 * without them.
 */

struct ngx_http_csn_lock {
    csn_server server;
    csn_layer layer;
    size_t realm_len;
    uint8_t realm[CSN_MAX_REALM];
    uint64_t used;
};

ngx_int_t
ngx_http_csn_realm(ngx_http_request_t *r, ngx_str_t *realm)
{
    static const ngx_str_t off = ngx_string("off");
    const ngx_http_csn_loc_conf_t *conf = ngx_http_get_module_loc_conf(r,
        ngx_http_countersign_module);

    if (conf->realm == NULL)
        return NGX_DECLINED;
    if (ngx_http_complex_value(r, conf->realm, realm) != NGX_OK)
        return NGX_ERROR;
    if (realm->len == off.len &&
        ngx_memcmp(realm->data, off.data, off.len) == 0)
        return NGX_DECLINED;
    return NGX_OK;
}

static ngx_http_csn_lock_t *
find(const ngx_http_csn_guard_t *guard, csn_layer layer,
    const ngx_str_t *realm)
{
    for (size_t i = 0; i < guard->lock_count; i++) {
        ngx_http_csn_lock_t *lock = guard->locks[i];

        if (lock->layer == layer && lock->realm_len == realm->len &&
            ngx_memcmp(lock->realm, realm->data, realm->len) == 0)
            return lock;
    }
    return NULL;
}

/* A place that is free, or that of what was not used for longest. */
static ngx_http_csn_lock_t *
take_place(ngx_http_csn_guard_t *guard)
{
    ngx_http_csn_lock_t *oldest;

    if (guard->lock_count < NGX_HTTP_CSN_LOCKS) {
        /* The server inside wants more than a pool's alignment. */
        oldest = aligned_alloc(_Alignof(ngx_http_csn_lock_t), sizeof(*oldest));
        if (oldest != NULL)
            guard->locks[guard->lock_count++] = oldest;
        return oldest;
    }
    oldest = guard->locks[0];
    for (size_t i = 1; i < guard->lock_count; i++) {
        if (guard->locks[i]->used < oldest->used)
            oldest = guard->locks[i];
    }
    csn_server_wipe(&oldest->server);
    return oldest;
}

static csn_status
make(ngx_http_csn_guard_t *guard, csn_layer layer, const ngx_str_t *realm,
    ngx_http_csn_lock_t **made)
{
    csn_server_config config = guard->config;
    csn_server server;
    csn_status status;

    config.layer = layer;
    config.realm = ngx_http_csn_span(realm);
    status = csn_server_init(&server, &config, csn_crypto_openssl(),
        guard->key_list, guard->key_count);
    if (status != CSN_OK)
        return status;
    *made = take_place(guard);
    if (*made != NULL) {
        (*made)->server = server;
        (*made)->layer = layer;
        (*made)->realm_len = realm->len;
        ngx_memcpy((*made)->realm, realm->data, realm->len);
    }
    csn_server_wipe(&server);
    return CSN_OK;
}

const csn_server *
ngx_http_csn_server(ngx_http_request_t *r, ngx_http_csn_guard_t *guard,
    csn_layer layer, const ngx_str_t *realm)
{
    ngx_http_csn_lock_t *lock = find(guard, layer, realm);
    csn_status status = CSN_OK;

    if (lock == NULL)
        status = make(guard, layer, realm, &lock);
    if (status != CSN_OK)
        /* What a variable gave may break lines: it is not shown. */
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
            "countersign: a realm made of \"%*s\" cannot be used: %s",
            guard->config.realm.len, guard->config.realm.ptr,
            csn_status_text(status));
    if (lock == NULL)
        return NULL;
    lock->used = ++guard->clock;
    return &lock->server;
}

void
ngx_http_csn_locks_drop(ngx_http_csn_guard_t *guard)
{
    for (size_t i = 0; i < guard->lock_count; i++) {
        csn_server_wipe(&guard->locks[i]->server);
        free(guard->locks[i]);
    }
    guard->lock_count = 0;
}
