// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * The content of a response under auth-int (E-15, E-26): of what is really
 * sent, since this filter is the last before the chunks. Header and content
 * are held back up to a limit, so that the proof stands in the header; what is
 * longer flows, with the proof in a trailer for a client that takes one.
 */

enum { BLOCK = 16384 };

struct ngx_http_csn_hold {
    ngx_http_csn_ctx_t *ctx;
    csn_openssl_hash *sum; /* NULL: nothing will be proved */
    ngx_flag_t flows;      /* the header went */
    ngx_flag_t spoiled;    /* not all of it could be hashed */
    size_t limit;
    size_t held;  /* octets held back */
    size_t taken; /* what for them counts as memory in use */
    ngx_chain_t *first;
    ngx_chain_t *last;
};

/* Memory for held contents that this worker has in use. */
static size_t in_use;

static void
drop(void *data)
{
    ngx_http_csn_hold_t *hold = data;

    in_use -= hold->taken;
    csn_openssl_hash_free(hold->sum);
}

/* Whether such a response has no content by nature (C-55). */
static ngx_flag_t
is_bare(const ngx_http_request_t *r, csn_layer layer)
{
    ngx_uint_t status = r->headers_out.status;

    return r->method == NGX_HTTP_HEAD || r->header_only ||
        status == NGX_HTTP_NO_CONTENT || status == NGX_HTTP_NOT_MODIFIED ||
        (layer == CSN_LAYER_PROXY && status < NGX_HTTP_SPECIAL_RESPONSE);
}

/* Send the header; `digest` NULL: the content is not known, or not yet. */
static ngx_int_t
send_header(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx,
    const uint8_t *digest)
{
    ngx_str_t info;

    if (ngx_http_csn_info_make(r, ctx->proof,
            digest != NULL ? CSN_PROOF_ALL : CSN_PROOF_NEXTNONCE, digest,
            &info) != NGX_OK ||
        ngx_http_csn_prove(r, ctx, &info) != NGX_OK)
        return NGX_ERROR;
    return ngx_http_csn_next_header(r);
}

static ngx_int_t
send_bare(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx)
{
    const csn_span nothing = CSN_SPAN("");
    uint8_t digest[CSN_MAX_DIGEST];

    if (csn_crypto_openssl()->digest(csn_server_proof_hash(ctx->proof),
            &nothing, 1, digest) != CSN_OK)
        return NGX_ERROR;
    return send_header(r, ctx, digest);
}

/* It is too much to hold back (E-27): announce a trailer to who takes one
 * (E-38). */
static ngx_int_t
let_flow(ngx_http_request_t *r, ngx_http_csn_hold_t *hold)
{
    static const csn_span name = CSN_LIT("Trailer");

    hold->flows = 1;
    if (hold->spoiled || !ngx_http_csn_takes_trailer(r)) {
        csn_openssl_hash_free(hold->sum);
        hold->sum = NULL;
        return send_header(r, hold->ctx, NULL);
    }
    r->expect_trailers = 1;
    r->main_filter_need_in_memory = 1;
    if (ngx_http_csn_field_push(&r->headers_out.headers, name,
            csn_layer_info_field(hold->ctx->layer)) != NGX_OK)
        return NGX_ERROR;
    return send_header(r, hold->ctx, NULL);
}

static ngx_http_csn_hold_t *
make(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    const ngx_http_csn_loc_conf_t *conf = ngx_http_get_module_loc_conf(r,
        ngx_http_countersign_module);
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool,
        sizeof(ngx_http_csn_hold_t));
    ngx_http_csn_hold_t *hold;

    if (cleanup == NULL)
        return NULL;
    hold = cleanup->data;
    ngx_memzero(hold, sizeof(*hold));
    cleanup->handler = drop;
    hold->ctx = ctx;
    hold->limit = conf->proof_limit;
    hold->sum = csn_openssl_hash_new(csn_server_proof_hash(ctx->proof));
    if (hold->sum == NULL)
        return NULL;
    ngx_http_set_ctx(r, hold, ngx_http_countersign_filter_module);
    return hold;
}

ngx_int_t
ngx_http_csn_hold_header(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    off_t length = r->headers_out.content_length_n;
    ngx_http_csn_hold_t *hold;

    ngx_http_set_ctx(r, NULL, ngx_http_countersign_filter_module);
    if (is_bare(r, ctx->layer) || length == 0)
        return send_bare(r, ctx);
    hold = make(r, ctx);
    if (hold == NULL)
        return NGX_ERROR;
    if (length > (off_t)hold->limit)
        return let_flow(r, hold);
    r->main_filter_need_in_memory = 1;
    return NGX_OK;
}

static void
hash(ngx_http_csn_hold_t *hold, const ngx_buf_t *buf)
{
    csn_span octets = { buf->pos, 0 };

    if (ngx_buf_special(buf))
        return;
    if (!ngx_buf_in_memory(buf)) {
        hold->spoiled = 1;
        return;
    }
    octets.len = (size_t)(buf->last - buf->pos);
    if (csn_openssl_hash_update(hold->sum, octets) != CSN_OK)
        hold->spoiled = 1;
}

/* Room for `size` more octets: what the response says that it has, or a
 * block. NULL: there may not be so much. */
static ngx_buf_t *
make_room(ngx_http_request_t *r, ngx_http_csn_hold_t *hold, size_t size)
{
    const ngx_http_csn_main_conf_t *main = ngx_http_get_module_main_conf(r,
        ngx_http_countersign_module);
    off_t length = r->headers_out.content_length_n;
    ngx_chain_t *link;

    if (hold->first == NULL && length > (off_t)size)
        size = (size_t)length;
    else if (length < 0 && size < BLOCK)
        size = BLOCK;
    if (in_use + size > main->proof_memory)
        return NULL;
    link = ngx_alloc_chain_link(r->pool);
    if (link == NULL)
        return NULL;
    link->buf = ngx_create_temp_buf(r->pool, size);
    if (link->buf == NULL)
        return NULL;
    link->next = NULL;
    if (hold->first == NULL)
        hold->first = link;
    else
        hold->last->next = link;
    hold->last = link;
    hold->taken += size;
    in_use += size;
    return link->buf;
}

/* Hold back what `buf` has; false, and nothing was taken: that cannot be. */
static ngx_flag_t
keep(ngx_http_request_t *r, ngx_http_csn_hold_t *hold, ngx_buf_t *buf)
{
    size_t size = (size_t)(buf->last - buf->pos);
    ngx_buf_t *room = hold->last != NULL ? hold->last->buf : NULL;

    if (ngx_buf_size(buf) == 0)
        return 1;
    if (!ngx_buf_in_memory(buf) || size > hold->limit - hold->held)
        return 0;
    if (room == NULL || (size_t)(room->end - room->last) < size)
        room = make_room(r, hold, size);
    if (room == NULL)
        return 0;
    hash(hold, buf);
    room->last = ngx_cpymem(room->last, buf->pos, size);
    hold->held += size;
    buf->pos = buf->last;
    return 1;
}

/* What was held, then `rest`. */
static ngx_int_t
send_held(ngx_http_request_t *r, ngx_http_csn_hold_t *hold, ngx_chain_t *rest)
{
    ngx_chain_t *all = rest;

    if (hold->first != NULL) {
        hold->last->next = rest;
        all = hold->first;
    }
    hold->first = NULL;
    hold->last = NULL;
    return ngx_http_csn_next_body(r, all);
}

static ngx_int_t
add_trailer(ngx_http_request_t *r, ngx_http_csn_hold_t *hold)
{
    csn_span name = csn_layer_info_field(hold->ctx->layer);
    uint8_t digest[CSN_MAX_DIGEST];
    ngx_str_t info;

    if (hold->sum == NULL || hold->spoiled ||
        csn_openssl_hash_digest(hold->sum, digest) != CSN_OK)
        return NGX_OK;
    if (ngx_http_csn_info_make(r, hold->ctx->proof, CSN_PROOF_TRAILER, digest,
            &info) != NGX_OK)
        return NGX_ERROR;
    return ngx_http_csn_field_push(&r->headers_out.trailers, name,
        ngx_http_csn_span(&info));
}

/* The content, or the rest of it, on its way. */
static ngx_int_t
pass(ngx_http_request_t *r, ngx_http_csn_hold_t *hold, ngx_chain_t *in)
{
    for (ngx_chain_t *link = in; link != NULL; link = link->next) {
        if (hold->sum != NULL)
            hash(hold, link->buf);
        if (link->buf->last_buf && add_trailer(r, hold) != NGX_OK)
            return NGX_ERROR;
    }
    return send_held(r, hold, in);
}

/* All of it is there. */
static ngx_int_t
finish(ngx_http_request_t *r, ngx_http_csn_hold_t *hold)
{
    ngx_chain_t *end = ngx_alloc_chain_link(r->pool);
    uint8_t digest[CSN_MAX_DIGEST];
    ngx_int_t rc;

    if (end == NULL)
        return NGX_ERROR;
    end->next = NULL;
    end->buf = ngx_calloc_buf(r->pool);
    if (end->buf == NULL)
        return NGX_ERROR;
    end->buf->last_buf = 1;

    hold->flows = 1;
    if (csn_openssl_hash_digest(hold->sum, digest) != CSN_OK)
        hold->spoiled = 1;
    csn_openssl_hash_free(hold->sum);
    hold->sum = NULL;
    rc = send_header(r, hold->ctx, hold->spoiled ? NULL : digest);
    if (rc == NGX_ERROR || rc > NGX_OK)
        return NGX_ERROR;
    return send_held(r, hold, end);
}

ngx_int_t
ngx_http_csn_hold_body(ngx_http_request_t *r, ngx_http_csn_hold_t *hold,
    ngx_chain_t *in)
{
    ngx_int_t rc;

    if (hold->flows)
        return pass(r, hold, in);
    for (; in != NULL; in = in->next) {
        if (!keep(r, hold, in->buf)) {
            hold->spoiled = hold->spoiled || !ngx_buf_in_memory(in->buf);
            rc = let_flow(r, hold);
            if (rc == NGX_ERROR || rc > NGX_OK)
                return NGX_ERROR;
            return pass(r, hold, in);
        }
        if (in->buf->last_buf)
            return finish(r, hold);
    }
    return NGX_OK;
}
