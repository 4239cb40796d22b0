// SPDX-License-Identifier: MIT
#include "load_times.h"

#include "load_plan.h"

#include <stdbool.h>
#include <stdlib.h>

enum { FIRST_ROOM = 65536 };

static double *times;
static size_t time_count;
static size_t room;
static bool is_sorted;

void
load_times_keep(double seconds)
{
    if (time_count == room) {
        room = room > 0 ? 2 * room : FIRST_ROOM;
        times = realloc(times, room * sizeof(*times));
        if (times == NULL)
            load_die("no memory");
    }
    times[time_count++] = seconds;
    is_sorted = false;
}

static int
compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

double
load_times_quantile(size_t per_mille)
{
    if (time_count == 0)
        return 0;
    if (!is_sorted)
        qsort(times, time_count, sizeof(*times), compare);
    is_sorted = true;
    return times[(time_count - 1) * per_mille / 1000] * 1e6;
}
