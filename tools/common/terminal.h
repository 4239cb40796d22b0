// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_COMMON_TERMINAL_H
#define COUNTERSIGN_TOOLS_COMMON_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

enum { CSN_TERMINAL_SIGNALS = 5 };

/* A terminal whose echo is off, and what it was before. */
typedef struct csn_terminal {
    int fd;
    struct termios before;
    struct sigaction handlers[CSN_TERMINAL_SIGNALS];
    sigset_t mask;
} csn_terminal;

/*
 * Turn echo off. Until csn_terminal_show the signals that end or stop a
 * program only end csn_terminal_wait, so that nobody is left with a terminal
 * that shows nothing. One at a time in a process.
 *
 * Returns: false when `fd` is no terminal; errno says more.
 */
bool csn_terminal_hide(csn_terminal *terminal, int fd);

/* Wait until a whole line can be read: false, with errno, when a signal or an
 * error came first. */
bool csn_terminal_wait(const csn_terminal *terminal);

/*
 * Put everything back and deliver the signal that came meanwhile; most end
 * the program here.
 *
 * Returns: whether one came, the program was stopped and goes on again: then
 *          what was typed is lost and must be asked for anew.
 */
bool csn_terminal_show(csn_terminal *terminal);

#endif
