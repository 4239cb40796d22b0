// SPDX-License-Identifier: MIT
#ifndef CSN_GW_SETTINGS_H
#define CSN_GW_SETTINGS_H

#include <countersign/client.h>
#include <countersign/server.h>

#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * The gateway's settings: one table of names for the command line, the
 * configuration file and the file the launcher hands to the plugin, so that
 * the three cannot drift apart.
 */

#define CSN_GW_MAX_LISTEN 16
#define CSN_GW_MAX_NETS 64
#define CSN_GW_MAX_PORTS 32
#define CSN_GW_MAX_BYPASS 64
#define CSN_GW_MAX_TRUST 16 /* the engine reads its list into 1 KiB */
#define CSN_GW_MAX_PATH 1024
#define CSN_GW_MAX_OPEN 8
#define CSN_GW_KEYS_FILE "nonce.keys" /* in STATE: stores/keys.h */
#define CSN_GW_MAX_PRESENTED 32
#define CSN_GW_LAYERS 2 /* CSN_LAYER_ORIGIN and CSN_LAYER_PROXY */

/** Why a setting was refused; for a person. */
typedef struct csn_gw_error {
    char text[512];
} csn_gw_error;

/** printf into `error`; always returns false, so callers can return it. */
__attribute__((format(printf, 2, 3))) bool csn_gw_fail(csn_gw_error *error,
    const char *format, ...);

/**
 * An address the gateway listens on. `fd` is the launcher's open socket, or
 * -1. What was not given is filled in by csn_gw_settings_finish.
 */
typedef struct csn_gw_listen {
    struct sockaddr_storage address;
    char text[80]; /* HOST:PORT, for people */
    csn_layer layer;
    bool admin; /* metrics and health; `layer` means nothing then */
    bool tls;
    bool way_given;
    bool scheme_given;
    int fd;
} csn_gw_listen;

/** A range of destination addresses; IPv4 in its mapped form. */
typedef struct csn_gw_net {
    uint8_t address[16];
    unsigned prefix; /* 0..128 */
    uint16_t port;   /* 0: any */
} csn_gw_net;

/** A destination that is not asked of the next proxy. */
typedef struct csn_gw_bypass {
    char name[256]; /* `.` before a domain; empty: `net` */
    csn_gw_net net; /* of a name, the port alone */
} csn_gw_bypass;

/** The application behind the gateway, or the proxy. */
typedef struct csn_gw_origin {
    char host[256];
    uint16_t port;
    bool tls;
    bool present;
} csn_gw_origin;

/** Where the address of a client comes from. */
typedef enum csn_gw_source_way {
    CSN_GW_SOURCE_DIRECT, /* the connection */
    CSN_GW_SOURCE_PROXY_PROTOCOL,
    CSN_GW_SOURCE_FORWARDED,
    CSN_GW_SOURCE_X_FORWARDED_FOR
} csn_gw_source_way;

/** Its name, as `--source` takes it. */
const char *csn_gw_source_name(csn_gw_source_way way);

/** Its name, as `--via-proof` and `--present-proof` take it. */
const char *csn_gw_proof_name(csn_proof_policy policy);

/** An origin that the gateway logs in to. */
typedef struct csn_gw_presented {
    csn_gw_origin where;
    char user[CSN_MAX_USER + 1];
    csn_proof_policy proof;
    bool proof_given;
    bool allow_md5;
    bool allow_no_qop;
} csn_gw_presented;

typedef struct csn_gw_settings {
    csn_gw_origin origin;
    bool forward;
    uid_t open[CSN_GW_MAX_OPEN]; /* these users of the machine are let */
    size_t open_count;           /* in, and nobody logs in */
    csn_gw_origin via;           /* the next proxy of the forward proxy */
    char via_user[CSN_MAX_USER + 1];
    char via_user_file[CSN_GW_MAX_PATH];
    csn_proof_policy via_proof;
    bool via_relay;   /* clients log in there, not the gateway */
    bool via_address; /* and it is told where they are */
    csn_gw_bypass bypass[CSN_GW_MAX_BYPASS];
    size_t bypass_count;
    bool via_allow_md5;
    unsigned via_patience_s; /* how long a request waits for a hop */
    csn_gw_presented presented[CSN_GW_MAX_PRESENTED];
    size_t presented_count;
    char present_user_file[CSN_GW_MAX_PATH];
    csn_proof_policy present_proof; /* where none is given */
    csn_gw_listen listens[CSN_GW_MAX_LISTEN];
    size_t listen_count;
    char realm[CSN_GW_LAYERS][CSN_MAX_REALM + 1];
    char users[CSN_GW_LAYERS][CSN_GW_MAX_PATH];
    char tls_cert[CSN_GW_MAX_PATH];
    char tls_key[CSN_GW_MAX_PATH];
    char tls_ca[CSN_GW_MAX_PATH]; /* for what is behind */
    uint16_t connect_ports[CSN_GW_MAX_PORTS];
    size_t connect_port_count;
    csn_algorithm algorithms[CSN_ALG_COUNT];
    size_t algorithm_count;
    unsigned qops; /* csn_qop bits */
    bool userhash;
    size_t content_limit;  /* auth-int: of one request's content, */
    size_t proof_limit;    /* of one response's that is held back, */
    size_t content_memory; /* and of all that is held */
    uint32_t nonce_life_ms;
    bool one_time;
    bool strict_uri;
    csn_gw_net allow[CSN_GW_MAX_NETS];
    size_t allow_count;
    csn_gw_net deny[CSN_GW_MAX_NETS];
    size_t deny_count;
    csn_gw_source_way source;
    csn_gw_net trust[CSN_GW_MAX_TRUST]; /* whose word is taken for it */
    size_t trust_count;
    char user_header[CSN_MAX_NAME + 1];
    char state[CSN_GW_MAX_PATH];
    char keys[CSN_GW_MAX_PATH]; /* empty: beside the state */
    char log[CSN_GW_MAX_PATH];
    char counts[CSN_GW_MAX_PATH]; /* empty, a path, or `fd:` and its number */
    size_t counts_size;
    unsigned threads;
    unsigned max_failures; /* in a minute, of a user at a source; 0: any */
    unsigned drain_s;
} csn_gw_settings;

/** One setting, as `--help`, the man page and the file know it. */
typedef struct csn_gw_setting {
    const char *name;
    const char *argument; /* NULL: a switch, `yes` or `no` in a file */
    const char *help;
} csn_gw_setting;

/** The table, ended by a NULL name. */
extern const csn_gw_setting csn_gw_settings_table[];

/** Everything at its default. */
void csn_gw_settings_init(csn_gw_settings *settings);

/**
 * Take one setting; repeatable ones add to what is there.
 *
 * In:  `name` without dashes; `value` NULL for a switch that is on.
 * Out: `*error`, on false.
 */
bool csn_gw_settings_set(csn_gw_settings *settings, const char *name,
    const char *value, csn_gw_error *error);

/** Read a configuration file (INI, no section or [gateway]). */
bool csn_gw_settings_read(csn_gw_settings *settings, const char *path,
    csn_gw_error *error);

/**
 * Fill in the defaults that hang on other settings, and check what only the
 * whole can tell. To be called once, after the last setting.
 */
bool csn_gw_settings_finish(csn_gw_settings *settings, csn_gw_error *error);

/** Write every setting as `name=value` lines, for csn_gw_settings_load. */
void csn_gw_settings_save(const csn_gw_settings *settings, FILE *file);

/** Read what csn_gw_settings_save wrote; values are taken octet by octet. */
bool csn_gw_settings_load(csn_gw_settings *settings, const char *path,
    csn_gw_error *error);

#define CSN_GW_KEYS_PATH (CSN_GW_MAX_PATH + 32)

/** Where the nonce keys are. */
void csn_gw_keys_path(const csn_gw_settings *settings,
    char path[CSN_GW_KEYS_PATH]);

/** The server engine's configuration of a layer. Spans into `settings`. */
csn_server_config csn_gw_settings_server(const csn_gw_settings *settings,
    csn_layer layer);

/** Whether two name the same place. */
bool csn_gw_origin_equal(const csn_gw_origin *a, const csn_gw_origin *b);

/** Who is to be logged in at `where`, or NULL. */
const csn_gw_presented *csn_gw_presented_find(const csn_gw_settings *settings,
    const csn_gw_origin *where);

/** Whether a layer is in use. */
bool csn_gw_settings_has(const csn_gw_settings *settings, csn_layer layer);

/** Whether a destination is one of those of --via-bypass, by how it is written
 * in the request; no name is looked up. */
bool csn_gw_bypass_holds(const csn_gw_settings *settings, csn_span host,
    uint16_t port);

/** Whether clients log in there: it has a realm and users. */
bool csn_gw_settings_asks(const csn_gw_settings *settings, csn_layer layer);

#endif
