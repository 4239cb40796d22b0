// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_OPTIONS_H
#define COUNTERSIGN_TOOLS_FETCH_OPTIONS_H

#include <countersign/curl.h>

#include "common/login.h"

/* The command line of `countersign fetch`, read. */

/* One piece of a request's content, in the order of the command line. */
typedef enum fetch_part_kind {
    PART_TEXT,
    PART_FILE,       /* as -d @FILE: without CR, LF and NUL */
    PART_FILE_WHOLE, /* as --data-binary @FILE; "-" is standard input */
} fetch_part_kind;

typedef struct fetch_part {
    fetch_part_kind kind;
    const char *text; /* the text, or the file's name */
    bool joined;      /* `&` goes before it, if it is not the first */
} fetch_part;

typedef struct fetch_list {
    const char **items;
    size_t count;
} fetch_list;

/* An output that is named by its URL (-O). */
extern const char fetch_remote_name[];

typedef struct fetch_options {
    bool as_get; /* -G */
    bool head;
    bool include;
    bool silent;
    bool show_error;
    bool no_progress;
    bool fail;
    bool follow;
    bool parallel;
    bool tunnel;
    bool insecure;
    bool proxy_insecure;
    bool path_as_is;
    bool compressed;
    bool ipv4;
    bool ipv6;
    bool http_1_1;
    bool http_2;
    bool create_dirs;
    bool remote_name_all;
    bool json;
    bool verbose;
    bool allow_md5;
    bool allow_step_down;
    bool allow_no_qop;
    bool allow_plain_secrets;
    bool raw_username;
    bool nfc_only;
    const char *method;
    const char *proxy;
    const char *no_proxy;
    const char *cacert;
    const char *proxy_cacert;
    const char *cert;
    const char *key;
    const char *range;
    const char *agent;
    const char *referer;
    const char *cookie;
    const char *target;
    const char *output_dir;
    const char *report;
    const char *proof_store;
    csn_proof_policy proof;
    csn_proof_policy proxy_proof;
    csn_curl_integrity integrity;
    csn_curl_integrity proxy_integrity;
    long long max_held; /* octets; 0: the adapter's default */
    long max_time_ms;
    long connect_timeout_ms;
    long max_redirs; /* negative: as many as the adapter follows */
    long parallel_max;
    struct curl_slist *headers;
    struct curl_slist *proxy_headers;
    struct curl_slist *resolve;
    struct curl_slist *connect_to;
    csn_login user;
    csn_login proxy_user;
    fetch_part *parts;
    size_t part_count;
    fetch_list urls;
    fetch_list outputs; /* the n-th belongs to the n-th URL */
    fetch_list uploads;
} fetch_options;

/*
 * Read the command line. Passwords in it are overwritten. Ends the program
 * (argp) on --help and on what it does not know.
 *
 * Returns: an exit code; CSN_EXIT_OK to go on.
 */
int fetch_options_read(fetch_options *options, int argc, char **argv);

/* Wipe secrets and free. */
void fetch_options_free(fetch_options *options);

/* Add to a list; exits the program when memory runs out, as argp does. */
void fetch_list_add(fetch_list *list, const char *text);

#endif
