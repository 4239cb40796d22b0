// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_COMMON_EXIT_H
#define COUNTERSIGN_TOOLS_COMMON_EXIT_H

/*
 * Exit codes that every verb shares; countersign(1) lists them. Numbers that
 * curl has too mean what they mean there.
 */
enum csn_exit {
    CSN_EXIT_OK = 0,
    CSN_EXIT_NO = 1,     /* asked and answered: no */
    CSN_EXIT_USAGE = 2,  /* the command line asks for nothing we do */
    CSN_EXIT_HTTP = 22,  /* HTTP error with --fail */
    CSN_EXIT_WRITE = 23, /* output could not be written */
    CSN_EXIT_MEMORY = 27,
    CSN_EXIT_TIMEOUT = 28,
    CSN_EXIT_READ = 37,  /* a file could not be read, or is damaged */
    CSN_EXIT_LOGIN = 67, /* login refused */
    CSN_EXIT_PROOF = 90  /* proof missing or wrong */
};

#endif
