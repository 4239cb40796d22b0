// SPDX-License-Identifier: MIT
#include "note.h"
#include "exit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    NOTE_MAX = 2048, /* longer ones are cut: a note is one line */
    LINE_MAX_LEN = 4 * NOTE_MAX + 128 /* all of it escaped, and the name */
};

static const char *note_name = "countersign";

void
csn_note_name(const char *name)
{
    note_name = name;
}

/* Octets of the control character that begins here: C0 and DEL have one, C1
 * (U+0080 to U+009F in UTF-8) two; 0 when there is none. */
static int
control_len(const unsigned char *p)
{
    if (*p < 0x20 || *p == 0x7f)
        return 1;
    return *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

void
csn_print_visible(FILE *stream, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p != '\0') {
        int len = control_len(p);

        if (len == 0)
            putc(*p++, stream);
        while (len-- > 0)
            fprintf(stream, "\\x%02x", *p++);
    }
}

void
csn_note(const char *format, ...)
{
    char text[NOTE_MAX];
    char line[LINE_MAX_LEN];
    FILE *stream = fmemopen(line, sizeof(line), "w");
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (stream == NULL)
        return;
    fprintf(stream, "%s: ", note_name);
    csn_print_visible(stream, text);
    putc('\n', stream);
    (void)fclose(stream);
    /* In one piece, so that notes of several programs do not mix. */
    fputs(line, stderr);
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
