// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * Key files: read with the configuration, by the master, who may read what
 * workers may not; these inherit the keys. A reload reads them anew.
 */

static void
wipe(void *data)
{
    ngx_http_csn_keys_t *keys = data;

    ngx_explicit_memzero(keys->keys, sizeof(keys->keys));
}

static ngx_http_csn_keys_t *
find(const ngx_http_csn_main_conf_t *main, const ngx_str_t *path)
{
    ngx_http_csn_keys_t **all = main->keys.elts;

    for (ngx_uint_t i = 0; i < main->keys.nelts; i++) {
        if (all[i]->path.len == path->len &&
            ngx_memcmp(all[i]->path.data, path->data, path->len) == 0)
            return all[i];
    }
    return NULL;
}

static ngx_int_t
load(ngx_conf_t *cf, ngx_http_csn_keys_t *keys)
{
    csn_keys_error error = { "" };

    if (csn_keys_load((const char *)keys->path.data, keys->keys, &keys->count,
            &error) == CSN_OK)
        return NGX_OK;
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", &keys->path,
        error.text);
    return NGX_ERROR;
}

static ngx_http_csn_keys_t *
add(ngx_conf_t *cf, const ngx_str_t *path)
{
    ngx_http_csn_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf,
        ngx_http_countersign_module);
    ngx_http_csn_keys_t *keys = find(main, path);
    ngx_http_csn_keys_t **place;
    ngx_pool_cleanup_t *cleanup;

    if (keys != NULL)
        return keys;
    keys = ngx_pcalloc(cf->pool, sizeof(*keys));
    cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    place = ngx_array_push(&main->keys);
    if (keys == NULL || cleanup == NULL || place == NULL)
        return NULL;
    keys->path = *path;
    cleanup->handler = wipe;
    cleanup->data = keys;
    *place = keys;
    return load(cf, keys) == NGX_OK ? keys : NULL;
}

static ngx_int_t
create(ngx_conf_t *cf, const ngx_str_t *path)
{
    csn_keys_error error = { "" };

    if (csn_keys_create((const char *)path->data, csn_crypto_openssl(),
            &error) == CSN_OK)
        return NGX_OK;
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", path, error.text);
    return NGX_ERROR;
}

char *
ngx_http_csn_set_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *given)
{
    ngx_http_csn_loc_conf_t *conf = given;
    ngx_str_t *value = cf->args->elts;
    ngx_flag_t creates = cf->args->nelts == 3;

    if (conf->keys != NGX_CONF_UNSET_PTR)
        return "is duplicate";
    conf->keys = NULL;
    if (!creates && ngx_strcmp(value[1].data, "off") == 0)
        return NGX_CONF_OK;
    if (creates && ngx_strcmp(value[2].data, "create") != 0)
        return "takes a file, and \"create\" where it may be made";
    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK ||
        (creates && create(cf, &value[1]) != NGX_OK))
        return NGX_CONF_ERROR;
    conf->keys = add(cf, &value[1]);
    return conf->keys != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}
