# SPDX-License-Identifier: MIT
"""A scripted proxy or origin that asks for Digest: what stands behind a
gateway that presents credentials of its own. It answers itself."""
import secrets
import threading

from support import digest
from support.origin import Origin, Seen, response

USER, PASSWORD, REALM = "office", "office-secret", "next hop"

# status, challenge, credentials and Info of a layer
FIELDS = {
    "proxy": (407, "Proxy-Authenticate", "Proxy-Authorization",
              "Proxy-Authentication-Info"),
    "origin": (401, "WWW-Authenticate", "Authorization",
               "Authentication-Info"),
}


class Hop(Origin):
    """`info`, when set, is called with (seen, the right Info field) and gives
    the one to send, or None for none. A nonce is good for `life` requests,
    for ever when that is None; with `rolls` there is a nextnonce before it
    ends."""

    def __init__(self, life=None, user=USER, password=PASSWORD, port=0,
                 layer="proxy", algorithm="SHA-256", qop=True, tls=None,
                 host="127.0.0.1"):
        """`qop` False: the oldest form (RFC 2069), which proves nothing."""
        super().__init__(host, port, tls)
        (self.status, self.asks_by, self.told_by,
         self.proves_by) = FIELDS[layer]
        self.algorithm, self.qop = algorithm, qop
        self.user, self.password = user, password
        self.life = life
        self.rolls = False
        self.forgets = False  # to it a nonce it does not know is any text
        self.info = None
        self.after = (None, None)  # a nonce, and the one that follows it
        self.nonces = {}  # nonce: counts seen
        self.challenged = 0
        self.accepted = []
        self.guard = threading.Lock()

    def forget(self):
        super().forget()
        self.info = None
        self.life, self.rolls, self.forgets = None, False, False
        self.retire()
        self.challenged = 0
        self.accepted.clear()

    def retire(self):
        """Every nonce is stale now."""
        with self.guard:
            self.nonces.clear()

    def read(self, peer, head, buffer):
        """Who expects 100 (Continue) and will be challenged gets that in
        its place, and sends no content (RFC 9110, 10.1.1)."""
        seen = Seen(head, b"")
        sent = "".join(seen.all(self.told_by))
        if seen.all("Expect") and not any(n in sent for n in self.nonces):
            return seen, buffer
        return super().read(peer, head, buffer)

    def new_nonce(self):
        nonce = secrets.token_hex(12)
        self.nonces[nonce] = set()
        return nonce

    def challenge(self, seen, stale=False):
        with self.guard:
            self.challenged += 1
            nonce = self.new_nonce()
        line = (f'Digest realm="{REALM}", nonce="{nonce}", '
                f'algorithm={self.algorithm}')
        if self.qop:
            line += ', qop="auth"'
        if stale:
            line += ", stale=true"
        return response(self.status, b"who are you?\n",
                        [(self.asks_by, line)], seen.method)

    def oldest(self, seen, fields):
        """Whether a response without qop is right (RFC 2069)."""
        ha1 = digest.ha1(self.user, REALM, self.password, self.algorithm)
        ha2 = digest.digest(self.algorithm, f"{seen.method}:{seen.target}")
        want = digest.digest(self.algorithm,
                             f"{ha1}:{fields['nonce']}:{ha2}")
        return (want == fields["response"] and "qop" not in fields and
                fields["nonce"] in self.nonces)

    def judge(self, seen):
        """None and the Info field, or a refusal's octets."""
        lines = seen.all(self.told_by)
        if not lines:
            return self.challenge(seen), None
        assert len(lines) == 1, lines
        fields = digest.parameters(lines[0].partition(" ")[2])
        if not self.qop:
            return (None if self.oldest(seen, fields)
                    else self.challenge(seen)), None
        session = digest.Session(
            f'Digest realm="{REALM}", nonce="{fields["nonce"]}", '
            f'algorithm={self.algorithm}', self.user, self.password)
        want = digest.parameters(session.credentials(
            seen.method, seen.target, fields["nc"],
            fields["cnonce"]).partition(" ")[2])
        if (want["response"] != fields["response"] or
                fields["uri"] != seen.target):
            return self.challenge(seen), None
        with self.guard:
            counts = self.nonces.get(fields["nonce"])
            fresh = (counts is not None and fields["nc"] not in counts and
                     not (self.life and len(counts) >= self.life))
            if fresh:
                counts.add(fields["nc"])
        if not fresh:
            return self.challenge(seen, stale=not self.forgets), None
        self.accepted.append((fields["nonce"], fields["nc"]))
        rspauth = digest.digest(self.algorithm, ":".join([
            session.ha1, fields["nonce"], fields["nc"], fields["cnonce"],
            "auth", digest.digest(self.algorithm, ":" + seen.target)]))
        info = (f'rspauth="{rspauth}", cnonce="{fields["cnonce"]}", '
                f'nc={fields["nc"]}, qop=auth')
        if self.rolls and len(counts) * 2 >= self.life:
            with self.guard:
                if self.after[0] != fields["nonce"]:
                    self.after = fields["nonce"], self.new_nonce()
                info += f', nextnonce="{self.after[1]}"'
        return None, info

    def respond(self, seen, added=()):
        refusal, info = self.judge(seen)
        if refusal is not None:
            return refusal
        if self.info is not None:
            info = self.info(seen, info)
        added = [] if info is None else [(self.proves_by, info)]
        if self.answer is not None:
            octets = self.answer(seen)
            if octets is not None:
                head, _, rest = octets.partition(b"\r\n")
                lines = "".join(f"{n}: {v}\r\n" for n, v in added).encode()
                return type(octets)(head + b"\r\n" + lines + rest)
        if seen.method == "CONNECT":
            lines = "".join(f"{n}: {v}\r\n" for n, v in added)
            return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode()
        return super().respond(seen, added)
