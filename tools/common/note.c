// SPDX-License-Identifier: MIT
#include "note.h"
#include "exit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOTE_MAX = 2048 }; /* longer ones are cut: a note is one line */

static const char *note_name = "countersign";

void
csn_note_name(const char *name)
{
    note_name = name;
}

/* C0, DEL, and the first octet of a C1 control in UTF-8 (U+0080..9F). */
static int
is_control(const unsigned char *p)
{
    return *p < 0x20 || *p == 0x7f ||
        (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);
}

void
csn_print_visible(FILE *stream, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    for (; *p != '\0'; p++) {
        if (is_control(p))
            fprintf(stream, "\\x%02x", *p);
        else
            putc(*p, stream);
    }
}

void
csn_note(const char *format, ...)
{
    char text[NOTE_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    /* The stream is held, so that notes of several threads do not mix. */
    flockfile(stderr);
    fprintf(stderr, "%s: ", note_name);
    csn_print_visible(stderr, text);
    putc('\n', stderr);
    funlockfile(stderr);
}

int
csn_stdout_done(int code)
{
    int failed = fflush(stdout) != 0 || ferror(stdout);

    if (failed && code == CSN_EXIT_OK) {
        csn_note("standard output: %s", strerror(errno));
        return CSN_EXIT_WRITE;
    }
    return code;
}
