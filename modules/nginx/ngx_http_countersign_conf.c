// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/* Directives: read, inherited, merged. */

#define DEFAULT_ZONE "countersign_default"
enum {
    DEFAULT_ZONE_SIZE = 16 << 20,
    ZONE_PAGES = 8, /* as nginx's own modules demand */
    DEFAULT_PROOF_LIMIT = 1 << 20,
    DEFAULT_PROOF_MEMORY = 64 << 20
};

static const csn_throttle_limits default_limits = { 20, 60000, 5000 };

static ngx_str_t *
argument(ngx_conf_t *cf, ngx_uint_t index)
{
    return (ngx_str_t *)cf->args->elts + index;
}

void *
ngx_http_csn_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_csn_main_conf_t *conf = ngx_pcalloc(cf->pool, sizeof(*conf));

    if (conf == NULL ||
        ngx_array_init(&conf->users, cf->pool, 2, sizeof(void *)) != NGX_OK ||
        ngx_array_init(&conf->keys, cf->pool, 2, sizeof(void *)) != NGX_OK ||
        ngx_array_init(&conf->guards, cf->pool, 4, sizeof(void *)) != NGX_OK)
        return NULL;
    conf->proof_memory = NGX_CONF_UNSET_SIZE;
    return conf;
}

char *
ngx_http_csn_init_main_conf(ngx_conf_t *cf, void *given)
{
    ngx_http_csn_main_conf_t *conf = given;

    (void)cf;
    ngx_conf_init_size_value(conf->proof_memory, DEFAULT_PROOF_MEMORY);
    return NGX_CONF_OK;
}

void *
ngx_http_csn_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_csn_loc_conf_t *conf = ngx_pcalloc(cf->pool, sizeof(*conf));

    if (conf == NULL)
        return NULL;
    conf->realm = NGX_CONF_UNSET_PTR;
    conf->users = NGX_CONF_UNSET_PTR;
    conf->zone = NGX_CONF_UNSET_PTR;
    conf->keys = NGX_CONF_UNSET_PTR;
    conf->limits = default_limits;
    conf->throttle = NGX_CONF_UNSET;
    conf->algorithms = NGX_CONF_UNSET_PTR;
    conf->qops = NGX_CONF_UNSET_UINT;
    conf->nonce_life = NGX_CONF_UNSET_MSEC;
    conf->allow_md5 = NGX_CONF_UNSET;
    conf->one_time = NGX_CONF_UNSET;
    conf->userhash = NGX_CONF_UNSET;
    conf->pass = NGX_CONF_UNSET;
    conf->proof_limit = NGX_CONF_UNSET_SIZE;
    return conf;
}

char *
ngx_http_csn_set_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *given)
{
    ngx_http_csn_loc_conf_t *conf = given;
    ngx_str_t *value = argument(cf, 1);
    ngx_http_compile_complex_value_t compile = { .cf = cf, .value = value };

    if (conf->realm != NGX_CONF_UNSET_PTR)
        return "is duplicate";
    if (value->len == 0)
        return "needs a realm, or \"off\"";
    conf->file = cf->conf_file->file.name;
    conf->line = cf->conf_file->line;
    conf->realm = NULL;
    if (ngx_strcmp(value->data, "off") == 0)
        return NGX_CONF_OK;
    conf->realm = ngx_pcalloc(cf->pool, sizeof(*conf->realm));
    if (conf->realm == NULL)
        return NGX_CONF_ERROR;
    compile.complex_value = conf->realm;
    return ngx_http_compile_complex_value(&compile) == NGX_OK ? NGX_CONF_OK
                                                              : NGX_CONF_ERROR;
}

char *
ngx_http_csn_set_users(ngx_conf_t *cf, ngx_command_t *cmd, void *given)
{
    ngx_http_csn_loc_conf_t *conf = given;

    if (conf->users != NGX_CONF_UNSET_PTR)
        return "is duplicate";
    if (ngx_conf_full_name(cf->cycle, argument(cf, 1), 1) != NGX_OK)
        return NGX_CONF_ERROR;
    conf->users = ngx_http_csn_users_add(cf, argument(cf, 1));
    return conf->users != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}

char *
ngx_http_csn_set_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *given)
{
    ngx_http_csn_loc_conf_t *conf = given;
    ngx_str_t *value = argument(cf, 1);
    ngx_str_t name = *value;
    ngx_str_t text;
    u_char *colon = ngx_strlchr(value->data, value->data + value->len, ':');
    ssize_t size = 0;

    if (conf->zone != NGX_CONF_UNSET_PTR)
        return "is duplicate";
    if (colon != NULL) {
        name.len = (size_t)(colon - value->data);
        text.data = colon + 1;
        text.len = value->len - name.len - 1;
        size = ngx_parse_size(&text);
        if (size <= 0)
            return "needs NAME:SIZE, such as logins:16m";
    }
    if (colon != NULL && size < ZONE_PAGES * (ssize_t)ngx_pagesize)
        return "is too small; 16m suits most";
    if (name.len == 0)
        return "needs NAME:SIZE, such as logins:16m";
    conf->zone = ngx_http_csn_zone_add(cf, &name, (size_t)size);
    return conf->zone != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}

char *
ngx_http_csn_set_algorithms(ngx_conf_t *cf, ngx_command_t *cmd, void *given)
{
    ngx_http_csn_loc_conf_t *conf = given;

    if (conf->algorithms != NGX_CONF_UNSET_PTR)
        return "is duplicate";
    if (cf->args->nelts - 1 > CSN_ALG_COUNT)
        return "names more algorithms than there are";
    conf->algorithms = ngx_array_create(cf->pool, cf->args->nelts - 1,
        sizeof(csn_algorithm));
    if (conf->algorithms == NULL)
        return NGX_CONF_ERROR;
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        csn_algorithm *place = ngx_array_push(conf->algorithms);

        *place = csn_algorithm_find(ngx_http_csn_span(argument(cf, i)));
        if (*place == CSN_ALG_UNKNOWN) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                "\"%V\" is no algorithm of Digest", argument(cf, i));
            return NGX_CONF_ERROR;
        }
    }
    return NGX_CONF_OK;
}

char *
ngx_http_csn_set_qop(ngx_conf_t *cf, ngx_command_t *cmd, void *given)
{
    ngx_http_csn_loc_conf_t *conf = given;

    if (conf->qops != NGX_CONF_UNSET_UINT)
        return "is duplicate";
    conf->qops = 0;
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        if (ngx_strcmp(argument(cf, i)->data, "auth") == 0)
            conf->qops |= CSN_QOP_AUTH;
        else if (ngx_strcmp(argument(cf, i)->data, "auth-int") == 0)
            conf->qops |= CSN_QOP_AUTH_INT;
        else
            return "takes auth, auth-int, or both";
    }
    return NGX_CONF_OK;
}

/* Whether these settings are a server's as such: locations may still say what
 * lacks. */
static ngx_flag_t
is_server_level(ngx_conf_t *cf)
{
    ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf,
        ngx_http_core_module);

    return core->name.len == 0 && !core->noname;
}

/* What stands in a location that asks for logins, once it is all known. */
static char *
guard(ngx_conf_t *cf, ngx_http_csn_loc_conf_t *conf)
{
    ngx_str_t zone = ngx_string(DEFAULT_ZONE);

    if (conf->users == NULL && is_server_level(cf))
        return NGX_CONF_OK; /* a request that gets here anyway gets 500 */
    if (conf->users == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"countersign %V\" has no \"countersign_users\"",
            &conf->realm->value);
        return NGX_CONF_ERROR;
    }
    if (conf->zone == NULL)
        conf->zone = ngx_http_csn_zone_add(cf, &zone, DEFAULT_ZONE_SIZE);
    if (conf->zone == NULL)
        return NGX_CONF_ERROR;
    conf->guard = ngx_http_csn_guard_get(cf, conf);
    return conf->guard != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}

char *
ngx_http_csn_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_csn_loc_conf_t *prev = parent;
    ngx_http_csn_loc_conf_t *conf = child;
    ngx_conf_file_t *read = cf->conf_file;
    ngx_conf_file_t said = *read;
    char *rc;

    if (conf->realm == NGX_CONF_UNSET_PTR) {
        conf->file = prev->file;
        conf->line = prev->line;
    }
    ngx_conf_merge_ptr_value(conf->realm, prev->realm, NULL);
    ngx_conf_merge_ptr_value(conf->users, prev->users, NULL);
    ngx_conf_merge_ptr_value(conf->zone, prev->zone, NULL);
    ngx_conf_merge_ptr_value(conf->keys, prev->keys, NULL);
    if (conf->throttle == NGX_CONF_UNSET)
        conf->limits = prev->limits;
    ngx_conf_merge_ptr_value(conf->algorithms, prev->algorithms, NULL);
    ngx_conf_merge_uint_value(conf->qops, prev->qops, CSN_QOP_AUTH);
    ngx_conf_merge_msec_value(conf->nonce_life, prev->nonce_life,
        CSN_NONCE_LIFE_MS);
    ngx_conf_merge_value(conf->allow_md5, prev->allow_md5, 0);
    ngx_conf_merge_value(conf->one_time, prev->one_time, 0);
    ngx_conf_merge_value(conf->userhash, prev->userhash, 0);
    ngx_conf_merge_value(conf->pass, prev->pass, 0);
    ngx_conf_merge_size_value(conf->proof_limit, prev->proof_limit,
        DEFAULT_PROOF_LIMIT);
    if (conf->realm == NULL)
        return NGX_CONF_OK;

    /* nginx has read on to the end of the block: what is wrong is wrong where
     * the login is asked for. */
    said.file.name = conf->file;
    said.line = conf->line;
    cf->conf_file = &said;
    rc = guard(cf, conf);
    cf->conf_file = read;
    return rc;
}
