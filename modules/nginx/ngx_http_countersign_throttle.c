// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

/*
 * Limits on guessing: what is allowed, who asks, and answers that wait. The
 * event loop minds a waiting request: nothing is blocked.
 */

enum {
    MIN_WINDOW_MS = 1000,
    MAX_WINDOW_MS = 3600 * 1000,
    MAX_DELAY_MS = 60 * 1000,
    MAX_FAILURES = 100000,
    SECOND_MS = 1000,
    WAIT_SHARE = 8 /* of a worker's connections */
};

/* Requests of this worker that wait. */
static ngx_uint_t waiting;

/* A value behind `name`, in milliseconds; NGX_ERROR: it is none. */
static ngx_int_t
time_of(const ngx_str_t *value, size_t name_len)
{
    ngx_str_t text = { value->len - name_len, value->data + name_len };

    return ngx_parse_time(&text, 0);
}

static ngx_flag_t
starts(const ngx_str_t *value, const char *name)
{
    return ngx_strncmp(value->data, name, ngx_strlen(name)) == 0;
}

/* One `NAME=VALUE`; what is wrong with it, or NULL. */
static char *
set_one(csn_throttle_limits *limits, const ngx_str_t *value)
{
    static const char failures[] = "failures=";
    static const char window[] = "window=";
    static const char delay[] = "delay=";
    ngx_int_t number;

    if (starts(value, failures)) {
        number = ngx_atoi(value->data + sizeof(failures) - 1,
            value->len - (sizeof(failures) - 1));
        if (number < 1 || number > MAX_FAILURES)
            return "needs failures=1 to 100000";
        limits->failures = (uint32_t)number;
    } else if (starts(value, window)) {
        number = time_of(value, sizeof(window) - 1);
        if (number < MIN_WINDOW_MS || number > MAX_WINDOW_MS)
            return "needs window=1s to 1h";
        limits->window_ms = (uint32_t)number;
    } else if (starts(value, delay)) {
        number = time_of(value, sizeof(delay) - 1);
        if (number < 0 || number > MAX_DELAY_MS)
            return "needs delay=0 to 60s";
        limits->max_delay_ms = (uint32_t)number;
    } else {
        return "takes failures=, window= and delay=, or \"off\"";
    }
    return NULL;
}

char *
ngx_http_csn_set_throttle(ngx_conf_t *cf, ngx_command_t *cmd, void *given)
{
    ngx_http_csn_loc_conf_t *conf = given;
    ngx_str_t *value = cf->args->elts;
    char *wrong;

    if (conf->throttle != NGX_CONF_UNSET)
        return "is duplicate";
    conf->throttle = 1;
    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        conf->limits.failures = 0;
        return NGX_CONF_OK;
    }
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        wrong = set_one(&conf->limits, &value[i]);
        if (wrong != NULL)
            return wrong;
    }
    return NGX_CONF_OK;
}

void
ngx_http_csn_address(ngx_http_request_t *r, uint8_t octets[16])
{
    /* One source for all that have no address. */
    if (!csn_address_octets(r->connection->sockaddr, octets))
        ngx_memzero(octets, 16);
}

void
ngx_http_csn_wait_end(ngx_http_csn_ctx_t *ctx)
{
    if (ctx->waits)
        waiting--;
    ctx->waits = 0;
}

/* As the request's write handler, when the time is over or the client takes
 * more. */
static void
wake(ngx_http_request_t *r)
{
    ngx_event_t *write = r->connection->write;

    if (write->delayed) {
        if (ngx_handle_write_event(write, 0) != NGX_OK)
            ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    ngx_http_csn_wait_end(ngx_http_csn_find_ctx(r));
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}

ngx_int_t
ngx_http_csn_wait(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx)
{
    ngx_event_t *read = r->connection->read;
    ngx_event_t *write = r->connection->write;
    ngx_msec_t delay = ctx->delay_ms;

    ctx->delay_ms = 0;
    /* Who guesses does not get all of a worker's connections by it. */
    if (waiting >= ngx_cycle->connection_n / WAIT_SHARE)
        return ctx->rc;
    if (read->ready) {
        ngx_post_event(read, &ngx_posted_events);
    } else if (ngx_handle_read_event(read, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    waiting++;
    ctx->waits = 1;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = wake;
    write->delayed = 1;
    ngx_add_timer(write, delay);
    return NGX_AGAIN;
}

ngx_int_t
ngx_http_csn_retry_after(ngx_http_request_t *r, const ngx_http_csn_ctx_t *ctx)
{
    u_char *text;
    size_t len;

    if (ctx->retry_ms == 0)
        return NGX_OK;
    text = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (text == NULL)
        return NGX_ERROR;
    len = (size_t)(ngx_sprintf(text, "%uL",
                       (ctx->retry_ms + SECOND_MS - 1) / SECOND_MS) -
        text);
    return ngx_http_csn_field_push(&r->headers_out.headers,
        CSN_SPAN("Retry-After"), (csn_span){ text, len });
}
