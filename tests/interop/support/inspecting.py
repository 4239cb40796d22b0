# SPDX-License-Identifier: MIT
"""`countersign inspect` as tests drive it, and exchanges written for it.

Digest is computed here with hashlib: no line is shared with the program.
"""
import hashlib
import json
import os
import subprocess

from support.passwd import PROGRAM

USER, PASSWORD = "Mufasa", "Circle of Life"
REALM, NONCE = "http-auth@example.org", "bm9uY2UtMDAwMDAwMDEtYWJjZGVm"
HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


class Report:
    """One run: the exit code, and what --json said."""

    def __init__(self, done):
        self.code = done.returncode
        self.stderr = done.stderr.decode()
        self.text = done.stdout.decode()
        self.json = json.loads(self.text) if self.text else None

    def findings(self, *levels, step=None, about=None):
        return [finding for exchange in self.json["exchanges"]
                for one in exchange["steps"] if step in (None, one["step"])
                for finding in one["findings"]
                if (not levels or finding["level"] in levels)
                and about in (None, finding["about"])]

    def mistakes(self, *levels, **keywords):
        """[(about, mistakes joined by +)] of all findings with a mistake."""
        return [(f["about"], "+".join(f["mistakes"]))
                for f in self.findings(*levels, **keywords) if f["mistakes"]]

    def right(self):
        return [f["about"] for f in self.findings("right")]


def environment(extra=None):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith("COUNTERSIGN_") and k != "NO_COLOR"}
    clean.update(extra or {})
    return clean


def run(text, *options, env=None, **keywords):
    """Run to the end on `text`, given on standard input."""
    data = text.encode() if isinstance(text, str) else text
    return subprocess.run([str(PROGRAM), "inspect", *map(str, options)],
                          input=data, capture_output=True, timeout=60,
                          env=environment(env), check=False, **keywords)


def inspect(text, *options, password=None, proxy_password=None):
    """The report on `text`; passwords through the environment."""
    env = {}
    if password is not None:
        env["COUNTERSIGN_PASSWORD"] = password
    if proxy_password is not None:
        env["COUNTERSIGN_PROXY_PASSWORD"] = proxy_password
    return Report(run(text, "--json", *options, env=env))


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Login:
    """One user's values; everything that is hashed can be changed."""

    def __init__(self, algorithm="SHA-256", **changes):
        self.algorithm = algorithm
        self.hash_name = HASHES[algorithm.removesuffix("-sess")]
        self.values = {"user": USER, "realm": REALM, "password": PASSWORD,
                       "nonce": NONCE, "nc": "00000001", "cnonce": "abcdef",
                       "qop": "auth", "method": "GET", "uri": "/a?b=c",
                       "content": b"", **changes}

    def hash(self, *parts):
        joined = b":".join(p if isinstance(p, bytes) else p.encode()
                           for p in parts)
        return hashlib.new(self.hash_name, joined).hexdigest()

    def ha1(self, **changes):
        v = {**self.values, **changes}
        ha1 = self.hash(v["user"], v["realm"], v["password"])
        if self.algorithm.endswith("-sess"):
            ha1 = self.hash(ha1, v["nonce"], v["cnonce"])
        return ha1

    def response(self, **changes):
        """response; rspauth with method=""."""
        v = {**self.values, **changes}
        a2 = [v["method"], v["uri"]]
        if v["qop"] == "auth-int":
            a2.append(self.hash(v["content"]))
        middle = [v["nc"], v["cnonce"], v["qop"]] if v["qop"] else []
        return self.hash(v.get("ha1") or self.ha1(**changes), v["nonce"],
                         *middle, self.hash(*a2))

    def rspauth(self, **changes):
        return self.response(**{"method": "", **changes})

    def challenge(self, **changes):
        v = self.values
        return render({"realm": quote(v["realm"]), "nonce": quote(v["nonce"]),
                       "qop": quote(v["qop"]), "algorithm": self.algorithm,
                       "opaque": '"op"', **changes}, "Digest ")

    def credentials(self, **changes):
        v = self.values
        return render({
            "username": quote(v["user"]), "realm": quote(v["realm"]),
            "nonce": quote(v["nonce"]), "uri": quote(v["uri"]),
            "response": quote(self.response()), "algorithm": self.algorithm,
            "cnonce": quote(v["cnonce"]), "nc": v["nc"], "qop": v["qop"],
            "opaque": '"op"', **changes}, "Digest ")

    def info(self, **changes):
        v = self.values
        return render({"rspauth": quote(self.rspauth()),
                       "cnonce": quote(v["cnonce"]), "nc": v["nc"],
                       "qop": v["qop"], **changes})


def ha1_of(login):
    """H(A1) of the usual password, without -sess: what a server keeps."""
    return login.hash(login.values["user"], login.values["realm"], PASSWORD)


def render(fields, scheme=""):
    return scheme + ", ".join(f"{k}={v}" for k, v in fields.items()
                              if v is not None)


def request(login, *lines, content=b"", target=None):
    return message(f"{login.values['method']} "
                   f"{target or login.values['uri']} HTTP/1.1",
                   "Host: example.org", *lines, content=content)


def message(start, *lines, content=b""):
    if content:
        lines += (f"Content-Length: {len(content)}",)
    return "\r\n".join([start, *lines, "", ""]).encode() + content


def refusal(login, *lines, proxy=False, **changes):
    """A 401 or 407 with the login's challenge."""
    field = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
    return message(f"HTTP/1.1 {407 if proxy else 401} No",
                   f"{field}: {login.challenge(**changes)}", *lines,
                   "Content-Length: 0")


def sent(login, proxy=False, content=b"", target=None, **changes):
    field = "Proxy-Authorization" if proxy else "Authorization"
    return request(login, f"{field}: {login.credentials(**changes)}",
                   content=content, target=target)


def proved(login, *lines, proxy=False, content=b"", **changes):
    field = "Proxy-Authentication-Info" if proxy else "Authentication-Info"
    return message("HTTP/1.1 200 OK", f"{field}: {login.info(**changes)}",
                   *lines, *([] if content else ["Content-Length: 0"]),
                   content=content)


def exchange(login, challenge=None, credentials=None, info=None, **keywords):
    """A whole one: asked, refused, answered, proved."""
    return (request(login) + refusal(login, **(challenge or {})) +
            sent(login, **(credentials or {}), **keywords) +
            proved(login, **(info or {})))
