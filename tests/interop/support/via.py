# SPDX-License-Identifier: MIT
"""A gateway before a next proxy: made, asked, and asked by many."""
import threading

from support import wire
from support.gateway import login
from support.next_hop import PASSWORD, USER

PAGE = "http://example.test/page?q=1"
BODY = b"name=value&" * 90
WAYS = {"GET": (PAGE, b""), "HEAD": (PAGE, b""), "POST": (PAGE, BODY),
        "CONNECT": ("example.test:443", b"")}


def write_login(folder, text=f"{USER}:{PASSWORD}\n", mode=0o600):
    path = folder / "login"
    path.write_text(text)
    path.chmod(mode)
    return path


def make(maker, hop, folder, *more, **keywords):
    return maker("--via-proxy", hop.url, "--via-user-file",
                 write_login(folder), *more, forward=True, **keywords)


def session(gate):
    return login(gate.proxy, PAGE, layer="proxy")


def ask(gate, own, method="GET", connection=None, **more):
    """One request, and whether the gateway proved itself in its answer."""
    target, body = WAYS[method]
    sent = own.credentials(method, target)
    fields = [*more.pop("fields", ()), ("Proxy-Authorization", sent)]
    opened = connection or wire.Connection(gate.proxy)
    try:
        got = opened.exchange(method, target, fields,
                              **{"body": body, **more})
    finally:
        if connection is None:
            opened.close()
    assert not got.all("Proxy-Authenticate")
    info = got.one("Proxy-Authentication-Info")
    return got, own.proves(info, sent, target)


FAULTS = {
    "no-info": lambda seen, info: None,
    "no-rspauth": lambda seen, info: 'nextnonce="abcdefgh"',
    "rspauth-wrong": lambda seen, info: info.replace(
        info[9:13], "".join("%x" % (int(c, 16) ^ 1) for c in info[9:13]), 1),
    "nc-wrong": lambda seen, info: info.replace("nc=", "nc=1").replace(
        "nc=10", "nc=1", 1),
    "cnonce-wrong": lambda seen, info: info.replace('cnonce="', 'cnonce="x'),
    "info-incomplete": lambda seen, info: info.split(", nc=")[0] + ", qop=auth",
    "info-malformed": lambda seen, info: info + ', "',
    "qop-wrong": lambda seen, info: info.replace("qop=auth", "qop=auth-int"),
}


def in_parallel(gate, count, each, method="GET"):
    """Every status that `count` clients get, `each` on its connection."""
    own = session(gate)
    found = []

    def client():
        with wire.Connection(gate.proxy) as connection:
            for _ in range(each):
                found.append(ask(gate, own, method, connection)[0].status)

    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == count * each
    return set(found)
