// SPDX-License-Identifier: MIT
#include "settings/settings.h"

#include "settings/address.h"
#include "settings/setters.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

/* A configuration file while it is read. */
typedef struct reading {
    csn_gw_settings *settings;
    FILE *file;
    unsigned line;  /* the one read last */
    unsigned wrong; /* the first one refused, 0: none */
    csn_gw_error why;
} reading;

static void
refuse_line(reading *self, const csn_gw_error *why)
{
    if (self->wrong != 0)
        return;
    self->wrong = self->line;
    self->why = *why;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * fgets for the reader of INI files, which takes an indented line for more of
 * the value above, and cuts a long one in two without a word: either would
 * change a setting that nobody wrote.
 */
static char *
read_line(char *line, int size, void *context)
{
    reading *self = context;
    csn_gw_error why;
    size_t len;

    if (fgets(line, size, self->file) == NULL)
        return NULL;
    self->line++;
    len = strlen(line);
    if (len + 1 == (size_t)size && line[len - 1] != '\n') {
        csn_gw_fail(&why, "is longer than %d octets", size - 2);
        refuse_line(self, &why);
        return NULL;
    }
    if (is_blank(line[0]) &&
        strchr("\r\n#;", line[strspn(line, " \t")]) == NULL) {
        csn_gw_fail(&why, "begins with a blank; settings stand at the left");
        refuse_line(self, &why);
        return NULL;
    }
    return line;
}

static int
take_line(void *context, const char *section, const char *name,
    const char *value)
{
    reading *self = context;
    csn_gw_error why;
    bool taken;

    if (strcmp(section, "") != 0 && strcmp(section, "gateway") != 0)
        taken = csn_gw_fail(&why, "there is no section [%.60s]", section);
    else
        taken = csn_gw_settings_set(self->settings, name, value, &why);
    if (!taken)
        refuse_line(self, &why);
    return taken;
}

bool
csn_gw_settings_read(csn_gw_settings *settings, const char *path,
    csn_gw_error *error)
{
    reading self = { .settings = settings, .file = fopen(path, "re") };
    int line;
    bool readable;

    if (self.file == NULL)
        return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    line = ini_parse_stream(read_line, &self, take_line, &self);
    readable = ferror(self.file) == 0;
    fclose(self.file);
    if (!readable)
        return csn_gw_fail(error, "%.400s: cannot be read", path);
    if (line < 0)
        return csn_gw_fail(error, "%.400s: no memory to read it", path);
    if (line > 0 && (self.wrong == 0 || (unsigned)line < self.wrong))
        return csn_gw_fail(error, "%.200s:%d: is not NAME = VALUE", path,
            line);
    if (self.wrong != 0)
        return csn_gw_fail(error, "%.200s:%u: %.280s", path, self.wrong,
            self.why.text);
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

static void
put_via(FILE *file, const csn_gw_settings *settings)
{
    if (!settings->via.present)
        return;
    fprintf(file, "via-proxy=%s://%s:%u\n",
        settings->via.tls ? "https" : "http", settings->via.host,
        (unsigned)settings->via.port);
    if (settings->via_relay)
        fputs("via-relay=yes\n", file);
    if (settings->via_address)
        fputs("via-address=yes\n", file);
    csn_gw_bypass_save(settings, file);
    put(file, "via-user", settings->via_user);
    put(file, "via-user-file", settings->via_user_file);
    put(file, "via-proof", csn_gw_proof_name(settings->via_proof));
    if (settings->via_allow_md5)
        fputs("via-allow-md5=yes\n", file);
}

static void
put_connect_ports(FILE *file, const csn_gw_settings *settings)
{
    for (size_t i = 0; i < settings->connect_port_count; i++)
        fprintf(file, "%s%u", i > 0 ? "," : "connect-ports=",
            (unsigned)settings->connect_ports[i]);
    if (settings->connect_port_count > 0)
        fputc('\n', file);
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
    for (size_t i = 0; i < settings->open_count; i++)
        fprintf(file, "open=%lu\n", (unsigned long)settings->open[i]);
    put_via(file, settings);
    csn_gw_presented_save(settings, file);
    put(file, "tls-cert", settings->tls_cert);
    put(file, "tls-key", settings->tls_key);
    put(file, "tls-ca", settings->tls_ca);
    put_connect_ports(file, settings);
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
    put(file, "keys", settings->keys);
    put(file, "log", settings->log);
    fprintf(file, "via-patience=%u\n", settings->via_patience_s);
    put(file, "counts", settings->counts);
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
