// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * A guard is what a location is guarded by. Equal settings make one, so that
 * a request redirected from one location to another stays judged.
 */

static csn_server_config
configure(ngx_conf_t *cf, const ngx_http_csn_loc_conf_t *conf)
{
    ngx_http_core_srv_conf_t *server = ngx_http_conf_get_module_srv_conf(cf,
        ngx_http_core_module);
    csn_server_config config = {
        .version = CSN_SERVER_CONFIG_VERSION,
        .layer = CSN_LAYER_ORIGIN,
        .realm = ngx_http_csn_span(&conf->realm->value),
        .site = ngx_http_csn_span(&server->server_name),
        .nonce_life_ms = (uint32_t)conf->nonce_life,
        .one_time = conf->one_time,
        .allow_md5 = conf->allow_md5,
        .qops = (unsigned)conf->qops,
        .userhash = conf->userhash,
    };

    if (conf->algorithms == NULL) {
        config.algorithms[0] = CSN_ALG_SHA_256;
        config.algorithm_count = 1;
        return config;
    }
    config.algorithm_count = conf->algorithms->nelts;
    ngx_memcpy(config.algorithms, conf->algorithms->elts,
        conf->algorithms->nelts * sizeof(csn_algorithm));
    return config;
}

static ngx_flag_t
span_equal(csn_span a, csn_span b)
{
    return a.len == b.len && ngx_memcmp(a.ptr, b.ptr, a.len) == 0;
}

static ngx_flag_t
config_equal(const csn_server_config *a, const csn_server_config *b)
{
    return span_equal(a->realm, b->realm) && span_equal(a->site, b->site) &&
        a->algorithm_count == b->algorithm_count &&
        ngx_memcmp(a->algorithms, b->algorithms,
            a->algorithm_count * sizeof(csn_algorithm)) == 0 &&
        a->nonce_life_ms == b->nonce_life_ms && a->one_time == b->one_time &&
        a->allow_md5 == b->allow_md5 && a->qops == b->qops &&
        a->userhash == b->userhash;
}

static ngx_http_csn_guard_t *
find(const ngx_http_csn_main_conf_t *main, const csn_server_config *config,
    const ngx_http_csn_loc_conf_t *conf)
{
    ngx_http_csn_guard_t **guards = main->guards.elts;

    for (ngx_uint_t i = 0; i < main->guards.nelts; i++) {
        if (guards[i]->users == conf->users && guards[i]->zone == conf->zone &&
            guards[i]->keys == conf->keys && guards[i]->pass == conf->pass &&
            ngx_memcmp(&guards[i]->limits, &conf->limits,
                sizeof(conf->limits)) == 0 &&
            config_equal(&guards[i]->config, config))
            return guards[i];
    }
    return NULL;
}

/* Who is offered an algorithm that no user has cannot log in with it. */
static void
warn_without_users(ngx_conf_t *cf, ngx_http_csn_guard_t *guard)
{
    for (size_t i = 0; i < guard->config.algorithm_count; i++) {
        csn_hash hash = csn_algorithm_hash(guard->config.algorithms[i]);
        csn_span name = csn_hash_name(hash);

        if (!csn_users_has(ngx_http_csn_users_now(guard->users),
                guard->config.realm, hash))
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                "no user of the realm \"%*s\" has %*s",
                guard->config.realm.len, guard->config.realm.ptr, name.len,
                name.ptr);
    }
}

static void
wipe(void *data)
{
    ngx_http_csn_guard_t *guard = data;

    ngx_http_csn_locks_drop(guard);
}

/* Whether a server can be made of these settings, with keys that stand for
 * the real ones. A realm that has variables is looked at again when it is
 * known. */
static ngx_flag_t
lacks_allow_md5(const csn_server_config *config)
{
    for (size_t i = 0; i < config->algorithm_count; i++)
        if (csn_algorithm_hash(config->algorithms[i]) == CSN_HASH_MD5)
            return !config->allow_md5;
    return 0;
}

static ngx_int_t
check(ngx_conf_t *cf, const csn_server_config *config,
    const ngx_http_csn_loc_conf_t *conf)
{
    const csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    csn_server server;
    csn_status status;

    status = csn_server_init(&server, config, csn_crypto_openssl(), &key, 1);
    if (status == CSN_OK) {
        csn_server_wipe(&server);
        return NGX_OK;
    }
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
        "\"countersign %V\" with these settings: %s", &conf->realm->value,
        lacks_allow_md5(config) ? "MD5 needs \"countersign_allow_md5 on\""
                                : csn_status_text(status));
    return NGX_ERROR;
}

static ngx_http_csn_guard_t *
make(ngx_conf_t *cf, const csn_server_config *config,
    const ngx_http_csn_loc_conf_t *conf)
{
    ngx_http_csn_guard_t *guard = ngx_pcalloc(cf->pool, sizeof(*guard));
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);

    if (guard == NULL || cleanup == NULL || check(cf, config, conf) != NGX_OK)
        return NULL;
    cleanup->handler = wipe;
    cleanup->data = guard;
    guard->config = *config;
    guard->users = conf->users;
    guard->zone = conf->zone;
    guard->keys = conf->keys;
    guard->limits = conf->limits;
    guard->pass = conf->pass;
    if (conf->realm->lengths == NULL)
        warn_without_users(cf, guard);
    return guard;
}

ngx_http_csn_guard_t *
ngx_http_csn_guard_get(ngx_conf_t *cf, const ngx_http_csn_loc_conf_t *conf)
{
    ngx_http_csn_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf,
        ngx_http_countersign_module);
    csn_server_config config = configure(cf, conf);
    ngx_http_csn_guard_t *guard = find(main, &config, conf);
    ngx_http_csn_guard_t **place;

    if (conf->nonce_life == 0 || conf->nonce_life > UINT32_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"countersign_nonce_life\" is too %s",
            conf->nonce_life == 0 ? "short" : "long");
        return NULL;
    }
    if (guard != NULL)
        return guard;
    guard = make(cf, &config, conf);
    place = guard != NULL ? ngx_array_push(&main->guards) : NULL;
    if (place == NULL)
        return NULL;
    *place = guard;
    return guard;
}

void
ngx_http_csn_guards_start(const ngx_http_csn_main_conf_t *main,
    const ngx_shm_zone_t *zone, const csn_key *key)
{
    ngx_http_csn_guard_t **guards = main->guards.elts;

    for (ngx_uint_t i = 0; i < main->guards.nelts; i++) {
        const ngx_http_csn_keys_t *keys = guards[i]->keys;

        if (guards[i]->zone != zone)
            continue;
        guards[i]->key_list = keys != NULL ? keys->keys : key;
        guards[i]->key_count = keys != NULL ? keys->count : 1;
    }
}
