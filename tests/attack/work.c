// SPDX-License-Identifier: MIT
#include "work.h"

#include <string.h>

static size_t work;

void
work_begin(void)
{
    work = 0;
}

size_t
work_end(void)
{
    return work;
}

/* The compiler calls this one in every block of the code measured. */
void __sanitizer_cov_trace_pc(void);

void
__sanitizer_cov_trace_pc(void)
{
    work++;
}

/* The linker has the code measured call these (--wrap). */
void *__real_memcpy(void *to, const void *from, size_t len);
void *__wrap_memcpy(void *to, const void *from, size_t len);
void *__real_memmove(void *to, const void *from, size_t len);
void *__wrap_memmove(void *to, const void *from, size_t len);
void *__real_memset(void *to, int octet, size_t len);
void *__wrap_memset(void *to, int octet, size_t len);
int __real_memcmp(const void *a, const void *b, size_t len);
int __wrap_memcmp(const void *a, const void *b, size_t len);

void *
__wrap_memcpy(void *to, const void *from, size_t len)
{
    work += len;
    return __real_memcpy(to, from, len);
}

void *
__wrap_memmove(void *to, const void *from, size_t len)
{
    work += len;
    return __real_memmove(to, from, len);
}

void *
__wrap_memset(void *to, int octet, size_t len)
{
    work += len;
    return __real_memset(to, octet, len);
}

int
__wrap_memcmp(const void *a, const void *b, size_t len)
{
    work += len;
    return __real_memcmp(a, b, len);
}
