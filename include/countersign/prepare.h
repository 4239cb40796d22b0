// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_PREPARE_H
#define COUNTERSIGN_PREPARE_H

#include <countersign/span.h>
#include <countersign/status.h>

CSN_BEGIN_C

/*
 * User names and passwords as they are hashed. Two ways of writing one text
 * (a letter and its accent as one character or as two, full-width letters,
 * other spaces) must give the same octets, or a right password is wrong.
 *
 *     csn_prepare_user            where users are enrolled: the profiles of
 *     csn_prepare_password        RFC 8265
 *     csn_prepare_typed_user      where somebody logs in, at any server
 *     csn_prepare_typed_password
 *     csn_prepare_nfc_user        Normalization Form C and nothing else
 *     csn_prepare_nfc
 *
 * Which characters there are, what they are and how they are normalized is
 * GNU libunistring's to know; a character it does not know as assigned is
 * refused at enrolment, since its normal form may yet change.
 *
 * Each function prepares `text`:
 *
 * In:      octets that should be UTF-8, at most CSN_MAX_VALUE of them. `out`
 *          must not lie over `text`. `fault` may be NULL.
 * Out:     the prepared text in UTF-8, appended to `out` on CSN_OK only; a
 *          user name has at most CSN_MAX_USER octets, all else at most
 *          CSN_MAX_VALUE. `*fault` says what is wrong with the text, and is
 *          CSN_PREPARE_FINE where nothing is.
 * Returns: CSN_OK; CSN_E_SYNTAX, not allowed; CSN_E_LIMIT, too long;
 *          CSN_E_OVERFLOW, `out` is too small; CSN_E_MEMORY.
 * Memory:  takes some from the heap for the call and wipes it before it gives
 *          it back, as texts may be secrets. What is in `out` the caller
 *          wipes. Out of reach is what libunistring keeps for itself, which
 *          is runs of more than 32 combining marks.
 * Threads: any; no shared state, no locale.
 *
 * What they give is stable: prepared again it is the same.
 */

/** What is wrong with a text: code, and the end of a sentence for a person.
 * None repeats the text. New ones go to the end. */
#define CSN_PREPARE_FAULT_MAP(X)                                              \
    X(CSN_PREPARE_FINE, "is as it should be")                                 \
    X(CSN_PREPARE_NOT_UTF8, "is not UTF-8")                                   \
    X(CSN_PREPARE_EMPTY, "is empty")                                          \
    X(CSN_PREPARE_LONG, "is too long")                                        \
    X(CSN_PREPARE_CONTROL, "has a control character")                         \
    X(CSN_PREPARE_COLON, "has a colon, which would make two users one")       \
    X(CSN_PREPARE_EDGE, "begins or ends with a space")                        \
    X(CSN_PREPARE_SPACE, "has a space other than U+0020")                     \
    X(CSN_PREPARE_UNASSIGNED,                                                 \
        "has a character that Unicode did not assign yet")                    \
    X(CSN_PREPARE_INVISIBLE, "has an invisible character")                    \
    X(CSN_PREPARE_COMPATIBILITY,                                              \
        "has a character that stands for others, as a ligature does")         \
    X(CSN_PREPARE_SYMBOL, "has a symbol or an emoji")                         \
    X(CSN_PREPARE_PUNCTUATION, "has punctuation other than that of ASCII")    \
    X(CSN_PREPARE_CONTEXT,                                                    \
        "has a character that may not stand where it does")                   \
    X(CSN_PREPARE_DIRECTION, "mixes right-to-left and left-to-right writing") \
    X(CSN_PREPARE_OTHER, "has a character that may not be in it")             \
    X(CSN_PREPARE_UNSTABLE, "has no stable form")

typedef enum csn_prepare_fault {
#define CSN_PREPARE_FAULT_ENUM(code, sentence) code,
    CSN_PREPARE_FAULT_MAP(CSN_PREPARE_FAULT_ENUM)
#undef CSN_PREPARE_FAULT_ENUM
} csn_prepare_fault;

/** The end of the sentence "the user name ..."; constant. */
CSN_API const char *csn_prepare_fault_text(csn_prepare_fault fault);

/**
 * A user name about to be enrolled.
 *
 * Source:  RFC 8265, 3.4, UsernameCasePreserved, for each of its parts: full-
 *          width and half-width characters become ordinary ones, NFC, the
 *          code points of RFC 8264's IdentifierClass, the bidi rule of
 *          RFC 5893; no letter changes its case (C-43, C-45). Several parts
 *          may stand there with U+0020 between (RFC 8265, 3.5), as in the
 *          example of RFC 7616, 3.9.2. No colon (C-38).
 */
CSN_API CSN_NODISCARD csn_status csn_prepare_user(csn_span text,
    csn_writer *out, csn_prepare_fault *fault);

/**
 * A password about to be enrolled.
 *
 * Source:  RFC 8265, 4.2, OpaqueString: other spaces become U+0020, NFC, the
 *          code points of FreeformClass, never empty; neither width nor case
 *          changes (C-43).
 */
CSN_API CSN_NODISCARD csn_status csn_prepare_password(csn_span text,
    csn_writer *out, csn_prepare_fault *fault);

/**
 * What somebody typed to log in, at a server that may be anybody's: as
 * csn_prepare_user and csn_prepare_password give it when they accept it, so
 * that it meets what they enrolled; and otherwise in NFC, as RFC 7616, 4 asks
 * of clients (C-40, C-41), for the server may be one that accepts more. Still
 * refused: no UTF-8, control characters (C-39), and as a name the empty one
 * and a colon (C-38). A password may be empty.
 *
 * The profiles change more than NFC does only in names with full-width or
 * half-width characters and in passwords with a space other than U+0020. To
 * log in at a server that enrolled such a text unchanged use the functions
 * below.
 */
CSN_API CSN_NODISCARD csn_status csn_prepare_typed_user(csn_span text,
    csn_writer *out, csn_prepare_fault *fault);

/** See csn_prepare_typed_user. */
CSN_API CSN_NODISCARD csn_status csn_prepare_typed_password(csn_span text,
    csn_writer *out, csn_prepare_fault *fault);

/**
 * Normalization Form C (RFC 7616, 4) and nothing else; of a name neither
 * empty nor with a colon (C-38), and without control characters (C-39).
 */
CSN_API CSN_NODISCARD csn_status csn_prepare_nfc_user(csn_span text,
    csn_writer *out, csn_prepare_fault *fault);

/** The same for anything else: a password, which may be empty. */
CSN_API CSN_NODISCARD csn_status csn_prepare_nfc(csn_span text,
    csn_writer *out, csn_prepare_fault *fault);

CSN_END_C

#endif
