// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memmem, malloc_usable_size */
/*
 * What happens to digests in memory, and when memory runs out. The linker
 * hands malloc and its kin, free, mmap and munmap of the code under test to
 * the functions below (-Wl,--wrap): they look into what is given back and can
 * refuse the n-th request.
 */
#include "rig.h"

#include "users/buffer.h"
#include "users/edit.h"

#include <countersign/crypto_openssl.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

/* The digests of the tests begin so, in any case of letters. */
#define MARK "5ec4e75ec4e75ec4e75ec4e75ec4e7"
#define HEX64 MARK "00" MARK "00"
#define UPPER64                                                               \
    "5EC4E75EC4E75EC4E75EC4E75EC4E70000000000000000000000000000000000"

static bool watching;
static size_t seen_secrets; /* blocks given back with a digest in them */
static size_t seen_blocks;
static long until_refused = -1; /* requests left; -1: never refuse */

void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd,
    off_t offset);
int __real_munmap(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
    off_t offset);
int __wrap_munmap(void *at, size_t size);

static bool
is_refused(void)
{
    if (!watching || until_refused < 0)
        return false;
    return until_refused-- == 0;
}

static void
look_into(const void *block, size_t size)
{
    seen_blocks++;
    if (memmem(block, size, MARK, sizeof(MARK) - 1) != NULL ||
        memmem(block, size, UPPER64, 30) != NULL)
        seen_secrets++;
}

/* Zeroed, so that what is found in a block was put there by its owner. */
void *
__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_calloc(1, size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
    void *block = is_refused() ? NULL : __real_aligned_alloc(alignment, size);

    if (block != NULL)
        memset(block, 0, size);
    return block;
}

void
__wrap_free(void *block)
{
    if (watching && block != NULL)
        look_into(block, malloc_usable_size(block));
    __real_free(block);
}

void *
__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
    off_t offset)
{
    if (is_refused()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return __real_mmap(at, size, protection, flags, fd, offset);
}

int
__wrap_munmap(void *at, size_t size)
{
    if (watching)
        look_into(at, size);
    return __real_munmap(at, size);
}

static char folder[64];

static int
make_folder(void **state)
{
    (void)state;
    rig_folder_make(folder);
    return 0;
}

static int
drop_folder(void **state)
{
    (void)state;
    watching = false;
    rig_folder_drop(folder);
    return 0;
}

/* 3000 rows, so that every buffer moves a few times. */
static const char *
make_text(void)
{
    const char *path = rig_path(folder, "users");
    csn_users_buffer content = { NULL, 0, 0 };

    for (int i = 0; i < 3000; i++) {
        char line[128];
        int len = snprintf(line, sizeof(line), "u%d:r:%s\n", i,
            i % 2 ? HEX64 : UPPER64);

        assert_int_equal(csn_users_buffer_add(&content, line, (size_t)len),
            CSN_OK);
    }
    rig_write(path, csn_users_buffer_span(&content));
    csn_users_buffer_free(&content);
    return path;
}

static void
start(long refuse_after)
{
    seen_secrets = 0;
    seen_blocks = 0;
    until_refused = refuse_after;
    watching = true;
}

static void
test_wiped(void **state)
{
    const char *path = make_text();
    csn_users_error error;
    csn_users *users = NULL;

    (void)state;
    start(-1);
    assert_int_equal(csn_users_load(path, NULL, &users, &error), CSN_OK);
    assert_true(seen_blocks > 10);
    assert_int_equal(seen_secrets, 0);
    assert_non_null(memmem(rig_find(users, "r", "u7", CSN_HASH_SHA_256).ptr,
        64, MARK, 30));
    csn_users_release(users);
    watching = false;
    assert_int_equal(seen_secrets, 0);
}

/* References: the last one clears, not the first. */
static void
test_held(void **state)
{
    const char *path = make_text();
    csn_users_error error;
    csn_users *users = NULL;
    csn_span found;

    (void)state;
    assert_int_equal(csn_users_load(path, NULL, &users, &error), CSN_OK);
    assert_ptr_equal(csn_users_hold(users), users);
    start(-1);
    csn_users_release(users);
    assert_int_equal(seen_blocks, 0);
    found = rig_find(users, "r", "u2", CSN_HASH_SHA_256);
    CHECK_SPAN("held", found,
        check_text("5ec4e75ec4e75ec4e75ec4e75ec4e7"
                   "0000000000000000000000000000000000"));
    csn_users_release(users);
    watching = false;
    assert_true(seen_blocks > 0);
    csn_users_release(NULL);
}

/* Whether the system leaves the mapping that `at` is in out of core files: the
 * flag "dd" of proc(5). */
static bool
is_kept_from_dumps(const void *at)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false;
    bool kept = false;

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long first;
        unsigned long end;

        if (sscanf(line, "%lx-%lx ", &first, &end) == 2)
            inside = (uintptr_t)at >= first && (uintptr_t)at < end;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            kept = strstr(line, " dd") != NULL;
    }
    fclose(maps);
    return kept;
}

static void
test_not_dumped(void **state)
{
    const char *path = make_text();
    csn_users_error error;
    csn_users *users = NULL;

    (void)state;
    assert_int_equal(csn_users_load(path, NULL, &users, &error), CSN_OK);
    assert_true(
        is_kept_from_dumps(rig_find(users, "r", "u0", CSN_HASH_SHA_256).ptr));
    assert_true(is_kept_from_dumps(
        rig_find(users, "r", "u2999", CSN_HASH_SHA_256).ptr));
    assert_false(is_kept_from_dumps(&users));
    csn_users_release(users);
}

static void
test_unreadable(void **state)
{
    csn_users_buffer buffer = { NULL, 0, 0 };
    csn_users_error error = { "" };
    int fd = open(folder, O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(csn_users_buffer_read(&buffer, fd, &error), CSN_E_STORE);
    assert_string_equal(error.text, "Is a directory");
    csn_users_buffer_free(&buffer);
    close(fd);
}

/* The path of a refused file wipes as well. */
static void
test_refused_file_is_wiped(void **state)
{
    const char *path = rig_path(folder, "users");
    csn_users_error error;
    csn_users *users = NULL;

    (void)state;
    rig_write(path, CSN_SPAN("u:r:" HEX64 "\nv:r:" HEX64 "x\n"));
    start(-1);
    assert_int_equal(csn_users_load(path, NULL, &users, &error), CSN_E_SYNTAX);
    watching = false;
    assert_true(seen_blocks > 0);
    assert_int_equal(seen_secrets, 0);
}

/* Each request for memory fails in turn: an error, nothing lost or leaked. */
static void
test_load_without_memory(void **state)
{
    const char *path = make_text();
    csn_status status = CSN_E_MEMORY;
    long n;

    (void)state;
    for (n = 0; status != CSN_OK; n++) {
        csn_users_error error = { "" };
        csn_users *users = NULL;

        start(n);
        status = csn_users_load(path, csn_crypto_openssl(), &users, &error);
        watching = false;
        assert_int_equal(seen_secrets, 0);
        if (status != CSN_OK) {
            assert_int_equal(status, CSN_E_MEMORY);
            assert_string_not_equal(error.text, "");
            assert_null(users);
        } else {
            csn_users_release(users);
        }
        assert_true(n < 1000);
    }
    assert_true(n > 10);
}

static csn_status
edit(const char *path, csn_users_form form)
{
    const csn_users_row row = rig_row("new", "r", CSN_HASH_SHA_256, HEX64);
    csn_users_error error = { "" };
    csn_users_change change;
    csn_users_edit *open = NULL;
    csn_status status = csn_users_edit_open(path, form, 0, &open, &error);

    if (status != CSN_OK)
        return status;
    status = csn_users_edit_put(open, &row, &change, &error);
    if (status == CSN_OK)
        status = csn_users_edit_commit(open, &error);
    csn_users_edit_close(open);
    return status;
}

static void
edit_without_memory(const char *path, csn_users_form form, bool is_new)
{
    csn_status status = CSN_E_MEMORY;
    csn_span before = is_new ? CSN_SPAN("") : rig_read(path);
    long n;

    for (n = 0; status != CSN_OK; n++) {
        start(n);
        status = edit(path, form);
        watching = false;
        assert_int_equal(seen_secrets, 0);
        if (status != CSN_OK && is_new) {
            assert_int_equal(rig_entries(folder), 0);
        } else if (status != CSN_OK) {
            csn_span after = rig_read(path);

            CHECK_SPAN("unchanged", after, before);
            check_drop(after);
        }
        assert_true(n < 1000);
    }
    assert_true(n > 2);
    if (!is_new)
        check_drop(before);
    assert_int_equal(rig_entries(folder), 1);
    assert_return_code(unlink(path), 0);
}

static void
test_edit_without_memory(void **state)
{
    const char *path = rig_path(folder, "users");

    (void)state;
    (void)unlink(path);
    edit_without_memory(path, CSN_USERS_TEXT, true);
    edit_without_memory(path, CSN_USERS_SQLITE, true);
    edit_without_memory(make_text(), CSN_USERS_TEXT, false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-23 no digest in memory given back", test_wiped, NULL, NULL,
            NULL },
        { "H-23 the last reference clears", test_held, NULL, NULL, NULL },
        { "H-23 nor after a refused file", test_refused_file_is_wiped, NULL,
            NULL, NULL },
        { "H-22 digests are left out of core files", test_not_dumped, NULL,
            NULL, NULL },
        { "H-34 a read that fails", test_unreadable, NULL, NULL, NULL },
        { "H-34 no memory while loading", test_load_without_memory, NULL, NULL,
            NULL },
        { "H-34 no memory in an edit", test_edit_without_memory, NULL, NULL,
            NULL },
    };

    return cmocka_run_group_tests_name("secrets", tests, make_folder,
        drop_folder);
}
