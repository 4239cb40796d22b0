// SPDX-License-Identifier: MIT
/*
 * What prepare/ leaves of a password in memory, and what it does without any.
 * The linker hands its malloc and free to the functions below (-Wl,--wrap).
 */
#define _GNU_SOURCE /* memmem, malloc_usable_size */
#include "check.h"

#include <countersign/prepare.h>

#include <malloc.h>

#define PASSWORD "geheim Pa\xcc\x88sse"

static size_t seen_blocks;
static size_t seen_secrets;
static bool refused;

void __real_free(void *block);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void __wrap_free(void *block);

/* Zeroed, so that what is found in a block was put there by its owner. */
void *
__wrap_malloc(size_t size)
{
    void *block = refused ? NULL : __real_malloc(size);

    if (block != NULL)
        memset(block, 0, malloc_usable_size(block));
    return block;
}

/* A word of the password, as UTF-8 or as code points. */
void
__wrap_free(void *block)
{
    static const uint32_t points[] = { 'g', 'e', 'h', 'e', 'i', 'm' };

    if (block != NULL) {
        const size_t size = malloc_usable_size(block);

        seen_blocks++;
        seen_secrets += memmem(block, size, points, sizeof(points)) != NULL;
        seen_secrets += memmem(block, size, "geheim", 6) != NULL;
    }
    __real_free(block);
}

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

static prepare_fn *const functions[] = { csn_prepare_user,
    csn_prepare_password, csn_prepare_typed_user, csn_prepare_typed_password,
    csn_prepare_nfc, csn_prepare_nfc_user };

static void
test_wiped(void **state)
{
    static const char *const texts[] = { PASSWORD, PASSWORD "\t",
        PASSWORD "\xff", PASSWORD "\xf0\x9f\x98\x80" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        for (size_t j = 0; j < COUNT_OF(texts); j++) {
            uint8_t buf[64] = { 0 };
            csn_writer out = csn_writer_init(buf, j == 0 ? 8 : sizeof(buf));
            csn_status status = functions[i](check_text(texts[j]), &out, NULL);

            assert_int_equal(seen_secrets, 0);
            /* What did not fit is not left in the caller's buffer either. */
            if (status != CSN_OK)
                assert_int_equal(buf[0], 0);
        }
    }
    assert_true(seen_blocks > COUNT_OF(functions));
}

static void
test_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        uint8_t buf[64];
        csn_writer out = csn_writer_init(buf, sizeof(buf));
        csn_prepare_fault fault = CSN_PREPARE_UNSTABLE;
        csn_status status;

        refused = true;
        status = functions[i](check_text(PASSWORD), &out, &fault);
        refused = false;
        assert_int_equal(status, CSN_E_MEMORY);
        assert_int_equal(fault, CSN_PREPARE_FINE);
        assert_int_equal(out.len, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-23 no password in memory given back", test_wiped, NULL, NULL,
            NULL },
        { "H-34 no memory", test_without_memory, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("prepare", tests, NULL, NULL);
}
