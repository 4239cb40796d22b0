// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_VARY_H
#define COUNTERSIGN_TOOLS_INSPECT_VARY_H

#include "mistakes.h"

/*
 * The functions of the table in mistakes.c: INSPECT_VARY(X) calls X(name).
 * vary_form.c changes how things are hashed, vary_text.c what is hashed of
 * the request, vary_login.c who and with which password.
 */
#define INSPECT_VARY(X)                                                       \
    /* vary_form.c */                                                         \
    X(sha_512_cut)                                                            \
    X(sha_256)                                                                \
    X(md5)                                                                    \
    X(sha_512_256)                                                            \
    X(a2_no_colon)                                                            \
    X(a2_two_colons)                                                          \
    X(no_counts)                                                              \
    X(some_counts)                                                            \
    X(cut_after_nonce)                                                        \
    X(counts_added)                                                           \
    X(no_session)                                                             \
    X(session_added)                                                          \
    X(session_rebuilt)                                                        \
    X(session_kept)                                                           \
    X(raw_hash)                                                               \
    X(upper_hex)                                                              \
    X(no_content)                                                             \
    X(empty_content)                                                          \
    X(content_added)                                                          \
    X(content_of_other)                                                       \
    X(content_ends)                                                           \
    /* vary_text.c */                                                         \
    X(quotes)                                                                 \
    X(escapes_left)                                                           \
    X(escapes_twice)                                                          \
    X(method_left)                                                            \
    X(method_missing)                                                         \
    X(other_method)                                                           \
    X(no_query)                                                               \
    X(target_hashed)                                                          \
    X(uri_form)                                                               \
    X(nc_case)                                                                \
    X(nc_form)                                                                \
    X(nc_count)                                                               \
    X(other_qop)                                                              \
    X(other_nonce)                                                            \
    X(other_cnonce)                                                           \
    /* vary_login.c */                                                        \
    X(realm_case)                                                             \
    X(other_realm)                                                            \
    X(user_case)                                                              \
    X(hashed_user)                                                            \
    X(user_domain)                                                            \
    X(spaces)                                                                 \
    X(nfd)                                                                    \
    X(latin_1)                                                                \
    X(utf_8_twice)                                                            \
    X(password_end)                                                           \
    X(no_password)                                                            \
    X(other_layer)

#define INSPECT_VARY_DECLARE(name)                                            \
    inspect_try inspect_vary_##name(const inspect_case *in, unsigned n,       \
        inspect_values *v);
INSPECT_VARY(INSPECT_VARY_DECLARE)
#undef INSPECT_VARY_DECLARE

/* Set a value; INSPECT_TRY_SKIP when it is that already. */
inspect_try inspect_vary_set(csn_span *value, csn_span other);

#endif
