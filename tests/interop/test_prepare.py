# SPDX-License-Identifier: MIT
"""The profiles of RFC 8265 beside those of precis_i18n, which shares neither
code nor tables with ours."""
import os
import pathlib
import random
import subprocess
import unicodedata

import precis_i18n
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))
PEER = BUILD / "tests" / "interop" / "prepare_peer"

USER = precis_i18n.get_profile("UsernameCasePreserved")
PASSWORD = precis_i18n.get_profile("OpaqueString")

UNASSIGNED = 8  # CSN_PREPARE_UNASSIGNED

# Where rules for more than one character have something to decide.
POOLS = [
    "l\u00b7lL", "\u0375\u03b1\u03b2a", "\u05d0\u05f3\u05f4\u05d11",
    "\u3041\u30fba\u6f22", "\u0660\u0661\u06f0\u06f11\u0627",
    "\u200c\u200d\u0915\u094d\u0628\u0627\u064b\u0631",
    "\u05d0\u05d1\u05d2ab\u0661" "12-+.\u05b0", "e\u0301\u0323\u00e9\u1e69",
    "\uff41\uff71\uff9e\uff9f\u3099\u00a0\u2003", "\u1100\u1161\u11a8\uac00",
    "\U0001f600\U0001f3fd\ufe0f\u200d",
]


def theirs(profile, text):
    try:
        return profile.enforce(text)
    except UnicodeEncodeError:
        return None


def ours(texts):
    """[((user, fault), (password, fault))]; None for what is refused."""
    lines = "".join(text.encode().hex() + "\n" for text in texts)
    done = subprocess.run([str(PEER)], input=lines, text=True, check=True,
                          capture_output=True)

    def read(value, fault):
        return (None if value == "-" else bytes.fromhex(value).decode(),
                int(fault))
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == len(texts)
    return [(read(*row[:2]), read(*row[2:])) for row in rows]


def compare(texts):
    """How many each side accepts; both the same ones, in the same form."""
    accepted = [0, 0]
    for text, (user, password) in zip(texts, ours(texts)):
        if UNASSIGNED in (user[1], password[1]):
            continue  # the two may know different versions of Unicode
        # Ours to refuse (C-38), and of several parts one by one.
        if not set(text) & set(": \uff1a\u3000"):
            assert user[0] == theirs(USER, text), ascii(text)
        assert password[0] == theirs(PASSWORD, text), ascii(text)
        accepted[0] += user[0] is not None
        accepted[1] += password[0] is not None
    return accepted


@pytest.mark.parametrize("first, last, step", [
    (1, 0x3400, 1), (0xa000, 0x12000, 1), (0x1d000, 0x20000, 1),
    (0x3400, 0x110000, 61)])
def test_C_42_C_43_each_character_by_itself(first, last, step):
    """C-42 C-43 each character by itself."""
    texts = [chr(c) for c in range(first, last, step)
             if not 0xd800 <= c < 0xe000 and
             unicodedata.category(chr(c)) != "Cn"]
    users, passwords = compare(texts)
    assert 0 < users < passwords < len(texts)


def test_C_42_C_43_characters_beside_one_another():
    """C-42 C-43 characters beside one another: context, direction, normal
    forms."""
    source = random.Random(8265)
    texts = ["".join(source.choice(pool)
                     for _ in range(source.randint(1, 6)))
             for pool in POOLS + ["".join(POOLS)] for _ in range(1000)]
    users, passwords = compare(texts)
    assert 1000 < users < passwords < len(texts)
