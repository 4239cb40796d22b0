# SPDX-License-Identifier: MIT
"""How StrictServer judges credentials.

Everything that can be wrong has the name of the check of `countersign verify`
that must find a server which lets it through: that server is this one with
the name among its faults. What a server must take is refused likewise.
"""
import re
import time
import urllib.parse

from support.strict_fields import Refuse, compute, digest, ha1_of, read

CONTENT = b"countersign verify\n"
NAMES = ["username", "realm", "nonce", "uri", "response"]


def within_one(a, b):
    """Whether two texts differ in one place, or by one octet at the end."""
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b)) == 1
    return abs(len(a) - len(b)) == 1 and (a.startswith(b) or b.startswith(a))


class Judge:
    """What StrictServer inherits: `judge(request)` returns the credentials'
    parameters, or raises Refuse."""

    def problem(self, name, status):
        """What is wrong; returns where a fault lets it through."""
        if name in self.faults or name.split("/")[0] in self.faults or \
                any(f.startswith(name + "/") for f in self.faults):
            return
        if f"status/{name.split('/')[0]}" in self.faults:
            status = 401 if status == 400 else 400
        raise Refuse(status, stale=name in self.stale_names)

    stale_names = ()

    def judge(self, request):
        line = self.pick_line(request)
        if len(line) > 8192:
            self.problem("huge-field", 431)
        c = self.parameters(self.scheme_cut(line), request)
        self.check_names(c, request)
        self.check_forms(c)
        if c["realm"] != self.realm:
            self.problem("realm-other", 401)
        self.check_algorithm(c, request)
        self.check_qop(c)
        self.check_uri(c, request)
        self.check_nonce(c, request)
        self.check_opaque(c)
        self.check_response(c, request)
        self.check_age(c)
        self.check_count(c, request)
        return c

    def pick_line(self, request):
        lines = request.all(self.credentials_name)
        if len(lines) == 1:
            return lines[0]
        if "credentials-twice/first" in self.faults:
            return lines[0]
        self.problem("credentials-twice", 400)
        return lines[-1]

    def scheme_cut(self, line):
        scheme, _, rest = line.partition(" ")
        if scheme == "Basic":
            self.problem("basic-let-in", 401)
            raise Let
        if "=" in scheme:
            self.problem("scheme-missing", 400)
            return line
        if scheme.lower() != "digest":
            self.problem("scheme-unknown", 401)
        if scheme != "Digest" and self.has("takes-any-case/scheme"):
            raise Refuse(401)
        return rest

    def parameters(self, text, request):
        c = {"": set()}  # names of quoted parameters
        for name, value, quoted, blanks in read(text, self.problem):
            if blanks and self.has("takes-blanks") or \
                    name != name.lower() and self.has("takes-any-case/names") \
                    or name == "csn-verify" and self.has("takes-unknown") or \
                    ('"' in value or "\\" in value) and name == "cnonce" \
                    and "next" not in value and self.has("takes-escapes"):
                raise Refuse(401)
            name = name.lower()
            if self.has(f"takes-{'' if quoted else 'un'}quoted/{name}") and \
                    "," not in value and value:
                raise Refuse(401)
            if name in c:
                self.problem("repeated-parameter", 400)
                if "repeated-parameter/first" in self.faults:
                    continue
            c[name] = value
            if quoted:
                c[""].add(name)
        return c

    def check_names(self, c, request):
        star = c.pop("username*", None)
        if star is not None and c.get("userhash") == "true":
            self.problem("username-star-hashed", 400)
            c.pop("userhash")
            star, c["username"] = None, self.user
        if star is not None and "username" in c:
            self.problem("username-twice", 400)
            star = None
        if star is not None:
            if self.has("username-star"):
                raise Refuse(400)
            c["username"] = urllib.parse.unquote(
                star.removeprefix("UTF-8''"), "latin-1")
        spare = {"username": self.user, "realm": self.realm, "response": None,
                 "nonce": self.last_nonce.get(request.connection),
                 "uri": request.target}
        for name in NAMES:
            if name not in c:
                self.problem(f"missing-parameter/{name}", 400)
                c[name] = spare[name]
        if "qop" in c and "nc" not in c:
            raise Refuse(400)
        if "qop" in c and "cnonce" not in c:
            self.problem("missing-counts", 400)
            c["cnonce"] = ""

    def check_forms(self, c):
        nc = c.get("nc", "00000001")
        if "nextnonce" in nc:
            self.problem("info-nc", 400)
        elif not re.fullmatch("[0-9a-fA-F]{8}", nc):
            self.problem("nc-malformed", 400)
        elif int(nc, 16) == 0:
            self.problem("nc-zero", 400)
        elif re.search("[a-fA-F]", nc) and self.has("takes-nc-letters"):
            raise Refuse(401)
        response = c["response"]
        if response is not None and re.search("[A-F]", response):
            if self.has("takes-upper-hex"):
                raise Refuse(401)
            c["response"] = response.lower()
        named = c.get("algorithm")
        right = {32, 64} if named in (None, "CSN-0") else \
            {32} if named == "MD5" else {64}
        if response is not None and len(response) not in right:
            kind = "short" if len(response) < max(right) else "long"
            self.problem(f"response-length/{kind}", 400)

    def check_algorithm(self, c, request):
        named = c.get("algorithm", "MD5" if "MD5" in self.algorithms
                      else None)
        offered = [a for a in self.algorithms if named and
                   named.lower() == a.lower()]
        if offered:
            c["algorithm"] = offered[0]
            return
        if named is None and len(c["response"] or "") != 32:
            self.problem("algorithm-missing", 400)
            c["algorithm"] = self.algorithms[0]
        elif named in (None, "MD5"):
            self.problem("algorithm-md5", 401)
            c["algorithm"] = "MD5"
        elif named == "CSN-0":
            self.problem("algorithm-other/unknown", 401)
            c["algorithm"] = self.algorithms[0]
        else:
            self.problem("algorithm-other/known", 401)
            c["algorithm"] = named

    def check_qop(self, c):
        qop = c.get("qop")
        if qop is None:
            self.problem("qop-dropped", 400)
            c["nc"] = c.get("nc", "")
            c["cnonce"] = c.get("cnonce", "")
        elif qop not in self.qops:
            self.problem("qop-unknown", 400)

    def check_uri(self, c, request):
        target, uri = request.target, c["uri"]
        path = re.sub("^https?://[^/]*", "", target)
        scheme = "https" if request.secure else "http"
        absolute = f"{scheme}://{request.get('Host')}{target}"
        if uri == target or self.proxy and uri == path:
            return
        if request.method == "CONNECT":
            host, _, port = target.rpartition(":")
            names = {host: "connect-no-port", target + "1": "connect-port",
                     "/": "connect-path",
                     "countersign-verify.invalid:443": "connect-host"}
            if uri in names:
                self.problem(names[uri], 400)
                return
        if "://countersign-verify.invalid" in uri:
            self.problem("uri-other-host", 400)
        elif uri == absolute and not self.proxy:
            if self.has("takes-absolute-uri"):
                raise Refuse(400)
        elif "/csn-verify/.." in uri or "%" in uri:
            self.problem("uri-normalised", 400)
        elif uri.split("?")[0] == target.split("?")[0] and uri != "":
            self.problem("uri-query", 400)
        else:
            self.problem("uri-other", 400)

    def check_nonce(self, c, request):
        nonce = c["nonce"]
        if nonce in self.nonces:
            at = self.nonces[nonce].connection
            if at != request.connection and self.has("other-connection"):
                raise Refuse(401)
            return
        if nonce == "":
            self.problem("nonce-empty", 401)
        elif any(within_one(nonce, known) for known in self.nonces):
            self.problem("nonce-changed", 401)
        else:
            self.problem("nonce-invented", 401)
        self.add_nonce(nonce, request.connection)

    def check_opaque(self, c):
        if "opaque" not in c:
            self.problem("opaque-missing", 401)
        elif c["opaque"] != self.opaque:
            self.problem("opaque-changed", 401)

    def check_user(self, c):
        """The user's password; None for nobody."""
        name = c["username"]
        if c.get("userhash") == "true":
            if self.has("userhash"):
                raise Refuse(401)
            return self.password if name == digest(
                c["algorithm"], f"{self.user}:{self.realm}") else None
        if name != self.user and name.lower() == self.user.lower():
            self.problem("user-case", 401)
            return self.password
        return self.password if name == self.user else None

    def keys(self, c, password):
        """What may stand for H(A1): under -sess the session's key, or one
        made anew."""
        ha1 = ha1_of(c["algorithm"], self.user, self.realm, password)
        if not c["algorithm"].endswith("-sess"):
            return [ha1]
        made = digest(c["algorithm"], f"{ha1}:{c['nonce']}:{c['cnonce']}")
        kept = self.nonces[c["nonce"]].key
        if kept is None or self.has("session-key"):
            return [made]
        return [kept, made]

    def check_response(self, c, request):
        password = self.check_user(c)
        if password is None:
            self.judge_stranger(c, request)
            c["key"] = ""
            return
        hashed = c["algorithm"]
        if "every-algorithm" in self.faults and "512" in hashed:
            hashed = "SHA-256"
        for key in self.keys(c, password):
            right = compute(c, key, request.method, request.body,
                            algorithm=hashed)
            if c["response"] in (right, None):
                if c.get("qop") == "auth-int" and request.body and \
                        self.has("auth-int-content"):
                    raise Refuse(401)
                c["key"] = key
                return
        c["key"] = self.keys(c, password)[0]
        self.judge_wrong(c, request, right)

    def judge_stranger(self, c, request):
        """Nobody is let in, but where that is the fault."""
        for secret in ("", self.password):
            ha1 = ha1_of(c["algorithm"], c["username"], self.realm, secret)
            if c["response"] == compute(c, ha1, request.method, request.body):
                self.problem("empty-secret/" + ("password" if secret else
                                                "empty"), 401)
                return
        if c["response"] == compute(c, "", request.method, request.body):
            self.problem("empty-secret/ha1", 401)
            return
        raise Refuse(401, body=b"who is that?\n" if self.has(
            "unknown-user-alike") else b"no\n")

    def judge_wrong(self, c, request, right):
        """Find what makes the response wrong."""
        def is_right(method=request.method, body=request.body, qop=None,
                     key=c["key"]):
            return c["response"] == compute(c, key, method, body, qop)

        empty = ha1_of(c["algorithm"], self.user, self.realm, "")
        if right.startswith(c["response"]) or c["response"].startswith(right):
            return  # response-length let it through
        if request.method == "HEAD" and is_right("GET"):
            self.problem("method-head", 401)
        elif is_right("POST") or is_right(request.method.lower()):
            self.problem("method-other", 401)
        elif is_right(""):
            self.problem("rspauth-as-response", 401)
        elif is_right(qop="auth") or is_right(qop="auth-int"):
            self.problem("qop-changed", 401)
        elif is_right(body=CONTENT) or is_right(body=b""):
            self.problem("auth-int-changed", 401)
        elif is_right(key=empty):
            self.problem("empty-secret/user", 401)
        elif within_one(c["response"], right):
            self.refuse_wrong(c)
        else:
            raise Refuse(401, stale=self.is_old(c) and
                         self.has("stale-when-wrong"))

    def refuse_wrong(self, c):
        if self.has("count-not-burnt"):
            self.nonces[c["nonce"]].counts[int(c["nc"], 16)] = (0, None)
        if "response-wrong" in self.faults:
            return
        old = self.is_old(c)
        raise Refuse(401, info=self.has("info-on-refusal"),
                     stale=self.has("stale-when-wrong") if old
                     else self.has("stale-unearned"))

    def is_old(self, c):
        nonce = self.nonces[c["nonce"]]
        return self.life is not None and \
            time.monotonic() - nonce.born > self.life

    def check_age(self, c):
        nonce = self.nonces[c["nonce"]]
        if self.is_old(c) and not self.has("stale-when-old/good"):
            raise Refuse(401, stale=not self.has("stale-when-old"))
        if nonce.replaced and self.has("old-nonce"):
            raise Refuse(401, stale=True)

    def check_count(self, c, request):
        if c["algorithm"].endswith("-sess"):
            self.nonces[c["nonce"]].key = self.nonces[c["nonce"]].key or \
                c["key"]
        if not re.fullmatch("[0-9a-fA-F]{8}", c["nc"]):
            return
        counts = self.nonces[c["nonce"]].counts
        count = int(c["nc"], 16)
        highest = max(counts, default=0)
        if count in counts:
            at, cnonce = counts[count]
            name = "counts-once" if count == 5 else \
                "count-not-burnt" if cnonce is None else \
                "replay-cnonce" if cnonce != c["cnonce"] else \
                "replay-elsewhere" if at != request.connection else \
                "replay-later" if count < highest else "replay"
            if name not in self.faults or name == "count-not-burnt":
                raise Refuse(401, stale=not self.has("replay-stale"))
        elif count < highest and self.has("counts-any-order"):
            raise Refuse(401)
        counts[count] = (request.connection, c["cnonce"])


class Let(Exception):
    """Let in without Digest."""
