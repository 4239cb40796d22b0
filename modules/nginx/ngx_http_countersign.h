// SPDX-License-Identifier: MIT
#ifndef NGX_HTTP_COUNTERSIGN_H
#define NGX_HTTP_COUNTERSIGN_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <countersign/countersign.h>
#include <countersign/crypto_openssl.h>
#include <countersign/stores/keys.h>
#include <countersign/stores/memory.h>
#include <countersign/stores/throttle.h>
#include <countersign/stores/users.h>

#include "../common/address.h"
#include "../common/cache.h"
#include "../common/judge.h"

/*
 * The module in parts: module.c lists the directives, conf.c reads and merges
 * them, guard.c makes of them what a location is guarded by, and realm.c what
 * a request is to log in to; zone.c, users.c and keys.c keep counts, users and
 * keys. access.c is the access phase, throttle.c limits guessing, request.c
 * reads nginx's request, content.c its content, layer.c tells a proxy's from a
 * server's, judge.c drives the engine. filter.c looks at responses, prove.c
 * adds the fields, hold.c holds content back for them, fields.c walks nginx's
 * lists, vars.c shows what was found.
 */

/** A zone of shared memory: the counts, and a nonce key where none is given. */
typedef struct ngx_http_csn_zone {
    csn_counts *counts;
    csn_throttle *throttle;
    void *shared; /* its head in the zone */
    uint8_t domain[CSN_DOMAIN_SIZE];
} ngx_http_csn_zone_t;

typedef struct ngx_http_csn_users ngx_http_csn_users_t;

/** A key file as it was when the configuration was read. */
typedef struct ngx_http_csn_keys {
    ngx_str_t path;
    csn_key keys[CSN_MAX_KEYS];
    size_t count;
} ngx_http_csn_keys_t;

typedef struct ngx_http_csn_lock ngx_http_csn_lock_t;

enum { NGX_HTTP_CSN_LOCKS = 32 }; /* 3 KiB each, of a worker */

/**
 * What guards a location: locations with equal settings share one.
 */
typedef struct ngx_http_csn_guard {
    csn_server_config config; /* its realm may have variables */
    ngx_http_csn_lock_t *locks[NGX_HTTP_CSN_LOCKS];
    size_t lock_count;
    uint64_t clock;          /* of their use */
    const csn_key *key_list; /* once the zone is there */
    size_t key_count;
    ngx_shm_zone_t *zone;
    ngx_http_csn_users_t *users;
    ngx_http_csn_keys_t *keys; /* NULL: the zone's own */
    csn_throttle_limits limits;
    ngx_flag_t pass; /* Authorization goes on */
} ngx_http_csn_guard_t;

typedef struct ngx_http_csn_main_conf {
    ngx_array_t users;  /* ngx_http_csn_users_t * */
    ngx_array_t keys;   /* ngx_http_csn_keys_t * */
    ngx_array_t guards; /* ngx_http_csn_guard_t * */
    size_t proof_memory;
} ngx_http_csn_main_conf_t;

typedef struct ngx_http_csn_loc_conf {
    ngx_http_complex_value_t *realm; /* NULL: off */
    ngx_str_t file;                  /* where that was said */
    ngx_uint_t line;
    ngx_http_csn_users_t *users;
    ngx_shm_zone_t *zone;
    ngx_http_csn_keys_t *keys;
    csn_throttle_limits limits;
    ngx_flag_t throttle;     /* whether they were said */
    ngx_array_t *algorithms; /* csn_algorithm */
    ngx_uint_t qops;
    ngx_msec_t nonce_life;
    ngx_flag_t allow_md5;
    ngx_flag_t one_time;
    ngx_flag_t userhash;
    ngx_flag_t pass;
    size_t proof_limit;
    ngx_http_csn_guard_t *guard;
} ngx_http_csn_loc_conf_t;

typedef enum {
    NGX_HTTP_CSN_CONTENT_OPEN,
    NGX_HTTP_CSN_CONTENT_READING, /* and that of what could not be read */
    NGX_HTTP_CSN_CONTENT_KNOWN
} ngx_http_csn_content_stage_e;

/** The hash of a request's content; zero at first. */
typedef struct ngx_http_csn_content {
    ngx_http_csn_content_stage_e stage;
    csn_hash hash;
    csn_openssl_hash *sum; /* while it is hashed, */
    ngx_chain_t *at;       /* and how far that is */
    off_t done;
    uint8_t digest[CSN_MAX_DIGEST];
} ngx_http_csn_content_t;

/** The reason of a refusal that is not the engine's. */
#define NGX_HTTP_CSN_TOO_MANY "too-many-failures"

enum { NGX_HTTP_CSN_LINES = 4 }; /* more than one is refused; four show that */

/** What was found about a main request; lives as long as its pool. */
typedef struct ngx_http_csn_ctx {
    csn_layer layer;
    ngx_http_csn_guard_t *guard; /* that judged it, */
    ngx_str_t realm;             /* for this */
    csn_server_outcome outcome;  /* without spans */
    ngx_int_t rc;                /* what the access phase says */
    uint32_t delay_ms;           /* how long that is to wait yet */
    ngx_flag_t waits;
    uint64_t retry_ms;       /* with 429: when to try again */
    ngx_str_t user;          /* with ALLOW */
    ngx_str_t info;          /* may be empty */
    csn_server_proof *proof; /* after auth-int, in the place of `info` */
    ngx_http_csn_content_t content;
    ngx_str_t *challenges;
    ngx_uint_t challenge_count;
    csn_target target;
    csn_span lines[NGX_HTTP_CSN_LINES];
    size_t line_count;
    /* the count this request marked, which nobody marks again for it */
    csn_judge_mark marked;
} ngx_http_csn_ctx_t;

_Static_assert(_Alignof(ngx_http_csn_ctx_t) <= NGX_ALIGNMENT,
    "a pool's alignment is enough for it");

extern ngx_module_t ngx_http_countersign_module;

/* conf.c */
void *ngx_http_csn_create_main_conf(ngx_conf_t *cf);
char *ngx_http_csn_init_main_conf(ngx_conf_t *cf, void *given);
void *ngx_http_csn_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_csn_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
char *ngx_http_csn_set_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_csn_set_users(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_csn_set_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_csn_set_algorithms(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_csn_set_qop(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* keys.c */
char *ngx_http_csn_set_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* throttle.c */
char *ngx_http_csn_set_throttle(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/** Who asks, as limits on guessing want it. */
void ngx_http_csn_address(ngx_http_request_t *r, uint8_t octets[16]);

/** Let the answer wait, and run the access phase again then. Returns what
 * that is to return now. */
ngx_int_t ngx_http_csn_wait(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx);
void ngx_http_csn_wait_end(ngx_http_csn_ctx_t *ctx);

/** Say in a 429 when to try again. */
ngx_int_t ngx_http_csn_retry_after(ngx_http_request_t *r,
    const ngx_http_csn_ctx_t *ctx);

/* guard.c */

/** The guard of a location that asks for logins; NULL after an error. */
ngx_http_csn_guard_t *ngx_http_csn_guard_get(ngx_conf_t *cf,
    const ngx_http_csn_loc_conf_t *conf);

/** Give the guards of `zone` their keys; `key`, which lives as long as the
 * zone, to those that have none. */
void ngx_http_csn_guards_start(const ngx_http_csn_main_conf_t *main,
    const ngx_shm_zone_t *zone, const csn_key *key);

/* realm.c */

/** What this location asks to log in to now; NGX_DECLINED: to nothing. */
ngx_int_t ngx_http_csn_realm(ngx_http_request_t *r, ngx_str_t *realm);

/** The server for that; NULL: it cannot be, and the log says why. Until the
 * next call. */
const csn_server *ngx_http_csn_server(ngx_http_request_t *r,
    ngx_http_csn_guard_t *guard, csn_layer layer, const ngx_str_t *realm);

void ngx_http_csn_locks_drop(ngx_http_csn_guard_t *guard);

/* zone.c */

/** `size` 0: a zone that is described elsewhere. NULL after an error. */
ngx_shm_zone_t *ngx_http_csn_zone_add(ngx_conf_t *cf, ngx_str_t *name,
    size_t size);

/* users.c */

/** Read the file, or find who did. NULL after an error. */
ngx_http_csn_users_t *ngx_http_csn_users_add(ngx_conf_t *cf, ngx_str_t *path);

/** The users as they are now: until the caller returns to the event loop. */
const csn_users *ngx_http_csn_users_now(ngx_http_csn_users_t *users);

/** Watch the files from a thread of this worker's; end that. */
ngx_int_t ngx_http_csn_users_watch(ngx_cycle_t *cycle);
void ngx_http_csn_users_unwatch(ngx_cycle_t *cycle);

/* access.c */
ngx_int_t ngx_http_csn_access(ngx_http_request_t *r);

/** What was found about a request, or NULL; also behind a redirect. */
ngx_http_csn_ctx_t *ngx_http_csn_find_ctx(ngx_http_request_t *r);

/** Before the content: nobody behind us sees the credentials. */
ngx_int_t ngx_http_csn_precontent(ngx_http_request_t *r);

/* request.c */

/** The request as the engine wants it; borrowed from the request's memory. */
void ngx_http_csn_request_read(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx);

/** Take the Digest credentials out of the request's header. */
ngx_int_t ngx_http_csn_request_strip(ngx_http_request_t *r, csn_layer layer);

/* judge.c */

/** Judge it and fill in the context; NGX_ERROR when there is no memory,
 * NGX_AGAIN when its content has to be read for that. */
ngx_int_t ngx_http_csn_judge(ngx_http_request_t *r, ngx_http_csn_ctx_t *ctx,
    const csn_server *server);

void ngx_http_csn_forget_proof(ngx_http_csn_ctx_t *ctx);

/* content.c */

/** `*found`, what is known of the content (or that it cannot be known);
 * false: it has to be read. */
bool ngx_http_csn_content_get(ngx_http_request_t *r,
    ngx_http_csn_content_t *content, csn_hash hash, csn_content *found);

/** Read and hash it, then run the phases from this one on. Returns what the
 * access phase is to return at once. */
ngx_int_t ngx_http_csn_content_read(ngx_http_request_t *r,
    ngx_http_csn_content_t *content);

void ngx_http_csn_content_drop(ngx_http_csn_content_t *content);

/* layer.c */

/** To which of the two servers that nginx may be to a client a request was
 * sent: only a new one is also a proxy, for CONNECT. */
csn_layer ngx_http_csn_layer(const ngx_http_request_t *r);

/** nginx's own pointer to the field with credentials is `field` now. */
void ngx_http_csn_layer_point(ngx_http_request_t *r, csn_layer layer,
    ngx_table_elt_t *field);

/** The status of a challenge. */
ngx_uint_t ngx_http_csn_layer_status(csn_layer layer);

/* filter.c */
extern ngx_module_t ngx_http_countersign_filter_module;
ngx_int_t ngx_http_csn_next_header(ngx_http_request_t *r);
ngx_int_t ngx_http_csn_next_body(ngx_http_request_t *r, ngx_chain_t *in);

/* prove.c */

/** Add `info`, if there is any, and that no cache may show it to others;
 * under auth-int nor anybody change the content (E-28). */
ngx_int_t ngx_http_csn_prove(ngx_http_request_t *r,
    const ngx_http_csn_ctx_t *ctx, const ngx_str_t *info);

/** The value of an Info field after auth-int; `digest` as the engine has it. */
ngx_int_t ngx_http_csn_info_make(ngx_http_request_t *r,
    const csn_server_proof *proof, csn_proof_parts parts,
    const uint8_t *digest, ngx_str_t *info);

/** Whether a trailer can be sent, and the client takes it (E-38). */
ngx_flag_t ngx_http_csn_takes_trailer(ngx_http_request_t *r);

/* hold.c */
typedef struct ngx_http_csn_hold ngx_http_csn_hold_t;

/** The header filter of a response under auth-int, and the body filter. */
ngx_int_t ngx_http_csn_hold_header(ngx_http_request_t *r,
    ngx_http_csn_ctx_t *ctx);
ngx_int_t ngx_http_csn_hold_body(ngx_http_request_t *r,
    ngx_http_csn_hold_t *hold, ngx_chain_t *in);

/* fields.c */

/** The next of a list's fields, those taken out included. */
ngx_table_elt_t *ngx_http_csn_field_next(ngx_list_part_t **part,
    ngx_uint_t *index);

/** The values of a field's lines; returns how many, at most `max`. */
size_t ngx_http_csn_field_lines(ngx_list_t *list, csn_span name,
    csn_span *lines, size_t max);

ngx_int_t ngx_http_csn_field_push(ngx_list_t *list, csn_span name,
    csn_span value);
void ngx_http_csn_field_drop(ngx_list_t *list, csn_span name);

/** Whether one of the field's list members is `word`. */
ngx_flag_t ngx_http_csn_field_lists(ngx_list_t *list, csn_span name,
    csn_span word);

/** A copy of `text`. */
ngx_int_t ngx_http_csn_keep(ngx_pool_t *pool, csn_span text, ngx_str_t *kept);

/* vars.c */
ngx_int_t ngx_http_csn_add_variables(ngx_conf_t *cf);

static inline uint64_t
ngx_http_csn_wall_ms(void)
{
    ngx_time_t *now = ngx_timeofday();

    return (uint64_t)now->sec * 1000 + now->msec;
}

static inline csn_span
ngx_http_csn_span(const ngx_str_t *text)
{
    return (csn_span){ text->data, text->len };
}

#endif
