// SPDX-License-Identifier: MIT
#include "throttle_rig.h"

_Alignas(64) uint8_t memory[CSN_THROTTLE_DEFAULT_SIZE];
csn_throttle *table;
csn_throttle_limits limits;

/* Octets that are the same in every run. */
static csn_status
count_up(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i + 1);
    return CSN_OK;
}

const csn_crypto crypto = { .random = count_up };

void
new_table(unsigned failures)
{
    limits = (csn_throttle_limits){ failures, MINUTE_MS, MAX_DELAY_MS };
    assert_int_equal(csn_throttle_init(memory, sizeof(memory), &crypto,
                         START_MS, &table),
        CSN_OK);
}

csn_throttle_source
find(csn_layer layer, const uint8_t address[16], csn_span user)
{
    csn_span exact = check_exact(user);
    csn_throttle_source source = csn_throttle_find(table, &limits, layer,
        address, exact);

    check_drop(exact);
    return source;
}

csn_throttle_source
from_v4_octets(unsigned last, csn_span user)
{
    const uint8_t address[16] = { [10] = 255,
        [11] = 255,
        [12] = 192,
        [14] = 2,
        [15] = (uint8_t)last };

    return find(CSN_LAYER_ORIGIN, address, user);
}

csn_throttle_source
from_v4(unsigned last, const char *user)
{
    return from_v4_octets(last, check_text(user));
}

csn_throttle_source
from_v6(unsigned site, unsigned subnet, unsigned host, const char *user)
{
    const uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(site >> 8),
        (uint8_t)site, (uint8_t)(subnet >> 8),
        (uint8_t)subnet, [15] = (uint8_t)host };

    return find(CSN_LAYER_ORIGIN, address, check_text(user));
}

uint64_t
wait_at(csn_throttle_source source, uint64_t now_ms)
{
    return csn_throttle_wait_ms(table, &limits, &source, now_ms);
}

uint32_t
failures(csn_throttle_source source, unsigned times, uint64_t now_ms)
{
    uint32_t delay = 0;

    while (times-- > 0)
        delay = csn_throttle_failed(table, &limits, &source, now_ms);
    return delay;
}
