// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <countersign/stores/counts_file.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The counts table: this gateway's own, or one that others use as well. */

/*
 * Fixed, kept out of core files, and empty in a child of fork: two copies of
 * one table would each take a count once.
 */
static bool
make_own(size_t size, csn_gw_error *error)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    csn_status status;

    if (memory == MAP_FAILED)
        return csn_gw_fail(error, "no memory for the counts table");
    (void)madvise(memory, size, MADV_DONTDUMP);
    (void)madvise(memory, size, MADV_WIPEONFORK);
    status = csn_counts_init(memory, size, csn_gateway.crypto,
        csn_gw_wall_ms(), &csn_gateway.counts);
    if (status != CSN_OK)
        return csn_gw_fail(error, "counts table: %s", csn_status_text(status));
    return true;
}

/* The launcher opened it. Its descriptor stays open here too: it says that
 * the table is used, also when the launcher is killed first. */
static bool
use_shared(const char *name, size_t size, csn_gw_error *error)
{
    csn_counts_file_error why = { "" };
    int fd = atoi(name + strlen("fd:"));

    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        csn_counts_file_map(fd, size, &csn_gateway.counts, &why) != CSN_OK)
        return csn_gw_fail(error, "counts table: %s", why.text);
    return true;
}

bool
csn_gw_counts_start(csn_gw_error *error)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    bool good = settings->counts[0] != '\0'
        ? use_shared(settings->counts, settings->counts_size, error)
        : make_own(settings->counts_size, error);

    if (good)
        csn_counts_domain(csn_gateway.counts, csn_gateway.domain);
    return good;
}
