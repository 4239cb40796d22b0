// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/* The directives, and where nginx calls the module. */

#define EVERYWHERE                                                            \
    (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |             \
        NGX_HTTP_LMT_CONF)
#define IN_CONF(field)                                                        \
    NGX_HTTP_LOC_CONF_OFFSET, offsetof(ngx_http_csn_loc_conf_t, field), NULL

static ngx_command_t commands[] = {
    { ngx_string("countersign"), EVERYWHERE | NGX_CONF_TAKE1,
        ngx_http_csn_set_realm, IN_CONF(realm) },
    { ngx_string("countersign_users"), EVERYWHERE | NGX_CONF_TAKE1,
        ngx_http_csn_set_users, IN_CONF(users) },
    { ngx_string("countersign_zone"), EVERYWHERE | NGX_CONF_TAKE1,
        ngx_http_csn_set_zone, IN_CONF(zone) },
    { ngx_string("countersign_keys"), EVERYWHERE | NGX_CONF_TAKE12,
        ngx_http_csn_set_keys, IN_CONF(keys) },
    { ngx_string("countersign_throttle"), EVERYWHERE | NGX_CONF_TAKE123,
        ngx_http_csn_set_throttle, IN_CONF(limits) },
    { ngx_string("countersign_algorithms"), EVERYWHERE | NGX_CONF_1MORE,
        ngx_http_csn_set_algorithms, IN_CONF(algorithms) },
    { ngx_string("countersign_qop"), EVERYWHERE | NGX_CONF_1MORE,
        ngx_http_csn_set_qop, IN_CONF(qops) },
    { ngx_string("countersign_nonce_life"), EVERYWHERE | NGX_CONF_TAKE1,
        ngx_conf_set_msec_slot, IN_CONF(nonce_life) },
    { ngx_string("countersign_allow_md5"), EVERYWHERE | NGX_CONF_FLAG,
        ngx_conf_set_flag_slot, IN_CONF(allow_md5) },
    { ngx_string("countersign_one_time"), EVERYWHERE | NGX_CONF_FLAG,
        ngx_conf_set_flag_slot, IN_CONF(one_time) },
    { ngx_string("countersign_userhash"), EVERYWHERE | NGX_CONF_FLAG,
        ngx_conf_set_flag_slot, IN_CONF(userhash) },
    { ngx_string("countersign_pass_authorization"), EVERYWHERE | NGX_CONF_FLAG,
        ngx_conf_set_flag_slot, IN_CONF(pass) },
    { ngx_string("countersign_proof_limit"), EVERYWHERE | NGX_CONF_TAKE1,
        ngx_conf_set_size_slot, IN_CONF(proof_limit) },
    { ngx_string("countersign_proof_memory"),
        NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_conf_set_size_slot,
        NGX_HTTP_MAIN_CONF_OFFSET,
        offsetof(ngx_http_csn_main_conf_t, proof_memory), NULL },
    ngx_null_command,
};

static ngx_int_t
add_handler(ngx_http_core_main_conf_t *core, ngx_uint_t phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt *place = ngx_array_push(&core->phases[phase].handlers);

    if (place == NULL)
        return NGX_ERROR;
    *place = handler;
    return NGX_OK;
}

static ngx_int_t
add_handlers(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf,
        ngx_http_core_module);

    if (add_handler(core, NGX_HTTP_ACCESS_PHASE, ngx_http_csn_access) !=
        NGX_OK)
        return NGX_ERROR;
    return add_handler(core, NGX_HTTP_PRECONTENT_PHASE,
        ngx_http_csn_precontent);
}

static ngx_http_module_t module_ctx = {
    .preconfiguration = ngx_http_csn_add_variables,
    .postconfiguration = add_handlers,
    .create_main_conf = ngx_http_csn_create_main_conf,
    .init_main_conf = ngx_http_csn_init_main_conf,
    .create_loc_conf = ngx_http_csn_create_loc_conf,
    .merge_loc_conf = ngx_http_csn_merge_loc_conf,
};

ngx_module_t ngx_http_countersign_module = {
    NGX_MODULE_V1,
    &module_ctx,
    commands,
    NGX_HTTP_MODULE,
    NULL,
    NULL,
    ngx_http_csn_users_watch,
    NULL,
    NULL,
    ngx_http_csn_users_unwatch,
    NULL,
    NGX_MODULE_V1_PADDING,
};
