// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_STORES_USERS_H
#define COUNTERSIGN_STORES_USERS_H

#include <countersign/crypto.h>

CSN_BEGIN_C

/*
 * Users. A *user file* is an SQLite database or an htdigest-style text file;
 * which one it is, its content says. It holds H(A1) per user, realm and hash,
 * never a password (C-12, C-13). Servers look users up in a *snapshot*: an
 * immutable copy in memory that many threads share and that is replaced as a
 * whole when the file changed.
 *
 * htdigest style, one line each: `user:realm:HEX` with 32 digits for MD5 and
 * 64 for SHA-256, as htdigest and lighttpd have it, or
 * `user:realm:HEX:ALGORITHM`, which SHA-512-256 needs. A fourth field of as
 * many hex digits as the third is lighttpd's hash of the user, and skipped; a
 * realm may have colons. Lines that are empty or start with `#` are skipped.
 */

/** Where and why a user file was refused; for a person. */
typedef struct csn_users_error {
    char text[256];
} csn_users_error;

typedef struct csn_users csn_users;

/**
 * Read a whole user file into a snapshot with one reference.
 *
 * In:      `path`; `crypto`, to make the index of hashed names (D-40), or
 *          NULL: csn_users_find_hashed then finds nobody.
 * Out:     `*users` on CSN_OK; otherwise `*error`, with the line or row.
 * Returns: CSN_OK; CSN_E_STORE, it cannot be opened or read, or is a database
 *          of another kind; CSN_E_SYNTAX, a row has a digest of the wrong
 *          length or with a non-hex digit, an unknown algorithm, a name that
 *          is empty, too long (CSN_MAX_USER, CSN_MAX_REALM) or not UTF-8, has
 *          a control character or, as a user, a colon; CSN_E_DUPLICATE;
 *          CSN_E_LIMIT, more than 1 GiB of text; CSN_E_RANDOM; CSN_E_CRYPTO,
 *          the backend lacks the hash of an entry to be indexed;
 *          CSN_E_MEMORY. A file with any bad row is refused whole, so a
 *          reload keeps the snapshot in use.
 * Threads: may block on disk: not for event threads.
 */
CSN_API CSN_NODISCARD csn_status csn_users_load(const char *path,
    const csn_crypto *crypto, csn_users **users, csn_users_error *error);

/**
 * H(A1) in lower-case hex; empty when there is no such user. Constant work
 * for names of one length, found or not. Lives as long as the snapshot.
 *
 * Threads: any, lock-free, no allocation.
 */
CSN_API csn_span csn_users_find(const csn_users *users, csn_span realm,
    csn_span user, csn_hash hash);

/**
 * The same by hashed name: RFC 7616, 3.4.4. Constant work, found or not. Of
 * two names of one hash, as MD5 can be made to have, the first is found.
 *
 * In:      `userhash_hex`, H(user ":" realm) under `hash`, csn_hash_size x 2
 *          hex digits of either case; anything else is nobody's.
 * Out:     `*user`, the name, with a user found; lives as long as the
 *          snapshot.
 */
CSN_API csn_span csn_users_find_hashed(const csn_users *users, csn_span realm,
    csn_span userhash_hex, csn_hash hash, csn_span *user);

/** How many (user, realm, hash) entries it holds. */
CSN_API size_t csn_users_count(const csn_users *users);

/** Whether the snapshot has an entry of `hash` in `realm`. */
CSN_API bool csn_users_has(const csn_users *users, csn_span realm,
    csn_hash hash);

/** References: atomic. The last release clears and frees; NULL is nothing. */
CSN_API csn_users *csn_users_hold(csn_users *users);
CSN_API void csn_users_release(csn_users *users);

CSN_END_C

#endif
