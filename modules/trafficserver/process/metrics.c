// SPDX-License-Identifier: MIT
#include "plugin.h"

#include "content/content.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const layer_names[CSN_GW_LAYERS] = { "origin", "proxy" };

static const char *const gw_reason_names[] = {
#define CSN_GW_REASON_NAME(code, name) name,
    CSN_GW_REASON_MAP(CSN_GW_REASON_NAME)
#undef CSN_GW_REASON_NAME
};

const char *
csn_gw_reason_name(unsigned reason)
{
    if (reason < CSN_REASON_COUNT)
        return csn_reason_name((csn_reason)reason);
    return gw_reason_names[reason - CSN_REASON_COUNT];
}

static const char *
result_name(unsigned reason)
{
    return reason == CSN_R_NONE ? "allow" : "refuse";
}

static void
put_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
put_one(FILE *out, const char *name, const char *type, const char *help,
    uint64_t value)
{
    put_head(out, name, type, help);
    fprintf(out, "%s %llu\n", name, (unsigned long long)value);
}

/* Sum over threads of one counter, given its place in the thread. */
static uint64_t
total(size_t offset)
{
    uint64_t sum = 0;

    for (csn_gw_thread *thread = csn_gw_thread_first(); thread != NULL;
         thread = thread->next) {
        _Atomic uint64_t *counter =
            (_Atomic uint64_t *)(void *)((char *)thread + offset);

        sum += atomic_load_explicit(counter, memory_order_relaxed);
    }
    return sum;
}

uint64_t
csn_gw_requests_active(void)
{
    uint64_t ended = total(offsetof(csn_gw_thread, ended));
    uint64_t begun = total(offsetof(csn_gw_thread, begun));

    return begun > ended ? begun - ended : 0;
}

static void
put_decisions(FILE *out, int layer)
{
    for (unsigned reason = 0; reason < CSN_GW_REASON_COUNT; reason++) {
        uint64_t value = total(offsetof(csn_gw_thread, decisions) +
            ((size_t)layer * CSN_GW_REASON_COUNT + reason) *
                sizeof(_Atomic uint64_t));

        if (value == 0 && reason != CSN_R_NONE)
            continue;
        fprintf(out,
            "countersign_decisions_total{layer=\"%s\",result=\"%s\","
            "reason=\"%s\"} %llu\n",
            layer_names[layer], result_name(reason),
            csn_gw_reason_name(reason), (unsigned long long)value);
    }
}

static void
put_per_layer(FILE *out, const char *name, const char *help, size_t offset)
{
    put_head(out, name, "counter", help);
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (!csn_gw_settings_has(&csn_gateway.settings, (csn_layer)layer))
            continue;
        fprintf(out, "%s{layer=\"%s\"} %llu\n", name, layer_names[layer],
            (unsigned long long)total(
                offset + (size_t)layer * sizeof(_Atomic uint64_t)));
    }
}

static void
put_counts(FILE *out)
{
    csn_counts_stats stats;

    csn_counts_stats_read(csn_gateway.counts,
        csn_counts_now(csn_gateway.counts, csn_gw_wall_ms()), &stats);
    put_one(out, "countersign_counts_lines", "gauge",
        "Nonces the counts table can hold.", stats.lines);
    put_one(out, "countersign_counts_used_lines", "gauge",
        "Lines taken, by expired nonces too.", stats.used);
    put_one(out, "countersign_live_nonces", "gauge",
        "Nonces in use, by users who proved themselves.", stats.live);
    put_head(out, "countersign_counts_fill_ratio", "gauge",
        "Live nonces over lines; keep it below 0.5.");
    fprintf(out, "countersign_counts_fill_ratio %.6f\n",
        stats.lines > 0 ? (double)stats.live / (double)stats.lines : 0.0);
    put_one(out, "countersign_counts_evictions_total", "counter",
        "Unexpired nonces that made way.", stats.evictions);
    put_one(out, "countersign_counts_stale_evicted_total", "counter",
        "Right responses answered stale because their nonce made way.",
        stats.stale_evicted);
}

static void
put_users(FILE *out)
{
    csn_gw_thread *thread = csn_gw_thread_self();
    const csn_gw_world *world = csn_gw_world_enter(thread);

    put_head(out, "countersign_users", "gauge",
        "Entries (user, realm, hash) of the user file in use.");
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (world->users[layer] != NULL)
            fprintf(out, "countersign_users{layer=\"%s\"} %zu\n",
                layer_names[layer], csn_users_count(world->users[layer]));
    }
    csn_gw_world_leave(thread);
}

static void
put_sources(FILE *out)
{
    put_head(out, "countersign_sources_total", "counter",
        "Requests by where the client's address was found.");
    for (unsigned from = 0; from < CSN_GW_FROM_COUNT; from++)
        fprintf(out, "countersign_sources_total{from=\"%s\"} %llu\n",
            csn_gw_from_name((csn_gw_from)from),
            (unsigned long long)total(offsetof(csn_gw_thread, sources) +
                from * sizeof(_Atomic uint64_t)));
}

static void
put_guessing(FILE *out)
{
    put_per_layer(out, "countersign_failed_logins_total",
        "Wrong answers and unknown users, under stale nonces too.",
        offsetof(csn_gw_thread, failed_logins));
    put_one(out, "countersign_guess_counts", "gauge",
        "Counts of failed logins that have not run down.",
        csn_throttle_used(csn_gateway.throttle,
            csn_counts_now(csn_gateway.counts, csn_gw_wall_ms())));
    put_one(out, "countersign_guess_counts_displaced_total", "counter",
        "Counts of failed logins that made way before they had run down.",
        csn_throttle_displaced(csn_gateway.throttle));
    put_one(out, "countersign_answers_delayed_total", "counter",
        "Failed logins whose answer waited.",
        total(offsetof(csn_gw_thread, delayed)));
    put_one(out, "countersign_answers_waiting", "gauge",
        "Answers that wait now.", csn_gw_answers_waiting());
    put_one(out, "countersign_answers_hurried_total", "counter",
        "Answers that found no place to wait.", csn_gw_answers_hurried());
}

static void
put_hops(FILE *out)
{
    put_one(out, "countersign_via_challenges_total", "counter",
        "Challenges of the next proxy.",
        total(offsetof(csn_gw_thread, hop_challenges[CSN_LAYER_PROXY])));
    put_one(out, "countersign_via_proofs_total", "counter",
        "Responses by which the next proxy proved itself.",
        total(offsetof(csn_gw_thread, hop_proofs[CSN_LAYER_PROXY])));
    put_one(out, "countersign_present_challenges_total", "counter",
        "Challenges of origins that the gateway logs in to.",
        total(offsetof(csn_gw_thread, hop_challenges[CSN_LAYER_ORIGIN])));
    put_one(out, "countersign_present_proofs_total", "counter",
        "Responses by which such origins proved themselves.",
        total(offsetof(csn_gw_thread, hop_proofs[CSN_LAYER_ORIGIN])));
    put_one(out, "countersign_hop_waits_total", "counter",
        "Attempts that found a hop away, and waited.",
        total(offsetof(csn_gw_thread, hop_waits)));
}

static void
put_all(FILE *out)
{
    put_head(out, "countersign_decisions_total", "counter",
        "Requests by result and reason.");
    for (int layer = 0; layer < CSN_GW_LAYERS; layer++) {
        if (csn_gw_settings_has(&csn_gateway.settings, (csn_layer)layer))
            put_decisions(out, layer);
    }
    put_per_layer(out, "countersign_proofs_sent_total",
        "Responses that carry the server's proof.",
        offsetof(csn_gw_thread, proofs));
    put_per_layer(out, "countersign_nextnonces_sent_total",
        "Responses that carry a nextnonce.",
        offsetof(csn_gw_thread, nextnonces));
    put_hops(out);
    put_one(out, "countersign_content_held_bytes", "gauge",
        "Content of auth-int requests and responses that is held now.",
        csn_gw_content_held());
    put_sources(out);
    put_guessing(out);
    put_one(out, "countersign_requests_active", "gauge",
        "Requests and tunnels in flight, this one included.",
        csn_gw_requests_active());
    put_counts(out);
    put_users(out);
    put_head(out, "countersign_reloads_total", "counter",
        "Reloads of users, keys and certificate; the first is the start.");
    fprintf(out,
        "countersign_reloads_total{result=\"ok\"} %llu\n"
        "countersign_reloads_total{result=\"failed\"} %llu\n",
        (unsigned long long)atomic_load(&csn_gateway.reloads),
        (unsigned long long)atomic_load(&csn_gateway.reload_failures));
    put_one(out, "countersign_log_lines_dropped_total", "counter",
        "Refusals the log could not keep up with.", csn_gw_log_dropped());
}

char *
csn_gw_metrics(size_t *len)
{
    char *text = NULL;
    char *copy;
    FILE *out = open_memstream(&text, len);

    if (out == NULL)
        return NULL;
    put_all(out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    copy = TSstrndup(text, (int64_t)*len); /* the engine frees it */
    free(text);
    return copy;
}
