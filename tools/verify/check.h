// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_CHECK_H
#define COUNTERSIGN_TOOLS_VERIFY_CHECK_H

#include "form.h"

/* What is checked, as tables: a row is a check, most checks are data. */

typedef enum verify_part {
    VERIFY_OFFERS,
    VERIFY_PROVES,
    VERIFY_LETS_THROUGH,
    VERIFY_PARTS
} verify_part;

/* What a miss is called. */
typedef enum verify_level {
    VERIFY_MUST,    /* fail */
    VERIFY_PROFILE, /* our own servers must: warn; fail with --strict */
    VERIFY_SHOULD,  /* warn */
    VERIFY_TELL     /* never a miss: it says what was seen */
} verify_level;

typedef enum verify_verdict {
    VERIFY_PASS,
    VERIFY_WARN,
    VERIFY_FAIL,
    VERIFY_SKIPPED,
    VERIFY_VERDICTS
} verify_verdict;

/* What must be there, as bits; else the check is skipped. */
enum {
    VERIFY_NEEDS_LOGIN = 1, /* a right login that is let in */
    VERIFY_NEEDS_QOP = 2,
    VERIFY_NEEDS_PATH = 4, /* not CONNECT: a request has a path */
    VERIFY_NEEDS_POST = 8,
    VERIFY_NEEDS_ORIGIN = 16,
    VERIFY_NEEDS_PROXY = 32,
    VERIFY_NEEDS_CONNECT = 64, /* a proxy that takes CONNECT */
    VERIFY_NEEDS_OPAQUE = 128,
    VERIFY_NEEDS_AUTH_INT = 256,
    VERIFY_NEEDS_SESSION = 512, /* a -sess algorithm */
    VERIFY_NEEDS_USERHASH = 1024,
    VERIFY_NEEDS_WAIT = 2048,   /* --wait */
    VERIFY_NEEDS_STRONG = 4096, /* an algorithm is offered, MD5 is not */
    VERIFY_AFTER_WAIT = 8192    /* no need: what --wait sees may count */
};

typedef struct verify_result {
    verify_verdict verdict;
    const char *text;   /* what was seen, or why it was skipped */
    csn_reason reason;  /* nearer than the check's; or CSN_R_NONE */
    verify_level level; /* of what was missed */
} verify_result;

/* What is done to one parameter. */
typedef enum verify_how {
    VERIFY_NOTHING,
    VERIFY_SET,       /* to `text`, quoted */
    VERIFY_SET_TOKEN, /* to `text`, unquoted */
    VERIFY_SET_RAW,   /* to `text`, quotation marks and all */
    VERIFY_DROP,
    VERIFY_UNQUOTE,
    VERIFY_ENQUOTE,
    VERIFY_REPEAT,       /* the same again */
    VERIFY_REPEAT_OTHER, /* right, then `text` */
    VERIFY_OTHER_REPEAT, /* `text`, then right */
    VERIFY_APPEND,
    VERIFY_CUT, /* without its last octet */
    VERIFY_HALVE,
    VERIFY_UPPER,
    VERIFY_SWAP_CASE,
    VERIFY_TURN_FIRST, /* another octet of its kind there */
    VERIFY_TURN_MIDDLE,
    VERIFY_TURN_LAST,
    VERIFY_INVENT,     /* every octet another of its kind */
    VERIFY_OTHER_HOST, /* an absolute URI of another host */
    VERIFY_ABSOLUTE,   /* the absolute URI */
    VERIFY_PATH_ONLY,  /* path and query */
    VERIFY_LONG        /* 16 KiB */
} verify_how;

typedef struct verify_change {
    verify_name name;
    verify_how how;
    const char *text;
    size_t len; /* of `text`, where it holds a NUL; else 0 */
    bool late;  /* done after the response was computed */
} verify_change;

typedef enum verify_want {
    VERIFY_REFUSED_400,   /* and the gateway says 400 */
    VERIFY_REFUSED_ASKED, /* and the gateway challenges */
    VERIFY_REFUSED,       /* in either way */
    VERIFY_ACCEPTED
} verify_want;

typedef struct verify_try {
    const char *name; /* of this form, where a check has several */
    verify_change changes[3];
    /* What else is changed before and after the response is computed; NULL
     * for nothing. The second may write the credentials itself. */
    void (
        *before)(verify_run *run, verify_form *form, verify_request *request);
    void (*after)(verify_run *run, verify_form *form, verify_request *request);
} verify_try;

typedef struct verify_check verify_check;

struct verify_check {
    const char *name;
    const char *ids;
    /* What our own server logs when it refuses that, or fetch reports. */
    csn_reason reason;
    verify_part part;
    verify_level level;
    unsigned needs;
    const char *sentence;
    /* One of the two. */
    void (*run)(verify_run *run, const verify_check *check,
        verify_result *result);
    const verify_try *tries;
    size_t try_count;
    verify_want want;
};

/* Rows of changes: before, and after the response is computed. */
#define VERIFY_HASHED(name, how, text)                                        \
    {                                                                         \
        VERIFY_##name, VERIFY_##how, (text), 0, false                         \
    }
#define VERIFY_LATE(name, how, text)                                          \
    {                                                                         \
        VERIFY_##name, VERIFY_##how, (text), 0, true                          \
    }
/* A text with a NUL in it. */
#define VERIFY_OCTETS(name, how, text)                                        \
    {                                                                         \
        VERIFY_##name, VERIFY_##how, (text), sizeof(text) - 1, false          \
    }

/* A form with up to three changes. */
#define VERIFY_TRY(what, ...)                                                 \
    {                                                                         \
        .name = (what), .changes = { __VA_ARGS__ }                            \
    }

/* How a check names its tries. */
#define VERIFY_TRIES(rows, what)                                              \
    .tries = (rows), .try_count = sizeof(rows) / sizeof((rows)[0]),           \
    .want = VERIFY_##what

/* The tables, in the order of the report; each ends in a row without name. */
extern const verify_check verify_checks_challenge[];
extern const verify_check verify_checks_nonce[];
extern const verify_check verify_checks_info[];
extern const verify_check verify_checks_session[];
extern const verify_check verify_checks_replay[];
extern const verify_check verify_checks_form[];
extern const verify_check verify_checks_target[];
extern const verify_check verify_checks_user[];
extern const verify_check verify_checks_content[];
extern const verify_check verify_checks_accept[];
extern const verify_check verify_checks_proxy[];

/* Do to the form what a row says. */
void verify_change_apply(verify_run *run, verify_form *form,
    const verify_change *change);

/* Run one check that is a list of tries. */
void verify_run_tries(verify_run *run, const verify_check *check,
    verify_result *result);

/* A fresh challenge, and a form for a new request of the run's kind; false
 * when there is none: `result` says so. */
bool verify_prepare(verify_run *run, size_t which, verify_request *request,
    verify_challenge *challenge, verify_form *form, uint32_t count,
    verify_result *result);

/* The same for a right login, sent: its answer. */
verify_response verify_log_in(verify_run *run, size_t which,
    verify_request *request, verify_form *form, verify_result *result);

/* Set the result; the text is a sentence about what was seen. */
__attribute__((format(printf, 4, 5))) void verify_pass(verify_run *run,
    const verify_check *check, verify_result *result, const char *format, ...);
__attribute__((format(printf, 4, 5))) void verify_miss(verify_run *run,
    const verify_check *check, verify_result *result, const char *format, ...);
__attribute__((format(printf, 3, 4))) void verify_skip(verify_run *run,
    verify_result *result, const char *format, ...);

/* The same at another level than the check's. */
__attribute__((format(printf, 4, 5))) void verify_miss_at(verify_run *run,
    verify_level level, verify_result *result, const char *format, ...);

/* Judge one answer that must be a refusal (or must not be): adds to the
 * result, which the first call begins; `what` names the form. */
void verify_judge(verify_run *run, const verify_check *check,
    verify_result *result, const char *what, csn_span method,
    const verify_response *response);

/* What two answers have in common when they tell nothing apart: status and
 * challenges, but for nonce and opaque; with `fields` the names of all fields
 * too. */
csn_span verify_outline(verify_run *run, const verify_response *response,
    bool fields);

/* The word for it, or NULL; `result` may be. */
const char *verify_reason_name(const verify_check *check,
    const verify_result *result);

const char *verify_verdict_name(verify_verdict verdict);
const char *verify_part_name(verify_part part);
const char *verify_level_name(verify_level level);

#endif
