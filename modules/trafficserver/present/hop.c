// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <sys/mman.h>

/* Who is asked. */

static csn_gw_hop *hops; /* all, in one piece: they hold secrets */
static size_t hop_count;

bool
csn_gw_hops_present(void)
{
    return csn_gateway.settings.via.present;
}

unsigned
csn_gw_hops_find(const csn_gw_request *req, csn_gw_hop *found[CSN_GW_LEGS])
{
    unsigned count = 0;

    if (req->listen->layer == CSN_LAYER_PROXY &&
        csn_gateway.settings.via.present)
        found[count++] = &hops[0];
    return count;
}

static void
make_hop(csn_gw_hop *hop, csn_layer layer, const csn_gw_origin *where,
    csn_proof_policy proof)
{
    hop->layer = layer;
    hop->where = *where;
    hop->proof = proof;
    (void)pthread_mutex_init(&hop->lock, NULL);
    (void)pthread_mutex_init(&hop->line_lock, NULL);
}

/* Passwords and keys stay out of what a crash leaves behind. */
static bool
make_hops(csn_gw_error *error)
{
    const csn_gw_settings *settings = &csn_gateway.settings;
    void *memory = mmap(NULL, sizeof(*hops), PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return csn_gw_fail(error, "no memory for logins");
    (void)madvise(memory, sizeof(*hops), MADV_DONTDUMP);
    hops = memory;
    make_hop(&hops[hop_count++], CSN_LAYER_PROXY, &settings->via,
        settings->via_proof);
    return true;
}

bool
csn_gw_hops_load(csn_gw_error *error)
{
    csn_gw_login login;
    bool good;

    if (!csn_gw_hops_present())
        return true;
    if (hops == NULL && !make_hops(error))
        return false;
    if (!csn_gw_login_read_via(&csn_gateway.settings, &login, error))
        return false;
    good = csn_gw_hop_log_in(&hops[0], &login, error);
    csn_gw_login_wipe(&login);
    return good;
}
