# SPDX-License-Identifier: MIT
"""A gateway that logs in to origins for its callers: made and asked, by both
ways in. Callers log in to the gateway itself with credentials of their own."""
import threading

from support import wire
from support.gateway import login
from support.next_hop import PASSWORD, USER

PATH = "/page?q=1"
BODY = b"name=value&" * 90
WAYS = ["origin", "forward"]
METHODS = ["GET", "HEAD", "POST"]
LOOPBACK = ["--allow-dest", "127.0.0.0/8"]


def write_logins(folder, *hops, mode=0o600):
    path = folder / "logins"
    path.write_text("# who is whom where\n\n" + "".join(
        f"{hop.url}={hop.user}:{hop.password}\n" for hop in hops))
    path.chmod(mode)
    return path


def make(maker, hop, folder, *more, origin=True, **keywords):
    """Logs in to `hop`: in front of it too, where `origin`."""
    return maker("--present", f"{hop.url}={USER}", "--present-user-file",
                 write_logins(folder, hop), "--via-patience", "0", *more,
                 *LOOPBACK, forward=True,
                 origin=hop.url if origin else None, **keywords)


def in_parallel(gate, way, hop, count, each, method="GET"):
    """Every status that `count` callers get, one behind the other each."""
    found = []

    def caller():
        own = Caller(gate, way, hop)
        for _ in range(each):
            found.append(own.ask(method)[0].status)

    threads = [threading.Thread(target=caller) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == count * each
    return set(found)


class Caller:
    """Asks `hop` through `gate`, by one way in."""

    def __init__(self, gate, way, hop):
        self.way = way
        self.address = gate.origin if way == "origin" else gate.proxy
        self.before = "" if way == "origin" else hop.url
        self.sends, self.gets, layer, self.challenge = {
            "origin": ("Authorization", "Authentication-Info", "origin",
                       "WWW-Authenticate"),
            "forward": ("Proxy-Authorization", "Proxy-Authentication-Info",
                        "proxy", "Proxy-Authenticate")}[way]
        self.layer = layer
        self.own = login(self.address, self.before + PATH, layer=layer)

    def ask(self, method="GET", path=PATH, fields=(), body=None, **more):
        """The response, and whether the gateway proved itself; the origin's
        own login is never seen."""
        if body is None:
            body = BODY if method == "POST" else b""
        target = self.before + path
        sent = self.own.credentials(method, target)
        with wire.Connection(self.address) as connection:
            got = connection.exchange(method, target,
                                      [(self.sends, sent), *fields],
                                      body=body, **more)
        assert not got.all("WWW-Authenticate")
        assert not got.all("Proxy-Authenticate")
        if self.way == "forward":
            assert not got.all("Authentication-Info")
        return got, self.own.proves(got.one(self.gets), sent, target)


__all__ = ["BODY", "Caller", "METHODS", "PASSWORD", "PATH", "USER", "WAYS",
           "in_parallel", "make", "write_logins"]
