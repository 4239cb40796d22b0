// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_BRIDGE_H
#define COUNTERSIGN_TOOLS_BRIDGE_H

#include "gateway/launcher.h"

#include "common/login.h"

/*
 * `countersign bridge`, one file for each part: options.c (command line),
 * reach.c (is there anybody?), handover.c (the login on its way to the
 * engine), place.c (the state directory), bridge.c (the settings, and what
 * runs them), attempt.c (the first login), surroundings.c (the environment of
 * programs), once.c (one command's life), refusals.c (what it was refused).
 */

typedef struct csn_bridge_options {
    const char *proxy;
    const char *user_file;
    const char *proof;
    const char *listen;
    const char *state;
    csn_login login;                   /* of --user */
    const char *also[CSN_GW_MAX_OPEN]; /* users */
    size_t also_count;
    const char *patience;
    const char *ca;
    bool allow_md5;
    bool untried; /* --no-try */
    bool no_java;
    bool once;
    char **command; /* of --once, ended by NULL */
} csn_bridge_options;

typedef struct csn_bridge {
    csn_bridge_options options;
    csn_gw_settings settings;
    csn_gw_state state;
    int login;    /* handover.c's file, or -1 */
    bool at_home; /* there was a terminal at the start */
    bool ready;
    sigset_t mask; /* as it was at the start */
    pid_t command; /* of --once, 0: it does not run */
} csn_bridge;

/** Read the command line; where it is wrong or asks for help, argp ends the
 * program. */
void csn_bridge_options_read(int argc, char **argv,
    csn_bridge_options *options);

/**
 * Connect to the proxy, and let go again.
 *
 * Out:     `proxy->host` becomes the address that answered, as this system
 *          finds it: the engine looks names up its own way. With TLS the name
 *          stays.
 * Returns: CSN_EXIT_OK, or, after a note, 5 (no such name), 7 (no connection)
 *          or 28 (no answer), as curl has them.
 */
int csn_bridge_reach(csn_gw_origin *proxy);

/**
 * Open what the engine reads the login from: memory, that no file system and
 * no command line shows, under the path `path`. Returns -1 after a note.
 */
int csn_bridge_handover_open(char path[CSN_GW_MAX_PATH]);

/** Put a login there in place of what was. */
bool csn_bridge_handover_put(int fd, const csn_login *login);

/** Find, or make, the state directory; with `own` it is to be removed. */
bool csn_bridge_place_make(const char *wanted, char path[CSN_GW_MAX_PATH],
    bool *own);
void csn_bridge_place_remove(const char *path);

/**
 * Log in through the listener that is open now. Returns CSN_EXIT_OK, or the
 * exit code after a note.
 */
int csn_bridge_attempt(const csn_bridge *self);

/** http://HOST:PORT of the bridge. */
void csn_bridge_url(const csn_gw_settings *settings, char url[128]);

/** The value of no_proxy: what there was, and this machine. Returns false
 * where there is no memory. To be freed. */
char *csn_bridge_no_proxy(void);

/** Have programs use the bridge that this process starts from here on. */
bool csn_bridge_surround(const csn_bridge *self);

/** Start the command; false after a note. */
bool csn_bridge_command_start(csn_bridge *self);

/** csn_gw_use.signal for --once. */
int csn_bridge_command_signal(void *context, const csn_gw_state *state,
    const siginfo_t *info);

/** Say what was refused to the command, as the log at `path` has it. */
void csn_bridge_say_refusals(const char *path);

#endif
