// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "gateway/plugin_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
absolute(char path[CSN_GW_MAX_PATH], csn_gw_error *error)
{
    char *real;

    if (path[0] == '\0')
        return true;
    real = realpath(path, NULL);
    if (real == NULL)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    /* The engine's configuration has no way to quote these. */
    if (strlen(real) >= CSN_GW_MAX_PATH || strpbrk(real, " \t\n\"") != NULL) {
        free(real);
        return csn_gw_fail(error,
            "%.400s: is too long, or has blanks or "
            "quotation marks",
            path);
    }
    memcpy(path, real, strlen(real) + 1);
    free(real);
    return true;
}

static bool
absolute_users(char path[CSN_GW_MAX_PATH], csn_gw_error *error)
{
    if (path[0] != '\0' && access(path, F_OK) != 0 && errno == ENOENT)
        return csn_gw_fail(error, "%.400s: %s; 'countersign passwd' makes it",
            path, strerror(ENOENT));
    return absolute(path, error);
}

/* What need not be there yet. */
static bool
absolute_new(char path[CSN_GW_MAX_PATH], csn_gw_error *error)
{
    char copy[CSN_GW_MAX_PATH];
    char here[CSN_GW_MAX_PATH];
    int len;

    if (path[0] == '/' || path[0] == '\0')
        return true;
    if (getcwd(here, sizeof(here)) == NULL)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    len = snprintf(copy, sizeof(copy), "%s/%s", here, path);
    if (len < 0 || (size_t)len >= sizeof(copy))
        return csn_gw_fail(error, "%.400s: the path is too long", path);
    memcpy(path, copy, (size_t)len + 1);
    return true;
}

bool
csn_gw_paths_absolute(csn_gw_settings *settings, csn_gw_error *error)
{
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (!absolute_users(settings->users[layer], error))
            return false;
    }
    return absolute(settings->via_user_file, error) &&
        absolute(settings->present_user_file, error) &&
        absolute(settings->tls_cert, error) &&
        absolute(settings->tls_key, error) &&
        absolute(settings->tls_ca, error) &&
        absolute_new(settings->keys, error) &&
        absolute_new(settings->counts, error) &&
        (strcmp(settings->log, "-") == 0 ||
            absolute_new(settings->log, error));
}

/* Beside this program in a build directory, otherwise where it installs. */
bool
csn_gw_find_plugin(char path[CSN_GW_MAX_PATH], csn_gw_error *error)
{
    static const char name[] = "countersign_plugin.so";
    char own[CSN_GW_MAX_PATH];
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
    char *slash;

    if (len > 0) {
        own[len] = '\0';
        slash = strrchr(own, '/');
        if (slash != NULL) {
            *slash = '\0';
            if (snprintf(path, CSN_GW_MAX_PATH,
                    "%s/../modules/trafficserver/%s", own,
                    name) < CSN_GW_MAX_PATH &&
                access(path, R_OK) == 0)
                return absolute(path, error);
        }
    }
    snprintf(path, CSN_GW_MAX_PATH, "%s/%s", CSN_GATEWAY_PLUGIN_DIR, name);
    if (access(path, R_OK) != 0)
        return csn_gw_fail(error, "%s: %s", path, strerror(errno));
    return true;
}

bool
csn_gw_find_engine(char path[CSN_GW_MAX_PATH], csn_gw_error *error)
{
    static const char name[] = "traffic_server";
    const char *search = getenv("PATH");
    char copy[4096];
    char *save = NULL;

    snprintf(copy, sizeof(copy), "%s:/usr/bin:/usr/sbin:/usr/local/bin",
        search != NULL ? search : "");
    for (char *directory = strtok_r(copy, ":", &save); directory != NULL;
         directory = strtok_r(NULL, ":", &save)) {
        int len = snprintf(path, CSN_GW_MAX_PATH, "%s/%s", directory, name);

        if (len > 0 && len < CSN_GW_MAX_PATH && access(path, X_OK) == 0)
            return true;
    }
    return csn_gw_fail(error,
        "there is no %s: install Apache Traffic Server "
        "9 (Debian: trafficserver)",
        name);
}
