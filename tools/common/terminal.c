// SPDX-License-Identifier: MIT
#include "terminal.h"

#include <poll.h>
#include <stddef.h>

static const int signals[CSN_TERMINAL_SIGNALS] = { SIGHUP, SIGINT, SIGQUIT,
    SIGTERM, SIGTSTP };

static volatile sig_atomic_t caught;

static void
catch_signal(int number)
{
    caught = number;
}

static void
restore_handlers(csn_terminal *terminal)
{
    for (int i = 0; i < CSN_TERMINAL_SIGNALS; i++)
        (void)sigaction(signals[i], &terminal->handlers[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
}

/* Blocked but while csn_terminal_wait waits, so none comes just before. */
static void
take_handlers(csn_terminal *terminal)
{
    struct sigaction action = { .sa_handler = catch_signal };
    sigset_t ours;

    caught = 0;
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&ours);
    for (int i = 0; i < CSN_TERMINAL_SIGNALS; i++)
        (void)sigaddset(&ours, signals[i]);
    (void)sigprocmask(SIG_BLOCK, &ours, &terminal->mask);
    for (int i = 0; i < CSN_TERMINAL_SIGNALS; i++)
        (void)sigaction(signals[i], &action, &terminal->handlers[i]);
}

bool
csn_terminal_hide(csn_terminal *terminal, int fd)
{
    struct termios hidden;

    if (tcgetattr(fd, &terminal->before) != 0)
        return false;
    terminal->fd = fd;
    take_handlers(terminal);

    hidden = terminal->before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    hidden.c_lflag |= ICANON | ISIG;
    if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0) {
        restore_handlers(terminal);
        return false;
    }
    return true;
}

bool
csn_terminal_wait(const csn_terminal *terminal)
{
    struct pollfd input = { .fd = terminal->fd, .events = POLLIN };

    return ppoll(&input, 1, NULL, &terminal->mask) == 1;
}

bool
csn_terminal_show(csn_terminal *terminal)
{
    /* What was typed beyond the line is flushed: it may be a secret too. */
    (void)tcsetattr(terminal->fd, TCSAFLUSH, &terminal->before);
    restore_handlers(terminal);
    if (caught == 0)
        return false;
    (void)raise(caught);
    return true;
}
