// SPDX-License-Identifier: MIT
/*
 * What prepare.h makes of texts, for a test in another language.
 *
 *     prepare_peer
 *
 * Reads lines of hex; answers each with the user name and the password that
 * it is, in hex between blanks, `-` for one that is refused, and the faults.
 */
#include <countersign/limits.h>
#include <countersign/prepare.h>

#include "core/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

static void
answer(prepare_fn *fn, csn_span text)
{
    uint8_t buf[CSN_MAX_VALUE];
    uint8_t hex[2 * CSN_MAX_VALUE];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_prepare_fault fault;

    if (fn(text, &out, &fault) != CSN_OK) {
        printf("- %d ", (int)fault);
        return;
    }
    csn_hex_encode(buf, out.len, hex);
    printf("%.*s 0 ", (int)(2 * out.len), (const char *)hex);
}

int
main(void)
{
    static char line[2 * CSN_MAX_VALUE + 2];
    static uint8_t octets[CSN_MAX_VALUE];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        const csn_span hex = { (const uint8_t *)line, strcspn(line, "\n") };
        const csn_span text = { octets, hex.len / 2 };

        if (csn_hex_decode(hex, octets, text.len) != CSN_OK)
            return EXIT_FAILURE;
        answer(csn_prepare_user, text);
        answer(csn_prepare_password, text);
        putchar('\n');
    }
    return EXIT_SUCCESS;
}
