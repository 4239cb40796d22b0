# SPDX-License-Identifier: MIT
"""Digest (RFC 7616) written a second time, over hashlib: the oracle.

Nothing here shares a line with the library under test.
"""
import hashlib
import re
import secrets

ALGORITHMS = {
    "MD5": lambda: hashlib.md5(),
    "SHA-256": lambda: hashlib.sha256(),
    "SHA-512-256": lambda: hashlib.new("sha512_256"),
}

_PARAMETER = re.compile(r'\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*'
                        r'("(?:[^"\\]|\\.)*"|[^\s,"]+)\s*(?:,|$)')


def parameters(text):
    """`name=value, ...` as a dict, in order; names in lower case."""
    found = {}
    at = 0
    while at < len(text):
        match = _PARAMETER.match(text, at)
        assert match, f"not a parameter list: {text[at:]!r}"
        name, value = match[1].lower(), match[2]
        assert name not in found, f"{name} occurs twice in {text!r}"
        if value[0] == '"':
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found[name] = value
        at = match.end()
    return found


def challenge(line):
    """The parameters of one `Digest ...` challenge line."""
    scheme, _, rest = line.partition(" ")
    assert scheme.lower() == "digest", line
    return parameters(rest)


def ha1(user, realm, password, algorithm="SHA-256"):
    return digest(algorithm, f"{user}:{realm}:{password}")


def digest(algorithm, text):
    state = ALGORITHMS[algorithm]()
    state.update(text.encode() if isinstance(text, str) else text)
    return state.hexdigest()


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Session:
    """One user's session on one nonce: credentials out, proofs in."""

    def __init__(self, line, user="alice", password="secret"):
        """`line`: a challenge, or several to take the first from."""
        lines = [line] if isinstance(line, str) else line
        self.params = challenge(lines[0])
        self.user = user
        self.algorithm = self.params.get("algorithm", "MD5")
        self.realm = self.params["realm"]
        self.nonce = self.params["nonce"]
        self.ha1 = ha1(user, self.realm, password, self.algorithm)
        self.count = 0

    def take_nonce(self, nonce):
        self.nonce = nonce
        self.count = 0

    def fields(self, method, uri, nc=None, cnonce=None):
        """What goes into the credentials, in order; edit and `render`."""
        if nc is None:
            self.count += 1
            nc = self.count
        nc_text = nc if isinstance(nc, str) else f"{nc:08x}"
        cnonce = secrets.token_hex(8) if cnonce is None else cnonce
        ha2 = digest(self.algorithm, f"{method}:{uri}")
        response = digest(
            self.algorithm,
            f"{self.ha1}:{self.nonce}:{nc_text}:{cnonce}:auth:{ha2}")
        found = {
            "username": quote(self.user), "realm": quote(self.realm),
            "nonce": quote(self.nonce), "uri": quote(uri),
            "response": quote(response), "algorithm": self.algorithm,
            "cnonce": quote(cnonce), "nc": nc_text, "qop": "auth",
        }
        if "opaque" in self.params:
            found["opaque"] = quote(self.params["opaque"])
        return found

    def credentials(self, method, uri, nc=None, cnonce=None):
        return render(self.fields(method, uri, nc, cnonce))

    def proves(self, info, sent, uri):
        """Whether `info`, an Info field, proves the server for `sent`."""
        got = parameters(info)
        fields = parameters(sent.partition(" ")[2])
        ha2 = digest(self.algorithm, f":{uri}")
        want = digest(
            self.algorithm,
            f"{self.ha1}:{fields['nonce']}:{fields['nc']}:"
            f"{fields['cnonce']}:auth:{ha2}")
        return (got.get("rspauth") == want and got.get("qop") == "auth" and
                got.get("cnonce") == fields["cnonce"] and
                got.get("nc") == fields["nc"])


def render(fields):
    return "Digest " + ", ".join(f"{k}={v}" for k, v in fields.items())
