# SPDX-License-Identifier: MIT
"""The rest of Digest for tests: auth-int, -sess, and all forms of a name."""
import hashlib
import secrets

from support import digest
from support.digest import quote, render

__all__ = ["Session", "render"]


class Session(digest.Session):
    """A session that may cover content, have a key of its own, and name its
    user by hash or by username*."""

    def __init__(self, line, user="alice", password="secret", qop="auth-int",
                 name="plain"):
        """`name`: plain, hashed or extended. With several challenge lines the
        first is taken."""
        lines = [line] if isinstance(line, str) else line
        full = digest.challenge(lines[0])["algorithm"]
        self.sess = full.endswith("-sess")
        self.full = full
        super().__init__(lines[0].replace("-sess", "", 1), user, password)
        self.qop = qop
        self.name = name
        self.first = None  # nonce and cnonce of a -sess session

    def name_fields(self):
        if self.name == "hashed":
            hashed = digest.digest(self.algorithm, f"{self.user}:{self.realm}")
            return {"username": quote(hashed), "userhash": "true"}
        if self.name == "extended":
            coded = "".join(
                chr(o) if chr(o).isalnum() and o < 128 else f"%{o:02X}"
                for o in self.user.encode())
            return {"username*": f"UTF-8''{coded}"}
        octets = self.user.encode().decode("latin-1")  # raw, as K-18 has it
        return {"username": quote(octets)}

    def key(self, nonce, cnonce):
        if not self.sess:
            return self.ha1
        if self.first is None:
            self.first = (nonce, cnonce)
        return digest.digest(self.algorithm,
                             ":".join([self.ha1, *self.first]))

    def content_hash(self, content):
        return digest.digest(self.algorithm, content)

    def response(self, nonce, nc, cnonce, a2):
        return digest.digest(
            self.algorithm,
            f"{self.key(nonce, cnonce)}:{nonce}:{nc}:{cnonce}:{self.qop}:"
            f"{digest.digest(self.algorithm, a2)}")

    def fields(self, method, uri, nc=None, cnonce=None, content=b""):
        if nc is None:
            self.count += 1
            nc = self.count
        nc_text = nc if isinstance(nc, str) else f"{nc:08x}"
        cnonce = secrets.token_hex(8) if cnonce is None else cnonce
        a2 = f"{method}:{uri}"
        if self.qop == "auth-int":
            a2 += ":" + self.content_hash(content)
        found = self.name_fields()
        found.update({
            "realm": quote(self.realm), "nonce": quote(self.nonce),
            "uri": quote(uri),
            "response": quote(self.response(self.nonce, nc_text, cnonce, a2)),
            "algorithm": self.full, "cnonce": quote(cnonce), "nc": nc_text,
            "qop": self.qop})
        if "opaque" in self.params:
            found["opaque"] = quote(self.params["opaque"])
        return found

    def credentials(self, method, uri, nc=None, cnonce=None, content=b""):
        return render(self.fields(method, uri, nc, cnonce, content))

    def proves(self, info, sent, uri, content=b""):
        """Whether `info` proves the server, and this content."""
        got = digest.parameters(info)
        fields = digest.parameters(sent.partition(" ")[2])
        a2 = f":{uri}"
        if self.qop == "auth-int":
            a2 += ":" + self.content_hash(content)
        want = self.response(fields["nonce"], fields["nc"], fields["cnonce"],
                             a2)
        return (got.get("rspauth") == want and got.get("qop") == self.qop and
                got.get("cnonce") == fields["cnonce"] and
                got.get("nc") == fields["nc"])


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()
