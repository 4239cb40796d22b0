// SPDX-License-Identifier: MIT
#include "settings.h"

#include "address.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

/* What the handler of one file's lines knows. */
typedef struct reading {
    csn_gw_settings *settings;
    csn_gw_error why; /* of the first line refused */
    bool failed;
} reading;

static int
take_line(void *context, const char *section, const char *name,
    const char *value)
{
    reading *file = context;
    csn_gw_error why;
    bool taken;

    if (strcmp(section, "") != 0 && strcmp(section, "gateway") != 0)
        taken = csn_gw_fail(&why, "there is no section [%.60s]", section);
    else
        taken = csn_gw_settings_set(file->settings, name, value, &why);
    if (!taken && !file->failed) {
        file->why = why;
        file->failed = true;
    }
    return taken;
}

bool
csn_gw_settings_read(csn_gw_settings *settings, const char *path,
    csn_gw_error *error)
{
    reading file = { .settings = settings };
    int line = ini_parse(path, take_line, &file);

    if (line == -1)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    if (line < 0)
        return csn_gw_fail(error, "%.400s: no memory to read it", path);
    if (line > 0)
        return csn_gw_fail(error, "%.200s:%d: %.280s", path, line,
            file.failed ? file.why.text : "is not NAME = VALUE");
    return true;
}

/* `name=value`, unless the value is empty. */
static void
put(FILE *file, const char *name, const char *value)
{
    if (*value != '\0')
        fprintf(file, "%s=%s\n", name, value);
}

static void
put_nets(FILE *file, const char *name, const csn_gw_net *nets, size_t count)
{
    char text[80];

    for (size_t i = 0; i < count; i++) {
        csn_gw_net_print(&nets[i], text);
        put(file, name, text);
    }
}

static void
put_listens(FILE *file, const csn_gw_settings *settings)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        const csn_gw_listen *listen = &settings->listens[i];

        if (listen->admin)
            fprintf(file, "admin-listen=%s\n", listen->text);
        else
            fprintf(file, "listen=%s=%s://%s\n",
                listen->layer == CSN_LAYER_ORIGIN ? "origin" : "forward",
                listen->tls ? "https" : "http", listen->text);
    }
}

static void
put_algorithms(FILE *file, const csn_gw_settings *settings)
{
    for (size_t i = 0; i < settings->algorithm_count; i++) {
        csn_span name = csn_algorithm_name(settings->algorithms[i]);

        fprintf(file, "algorithm=%.*s\n", (int)name.len,
            (const char *)name.ptr);
    }
}

static void
put_auth(FILE *file, const csn_gw_settings *settings)
{
    fprintf(file, "qop=%s\n",
        settings->qops == CSN_QOP_AUTH           ? "auth"
            : settings->qops == CSN_QOP_AUTH_INT ? "auth-int"
                                                 : "auth,auth-int");
    if (settings->userhash)
        fputs("userhash=yes\n", file);
    fprintf(file, "content-limit=%zu\nproof-limit=%zu\ncontent-memory=%zu\n",
        settings->content_limit, settings->proof_limit,
        settings->content_memory);
}

void
csn_gw_settings_save(const csn_gw_settings *settings, FILE *file)
{
    if (settings->origin.present)
        fprintf(file, "origin=%s://%s:%u\n",
            settings->origin.tls ? "https" : "http", settings->origin.host,
            (unsigned)settings->origin.port);
    if (settings->forward)
        fputs("forward=yes\n", file);
    put_listens(file, settings);
    put(file, "realm", settings->realm[CSN_LAYER_ORIGIN]);
    put(file, "users", settings->users[CSN_LAYER_ORIGIN]);
    put(file, "forward-realm", settings->realm[CSN_LAYER_PROXY]);
    put(file, "forward-users", settings->users[CSN_LAYER_PROXY]);
    put(file, "tls-cert", settings->tls_cert);
    put(file, "tls-key", settings->tls_key);
    fputs("connect-ports=", file);
    for (size_t i = 0; i < settings->connect_port_count; i++)
        fprintf(file, "%s%u", i > 0 ? "," : "",
            (unsigned)settings->connect_ports[i]);
    fputc('\n', file);
    if (settings->nonce_life_ms != 0)
        fprintf(file, "nonce-life=%ums\n", (unsigned)settings->nonce_life_ms);
    if (settings->one_time)
        fputs("one-time=yes\n", file);
    if (settings->strict_uri)
        fputs("strict-uri=yes\n", file);
    put_algorithms(file, settings);
    put_auth(file, settings);
    put_nets(file, "allow-dest", settings->allow, settings->allow_count);
    put_nets(file, "deny-dest", settings->deny, settings->deny_count);
    if (settings->source != CSN_GW_SOURCE_DIRECT)
        put(file, "source", csn_gw_source_name(settings->source));
    put_nets(file, "trust-source", settings->trust, settings->trust_count);
    put(file, "user-header",
        settings->user_header[0] != '\0' ? settings->user_header : "-");
    put(file, "state", settings->state);
    put(file, "log", settings->log);
    fprintf(file, "max-failures=%u\n", settings->max_failures);
    fprintf(file, "counts-size=%zu\n", settings->counts_size >> 20);
    fprintf(file, "threads=%u\ndrain=%u\n", settings->threads,
        settings->drain_s);
}

bool
csn_gw_settings_load(csn_gw_settings *settings, const char *path,
    csn_gw_error *error)
{
    char line[CSN_GW_MAX_PATH + 64];
    FILE *file = fopen(path, "re");
    bool good = true;

    if (file == NULL)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    while (good && fgets(line, sizeof(line), file) != NULL) {
        char *equals = strchr(line, '=');

        line[strcspn(line, "\n")] = '\0';
        if (equals == NULL) {
            good = csn_gw_fail(error, "'%.60s' has no '='", line);
            break;
        }
        *equals = '\0';
        good = csn_gw_settings_set(settings, line, equals + 1, error);
    }
    if (good && ferror(file) != 0)
        good = csn_gw_fail(error, "%.400s: cannot be read", path);
    fclose(file);
    return good;
}
