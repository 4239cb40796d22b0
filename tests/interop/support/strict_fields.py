# SPDX-License-Identifier: MIT
"""Credentials read strictly, and the formulas of RFC 7616, for StrictServer.

Nothing here shares a line with the program.
"""
import re

from support.raw_digest import HASHES

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
BLANKS = re.compile(r"[ \t]*")


class Refuse(Exception):
    """Credentials are refused: `status` is 400, 431, or 401 for a
    challenge."""

    def __init__(self, status, stale=False, info=False, body=b"no\n"):
        super().__init__(status)
        self.status = status
        self.stale = stale
        self.info = info
        self.body = body


def read(text, problem):
    """[(name, value, quoted, blanks)] of `a=b, c="d"`. `problem(name)` is
    called for what is wrong, and returns when that is let through."""
    found = []
    at = 0
    while at < len(text):
        at = BLANKS.match(text, at).end()
        if at == len(text) or text[at] == ",":
            at += 1
            continue
        name = TOKEN.match(text, at)
        if not name:
            raise Refuse(400)
        at = BLANKS.match(text, name.end()).end()
        if text[at:at + 1] != "=":
            raise Refuse(400)
        start = BLANKS.match(text, at + 1).end()
        blanks = text[name.end():start] != "="
        value, quoted, at = read_value(text, start, problem)
        found.append((name[0], value, quoted, blanks))
        at = BLANKS.match(text, at).end()
        if at < len(text) and text[at] != ",":
            raise Refuse(400)
    return found


def read_value(text, start, problem):
    """(value, quoted, where it ends)."""
    match = QUOTED.match(text, start)
    if match:
        value = re.sub(r"\\(.)", r"\1", match[1], flags=re.S)
        if re.search("[\0\r\n]", value):
            problem("nul-octet", 400)
        elif re.search("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", value):
            problem("control-octets", 400)
        return value, True, match.end()
    match = TOKEN.match(text, start)
    if match:
        return match[0], False, match.end()
    problem("unclosed-quote", 400)
    return text[start:], False, len(text)


def digest(algorithm, octets):
    name = algorithm.removesuffix("-sess")
    if isinstance(octets, str):
        octets = octets.encode("latin-1")
    return HASHES[name](octets).hexdigest()


def ha1_of(algorithm, user, realm, password):
    return digest(algorithm, f"{user}:{realm}:{password}")


def compute(c, ha1, method, body=b"", qop=None, algorithm=None):
    """response, or with an empty method rspauth; `c` has the parameters."""
    algorithm = algorithm or c["algorithm"]
    qop = c.get("qop") if qop is None else qop
    a2 = f"{method}:{c['uri']}"
    if qop == "auth-int":
        a2 += ":" + digest(algorithm, body)
    middle = [c["nc"], c["cnonce"], qop] if qop else []
    return digest(algorithm, ":".join(
        [ha1, c["nonce"], *middle, digest(algorithm, a2)]))
