// SPDX-License-Identifier: MIT
#include "launcher.h"

#include "settings/address.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What never changes: one line, one reason. */
static const char fixed_records[] =
    /* nobody's page is ever another's */
    "CONFIG proxy.config.http.cache.http INT 0\n"
    /* the plugin says where requests go */
    "CONFIG proxy.config.url_remap.remap_required INT 0\n"
    "CONFIG proxy.config.reverse_proxy.enabled INT 0\n"
    "CONFIG proxy.config.http.connect_ports STRING *\n"
    /* every address is judged by the plugin before it is connected to */
    "CONFIG proxy.config.http.connect_attempts_rr_retries INT 0\n"
    /* as the system resolves it; looked at again every ten seconds */
    "CONFIG proxy.config.hostdb.host_file.path STRING /etc/hosts\n"
    "CONFIG proxy.config.hostdb.host_file.interval INT 10\n"
    /* the launcher decides who it runs as */
    "CONFIG proxy.config.admin.user_id STRING #-1\n"
    /* no secret ends in a core file or a crash log */
    "CONFIG proxy.config.core_limit INT 0\n"
    "CONFIG proxy.config.crash_log_helper STRING NULL\n"
    "CONFIG proxy.config.log.logging_enabled INT 0\n"
    /* trailers could bring an upstream's Proxy-Authentication-Info */
    "CONFIG proxy.config.http.drop_chunked_trailers INT 1\n"
    /* what a slow client has not taken is not fetched either */
    "CONFIG proxy.config.http.flow_control.enabled INT 1\n"
    "CONFIG proxy.config.http.flow_control.high_water INT 262144\n"
    "CONFIG proxy.config.http.flow_control.low_water INT 65536\n"
    /* what the engine is does not concern clients */
    "CONFIG proxy.config.http.response_server_enabled INT 0\n"
    "CONFIG proxy.config.proxy_name STRING countersign\n"
    "CONFIG proxy.config.http.request_via_str STRING countersign\n"
    "CONFIG proxy.config.http.insert_client_ip INT 0\n"
    /* one thread in a pool of its own for what takes long */
    "CONFIG proxy.config.task_threads INT 1\n"
    "CONFIG proxy.config.accept_threads INT 0\n"
    "CONFIG proxy.config.exec_thread.autoconfig INT 0\n"
    "CONFIG proxy.config.exec_thread.affinity INT 0\n"
    /* at the end: finish what runs, take nothing new */
    "CONFIG proxy.config.restart.stop_listening INT 1\n"
    /* an origin behind TLS must prove itself, under the name it is asked by */
    "CONFIG proxy.config.ssl.client.verify.server.policy STRING ENFORCED\n"
    "CONFIG proxy.config.ssl.client.sni_policy STRING remap\n";

/* No cache, no rewriting, no access from the engine's own defaults. */
static const char *const empty_files[] = { "cache.config", "hosting.config",
    "parent.config", "remap.config", "sni.yaml", "socks.config",
    "splitdns.config", "storage.config", "strategies.yaml", "volume.config" };

/* Methods that speak to the engine itself, or echo credentials. */
static const char ip_allow[] = "ip_allow:\n"
                               "  - apply: in\n"
                               "    ip_addrs: [0/0, ::/0]\n"
                               "    action: deny\n"
                               "    methods: [PURGE, PUSH, TRACE]\n";

static bool
make_directories(const char *state, csn_gw_error *error)
{
    static const char *const names[] = { "etc", "data", "lib", "plugins",
        "var", "run", "log", "cache" };
    char path[CSN_GW_MAX_PATH + 16];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", state, names[i]);
        if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
            return csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
    }
    return true;
}

static FILE *
create(const char *state, const char *name, csn_gw_error *error)
{
    char path[CSN_GW_MAX_PATH + 64];
    int fd;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", state, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
        S_IRUSR | S_IWUSR);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        csn_gw_fail(error, "%.400s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return file;
}

static bool
finish(FILE *file, const char *name, csn_gw_error *error)
{
    if (fclose(file) != 0)
        return csn_gw_fail(error, "%s: %s", name, strerror(errno));
    return true;
}

static bool
write_text(const char *state, const char *name, const char *text,
    csn_gw_error *error)
{
    FILE *file = create(state, name, error);

    if (file == NULL)
        return false;
    fputs(text, file);
    return finish(file, name, error);
}

static bool
write_run_root(const char *state, const char *plugin, csn_gw_error *error)
{
    FILE *file = create(state, "runroot.yaml", error);
    const char *plugin_end = strrchr(plugin, '/');

    if (file == NULL)
        return false;
    fprintf(file,
        "prefix: %s\nexec_prefix: %s\nbindir: /usr/bin\nsbindir: /usr/bin\n"
        "sysconfdir: %s/etc\ndatadir: %s/data\nincludedir: /usr/include\n"
        "libdir: %s/lib\nlibexecdir: %.*s\nlocalstatedir: %s/var\n"
        "runtimedir: %s/run\nlogdir: %s/log\ncachedir: %s/cache\n",
        state, state, state, state, state, (int)(plugin_end - plugin), plugin,
        state, state, state, state);
    return finish(file, "runroot.yaml", error);
}

/* A forward proxy that is spoken to over TLS. HTTP/2 is not offered there: the
 * engine resets the streams of its CONNECT. */
static bool
is_secure_forward(const csn_gw_listen *listen)
{
    return listen->tls && !listen->admin && listen->layer == CSN_LAYER_PROXY;
}

static void
write_ports(FILE *file, const csn_gw_settings *settings)
{
    fputs("CONFIG proxy.config.http.server_ports STRING", file);
    for (size_t i = 0; i < settings->listen_count; i++) {
        const csn_gw_listen *listen = &settings->listens[i];
        const struct sockaddr *address =
            (const struct sockaddr *)&listen->address;

        bool is_pp = !listen->admin &&
            settings->source == CSN_GW_SOURCE_PROXY_PROTOCOL;

        fprintf(file, " %u:fd=%d%s%s%s%s",
            (unsigned)csn_gw_sockaddr_port(address), listen->fd,
            address->sa_family == AF_INET6 ? ":ipv6" : "",
            listen->tls ? ":ssl" : "",
            is_secure_forward(listen) ? ":proto=http" : "",
            is_pp ? ":pp" : "");
    }
    fputc('\n', file);
}

/* Whether a forward proxy is asked for http://... over TLS, or for https://...
 * without: it logs in to such origins. */
static bool
mixes_schemes(const csn_gw_settings *settings)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        if (is_secure_forward(&settings->listens[i]))
            return true;
    }
    for (size_t i = 0; i < settings->presented_count; i++) {
        if (settings->forward && settings->presented[i].where.tls)
            return true;
    }
    return false;
}

/* The engine would take that for an error: how the client speaks to a proxy
 * says nothing of the address asked for. */
static void
write_schemes(FILE *file, const csn_gw_settings *settings)
{
    if (mixes_schemes(settings))
        fputs("CONFIG proxy.config.ssl.client.scheme_proto_mismatch_policy "
              "INT 0\n",
            file);
}

/* On its `:pp` ports the engine closes what others send. An empty list would
 * let everybody in, and so would one that it reads nothing of: what is written
 * here are addresses of ours, never an operator's text. */
static void
write_trust(FILE *file, const csn_gw_settings *settings)
{
    enum { MAPPED_BITS = 96 };

    if (settings->source != CSN_GW_SOURCE_PROXY_PROTOCOL)
        return;
    fputs("CONFIG proxy.config.http.proxy_protocol_allowlist STRING ", file);
    for (size_t i = 0; i < settings->trust_count; i++) {
        const csn_gw_net *net = &settings->trust[i];
        char text[64];
        bool is_v4;

        csn_gw_octets_print(net->address, text);
        is_v4 = strchr(text, ':') == NULL;
        fprintf(file, "%s%s/%u", i > 0 ? "," : "", text,
            net->prefix - (is_v4 ? MAPPED_BITS : 0));
    }
    fputc('\n', file);
}

/* The next proxy resolves names, but for those that do not go there
 * (present/address.c). To the engine an origin that is logged in to is a
 * parent too, and nothing is to go round it. */
static void
write_hops(FILE *file, const csn_gw_settings *settings)
{
    if (settings->presented_count > 0 || settings->bypass_count > 0 ||
        settings->via.tls)
        fputs("CONFIG proxy.config.http.uncacheable_requests_bypass_parent "
              "INT 0\n",
            file);
    if (!settings->via.present)
        return;
    fprintf(file,
        "CONFIG proxy.config.http.no_dns_just_forward_to_parent INT %d\n"
        "CONFIG proxy.config.http.parent_proxy.self_detect INT 0\n",
        settings->bypass_count > 0 || settings->via.tls ? 0 : 1);
}

/* Who vouches for origins. */
static void
write_authorities(FILE *file, const csn_gw_settings *settings,
    const char *state)
{
    const char *path = settings->tls_ca[0] != '\0'
        ? settings->tls_ca
        : "/etc/ssl/certs/ca-certificates.crt";

    /* What lies in the directory is believed too: in ours there is nothing. */
    fprintf(file,
        "CONFIG proxy.config.ssl.client.CA.cert.path STRING %s/etc\n"
        "CONFIG proxy.config.ssl.client.CA.cert.filename STRING %s\n",
        state, path);
}

static bool
write_records(const csn_gw_settings *settings, const char *state,
    csn_gw_error *error)
{
    FILE *file = create(state, "etc/records.config", error);

    if (file == NULL)
        return false;
    fputs(fixed_records, file);
    write_ports(file, settings);
    write_schemes(file, settings);
    write_trust(file, settings);
    fprintf(file, "CONFIG proxy.config.exec_thread.limit INT %u\n",
        settings->threads);
    write_authorities(file, settings, state);
    write_hops(file, settings);
    fprintf(file, "CONFIG proxy.config.stop.shutdown_timeout INT %u\n",
        settings->drain_s);
    /* The application learns the client's address; the network does not. */
    fprintf(file,
        "CONFIG proxy.config.http.insert_squid_x_forwarded_for INT %d\n",
        settings->origin.present ? 1 : 0);
    return finish(file, "records.config", error);
}

static bool
write_certificates(const csn_gw_settings *settings, const char *state,
    csn_gw_error *error)
{
    FILE *file = create(state, "etc/ssl_multicert.config", error);

    if (file == NULL)
        return false;
    if (settings->tls_cert[0] != '\0')
        fprintf(file, "dest_ip=* ssl_cert_name=%s ssl_key_name=%s\n",
            settings->tls_cert, settings->tls_key);
    return finish(file, "ssl_multicert.config", error);
}

static bool
write_settings(const csn_gw_settings *settings, const char *state,
    csn_gw_error *error)
{
    FILE *file = create(state, "etc/countersign.settings", error);

    if (file == NULL)
        return false;
    csn_gw_settings_save(settings, file);
    return finish(file, "countersign.settings", error);
}

static bool
write_plugins(const char *state, const char *plugin, csn_gw_error *error)
{
    FILE *file = create(state, "etc/plugin.config", error);

    if (file == NULL)
        return false;
    fprintf(file, "\"%s\" \"%s/etc/countersign.settings\"\n", plugin, state);
    return finish(file, "plugin.config", error);
}

bool
csn_gw_records_write(const csn_gw_settings *settings,
    const csn_gw_state *state, const char *plugin, csn_gw_error *error)
{
    const char *directory = state->directory;
    char name[64];

    if (!make_directories(directory, error) ||
        !csn_gw_keys_make(settings, error))
        return false;
    for (size_t i = 0; i < sizeof(empty_files) / sizeof(empty_files[0]); i++) {
        snprintf(name, sizeof(name), "etc/%s", empty_files[i]);
        if (!write_text(directory, name, "", error))
            return false;
    }
    return write_text(directory, "etc/ip_allow.yaml", ip_allow, error) &&
        write_run_root(directory, plugin, error) &&
        write_records(settings, directory, error) &&
        write_certificates(settings, directory, error) &&
        write_settings(settings, directory, error) &&
        write_plugins(directory, plugin, error);
}
