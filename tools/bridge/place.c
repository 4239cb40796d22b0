// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "common/note.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

/* Below the user's own directory, where the session has one. */
static bool
make_own(const char *below, char path[CSN_GW_MAX_PATH])
{
    return below != NULL && below[0] == '/' &&
        snprintf(path, CSN_GW_MAX_PATH, "%s/countersign-bridge-XXXXXX",
            below) < CSN_GW_MAX_PATH &&
        mkdtemp(path) != NULL;
}

bool
csn_bridge_place_make(const char *wanted, char path[CSN_GW_MAX_PATH],
    bool *own)
{
    *own = wanted == NULL;
    if (wanted != NULL) {
        if (snprintf(path, CSN_GW_MAX_PATH, "%s", wanted) < CSN_GW_MAX_PATH)
            return true;
        csn_note("--state: the path is too long");
        return false;
    }
    if (make_own(getenv("XDG_RUNTIME_DIR"), path) ||
        make_own(getenv("TMPDIR"), path) || make_own("/tmp", path))
        return true;
    csn_note("no directory of its own: %s", strerror(errno));
    return false;
}

static int
remove_one(const char *path, const struct stat *info, int kind,
    struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void
csn_bridge_place_remove(const char *path)
{
    enum { OPEN_AT_A_TIME = 8 };

    (void)nftw(path, remove_one, OPEN_AT_A_TIME, FTW_DEPTH | FTW_PHYS);
}
