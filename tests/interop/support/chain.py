# SPDX-License-Identifier: MIT
"""Three proxies and a protected origin in a row, and who sits between them."""
import itertools
import pathlib
import re

from support import digest, wire
from support.gateway import PROXY_REALM, USERS, login
from support.origin import Origin
from support.relay import Relay

LOGIN = {"COUNTERSIGN_PROXY_USER": "alice:proxy-secret",
         "COUNTERSIGN_USER": "alice:secret"}
REQUIRED = ["--proof", "require", "--proxy-proof", "require"]
HOPS = {"office": "office-secret", "region": "region-secret"}


def users(name):
    return [(name, PROXY_REALM, HOPS[name])]


def via(maker, folder, to, name, *more, **keywords):
    """A gateway that is `name` at `to`, a port."""
    path = pathlib.Path(folder) / f"{name}-{to}"
    path.write_text(f"{name}:{HOPS[name]}\n")
    path.chmod(0o600)
    return maker("--via-proxy", f"http://127.0.0.1:{to}", "--via-user-file",
                 path, "--max-failures", "0", *more, forward=True, **keywords)


class Chain:
    """A (asks alice, is office), B (asks office, is region), C (asks region),
    and a gateway (asks alice) before an application.

    `wires` are those into A, B, C and the application's gateway; `hops` who
    is at their inner ends. A and the application have TLS doors besides
    (`secure_proxy`, `secure`), with a certificate of `authority`.
    """

    def __init__(self, maker, folder, authority):
        self.behind = Origin("127.0.0.2")
        self.authority = authority.ca
        self.wires = [Relay(), Relay(), Relay(), Relay(host="127.0.0.2")]
        tls = ["--tls-cert", authority.cert, "--tls-key", authority.key]
        self.gate = maker(
            "--listen", "origin=http://127.0.0.1:0", "--listen",
            "origin=https://127.0.0.2:0", "--qop", "auth,auth-int",
            "--proof-limit", "64k", "--max-failures", "0", *tls,
            origin=self.behind.url)
        self.secure = "https://%s:%d" % self.gate.address("origin", 1)
        self.url = self.wires[3].url
        ports = ["--connect-ports", ",".join(map(str, (
            443, self.wires[3].port, self.behind.port,
            self.gate.address("origin", 1)[1])))]
        self.c = maker("--allow-dest", "127.0.0.0/8", "--max-failures", "0",
                       *ports, forward=True, users=users("region"))
        self.b = via(maker, folder, self.wires[2].port, "region", *ports,
                     users=users("office"))
        self.a = via(maker, folder, self.wires[1].port, "office", *ports,
                     *tls, "--listen", "forward=http://127.0.0.1:0",
                     "--listen", "forward=https://127.0.0.1:0", users=USERS)
        self.hops = [self.a, self.b, self.c, self.gate]
        for relay, to in zip(self.wires, (
                self.a.proxy, self.b.proxy, self.c.proxy, self.gate.origin)):
            relay.to = to
        self.proxy = ["-x", self.wires[0].url]
        self.secure_proxy = self.a.address("forward", 1)

    def forget(self):
        self.behind.forget()
        for relay in self.wires:
            relay.forget()

    def close(self):
        for relay in self.wires:
            relay.close()
        self.behind.close()

    def proofs(self):
        """How often B proved itself to A, and C to B."""
        return [hop.metrics()["countersign_via_proofs_total"]
                for hop in (self.a, self.b)]


class Client:
    """alice, over a socket: at A and, end to end, at the application."""

    def __init__(self, chain, url=None):
        self.chain = chain
        self.url = url or chain.url
        self.proxy = login(chain.a.proxy, self.url + "/", layer="proxy")
        self.own = None

    def log_in(self, connection):
        """At the application, through all."""
        got = self.ask("GET", "/", connection=connection, end_to_end=False)
        assert got.status == 401, got
        assert got.proved
        self.own = digest.Session(got.all("WWW-Authenticate"), "alice",
                                  "secret")

    def ask(self, method="GET", path="/", body=b"", fields=(),
            connection=None, end_to_end=None):
        """The Response; `proved`: A did, `shown`: the application did."""
        end_to_end = self.own is not None if end_to_end is None else end_to_end
        target = path if method == "CONNECT" else self.url + path
        opened = connection or wire.Connection(self.chain.wires[0].address)
        sent = self.proxy.credentials(method, target)
        lines = [*fields, ("Proxy-Authorization", sent)]
        if end_to_end:
            inner = self.own.credentials(method, path)
            lines.append(("Authorization", inner))
        try:
            got = opened.exchange(method, target, lines, body)
        finally:
            if connection is None:
                opened.close()
        infos = got.all("Proxy-Authentication-Info")
        got.proved = len(infos) == 1 and self.proxy.proves(
            infos[0], sent, target)
        shown = got.all("Authentication-Info")
        got.shown = end_to_end and len(shown) == 1 and self.own.proves(
            shown[0], inner, path)
        return got


LAYER = {"PZ": "Proxy-Authorization", "PA": "Proxy-Authenticate",
         "PI": "Proxy-Authentication-Info"}
WHO = [("alice", "proxy-secret"), *HOPS.items()]
TARGETS = re.compile(rb"proxy-auth", re.I)


def look_at_hop(exchange, user, password):
    """Both directions of one exchange at one proxy: right credentials of that
    user alone, and a right proof for them, unless they were asked for."""
    request, response = exchange.request, exchange.response
    if response.status == 407:
        assert not response.all(LAYER["PI"])
        return None
    assert not response.all(LAYER["PA"])
    sent = request.one(LAYER["PZ"])
    fields = digest.parameters(sent.partition(" ")[2])
    uri = fields["uri"]
    assert request.line.split(" ")[1].endswith(uri)  # curl names no host
    session = digest.Session(f'Digest realm="{PROXY_REALM}", '
                             f'nonce="{fields["nonce"]}", algorithm=SHA-256',
                             user, password)
    again = digest.parameters(session.credentials(
        request.method, uri, fields["nc"],
        fields["cnonce"]).partition(" ")[2])
    assert (fields["username"], fields["response"]) == (
        user, again["response"])
    assert session.proves(response.one(LAYER["PI"]), sent, uri)
    return fields["nonce"]


def look_at_wires(chain):
    """What went by, on all wires: each proxy was logged in to by its own
    client and proved itself to that one, and nothing of it went further, into
    a tunnel or a trailer; what is the application's arrived as it was sent.
    Returns how many were answered by it."""
    nonces = [{look_at_hop(exchange, *who) for exchange in relay.exchanges}
              for relay, who in zip(chain.wires, WHO)]
    for one, other in itertools.combinations(nonces, 2):
        assert not (one & other) - {None}, "a login of another hop"
    for relay in chain.wires:
        for exchange in relay.exchanges:
            assert not TARGETS.search(exchange.trailer + exchange.inside)
    for exchange in chain.wires[3].exchanges:
        heads = exchange.request.octets + exchange.response.octets
        assert not TARGETS.search(heads), heads
    return look_through(chain)


def look_through(chain):
    """The fields of client and application, on every wire they took."""
    if any(exchange.tunnels for exchange in chain.wires[0].exchanges):
        return 0
    for side, names in (("request", ["authorization"]), (
            "response", ["authentication-info", "www-authenticate"])):
        seen = [sorted([(n.lower(), v) for n, v in
                        getattr(exchange, side).fields if n.lower() in names]
                       for exchange in relay.exchanges
                       if exchange.response.status != 407)
                for relay in chain.wires if relay.exchanges]
        assert all(one == seen[0] for one in seen), (side, seen)
    return len(seen[0])
