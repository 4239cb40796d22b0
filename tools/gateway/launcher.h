// SPDX-License-Identifier: MIT
#ifndef CSN_GW_LAUNCHER_H
#define CSN_GW_LAUNCHER_H

#include "settings/settings.h"

#include <signal.h>
#include <sys/types.h>

/*
 * The launcher's parts, one file each: options.c (command line), state.c (the
 * state directory), shared.c (keys and counts), listen.c (sockets), records.c
 * (the engine's configuration), child.c (the engine's process), run.c (its life), verbs.c
 * (reload and the like), rotate.c (nonce keys).
 */

/** What the command line said. */
typedef struct csn_gw_options {
    csn_gw_settings settings;
    bool check_only;
} csn_gw_options;

/** Read the command line; false: a note said why, or help was given. */
bool csn_gw_options_read(int argc, char **argv, csn_gw_options *options,
    int *exit_code);

/** An open and locked state directory. */
typedef struct csn_gw_state {
    int lock;
    char directory[CSN_GW_MAX_PATH]; /* absolute */
} csn_gw_state;

/**
 * Make the directory if need be, 0700, and lock it. Held until the process
 * ends, or csn_gw_state_close.
 */
bool csn_gw_state_open(const char *directory, csn_gw_state *state,
    csn_gw_error *error);
void csn_gw_state_close(csn_gw_state *state);

/** The process that holds the lock of a state directory; 0: nobody does. */
pid_t csn_gw_state_owner(const char *directory, csn_gw_error *error);

/** Send a signal to that process and to no other. */
bool csn_gw_state_signal(const char *directory, int signal, pid_t *owner,
    csn_gw_error *error);

/** Make every path of the settings absolute: the engine changes directory. */
bool csn_gw_paths_absolute(csn_gw_settings *settings, csn_gw_error *error);

/** Where things are that a package or the build put somewhere. */
bool csn_gw_find_plugin(char path[CSN_GW_MAX_PATH], csn_gw_error *error);
bool csn_gw_find_engine(char path[CSN_GW_MAX_PATH], csn_gw_error *error);

/** Whether the key file is good, or not there yet. */
bool csn_gw_keys_check(const csn_gw_settings *settings, csn_gw_error *error);

/** Make the key file unless it is there. */
bool csn_gw_keys_make(const csn_gw_settings *settings, csn_gw_error *error);

/** Open the counts table that is shared, if one is. */
bool csn_gw_counts_open(csn_gw_settings *settings, csn_gw_error *error);

/** Open every listener's socket; ports that were 0 are known afterwards. */
bool csn_gw_listen_open(csn_gw_settings *settings, csn_gw_error *error);
void csn_gw_listen_close(csn_gw_settings *settings);

/** Write the run-root below the state directory. */
bool csn_gw_records_write(const csn_gw_settings *settings,
    const csn_gw_state *state, const char *plugin, csn_gw_error *error);

/**
 * Read users, keys and certificate once, so that what is wrong is said before
 * anything starts; notes what looks like an oversight.
 */
bool csn_gw_check(const csn_gw_settings *settings, csn_gw_error *error);

/** Start the engine. `-1` on failure. */
pid_t csn_gw_child_start(const csn_gw_state *state, const char *engine,
    csn_gw_error *error);

/** Print the end of what the engine said, for a person. */
void csn_gw_child_say_last(const csn_gw_state *state);

/** What a hook of csn_gw_use wants; an exit code ends the run. */
enum { CSN_GW_GO_ON = -1, CSN_GW_AS_USUAL = -2 };

/** What a verb does while its engine runs. */
typedef struct csn_gw_use {
    void *context;
    /** The engine is ready, for the first time. */
    int (*ready)(void *context, const csn_gw_settings *settings);
    /** One of its `signals` came, or SIGCHLD, SIGHUP, SIGINT or SIGTERM.
     * NULL: nothing to do but what is usual (SIGHUP: reload; SIGINT, SIGTERM:
     * drain, and 0). */
    int (*signal)(void *context, const csn_gw_state *state,
        const siginfo_t *info);
    sigset_t signals;
} csn_gw_use;

/** Run until a signal or a hook ends it. Returns the exit code. */
int csn_gw_run(csn_gw_settings *settings, csn_gw_state *state,
    const csn_gw_use *use);

/** Have the engine of a state directory read anew what a reload reads. */
void csn_gw_run_reload(const csn_gw_state *state);

/** Say what listens where. */
int csn_gw_say_ready(void *context, const csn_gw_settings *settings);

/**
 * Have a new key mint for the gateways of these state directories, which must
 * have one key file. Those that run know it before it mints.
 */
bool csn_gw_rotate(const char *const *states, size_t count,
    csn_gw_error *error);

/** Tell the gateway that runs there to reload. */
bool csn_gw_reload(const char *state, csn_gw_error *error);

/** `reload`, `status`, `stop`, `rotate-keys`. */
int csn_gw_verb(int argc, char **argv);
bool csn_gw_is_verb(const char *word);

#endif
