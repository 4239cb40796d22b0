# SPDX-License-Identifier: MIT
"""An attacker between two proxies, or in the place of one."""
from support import digest, wire
from support.chain import LAYER
from support.gateway import PROXY_REALM
from support.origin import Origin, response
from support.via import FAULTS

PI, PZ, PA = LAYER["PI"], LAYER["PZ"], LAYER["PA"]


class Impostor(Origin):
    """Bears a proxy's name and knows no secret: it asks for a login, takes
    whatever comes, and proves itself with a guess, or not at all."""

    guess = "a guess"

    def info(self, seen):
        fields = digest.parameters(seen.all(PZ)[0].partition(" ")[2])
        return 'rspauth="%s", cnonce="%s", nc=%s, qop=auth' % (
            digest.digest("SHA-256", ":".join([
                digest.ha1(fields["username"], PROXY_REALM, self.guess),
                fields["nonce"], fields["nc"], fields["cnonce"], "auth",
                digest.digest("SHA-256", ":" + fields["uri"])])),
            fields["cnonce"], fields["nc"])

    def respond(self, seen):
        if not seen.all(PZ):
            return response(407, b"", [(PA, challenge())], seen.method)
        fields = [] if self.guess is None else [(PI, self.info(seen))]
        if seen.method == "CONNECT":
            lines = "".join(f"{n}: {v}\r\n" for n, v in fields)
            return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode()
        return response(200, b"inside\n", fields, seen.method)


def challenge(**changes):
    """A challenge under a proxy's realm; `changes` by name, None: left
    out."""
    found = {"realm": f'"{PROXY_REALM}"', "nonce": '"of-an-attacker"',
             "algorithm": "SHA-256", "qop": '"auth"', **changes}
    return "Digest " + ", ".join(
        f"{k}={v}" for k, v in found.items() if v is not None)


def last(relay, side, name):
    """The field as it went by in the last answered request."""
    return [getattr(e, side).one(name) for e in relay.exchanges
            if e.response is not None and e.response.status != 407][-1]


def hurt(fault):
    """One of FAULTS, done to every Info field that goes by."""
    def response_hook(_exchange, message):
        if message.all(PI):
            info = digest.parameters(message.one(PI))
            made = FAULTS[fault](None, 'rspauth="%s", cnonce="%s", nc=%s, '
                                 "qop=%s" % tuple(info[name] for name in (
                                     "rspauth", "cnonce", "nc", "qop")))
            message.put(PI, *([] if made is None else [made]))
    return response_hook


def put(name, *values):
    """These lines, in every answer that is a final one and no challenge."""
    def response_hook(_exchange, message):
        if message.status >= 200 and message.status != 407:
            message.put(name, *values)
    return response_hook


def send(hop, method, target, credentials, body=b""):
    """A request of the attacker's own."""
    with wire.Connection(hop.proxy) as connection:
        return connection.exchange(method, target, [(PZ, credentials)], body)
