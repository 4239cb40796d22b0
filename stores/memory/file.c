// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* F_OFD_SETLK */
#include <countersign/stores/counts_file.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/*
 * The file: a head that says what it is, then the table. Two octets of it
 * are locked, by open file descriptions, which children inherit and whose end
 * the kernel sees to: one while somebody looks and makes, the other one for
 * as long as somebody uses it.
 */
enum { MAKING, USING, HEAD = 4096, TRIES = 40, TRY_MS = 50 };

static const char head_line[] = "countersign counts\n";

_Static_assert(HEAD % 64 == 0, "the table behind it stays aligned");

__attribute__((format(printf, 3, 4))) static csn_status
fail(csn_counts_file_error *error, csn_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return status;
}

static bool
lock(int fd, int which, short type)
{
    struct flock range = { .l_type = type,
        .l_whence = SEEK_SET,
        .l_start = which,
        .l_len = 1 };

    return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

/* Who makes a table has it done in some ten milliseconds. */
static csn_status
lock_making(int fd, csn_counts_file_error *error)
{
    const struct timespec pause = { .tv_nsec = TRY_MS * 1000000L };

    for (int i = 0; i < TRIES; i++) {
        if (lock(fd, MAKING, F_WRLCK))
            return CSN_OK;
        if (errno != EAGAIN && errno != EACCES)
            return fail(error, CSN_E_STORE, "cannot be locked: %s",
                strerror(errno));
        (void)nanosleep(&pause, NULL);
    }
    return fail(error, CSN_E_STORE,
        "another program has been making it for some seconds");
}

/* A file of ours alone, in memory. */
static csn_status
check_file(int fd, struct stat *info, csn_counts_file_error *error)
{
    struct statfs system;

    if (fstat(fd, info) != 0 || fstatfs(fd, &system) != 0)
        return fail(error, CSN_E_STORE, "%s", strerror(errno));
    if (!S_ISREG(info->st_mode))
        return fail(error, CSN_E_REFUSED, "is no file");
    if (info->st_uid != geteuid())
        return fail(error, CSN_E_REFUSED, "belongs to another user");
    if ((info->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(error, CSN_E_REFUSED, "is open to others; chmod 600");
    if (system.f_type != TMPFS_MAGIC && system.f_type != RAMFS_MAGIC)
        return fail(error, CSN_E_REFUSED,
            "is not in memory: name a file below /dev/shm or /run");
    return CSN_OK;
}

/* Nothing that somebody may miss is ever overwritten. */
static bool
is_ours(int fd, const struct stat *info)
{
    char head[sizeof(head_line) - 1];

    return info->st_size == 0 ||
        (pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
            memcmp(head, head_line, sizeof(head)) == 0);
}

/* The pages are there before the first one is touched: a file system that
 * has no room says so now, not by a signal later. */
static csn_status
reserve(int fd, size_t size, csn_counts_file_error *error)
{
    int code;

    if (ftruncate(fd, 0) != 0 ||
        pwrite(fd, head_line, sizeof(head_line) - 1, 0) !=
            (ssize_t)sizeof(head_line) - 1)
        return fail(error, CSN_E_STORE, "%s", strerror(errno));
    do
        code = posix_fallocate(fd, 0, (off_t)(HEAD + size));
    while (code == EINTR);
    if (code == 0)
        return CSN_OK;
    if (ftruncate(fd, 0) != 0)
        return fail(error, CSN_E_STORE, "%s", strerror(errno));
    return fail(error, CSN_E_STORE, "no room for %zu octets: %s", HEAD + size,
        strerror(code));
}

static uint8_t *
map(int fd, size_t size, csn_counts_file_error *error)
{
    void *memory = mmap(NULL, HEAD + size, PROT_READ | PROT_WRITE, MAP_SHARED,
        fd, 0);

    if (memory == MAP_FAILED) {
        (void)fail(error, CSN_E_STORE, "cannot be mapped: %s",
            strerror(errno));
        return NULL;
    }
    (void)madvise(memory, HEAD + size, MADV_DONTDUMP);
    return memory;
}

static csn_status
make(int fd, size_t size, const csn_crypto *crypto, uint64_t now_ms,
    csn_counts_file_error *error)
{
    csn_status status = reserve(fd, size, error);
    csn_counts *table;
    uint8_t *memory;

    if (status != CSN_OK)
        return status;
    memory = map(fd, size, error);
    if (memory == NULL)
        return CSN_E_STORE;
    status = csn_counts_init(memory + HEAD, size, crypto, now_ms, &table);
    (void)munmap(memory, HEAD + size);
    if (status != CSN_OK)
        return fail(error, status, "no random octets, or no locks");
    return CSN_OK;
}

static csn_status
join(int fd, size_t size, const struct stat *info,
    csn_counts_file_error *error)
{
    csn_counts *table = NULL;
    csn_status status;

    if (info->st_size != (off_t)(HEAD + size))
        return fail(error, CSN_E_STATE,
            "others use it with a table of %lld octets, not %zu",
            (long long)info->st_size - HEAD, size);
    status = csn_counts_file_map(fd, size, &table, error);
    if (status == CSN_OK)
        csn_counts_file_unmap(table, size);
    return status;
}

/* Under the lock of those who make. */
static csn_status
make_or_join(int fd, size_t size, const csn_crypto *crypto, uint64_t now_ms,
    csn_counts_file_error *error)
{
    struct stat info;
    csn_status status = check_file(fd, &info, error);

    if (status != CSN_OK)
        return status;
    if (!is_ours(fd, &info))
        return fail(error, CSN_E_REFUSED, "holds something else");
    status = lock(fd, USING, F_WRLCK) ? make(fd, size, crypto, now_ms, error)
                                      : join(fd, size, &info, error);
    if (status == CSN_OK && !lock(fd, USING, F_RDLCK))
        status = fail(error, CSN_E_STORE, "cannot be locked: %s",
            strerror(errno));
    return status;
}

csn_status
csn_counts_file_open(const char *path, size_t size, const csn_crypto *crypto,
    uint64_t now_ms, int *out, csn_counts_file_error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
        S_IRUSR | S_IWUSR);
    csn_status status;

    if (fd < 0)
        return fail(error, CSN_E_STORE, "%s", strerror(errno));
    status = lock_making(fd, error);
    if (status == CSN_OK)
        status = make_or_join(fd, size, crypto, now_ms, error);
    (void)lock(fd, MAKING, F_UNLCK);
    if (status != CSN_OK)
        close(fd);
    else
        *out = fd;
    return status;
}

csn_status
csn_counts_file_map(int fd, size_t size, csn_counts **table,
    csn_counts_file_error *error)
{
    struct stat info;
    uint8_t *memory;
    csn_status status;

    if (fstat(fd, &info) != 0)
        return fail(error, CSN_E_STORE, "%s", strerror(errno));
    /* Beyond the end of a file there is no memory. */
    if (info.st_size != (off_t)(HEAD + size))
        return fail(error, CSN_E_STATE, "has no table of this size");
    memory = map(fd, size, error);
    if (memory == NULL)
        return CSN_E_STORE;
    status = csn_counts_attach(memory + HEAD, size, table);
    if (status == CSN_OK)
        return CSN_OK;
    (void)munmap(memory, HEAD + size);
    return fail(error, status,
        "others use it with a table of another version");
}

void
csn_counts_file_unmap(csn_counts *table, size_t size)
{
    (void)munmap((uint8_t *)table - HEAD, HEAD + size);
}
