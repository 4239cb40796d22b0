# SPDX-License-Identifier: MIT
"""A Digest server, or proxy, that does everything right, but for its faults.

`StrictServer("replay")` lets exact replays through and has no other fault:
`countersign verify` must find that one, and nothing else. The names are those
of the checks, with a word behind a slash where a check has several sides.
"""
import base64
import itertools
import os
import threading
import time

from support.raw import Peer, Tunnel, response
from support.raw_digest import quoted
from support.strict_fields import Refuse, compute
from support.strict_judge import Judge, Let

USER, PASSWORD, REALM = "Tester", "open sesame", "test.example"


class Nonce:
    def __init__(self, connection):
        self.connection = connection
        self.born = time.monotonic()
        self.counts = {}  # count -> (connection, cnonce)
        self.key = None   # of a -sess session
        self.replaced = None


class StrictServer(Judge):
    """Serves until `close`. `life`: seconds a nonce is good."""

    user, password, realm = USER, PASSWORD, REALM

    def __init__(self, *faults, proxy=False, life=None, tls=None,
                 algorithms=("SHA-256", "SHA-256-sess"), next_always=False):
        self.faults = set(faults)
        self.proxy = proxy
        self.life = life
        self.next_always = next_always
        self.algorithms = list(algorithms)
        self.qops = ["auth", "auth-int"]
        self.opaque = "opaque of this server"
        self.status = 407 if proxy else 401
        self.field = "Proxy-Authenticat" if proxy else "WWW-Authenticat"
        self.credentials_name = ("Proxy-Authorization" if proxy
                                 else "Authorization")
        self.nonces = {}
        self.last_nonce = {}  # by connection
        self.logged_in = set()
        self.numbers = itertools.count(0x10000000, 16)
        self.lock = threading.RLock()
        self.peer = Peer(self.handle, expect=self.expect, tls=tls)
        self.port = self.peer.port
        self.url = self.peer.url

    def close(self):
        self.peer.close()

    def has(self, name):
        return name in self.faults or name.split("/")[0] in self.faults

    def add_nonce(self, nonce, connection):
        self.nonces[nonce] = Nonce(connection)
        self.last_nonce[connection] = nonce
        return nonce

    def new_nonce(self, connection):
        unused = [n for n, one in self.nonces.items() if not one.counts]
        if self.has("nonce-unique") and unused:
            return unused[-1]
        nonce = base64.urlsafe_b64encode(os.urandom(24)).decode()
        if self.has("nonce-room"):
            nonce = f"0123456789abcdef0123456789abcdef{next(self.numbers):x}"
        if self.has("nonce-octets"):
            nonce = "!" + nonce
        return self.add_nonce(nonce, connection)

    def challenges(self, request, stale=False, bare=False):
        """Values of the challenge lines; `bare`: nothing was sent."""
        nonce = self.new_nonce(request.connection)
        lines = [self.challenge(a, nonce, stale, bare, request)
                 for a in self.algorithms]
        extra = [line for fault, line in EXTRA.items() if self.has(fault)]
        lines += [line.replace("NONCE", nonce) for line in extra]
        if self.has("algorithm-once"):
            lines.append(lines[0])
        if self.has("challenge-lines"):
            lines = [", ".join(lines)]
        return lines

    def challenge(self, algorithm, nonce, stale, bare, request):
        params = {
            "realm": quoted(self.realm), "nonce": quoted(nonce),
            "qop": quoted(", ".join(self.qops)), "algorithm": algorithm,
            "opaque": quoted(self.opaque), "charset": "UTF-8",
            "userhash": "true"}
        if stale or bare and self.has("stale-unasked"):
            params["stale"] = "true"
        if self.has("domain-at-proxy"):
            params["domain"] = '"/"'
        if self.has("charset") or self.has("head-alike") and \
                request.method == "HEAD":
            del params["charset"]
        for name in ("realm", "nonce", "qop"):
            if self.has(f"challenge-quotes/{name}"):
                params[name] = "auth" if name == "qop" else \
                    params[name].strip('"')
        if self.has("challenge-quotes/algorithm"):
            params["algorithm"] = quoted(algorithm)
        if self.has("challenge-algorithm"):
            del params["algorithm"]
        return "Digest " + ", ".join(f"{k}={v}" for k, v in params.items())

    def ask(self, request, refuse=None):
        stale = refuse is not None and refuse.stale
        fields = [(self.field + "e", line) for line in
                  self.challenges(request, stale, refuse is None)]
        if self.has("challenge"):
            fields = []
        elif self.has("digest"):
            fields = [(self.field + "e", 'Basic realm="x"')]
        if self.has("challenge-layer"):
            fields.append(("WWW-Authenticate" if self.proxy else
                           "Proxy-Authenticate", 'Basic realm="other"'))
        if refuse is not None and refuse.info:
            fields.append(self.info_field('nextnonce="x"'))
        body = refuse.body if refuse is not None else b"no\n"
        return response(self.status, fields,
                        b"" if request.method == "HEAD" else body)

    def expect(self, request):
        if self.has("expect-stranger"):
            return None
        if not request.all(self.credentials_name):
            with self.lock:
                return self.ask(request)
        return response(417) if self.has("expect-content") else None

    def handle(self, request):
        with self.lock:
            if not request.all(self.credentials_name):
                if self.has("state-carried-over") and \
                        request.connection in self.logged_in:
                    return self.answer(request, [])
                return self.ask(request)
            try:
                c = self.judge(request)
            except Refuse as refuse:
                if refuse.status == 401:
                    return self.ask(request, refuse)
                return response(refuse.status, [], b"no\n")
            except Let:
                return self.answer(request, [])
            self.logged_in.add(request.connection)
            return self.prove(request, c)

    def answer(self, request, info):
        """The page itself."""
        fields = [self.info_field(line) for line in info]
        if request.method == "CONNECT":
            return Tunnel(response(200, fields)[:-len(
                "Content-Length: 0\r\n\r\n")] + b"\r\n")
        status = 404 if "no-such-page" in request.target else 200
        body = b"" if request.method == "HEAD" else b"welcome\n"
        return response(status, fields, body)

    def info_field(self, text):
        return (self.field.replace("Authenticat", "Authentication-Info")
                if self.proxy else "Authentication-Info", text)

    def prove(self, request, c):
        body = b"" if request.method in ("HEAD", "CONNECT") else b"welcome\n"
        if not c.get("qop"):
            return self.answer(request, [])
        rspauth = compute(c, c["key"], "", body)
        place = self.place(request, c)
        if place in self.faults:
            return self.answer(request, [])
        if place + "/wrong" in self.faults:
            rspauth = rspauth[::-1]
        params = {"rspauth": quoted(rspauth), "cnonce": quoted(c["cnonce"]),
                  "nc": c["nc"], "qop": c["qop"]}
        self.change_info(params, c)
        self.add_next(params, c, request.connection)
        lines = [", ".join(f"{k}={v}" for k, v in params.items())]
        if self.has("info-once") and self.place(request, c) == "proof":
            lines *= 2
        return self.answer(request, lines)

    @staticmethod
    def place(request, c):
        """The check that looks for a proof here."""
        if c["algorithm"].endswith("-sess"):
            return "session-key/proof"
        if c.get("userhash") == "true":
            return "userhash/proof"
        if c["qop"] == "auth-int":
            return "auth-int-proof" if not request.body else "no check"
        if "no-such-page" in request.target:
            return "proof-error"
        return {"GET": "proof", "HEAD": "proof-head", "POST": "proof-post",
                "CONNECT": "proof-connect"}[request.method]

    def change_info(self, params, c):
        for name in ("nc", "cnonce", "qop"):
            if self.has(f"info-complete/{name}"):
                del params[name]
        if self.has("info-echo/nc"):
            params["nc"] = "0000ffff"
        if self.has("info-echo/cnonce") and "next" not in c["cnonce"]:
            params["cnonce"] = quoted(c["cnonce"] + "x")
        if self.has("info-qop") and c["qop"] == "auth":
            params["qop"] = "auth-int"
        if self.has("info-escape"):
            params["cnonce"] = f'"{c["cnonce"]}"'
        for name in ("nc", "qop"):
            if self.has(f"info-quotes/{name}"):
                params[name] = quoted(params[name])
        if self.has("info-quotes/rspauth"):
            params["rspauth"] = params["rspauth"].strip('"')

    def add_next(self, params, c, connection):
        """A nextnonce near the end of a nonce's life, or always."""
        nonce = self.nonces[c["nonce"]]
        near = self.life is not None and \
            time.monotonic() - nonce.born > 0.7 * self.life
        if not near and not self.next_always:
            return
        if nonce.replaced is None:
            nonce.replaced = self.new_nonce(connection)
        params["nextnonce"] = quoted(
            "x" + nonce.replaced if self.has("nextnonce") else nonce.replaced)


# Challenges besides the right ones.
EXTRA = {
    "challenge-grammar": "Other a=b, a=c",
    "challenge-complete":
        f'Digest realm="{REALM}", nonce="NONCE", algorithm=CSN-1, '
        "charset=UTF-8",
    "session-qop":
        f'Digest realm="{REALM}", nonce="NONCE", '
        "algorithm=SHA-512-256-sess, charset=UTF-8",
    "basic-beside": f'Basic realm="{REALM}"',
    "challenge-lines": 'Other realm="x"',
}
