// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* F_OFD_SETLK */
/* A counts table in a file: who makes it, who joins, what is refused. */
#include "counts_rig.h"

#include <countersign/stores/counts_file.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { HEAD = 4096, NONCES = 40, COUNTS = 200, WORKERS = 3 };

static char folder[64];
static char path[128];

static int
make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/dev/shm/counts-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/counts", folder);
    return 0;
}

static int
drop_folder(void **state)
{
    (void)state;
    (void)rmdir(path);
    (void)unlink(path);
    assert_return_code(rmdir(folder), 0);
    return 0;
}

/* One who uses the file. */
typedef struct user {
    rig r; /* its `memory` is not the rig's to free */
    int fd;
} user;

static csn_status
try_open(size_t size, int *fd, csn_counts_file_error *why)
{
    why->text[0] = '\0';
    return csn_counts_file_open(path, size, rig_crypto(), RIG_START_MS, fd,
        why);
}

static user
use(size_t size)
{
    user u = { .r = { .size = size, .shared = true }, .fd = -1 };
    csn_counts_file_error why;

    assert_int_equal(try_open(size, &u.fd, &why), CSN_OK);
    assert_int_equal(csn_counts_file_map(u.fd, size, &u.r.table, &why),
        CSN_OK);
    return u;
}

static void
leave(user *u)
{
    csn_counts_file_unmap(u->r.table, u->r.size);
    close(u->fd);
}

static void
check_refused(const char *name, size_t size, csn_status want,
    const char *words)
{
    int fd = -7;
    csn_counts_file_error why;

    CHECK_EQ(name, try_open(size, &fd, &why), want);
    CHECK_EQ(name, fd, -7);
    if (strstr(why.text, words) == NULL)
        fail_msg("%s: `%s` does not say `%s`", name, why.text, words);
}

static void
test_shared(void **state)
{
    user a = use(rig_size(3));
    user b = use(rig_size(3));
    uint8_t one[CSN_DOMAIN_SIZE];
    uint8_t other[CSN_DOMAIN_SIZE];
    csn_mark mark = rig_mark(&a.r, RIG_START_MS, 1, 1, 1);
    struct stat info;

    (void)state;
    csn_counts_domain(a.r.table, one);
    csn_counts_domain(b.r.table, other);
    assert_memory_equal(one, other, sizeof(one));
    assert_ptr_not_equal(a.r.table, b.r.table);
    assert_int_equal(rig_code(&a.r, mark), FRESH);
    assert_int_equal(rig_code(&b.r, mark), REPLAY);
    mark.nc = 2;
    assert_int_equal(rig_code(&b.r, mark), FRESH);
    assert_int_equal(rig_code(&a.r, mark), REPLAY);
    assert_int_equal(csn_counts_now(a.r.table, RIG_START_MS + 9),
        RIG_START_MS + 9);
    assert_int_equal(csn_counts_now(b.r.table, RIG_START_MS),
        RIG_START_MS + 9);
    assert_return_code(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    leave(&a);
    leave(&b);
}

/* Each in turn goes and comes back: the other keeps the table. */
static void
test_one_stays(void **state)
{
    user a = use(rig_size(2));
    csn_mark mark = rig_mark(&a.r, RIG_START_MS, 1, 1, 1);

    (void)state;
    assert_int_equal(rig_code(&a.r, mark), FRESH);
    for (int i = 0; i < 3; i++) {
        user b = use(rig_size(2));

        leave(&a);
        assert_int_equal(rig_code(&b.r, mark), REPLAY);
        a = use(rig_size(2));
        leave(&b);
        assert_int_equal(rig_code(&a.r, mark), REPLAY);
    }
    leave(&a);
}

static void
test_all_gone(void **state)
{
    user a = use(rig_size(2));
    user b;
    csn_mark mark = rig_mark(&a.r, RIG_START_MS, 1, 1, 1);

    (void)state;
    assert_int_equal(rig_code(&a.r, mark), FRESH);
    leave(&a);
    a = use(rig_size(2));
    assert_int_equal(rig_code(&a.r, mark), FOREIGN);
    leave(&a);
    a = use(rig_size(5)); /* of another size, since nobody uses it */
    assert_int_equal(rig_code(&a.r, mark), FOREIGN);
    leave(&a);
    a = use(rig_size(1)); /* and smaller, which those who join find so */
    b = use(rig_size(1));
    leave(&a);
    leave(&b);
}

/* A child that inherited the descriptor uses the table as well. */
static void
test_inherited(void **state)
{
    user a = use(rig_size(2));
    csn_mark mark = rig_mark(&a.r, RIG_START_MS, 1, 1, 1);
    int ends[2];
    pid_t child;
    char octet;

    (void)state;
    assert_return_code(pipe(ends), 0);
    child = rig_fork();
    if (child == 0) {
        close(ends[1]);
        _exit(read(ends[0], &octet, 1) == 0 ? 0 : 1);
    }
    close(ends[0]);
    assert_int_equal(rig_code(&a.r, mark), FRESH);
    leave(&a); /* but the child has it still */
    a = use(rig_size(2));
    assert_int_equal(rig_code(&a.r, mark), REPLAY);
    close(ends[1]);
    rig_wait(child);
    leave(&a);
}

static void
test_another_size(void **state)
{
    user a = use(rig_size(2));
    csn_counts_file_error why;
    csn_counts *table = NULL;

    (void)state;
    check_refused("smaller", rig_size(1), CSN_E_STATE, "others use it");
    check_refused("larger", rig_size(3), CSN_E_STATE, "others use it");
    assert_int_equal(csn_counts_file_map(a.fd, rig_size(3), &table, &why),
        CSN_E_STATE);
    /* Cut off by somebody: no memory there, and no signal. */
    assert_return_code(truncate(path, 0), 0);
    assert_int_equal(csn_counts_file_map(a.fd, rig_size(2), &table, &why),
        CSN_E_STATE);
    assert_null(table);
    leave(&a);
}

static void
test_another_version(void **state)
{
    user a = use(rig_size(2));
    /* Behind the magic number of eight octets. */
    uint32_t *version = (uint32_t *)((uint8_t *)a.r.table + 8);
    csn_mark mark = rig_mark(&a.r, RIG_START_MS, 1, 1, 1);

    (void)state;
    (*version)++;
    check_refused("version", rig_size(2), CSN_E_STATE, "another version");
    leave(&a);
    a = use(rig_size(2)); /* nobody uses it any more */
    assert_int_equal(rig_code(&a.r, mark), FOREIGN);
    leave(&a);
}

/* Whoever made it was killed before it was done. */
static void
test_half_made(void **state)
{
    static const off_t sizes[] = { 0, 19, HEAD, HEAD + 64 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        user a;

        assert_return_code(fd, 0);
        if (sizes[i] > 0)
            assert_int_equal(pwrite(fd, "countersign counts\n", 19, 0), 19);
        assert_return_code(ftruncate(fd, sizes[i]), 0);
        close(fd);
        a = use(rig_size(1));
        assert_int_equal(rig_code(&a.r, rig_mark(&a.r, RIG_START_MS, 1, 1, 1)),
            FRESH);
        leave(&a);
    }
}

static void
put(const char *content, mode_t mode)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    assert_return_code(fd, 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_return_code(fchmod(fd, mode), 0);
    close(fd);
}

static void
test_something_else(void **state)
{
    static const char content[] = "countersign diary\nDear diary,\n";
    char found[64] = "";
    int fd;

    (void)state;
    put(content, 0600);
    check_refused("content", rig_size(1), CSN_E_REFUSED, "something else");
    put("c", 0600);
    check_refused("short", rig_size(1), CSN_E_REFUSED, "something else");
    put(content, 0600);
    check_refused("content", rig_size(1), CSN_E_REFUSED, "something else");
    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, found, sizeof(found)), sizeof(content) - 1);
    assert_string_equal(found, content);
    close(fd);
}

static void
test_open_to_others(void **state)
{
    static const mode_t modes[] = { 0640, 0620, 0604, 0602, 0610 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        put("", modes[i]);
        check_refused("mode", rig_size(1), CSN_E_REFUSED, "open to others");
    }
}

static void
test_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    put("", 0600);
    assert_return_code(chown(path, 65534, 65534), 0);
    check_refused("owner", rig_size(1), CSN_E_REFUSED, "another user");
}

static void
test_no_file(void **state)
{
    (void)state;
    assert_return_code(mkdir(path, 0700), 0);
    check_refused("folder", rig_size(1), CSN_E_STORE, "directory");
    assert_return_code(rmdir(path), 0);
    assert_return_code(symlink("elsewhere", path), 0);
    check_refused("link", rig_size(1), CSN_E_STORE, "symbolic links");
    assert_return_code(unlink(path), 0);
    assert_return_code(mkfifo(path, 0600), 0);
    check_refused("pipe", rig_size(1), CSN_E_REFUSED, "is no file");
}

/* Two machines would each see a table of their own. */
static void
test_on_disk(void **state)
{
    char here[] = "counts-file-test.XXXXXX";
    struct statfs system;
    int fd;

    (void)state;
    assert_return_code(statfs(".", &system), 0);
    if (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC)
        skip();
    fd = mkstemp(here);
    assert_return_code(fd, 0);
    close(fd);
    assert_return_code(unlink(here), 0);
    snprintf(path, sizeof(path), "%s", here);
    check_refused("disk", rig_size(1), CSN_E_REFUSED, "not in memory");
}

static void
test_no_room(void **state)
{
    struct statvfs system;
    uint64_t more;

    (void)state;
    check_refused("small", 64, CSN_E_LENGTH, "");
    assert_return_code(statvfs(folder, &system), 0);
    more = (uint64_t)system.f_blocks * system.f_frsize + (1 << 20);
    if (more > SIZE_MAX / 2)
        skip();
    check_refused("room", (size_t)more, CSN_E_STORE, "no room for");
}

/* Several start at one moment: one makes it, and all use that one. */
static void
test_at_once(void **state)
{
    struct {
        _Atomic uint32_t fresh[NONCES * COUNTS];
        _Atomic uint32_t ready;
    } *book = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[WORKERS];

    (void)state;
    assert_ptr_not_equal(book, MAP_FAILED);
    for (size_t i = 0; i < WORKERS; i++) {
        children[i] = rig_fork();
        if (children[i] != 0)
            continue;
        user u = use(rig_size(20));

        /* Nobody begins, and nobody ends, before all have come. */
        book->ready++;
        while (book->ready < WORKERS)
            ;
        for (uint32_t k = 0; k < NONCES * COUNTS; k++) {
            uint32_t nc = 1 + k / NONCES;
            csn_mark mark = rig_mark(&u.r, RIG_START_MS, k % NONCES,
                k % NONCES, nc);

            if (rig_code(&u.r, mark) == FRESH)
                book->fresh[k]++;
        }
        _exit(0);
    }
    for (size_t i = 0; i < WORKERS; i++)
        rig_wait(children[i]);
    for (size_t k = 0; k < NONCES * COUNTS; k++)
        assert_int_equal(book->fresh[k], 1);
    munmap(book, sizeof(*book));
}

/* Somebody who stands still while he makes it is not waited for. */
static void
test_maker_stands(void **state)
{
    struct flock making = { .l_type = F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = 0,
        .l_len = 1 };
    int fd;

    (void)state;
    put("", 0600);
    fd = open(path, O_RDWR);
    assert_return_code(fcntl(fd, F_OFD_SETLK, &making), 0);
    check_refused("maker", rig_size(1), CSN_E_STORE, "for some seconds");
    close(fd);
}

#define ROW(row_name, function)                                               \
    {                                                                         \
        row_name, function, make_folder, drop_folder, NULL                    \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("D-18 two share counts, domain and time", test_shared),
        ROW("D-18 the table stays while one stays", test_one_stays),
        ROW("D-17 D-18 nobody stayed: a new domain", test_all_gone),
        ROW("D-18 a child that inherits it stays", test_inherited),
        ROW("D-18 another size is refused", test_another_size),
        ROW("D-18 another version is refused", test_another_version),
        ROW("D-17 a half-made one is made anew", test_half_made),
        ROW("something else is never overwritten", test_something_else),
        ROW("a file open to others is refused", test_open_to_others),
        ROW("another user's file is refused", test_another_user),
        ROW("what is no file is refused", test_no_file),
        ROW("D-18 a file on disk is refused", test_on_disk),
        ROW("no room is told at once", test_no_room),
        ROW("D-18 all who start at once use one", test_at_once),
        ROW("a maker that stands still is not waited for", test_maker_stands),
    };

    return cmocka_run_group_tests_name("counts_file", tests, NULL, NULL);
}
