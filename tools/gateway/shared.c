// SPDX-License-Identifier: MIT
#include "launcher.h"

#include <countersign/crypto_openssl.h>
#include <countersign/stores/counts_file.h>
#include <countersign/stores/keys.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What this gateway may have in common with others: keys and counts. */

static uint64_t
wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool
csn_gw_keys_check(const csn_gw_settings *settings, csn_gw_error *error)
{
    char path[CSN_GW_KEYS_PATH];
    csn_key keys[CSN_MAX_KEYS];
    csn_keys_error why = { "" };
    csn_status status;
    size_t count;

    csn_gw_keys_path(settings, path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true; /* a start makes it */
    status = csn_keys_load(path, keys, &count, &why);
    explicit_bzero(keys, sizeof(keys));
    if (status != CSN_OK)
        return csn_gw_fail(error, "%.200s: %s", path, why.text);
    return true;
}

bool
csn_gw_keys_make(const csn_gw_settings *settings, csn_gw_error *error)
{
    char path[CSN_GW_KEYS_PATH];
    csn_keys_error why = { "" };

    csn_gw_keys_path(settings, path);
    if (csn_keys_create(path, csn_crypto_openssl(), &why) != CSN_OK)
        return csn_gw_fail(error, "%.200s: %s", path, why.text);
    return true;
}

/* Open for as long as this process lives, and for the engine it starts: one
 * that is started again finds the counts as they were. */
bool
csn_gw_counts_open(csn_gw_settings *settings, csn_gw_error *error)
{
    csn_counts_file_error why = { "" };
    csn_status status;
    int fd;

    if (settings->counts[0] == '\0')
        return true;
    status = csn_counts_file_open(settings->counts, settings->counts_size,
        csn_crypto_openssl(), wall_ms(), &fd, &why);
    if (status != CSN_OK)
        return csn_gw_fail(error, "%.200s: %s%s", settings->counts, why.text,
            status == CSN_E_STATE
                ? "; --counts-size and version must be the same for all"
                : "");
    (void)fcntl(fd, F_SETFD, 0);
    snprintf(settings->counts, sizeof(settings->counts), "fd:%d", fd);
    return true;
}
