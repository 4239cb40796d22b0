// SPDX-License-Identifier: MIT
#ifndef CSN_GW_SETTERS_H
#define CSN_GW_SETTERS_H

#include "settings/settings.h"

/*
 * Takes the value of one setting; `value` NULL for a switch that is on. The
 * error says what is wrong with the value; the caller puts the name before it.
 */
typedef bool csn_gw_setter(csn_gw_settings *settings, const char *value,
    csn_gw_error *error);

/* source.c */
csn_gw_setter csn_gw_set_source;
csn_gw_setter csn_gw_set_trust_source;

/* open.c */
csn_gw_setter csn_gw_set_open;

/* bypass.c */
csn_gw_setter csn_gw_set_via_bypass;
void csn_gw_bypass_save(const csn_gw_settings *settings, FILE *file);

/* shared.c */
csn_gw_setter csn_gw_set_keys;
csn_gw_setter csn_gw_set_counts;

/* via.c */
csn_gw_setter csn_gw_set_via_proxy;
csn_gw_setter csn_gw_set_via_user;
csn_gw_setter csn_gw_set_via_user_file;
csn_gw_setter csn_gw_set_via_proof;
csn_gw_setter csn_gw_set_via_patience;
csn_gw_setter csn_gw_set_via_relay;
csn_gw_setter csn_gw_set_via_address;

/** `yes` or `no`. */
bool csn_gw_set_switch(bool *to, const char *value, csn_gw_error *error);

/** One line of text that is not empty. */
bool csn_gw_copy_line(char *to, size_t size, const char *value,
    csn_gw_error *error);

bool csn_gw_proof_parse(const char *value, csn_proof_policy *policy,
    csn_gw_error *error);

/* present/settings.c */
csn_gw_setter csn_gw_set_present;
csn_gw_setter csn_gw_set_present_user_file;
csn_gw_setter csn_gw_set_present_proof;
csn_gw_setter csn_gw_set_present_allow;

/** Take `ORIGIN=` off; `*rest` is what follows. */
bool csn_gw_presented_split(const char *text, csn_gw_origin *where,
    const char **rest, csn_gw_error *error);

void csn_gw_presented_save(const csn_gw_settings *settings, FILE *file);
bool csn_gw_presented_finish(csn_gw_settings *settings, csn_gw_error *error);

/* In the order of csn_gw_settings_table. */
#define CSN_GW_SETTINGS 48
extern csn_gw_setter *const csn_gw_setters[CSN_GW_SETTINGS];

/* auth.c */
csn_gw_setter csn_gw_set_algorithm;
csn_gw_setter csn_gw_set_qop;
csn_gw_setter csn_gw_set_content_limit;
csn_gw_setter csn_gw_set_proof_limit;
csn_gw_setter csn_gw_set_content_memory;

#endif
