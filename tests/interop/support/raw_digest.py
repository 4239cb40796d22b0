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
import urllib.parse

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
    those that came twice, `qops` what they said. `hurt` changes Info fields:
    see info(). `qop` is what is offered; `algorithm` may end in "-sess".
    """

    numbers = itertools.count(1)

    def __init__(self, realm="test@host", algorithm="SHA-256", proxy=False,
                 user=USER, password=PASSWORD, qop="auth", userhash=False):
        self.realm = on_wire(realm)
        self.algorithm = algorithm
        self.hash_name = algorithm.removesuffix("-sess")
        self.qop = qop
        self.userhash = userhash
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
        self.qops = []
        self.sessions = {}  # nonce -> the session's key
        self.lock = threading.Lock()

    def hash(self, text):
        return self.hash_octets(text.encode("latin-1"))

    def hash_octets(self, octets):
        return HASHES[self.hash_name](octets).hexdigest()

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
            "qop": f'"{self.qop}"',
            "algorithm": self.algorithm,
            "charset": "UTF-8",
        }
        if self.userhash:
            params["userhash"] = "true"
        if stale:
            params["stale"] = "true"
        params.update(changes)
        return "Digest " + ", ".join(
            f"{k}={v}" for k, v in params.items() if v is not None)

    def ha1(self):
        return self.hash(f"{self.user}:{self.realm}:{self.password}")

    def key(self, c):
        """H(A1): under -sess made of the first credentials after a challenge
        and kept (RFC 7616, 3.4.2)."""
        if not self.algorithm.endswith("-sess"):
            return self.ha1()
        return self.sessions.setdefault(c["nonce"], self.hash(
            f"{self.ha1()}:{c['nonce']}:{c['cnonce']}"))

    def kd(self, c, a2, content=b""):
        if c["qop"] == "auth-int":
            a2 += ":" + (content if isinstance(content, str)
                         else self.hash_octets(content))
        return self.hash(":".join([
            self.key(c), c["nonce"], c["nc"], c["cnonce"], c["qop"],
            self.hash(a2)]))

    def names_user(self, c):
        if "username*" in c:
            charset, language, text = c["username*"].split("'")
            return "username" not in c and charset == "UTF-8" and \
                language == "" and not self.userhash and \
                on_wire(urllib.parse.unquote(text)) == self.user
        if self.userhash:
            return c.get("userhash") == "true" and c.get("username") == \
                self.hash(f"{self.user}:{self.realm}")
        return "userhash" not in c and c.get("username") == self.user

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
            self.names_user(c) and c.get("realm") == self.realm
            and c.get("algorithm", "MD5") == self.algorithm
            and c.get("qop") in self.qop.split(",") and c.get("uri") == uri
            and c["response"] == self.kd(c, f"{request.method}:{c['uri']}",
                                         self.content(request)))
        with self.lock:
            good = good and c["nonce"] in self.nonces
            if good:
                pair = (c["nonce"], c["nc"])
                if pair in self.seen:
                    self.replays.append(pair)
                self.seen.append(pair)
                self.qops.append(c["qop"])
        return good

    def content(self, request):
        """H(content) of a request; a long one is not kept whole."""
        if self.hash_name == "SHA-256":
            return request.body_hash.hexdigest()
        return self.hash_octets(request.body)

    def retire(self):
        """From now on every nonce given out so far is stale."""
        with self.lock:
            self.nonces.clear()

    def info(self, request, hurt=None, nextnonce=None, content=b"",
             qop=None):
        """The Info field's value. `hurt` names one thing that is wrong;
        `content` is the response's, or its hash; `qop` another than came."""
        c = self.credentials(request)
        c["qop"] = qop or c["qop"]
        rspauth = self.kd(c, f":{c['uri']}", content)
        params = {"rspauth": f'"{rspauth}"', "cnonce": f'"{c["cnonce"]}"',
                  "nc": c["nc"], "qop": c["qop"]}
        if nextnonce:
            params["nextnonce"] = f'"{nextnonce}"'
            if c["nonce"] in self.sessions:
                self.sessions[nextnonce] = self.sessions[c["nonce"]]
        HURTS[hurt](params, rspauth)
        return ", ".join(f"{k}={v}" for k, v in params.items())

    def info_line(self, request, hurt=None, nextnonce=None, content=b"",
                  qop=None):
        return (self.info_name,
                self.info(request, hurt, nextnonce, content, qop))


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


def _swap_qop(params, _rspauth):
    params["qop"] = "auth-int" if params["qop"] == "auth" else "auth"


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
    "qop-swapped": _swap_qop,
    "nextnonce-under-wrong-rspauth": _wrong_with_nextnonce,
    "rspauth-twice": _twice,
    "unclosed-quote": _change(rspauth='"0123'),
    "only-nextnonce": _change(rspauth=None, cnonce=None, nc=None, qop=None,
                              nextnonce='"a-nonce"'),
}
