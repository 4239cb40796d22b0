// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * The content of a request under auth-int, which is hashed before anything
 * behind us sees it (C-57). nginx reads it, into memory or into a file, in
 * its own way: limits, Expect: 100-continue, chunks and all. It is hashed in
 * pieces, and between them the worker serves others.
 */

enum {
    PIECE = 65536,
    TURN = 1 << 20 /* octets in one go */
};

/* By what it said: nginx forgets the length when it throws content away. */
static ngx_flag_t
has_content(const ngx_http_request_t *r)
{
    const ngx_table_elt_t *length = r->headers_in.content_length;

    if (length == NULL)
        return r->headers_in.chunked;
    for (size_t i = 0; i < length->value.len; i++) {
        if (length->value.data[i] != '0')
            return 1;
    }
    return 0;
}

static ngx_flag_t
was_thrown_away(const ngx_http_request_t *r)
{
#if (NGX_HTTP_V2)
    if (r->stream != NULL && r->stream->skip_data)
        return 1;
#endif
    return r->discard_body ||
        (r->request_body == NULL && r->headers_in.content_length_n == 0);
}

/* An error page of a location that refused the content: it is not there any
 * more, so the credentials cannot be judged. */
static csn_content_code
failure(const ngx_http_request_t *r)
{
    return r->err_status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE
        ? CSN_CONTENT_TOO_LARGE
        : CSN_CONTENT_INCOMPLETE;
}

bool
ngx_http_csn_content_get(ngx_http_request_t *r,
    ngx_http_csn_content_t *content, csn_hash hash, csn_content *found)
{
    const csn_span nothing = CSN_SPAN("");

    *found = (csn_content){ .code = CSN_CONTENT_HASHED,
        .digest = content->digest };
    if (content->stage == NGX_HTTP_CSN_CONTENT_KNOWN)
        return true;
    if (!has_content(r)) {
        if (csn_crypto_openssl()->digest(hash, &nothing, 1, content->digest) !=
            CSN_OK)
            found->code = CSN_CONTENT_INCOMPLETE;
        return true;
    }
    if (content->stage == NGX_HTTP_CSN_CONTENT_READING || was_thrown_away(r)) {
        found->code = failure(r);
        return true;
    }
    content->hash = hash;
    return false;
}

/* Hash one piece; octets, or an error. */
static ssize_t
hash_piece(ngx_http_csn_content_t *content)
{
    static u_char room[PIECE];
    const ngx_buf_t *buf = content->at->buf;
    csn_span octets = { room, PIECE };
    off_t left = ngx_buf_size(buf) - content->done;
    ssize_t size;

    if (left < PIECE)
        octets.len = (size_t)left;
    if (ngx_buf_in_memory(buf)) {
        octets.ptr = buf->pos + content->done;
    } else {
        size = ngx_read_file(buf->file, room, octets.len,
            buf->file_pos + content->done);
        if (size != (ssize_t)octets.len)
            return NGX_ERROR;
    }
    if (csn_openssl_hash_update(content->sum, octets) != CSN_OK)
        return NGX_ERROR;
    content->done += (off_t)octets.len;
    return (ssize_t)octets.len;
}

/* NGX_OK: it is all hashed; NGX_AGAIN: not yet. */
static ngx_int_t
hash_turn(ngx_http_csn_content_t *content)
{
    off_t turn = 0;
    ssize_t size;

    while (content->at != NULL && turn < TURN) {
        if (ngx_buf_size(content->at->buf) == content->done) {
            content->at = content->at->next;
            content->done = 0;
            continue;
        }
        size = hash_piece(content);
        if (size == NGX_ERROR)
            return NGX_ERROR;
        turn += size;
    }
    if (content->at != NULL)
        return NGX_AGAIN;
    return csn_openssl_hash_digest(content->sum, content->digest) == CSN_OK
        ? NGX_OK
        : NGX_ERROR;
}

/* As the request's write handler: nginx calls it for a posted event, and
 * forgets that when the connection goes. */
static void
on_turn(ngx_http_request_t *r)
{
    ngx_http_csn_content_t *content = &ngx_http_csn_find_ctx(r)->content;
    ngx_int_t rc = hash_turn(content);

    if (rc == NGX_AGAIN) {
        ngx_post_event(r->connection->write, &ngx_posted_next_events);
        return;
    }
    ngx_http_csn_content_drop(content);
    if (rc == NGX_ERROR) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    content->stage = NGX_HTTP_CSN_CONTENT_KNOWN;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}

static void
on_read(ngx_http_request_t *r)
{
    ngx_http_csn_content_t *content = &ngx_http_csn_find_ctx(r)->content;

    content->sum = csn_openssl_hash_new(content->hash);
    if (content->sum == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    content->at = r->request_body->bufs;
    content->done = 0;
    r->write_event_handler = on_turn;
    on_turn(r);
}

/* The DAV module, which serves what no other handler does, wants it so. */
static void
suit_dav(ngx_http_request_t *r)
{
    const ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r,
        ngx_http_core_module);

    if (core->handler != NULL || r->method != NGX_HTTP_PUT)
        return;
    r->request_body_in_file_only = 1;
    r->request_body_in_persistent_file = 1;
    r->request_body_in_clean_file = 1;
    r->request_body_file_group_access = 1;
    r->request_body_file_log_level = 0;
}

ngx_int_t
ngx_http_csn_content_read(ngx_http_request_t *r,
    ngx_http_csn_content_t *content)
{
    ngx_int_t rc;

    content->stage = NGX_HTTP_CSN_CONTENT_READING;
    suit_dav(r);
    rc = ngx_http_read_client_request_body(r, on_read);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE)
        return rc;
    ngx_http_finalize_request(r, NGX_DONE);
    return NGX_DONE;
}

void
ngx_http_csn_content_drop(ngx_http_csn_content_t *content)
{
    csn_openssl_hash_free(content->sum);
    content->sum = NULL;
}
