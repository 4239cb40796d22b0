// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * A zone: its head with the key, failed logins, and the counts in all the
 * memory behind those. A reload finds all of it there; a zone that begins anew
 * draws a key and a count domain, so a nonce of the old one is never fresh.
 */

enum { THROTTLE_SHARE = 16 }; /* of the memory, and no more than its default */

/* What stands first in the zone; the master alone writes it. */
typedef struct zone_head {
    csn_key key;
    csn_throttle *throttle;
    void *table;
    size_t table_size;
} zone_head;

/* What the zone keeps between configurations, beside what lies in it. */
typedef struct zone_data {
    ngx_http_csn_zone_t zone; /* first: others see this alone */
    ngx_http_csn_main_conf_t *main;
} zone_data;

static ngx_int_t
fail(ngx_shm_zone_t *shm, const char *what)
{
    ngx_log_error(NGX_LOG_EMERG, shm->shm.log, 0,
        "countersign_zone \"%V\": %s", &shm->shm.name, what);
    return NGX_ERROR;
}

/* Made by the master, whose addresses the workers have. */
static ngx_int_t
begin_throttle(ngx_shm_zone_t *shm, zone_head *head)
{
    ngx_slab_pool_t *pool = (ngx_slab_pool_t *)shm->shm.addr;
    size_t size = pool->pfree / THROTTLE_SHARE * ngx_pagesize;
    void *memory;
    csn_status status;

    if (size == 0)
        size = ngx_pagesize;
    if (size > CSN_THROTTLE_DEFAULT_SIZE)
        size = CSN_THROTTLE_DEFAULT_SIZE;
    memory = ngx_slab_alloc(pool, size);
    if (memory == NULL)
        return fail(shm, "is too small");
    status = csn_throttle_init(memory, size, csn_crypto_openssl(),
        ngx_http_csn_wall_ms(), &head->throttle);
    return status == CSN_OK ? NGX_OK : fail(shm, csn_status_text(status));
}

/* An empty zone: the head, then a table in what is left. */
static ngx_int_t
begin(ngx_shm_zone_t *shm, zone_data *data)
{
    ngx_slab_pool_t *pool = (ngx_slab_pool_t *)shm->shm.addr;
    const csn_crypto *crypto = csn_crypto_openssl();
    zone_head *head = ngx_slab_calloc(pool, sizeof(*head));
    csn_status status;

    if (head == NULL)
        return fail(shm, "is too small");
    pool->log_nomem = 0;
    head->key.id = 1;
    head->key.state = CSN_KEY_MINT;
    status = crypto->random(head->key.secret, sizeof(head->key.secret));
    if (status != CSN_OK)
        return fail(shm, csn_status_text(status));
    if (begin_throttle(shm, head) != NGX_OK)
        return NGX_ERROR;
    head->table_size = pool->pfree * ngx_pagesize;
    if (head->table_size < csn_counts_min_size())
        return fail(shm, "is too small");
    head->table = ngx_slab_alloc(pool, head->table_size);
    if (head->table == NULL)
        return fail(shm, "is too small");
    status = csn_counts_init(head->table, head->table_size, crypto,
        ngx_http_csn_wall_ms(), &data->zone.counts);
    if (status != CSN_OK)
        return fail(shm, csn_status_text(status));
    data->zone.shared = head;
    return NGX_OK;
}

/* The zone as the configuration before this one left it. */
static ngx_int_t
go_on(ngx_shm_zone_t *shm, zone_data *data, const zone_data *old)
{
    zone_head *head = old->zone.shared;
    csn_status status = csn_counts_attach(head->table, head->table_size,
        &data->zone.counts);

    if (status != CSN_OK)
        return fail(shm, csn_status_text(status));
    data->zone.shared = head;
    return NGX_OK;
}

static ngx_int_t
zone_init(ngx_shm_zone_t *shm, void *old)
{
    zone_data *data = shm->data;
    ngx_int_t rc = old != NULL ? go_on(shm, data, old) : begin(shm, data);

    if (rc != NGX_OK)
        return rc;
    data->zone.throttle = ((zone_head *)data->zone.shared)->throttle;
    csn_counts_domain(data->zone.counts, data->zone.domain);
    ngx_http_csn_guards_start(data->main, shm,
        &((zone_head *)data->zone.shared)->key);
    return NGX_OK;
}

ngx_shm_zone_t *
ngx_http_csn_zone_add(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    ngx_shm_zone_t *shm = ngx_shared_memory_add(cf, name, size,
        &ngx_http_countersign_module);
    zone_data *data;

    if (shm == NULL || shm->data != NULL)
        return shm;
    data = ngx_pcalloc(cf->pool, sizeof(*data));
    if (data == NULL)
        return NULL;
    data->main = ngx_http_conf_get_module_main_conf(cf,
        ngx_http_countersign_module);
    shm->init = zone_init;
    shm->data = data;
    return shm;
}
