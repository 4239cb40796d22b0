// SPDX-License-Identifier: MIT
#include "meter.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/note.h"

enum { QUIET_MS = 1000, EVERY_MS = 200, AMOUNT_SIZE = 16 };

static long long
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Octets in four characters and a unit: "12.3M". */
static void
write_amount(char out[AMOUNT_SIZE], double octets)
{
    static const char units[] = { 'B', 'k', 'M', 'G', 'T' };
    size_t unit = 0;

    while (octets >= 1000 && unit + 1 < sizeof(units)) {
        octets /= 1024;
        unit++;
    }
    (void)snprintf(out, AMOUNT_SIZE, unit ? "%.1f%c" : "%.0f%c", octets,
        units[unit]);
}

static void
show(fetch_meter *meter, double done, double total, double seconds)
{
    char have[AMOUNT_SIZE];
    char all[AMOUNT_SIZE];
    char speed[AMOUNT_SIZE];
    double rate = seconds > 0 ? done / seconds : 0;

    write_amount(have, done);
    write_amount(speed, rate);
    fputc('\r', stderr);
    csn_print_visible(stderr, meter->name);
    if (total > 0) {
        write_amount(all, total);
        fprintf(stderr, "  %3.0f%%  %s of %s  %s/s", done * 100 / total, have,
            all, speed);
        if (rate > 0 && done < total)
            fprintf(stderr, "  %.0f s left", (total - done) / rate);
    } else {
        fprintf(stderr, "  %s  %s/s", have, speed);
    }
    fputs("\033[K", stderr); /* what an earlier, longer line left behind */
    fflush(stderr);
    meter->shown = true;
}

static int
tick(void *userp, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
    curl_off_t up)
{
    fetch_meter *meter = userp;
    long long now = now_ms();
    bool sending = down == 0;
    double done = (double)(sending ? up : down);
    double total = (double)(sending ? up_total : down_total);
    bool last = done > 0 && done >= total && total > 0;

    if (now - meter->started_ms < QUIET_MS || done <= 0)
        return 0;
    if (now - meter->last_ms < EVERY_MS && !(last && meter->shown))
        return 0;
    meter->last_ms = now;
    show(meter, done, total, (double)(now - meter->started_ms) / 1000);
    return 0;
}

void
fetch_meter_open(fetch_meter *meter, CURL *easy, const fetch_options *options,
    const char *path)
{
    *meter = (fetch_meter){
        .on = path != NULL && !options->silent && !options->no_progress &&
            !options->parallel && isatty(STDERR_FILENO),
        .name = path,
        .started_ms = now_ms(),
    };
    if (!meter->on)
        return;
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, tick);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, meter);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
}

void
fetch_meter_close(fetch_meter *meter)
{
    if (meter->shown)
        fputc('\n', stderr);
    meter->shown = false;
}
