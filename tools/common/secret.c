// SPDX-License-Identifier: MIT
#include "secret.h"
#include "note.h"

#include "core/ct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal.h"

typedef enum line_end {
    LINE_DONE, /* a line, perhaps empty */
    LINE_NONE, /* the input ended before it began */
    LINE_LONG,
    LINE_NUL,
    LINE_FAILED, /* errno says why */
} line_end;

/*
 * One octet per call, so that what follows the line stays for others and
 * nothing secret lies in a buffer.
 */
static line_end
read_line(int fd, csn_secret_text *secret)
{
    char c = '\0';
    ssize_t got;

    secret->len = 0;
    while ((got = read(fd, &c, 1)) == 1 && c != '\n') {
        if (c == '\0')
            return LINE_NUL;
        if (secret->len == CSN_SECRET_MAX)
            return LINE_LONG;
        secret->text[secret->len++] = c;
    }
    if (got < 0)
        return LINE_FAILED;
    if (got == 0 && secret->len == 0)
        return LINE_NONE;
    if (secret->len != 0 && secret->text[secret->len - 1] == '\r')
        secret->len--;
    secret->text[secret->len] = '\0';
    return LINE_DONE;
}

/* Whether a line came; if not, `what` is named in the note. */
static bool
settle(line_end end, csn_secret_text *secret, const char *what)
{
    switch (end) {
    case LINE_DONE:
        return true;
    case LINE_NONE:
        csn_note("%s: no password there", what);
        break;
    case LINE_LONG:
        csn_note("%s: a password has at most %d octets", what, CSN_SECRET_MAX);
        break;
    case LINE_NUL:
        csn_note("%s: a password has no NUL", what);
        break;
    case LINE_FAILED:
        csn_note("%s: %s", what, strerror(errno));
        break;
    }
    csn_secret_wipe(secret);
    return false;
}

/* Ask at a terminal; a stop (Ctrl-Z) asks again afterwards. */
static bool
ask(int fd, csn_secret_text *secret, const char *prompt, const char *what)
{
    csn_terminal terminal;
    line_end end;
    int error;

    do {
        if (!csn_terminal_hide(&terminal, fd))
            return settle(LINE_FAILED, secret, what);
        end = LINE_FAILED;
        if (write(fd, prompt, strlen(prompt)) >= 0 &&
            csn_terminal_wait(&terminal))
            end = read_line(fd, secret);
        error = errno;
        (void)!write(fd, "\n", 1);
    } while (csn_terminal_show(&terminal));
    errno = error;
    return settle(end, secret, what);
}

bool
csn_secret_prompt(csn_secret_text *secret, const char *prompt)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    bool done;

    if (fd < 0) {
        csn_note("there is no terminal to ask for the password: give it on "
                 "standard input or in a file");
        csn_secret_wipe(secret);
        return false;
    }
    done = ask(fd, secret, prompt, "terminal");
    close(fd);
    return done;
}

bool
csn_secret_stdin(csn_secret_text *secret)
{
    if (isatty(STDIN_FILENO))
        return ask(STDIN_FILENO, secret, "Password: ", "standard input");
    return settle(read_line(STDIN_FILENO, secret), secret, "standard input");
}

static void
note_if_readable(int fd, const char *path)
{
    struct stat info;

    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        (info.st_mode & (S_IRGRP | S_IROTH)) != 0)
        csn_note("warning: %s: others than its owner can read it", path);
}

bool
csn_secret_file(csn_secret_text *secret, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    line_end end;
    char more;
    bool is_one_line;

    if (fd < 0)
        return settle(LINE_FAILED, secret, path);
    note_if_readable(fd, path);
    end = read_line(fd, secret);
    is_one_line = end != LINE_DONE || read(fd, &more, 1) == 0;
    close(fd);
    if (!is_one_line) {
        csn_note("%s: a password file has one line", path);
        csn_secret_wipe(secret);
        return false;
    }
    return settle(end, secret, path);
}

static bool
copy(csn_secret_text *secret, const char *text, const char *what)
{
    size_t len = strlen(text);

    if (len > CSN_SECRET_MAX)
        return settle(LINE_LONG, secret, what);
    memcpy(secret->text, text, len + 1);
    secret->len = len;
    return true;
}

bool
csn_secret_env(csn_secret_text *secret, const char *name)
{
    const char *value = getenv(name);

    if (value == NULL) {
        csn_note("the environment has no %s", name);
        csn_secret_wipe(secret);
        return false;
    }
    return copy(secret, value, name);
}

bool
csn_secret_argument(csn_secret_text *secret, char *argument)
{
    bool done = copy(secret, argument, "command line");

    csn_note("warning: a password on the command line can be seen by others "
             "on this machine");
    csn_wipe(argument, strlen(argument));
    return done;
}

void
csn_secret_wipe(csn_secret_text *secret)
{
    csn_wipe(secret, sizeof(*secret));
}
