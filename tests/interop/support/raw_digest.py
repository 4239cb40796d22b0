# SPDX-License-Identifier: MIT
"""The server's half of RFC 7616 for raw peers, and every way to get it wrong.

Written apart from the library: it shares no code with it.
"""
import base64
import hashlib
import itertools
import os
import re
import threading

USER = "Mufasa"
PASSWORD = "Circle of Life"

HASHES = {
    "MD5": hashlib.md5,
    "SHA-256": hashlib.sha256,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
}


def on_wire(text):
    """A text as its UTF-8 octets look in a header read as Latin-1, the form
    that all texts here have."""
    return text.encode().decode("latin-1")


def quoted(text):
    return '"' + re.sub(r'(["\\\\])', r"\\\1", text) + '"'


class Digest:
    """One protection space of a server or proxy.

    `seen` holds every (nonce, nc) that came with right credentials, `replays`
    those that came twice. `hurt` changes Info fields: see info().
    """

    numbers = itertools.count(1)

    def __init__(self, realm="test@host", algorithm="SHA-256", proxy=False,
                 user=USER, password=PASSWORD):
        self.realm = on_wire(realm)
        self.algorithm = algorithm
        self.proxy = proxy
        self.user = on_wire(user)
        self.password = on_wire(password)
        self.status = 407 if proxy else 401
        self.challenge_name = ("Proxy-Authenticate" if proxy
                               else "WWW-Authenticate")
        self.credentials_name = ("Proxy-Authorization" if proxy
                                 else "Authorization")
        self.info_name = ("Proxy-Authentication-Info" if proxy
                          else "Authentication-Info")
        self.nonces = set()
        self.seen = []
        self.replays = []
        self.lock = threading.Lock()

    def hash(self, text):
        return HASHES[self.algorithm](text.encode("latin-1")).hexdigest()

    def new_nonce(self):
        nonce = base64.urlsafe_b64encode(os.urandom(24)).decode()
        with self.lock:
            self.nonces.add(nonce)
        return nonce

    def challenge(self, stale=False, nonce=None, **changes):
        """A challenge line's value; `changes` replaces parameters, None
        leaves one out."""
        params = {
            "realm": quoted(self.realm),
            "nonce": f'"{nonce or self.new_nonce()}"',
            "qop": '"auth"',
            "algorithm": self.algorithm,
            "charset": "UTF-8",
        }
        if stale:
            params["stale"] = "true"
        params.update(changes)
        return "Digest " + ", ".join(
            f"{k}={v}" for k, v in params.items() if v is not None)

    def ha1(self):
        return self.hash(f"{self.user}:{self.realm}:{self.password}")

    def kd(self, c, a2):
        return self.hash(":".join([
            self.ha1(), c["nonce"], c["nc"], c["cnonce"], c["qop"],
            self.hash(a2)]))

    def credentials(self, request):
        """Parameters of the request's credentials; None without any. More
        than one line fails the test."""
        lines = request.all(self.credentials_name)
        assert len(lines) <= 1, lines
        if not lines:
            return None
        scheme, rest = lines[0].split(" ", 1)
        assert scheme == "Digest", lines[0]
        found = re.findall(r'([a-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))',
                           rest)
        return {k: re.sub(r"\\(.)", r"\1", q) or t for k, q, t in found}

    def accepts(self, request, uri=None):
        """Whether the credentials are right, on a nonce of ours, for this
        request; a count that comes again is noted in `replays`."""
        c = self.credentials(request)
        if c is None:
            return False
        uri = request.target if uri is None else uri
        good = (
            c.get("username") == self.user and c.get("realm") == self.realm
            and c.get("algorithm", "MD5") == self.algorithm
            and c.get("qop") == "auth" and c.get("uri") == uri
            and c["response"] == self.kd(c, f"{request.method}:{c['uri']}"))
        with self.lock:
            good = good and c["nonce"] in self.nonces
            if good:
                pair = (c["nonce"], c["nc"])
                if pair in self.seen:
                    self.replays.append(pair)
                self.seen.append(pair)
        return good

    def retire(self):
        """From now on every nonce given out so far is stale."""
        with self.lock:
            self.nonces.clear()

    def info(self, request, hurt=None, nextnonce=None):
        """The Info field's value. `hurt` names one thing that is wrong."""
        c = self.credentials(request)
        rspauth = self.kd(c, f":{c['uri']}")
        params = {"rspauth": f'"{rspauth}"', "cnonce": f'"{c["cnonce"]}"',
                  "nc": c["nc"], "qop": "auth"}
        if nextnonce:
            params["nextnonce"] = f'"{nextnonce}"'
        HURTS[hurt](params, rspauth)
        return ", ".join(f"{k}={v}" for k, v in params.items())

    def info_line(self, request, hurt=None, nextnonce=None):
        return (self.info_name, self.info(request, hurt, nextnonce))


def flip(text):
    """The same hex with one digit changed."""
    return ("0" if text[0] != "0" else "1") + text[1:]


def _change(**changes):
    def hurt(params, _rspauth):
        for name, value in changes.items():
            if value is None:
                params.pop(name, None)
            else:
                params[name] = value
    return hurt


def _flip_rspauth(params, rspauth):
    params["rspauth"] = f'"{flip(rspauth)}"'


def _cut_rspauth(params, rspauth):
    params["rspauth"] = f'"{rspauth[:-2]}"'


def _wrong_with_nextnonce(params, rspauth):
    _flip_rspauth(params, rspauth)
    params["nextnonce"] = '"a-nonce-of-the-tamperer"'


def _twice(params, rspauth):
    params["rspauth "] = f'"{rspauth}"'


# One thing that can be wrong with an Info field, by name.
HURTS = {
    None: lambda params, rspauth: None,
    "rspauth-changed": _flip_rspauth,
    "rspauth-cut": _cut_rspauth,
    "rspauth-removed": _change(rspauth=None),
    "cnonce-swapped": _change(cnonce='"c29tZWJvZHkgZWxzZSdzIGNub25jZQ"'),
    "cnonce-removed": _change(cnonce=None),
    "nc-swapped": _change(nc="0000ffff"),
    "nc-removed": _change(nc=None),
    "qop-swapped": _change(qop="auth-int"),
    "nextnonce-under-wrong-rspauth": _wrong_with_nextnonce,
    "rspauth-twice": _twice,
    "unclosed-quote": _change(rspauth='"0123'),
    "only-nextnonce": _change(rspauth=None, cnonce=None, nc=None, qop=None,
                              nextnonce='"a-nonce"'),
}
