// SPDX-License-Identifier: MIT
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

static const char first_line[] = "# countersign proof store 1";

enum {
    COLUMNS = 7,
    LOCK_TRIES = 1000 /* writers that may be served before this one */
};

/* What needs no percent-coding; everything else, blanks included, does. */
static bool
is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
        (c >= 'a' && c <= 'z') || strchr("-._~@/", c) != NULL;
}

static void
put_coded(FILE *file, const char *text)
{
    if (*text == '\0') {
        fputc('-', file);
        return;
    }
    if (strcmp(text, "-") == 0) {
        fputs("%2D", file);
        return;
    }
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (is_plain(c))
            fputc(c, file);
        else
            fprintf(file, "%%%02X", c);
    }
}

static int
hex_value(char c)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    const char *at = c ? strchr(digits, c) : NULL;

    if (at == NULL)
        return -1;
    return (int)(at - digits) > 15 ? (int)(at - digits) - 6
                                   : (int)(at - digits);
}

/* Undo percent-coding in place. A coded NUL is no part of any name here. */
static bool
decode(char *text)
{
    char *out = text;

    if (strcmp(text, "-") == 0) {
        *text = '\0';
        return true;
    }
    for (; *text != '\0'; text++) {
        if (*text == '%') {
            int high = hex_value(text[1]);
            int low = high < 0 ? -1 : hex_value(text[2]);

            if (low < 0 || high * 16 + low == 0)
                return false;
            *out++ = (char)(high * 16 + low);
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
    return true;
}

static bool
split(char *line, char *columns[COLUMNS])
{
    char *rest = NULL;
    size_t count = 0;

    for (char *word = strtok_r(line, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (count == COLUMNS)
            return false;
        columns[count++] = word;
    }
    return count == COLUMNS;
}

static bool
read_seen(char *text, unsigned *seen)
{
    char *rest = NULL;

    *seen = CSN_SEEN_DIGEST;
    for (char *word = strtok_r(text, ",", &rest); word != NULL;
         word = strtok_r(NULL, ",", &rest)) {
        if (strcmp(word, "proof") == 0)
            *seen |= CSN_SEEN_PROOF;
        else if (strcmp(word, "sha2") == 0)
            *seen |= CSN_SEEN_SHA2;
        else
            return false;
    }
    return true;
}

static csn_status
read_line(curl_records *records, char *line)
{
    char *column[COLUMNS];
    curl_record record;
    char *end = NULL;
    unsigned long port;

    if (!split(line, column) || !read_seen(column[6], &record.seen) ||
        !decode(column[4]) || !decode(column[5]))
        return CSN_E_SYNTAX;
    if (strcmp(column[0], "origin") == 0)
        record.layer = CSN_LAYER_ORIGIN;
    else if (strcmp(column[0], "proxy") == 0)
        record.layer = CSN_LAYER_PROXY;
    else
        return CSN_E_SYNTAX;
    port = strtoul(column[3], &end, 10);
    if (*end != '\0' || port == 0 || port > 65535)
        return CSN_E_SYNTAX;
    record.scheme = column[1];
    record.host = column[2];
    record.port = (unsigned)port;
    record.realm = column[4];
    record.user = column[5];
    return csn_curl_records_add(records, &record, NULL);
}

static csn_status
read_stream(curl_records *records, FILE *file)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    bool first = true;
    csn_status status = CSN_OK;

    while (status == CSN_OK && (len = getline(&line, &cap, file)) > 0) {
        if (line[len - 1] != '\n' || strlen(line) != (size_t)len) {
            status = CSN_E_SYNTAX; /* cut off, or a NUL inside */
            break;
        }
        line[len - 1] = '\0';
        if (first && strcmp(line, first_line) != 0)
            status = CSN_E_SYNTAX;
        else if (line[0] != '#' && line[0] != '\0')
            status = read_line(records, line);
        first = false;
    }
    if (status == CSN_OK && ferror(file))
        status = CSN_E_STORE;
    free(line);
    return status;
}

/* Reads from a descriptor of its own; `fd` stays open. */
static csn_status
load_fd(curl_records *records, int fd)
{
    struct stat info;
    int copy;
    FILE *file;
    csn_status status;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return CSN_E_STORE;
    if (info.st_size > RECORDS_MAX_FILE)
        return CSN_E_LIMIT;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return CSN_E_STORE;
    file = fdopen(copy, "r");
    if (file == NULL) {
        close(copy);
        return CSN_E_STORE;
    }
    status = read_stream(records, file);
    fclose(file);
    return status;
}

csn_status
csn_curl_records_load(curl_records *records, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    csn_status status;

    if (fd < 0)
        return errno == ENOENT ? CSN_OK : CSN_E_STORE;
    status = load_fd(records, fd);
    close(fd);
    return status;
}

static void
write_records(const curl_records *records, FILE *file)
{
    fprintf(file, "%s\n", first_line);
    for (size_t i = 0; i < records->count; i++) {
        const curl_record *record = &records->items[i];

        fprintf(file, "%s %s %s %u ",
            record->layer == CSN_LAYER_PROXY ? "proxy" : "origin",
            record->scheme, record->host, record->port);
        put_coded(file, record->realm);
        fputc(' ', file);
        put_coded(file, record->user);
        fprintf(file, " proof%s\n",
            record->seen & CSN_SEEN_SHA2 ? ",sha2" : "");
    }
}

/* The new content beside the old, then in its place in one step. */
static csn_status
replace(const curl_records *records, const char *path)
{
    char *temp = csn_curl_text_join("%s.XXXXXX", path);
    int fd = temp ? mkstemp(temp) : -1; /* mode 0600 */
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool written = false;

    if (file != NULL) {
        write_records(records, file);
        written = fflush(file) == 0 && fsync(fd) == 0;
        written = fclose(file) == 0 && written;
    } else if (fd >= 0) {
        close(fd);
    }
    if (written)
        written = rename(temp, path) == 0;
    if (!written && fd >= 0)
        unlink(temp);
    free(temp);
    return written ? CSN_OK : CSN_E_STORE;
}

/* Whether `path` still names the file that is open. */
static bool
is_current(int fd, const char *path)
{
    struct stat held;
    struct stat named;

    return fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/*
 * Open and lock the file at `path`. Another process may have replaced it
 * while this one waited for the lock: then the lock is on a file that is no
 * longer there, and the new one is tried, each time behind one more writer.
 */
static int
open_locked(const char *path)
{
    for (unsigned tries = 0; tries < LOCK_TRIES; tries++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX) == 0 && is_current(fd, path))
            return fd;
        close(fd);
    }
    return -1;
}

csn_status
csn_curl_records_save(curl_records *records, const char *path)
{
    /* A symbolic link goes on pointing at the file that is replaced. */
    char *real = realpath(path, NULL);
    const char *target = real ? real : path;
    int fd = open_locked(target);
    csn_status status = CSN_E_STORE;

    if (fd >= 0) {
        status = load_fd(records, fd);
        if (status == CSN_OK)
            status = replace(records, target);
        close(fd);
    }
    free(real);
    return status;
}
