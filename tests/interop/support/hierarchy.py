# SPDX-License-Identifier: MIT
"""Two gateways of one administration: A relays logins to B, but for what
lies behind A itself; keys and counts are common."""
import pathlib

from support import wire
from support.gateway import PROXY_REALM, login
from support.origin import Origin

ASK, TELL, PROVE = ("Proxy-Authenticate", "Proxy-Authorization",
                    "Proxy-Authentication-Info")


class Hierarchy:
    """`here` is an origin that A goes to by itself, `beyond` one that it asks
    B for."""

    def __init__(self, maker, folder):
        """`folder`: in memory, where a table that is shared must lie."""
        self.folder = pathlib.Path(folder)
        self.maker = maker
        self.here = Origin("127.0.0.2")
        self.beyond = Origin("127.0.0.3")
        self.ports = ["--connect-ports",
                      f"443,{self.here.port},{self.beyond.port}",
                      "--allow-dest", "127.0.0.0/8"]
        self.shared = ["--keys", self.folder / "keys", "--counts",
                       self.folder / "counts"]
        self.b = self.make()
        self.a = self.make("--via-proxy",
                           f"http://127.0.0.1:{self.b.proxy[1]}",
                           "--via-relay", "--via-bypass", "127.0.0.2")

    def make(self, *more):
        return self.maker(*self.shared, *self.ports, *more, forward=True)

    def close(self):
        self.here.close()
        self.beyond.close()

    def session(self, at=None):
        """A login from a challenge of that gateway."""
        return login((at or self.b).proxy, self.beyond.url, layer="proxy")

    @staticmethod
    def send(gate, sent, target, method="GET", body=b""):
        with wire.Connection(gate.proxy) as connection:
            return connection.exchange(method, target, [(TELL, sent)], body)

    def ask(self, gate, own, origin, method="GET", path="/"):
        """One request with the next count: status, whether it was proved,
        and what was sent."""
        target = (origin.url[len("http://"):] if method == "CONNECT"
                  else origin.url + path)
        sent = own.credentials(method, target)
        got = self.send(gate, sent, target, method)
        infos = got.all(PROVE)
        return (got.status, bool(infos) and own.proves(infos[0], sent, target),
                (sent, target, method))

    def refused(self):
        """Refusals so far, of both, by reason."""
        return {(name, sample): number
                for name, gate in (("a", self.a), ("b", self.b))
                for sample, number in gate.metrics().items()
                if sample.startswith("countersign_decisions_total") and
                'result="refuse"' in sample and number}


def is_stale(got):
    lines = got.all(ASK)
    assert got.status == 407 and lines and PROXY_REALM in lines[0]
    return "stale=true" in lines[0]
