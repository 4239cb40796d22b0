// SPDX-License-Identifier: MIT
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/curl/nameless.h"
#include "common/note.h"

enum { CHUNK = 64 * 1024 };

void
fetch_content_free(fetch_content *content)
{
    if (content->fd >= 0)
        close(content->fd);
    free(content->text);
    *content = (fetch_content){ .fd = -1 };
}

static bool
fail(const char *name)
{
    csn_note("%s: %s", name, strerror(errno));
    return false;
}

/* What -d leaves out of a file: line ends and NUL, as in curl. */
static size_t
strip(char *data, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++)
        if (data[i] != '\r' && data[i] != '\n' && data[i] != '\0')
            data[kept++] = data[i];
    return kept;
}

static bool
copy_fd(int from, const char *name, int to, bool whole)
{
    char chunk[CHUNK];
    ssize_t got;

    while ((got = read(from, chunk, sizeof(chunk))) != 0) {
        size_t len = got > 0 ? (size_t)got : 0;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(name);
        if (!whole)
            len = strip(chunk, len);
        if (!csn_curl_nameless_write(to, chunk, len))
            return fail("temporary file");
    }
    return true;
}

static int
open_named(const char *name)
{
    int fd = strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                    : open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fail(name);
    return fd;
}

static bool
copy_part(const fetch_part *part, int to)
{
    int from;
    bool done;

    if (part->kind == PART_TEXT)
        return csn_curl_nameless_write(to, part->text, strlen(part->text)) ||
            fail("temporary file");
    from = open_named(part->text);
    done = from >= 0 && copy_fd(from, part->text, to, part->kind != PART_FILE);
    if (from >= 0)
        close(from);
    return done;
}

static bool
finish_fd(fetch_content *content, int fd)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        close(fd);
        return fail("content");
    }
    *content =
        (fetch_content){ .present = true, .fd = fd, .size = info.st_size };
    return true;
}

static bool
spool(fetch_content *content, const fetch_part *parts, size_t count)
{
    int fd = csn_curl_nameless_open();
    bool done = fd >= 0 || fail("temporary file");

    for (size_t i = 0; done && i < count; i++) {
        if (i != 0 && parts[i].joined)
            done = csn_curl_nameless_write(fd, "&", 1) ||
                fail("temporary file");
        done = done && copy_part(&parts[i], fd);
    }
    if (done)
        return finish_fd(content, fd);
    if (fd >= 0)
        close(fd);
    return false;
}

bool
fetch_content_of_file(fetch_content *content, const char *path)
{
    fetch_part part = { .kind = PART_FILE_WHOLE, .text = path };
    struct stat info;
    int fd = open_named(path);

    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        strcmp(path, "-") != 0)
        return finish_fd(content, fd);
    close(fd);
    return spool(content, &part, 1);
}

/* Text alone: joined in memory, where the command line has it anyway. */
static bool
join(fetch_content *content, const fetch_part *parts, size_t count)
{
    size_t len = 1;
    char *end;

    for (size_t i = 0; i < count; i++)
        len += strlen(parts[i].text) + 1;
    content->text = malloc(len);
    if (content->text == NULL) {
        csn_note("no memory");
        return false;
    }
    end = content->text;
    for (size_t i = 0; i < count; i++) {
        size_t part_len = strlen(parts[i].text);

        if (i != 0 && parts[i].joined)
            *end++ = '&';
        memcpy(end, parts[i].text, part_len);
        end += part_len;
    }
    *end = '\0';
    content->size = end - content->text;
    content->present = true;
    return true;
}

bool
fetch_content_of_parts(fetch_content *content, const fetch_part *parts,
    size_t count)
{
    bool texts = true;

    for (size_t i = 0; i < count; i++)
        texts = texts && parts[i].kind == PART_TEXT;
    if (texts)
        return join(content, parts, count);
    if (count == 1 && parts[0].kind == PART_FILE_WHOLE)
        return fetch_content_of_file(content, parts[0].text);
    return spool(content, parts, count);
}

static ssize_t
read_at(const fetch_content *content, char *out, size_t len, off_t offset)
{
    ssize_t got;

    if (content->text != NULL) {
        memcpy(out, content->text + offset, len);
        return (ssize_t)len;
    }
    do
        got = pread(content->fd, out, len, offset);
    while (got < 0 && errno == EINTR);
    return got;
}

size_t
fetch_reader_read(char *out, size_t size, size_t count, void *userp)
{
    fetch_reader *reader = userp;
    off_t left = reader->content->size - reader->offset;
    size_t want = size * count;
    ssize_t got;

    if (left <= 0)
        return 0;
    if ((off_t)want > left)
        want = (size_t)left;
    got = read_at(reader->content, out, want, reader->offset);
    if (got <= 0) {
        /* The file became shorter than the length that was promised. */
        csn_note("content: %s", got < 0 ? strerror(errno) : "file was cut");
        return CURL_READFUNC_ABORT;
    }
    reader->offset += got;
    return (size_t)got;
}

int
fetch_reader_rewind(void *userp)
{
    fetch_reader *reader = userp;

    reader->offset = 0;
    return 0;
}
