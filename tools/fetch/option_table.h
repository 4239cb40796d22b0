// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_OPTION_TABLE_H
#define COUNTERSIGN_TOOLS_FETCH_OPTION_TABLE_H

#include <argp.h>
#include <stddef.h>

/*
 * The options of `countersign fetch`, once: what --help says and where an
 * argument goes. Names and letters are curl's where the meaning is.
 */

/* Keys of options without a letter. */
enum {
    KEY_FIRST = 0x100,
    KEY_DATA_BINARY = KEY_FIRST,
    KEY_DATA_RAW,
    KEY_JSON,
    KEY_USER_FILE,
    KEY_PROXY_USER_FILE,
    KEY_ROWS /* rows of the table without a letter count on from here */
};

typedef enum fetch_row_kind {
    ROW_FLAG,
    ROW_TEXT,
    ROW_LINES,   /* a curl_slist */
    ROW_LIST,    /* a fetch_list */
    ROW_SECONDS, /* into milliseconds */
    ROW_NUMBER,
    ROW_POLICY,
    ROW_INTEGRITY,
    ROW_OCTETS, /* with K, M, G or T behind the number */
    ROW_NOTHING /* taken for curl's sake, and what happens anyway */
} fetch_row_kind;

typedef struct fetch_option_row {
    const char *name;
    int letter; /* 0: none */
    fetch_row_kind kind;
    size_t offset; /* in fetch_options */
    const char *argument;
    const char *help;
    int group;
} fetch_option_row;

extern const char fetch_option_doc[];

/* The table as argp wants it; always the same memory. */
const struct argp_option *fetch_option_table(void);

/* The row of a key argp reports; NULL when it is none of the table's. */
const fetch_option_row *fetch_option_find(int key);

#endif
