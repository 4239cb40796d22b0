# SPDX-License-Identifier: MIT
"""Gateways before and behind squid and httpd; what docs/chains.md says of each
combination is what is measured here."""
import collections
import concurrent.futures
import itertools

import pytest

from support import engines, mixed, wire
from support.engines import LOGIN as OFFICE
from support.fetching import OK, fetch
from support.gateway import TOP, login
from support.origin import Origin
from support.relay import Relay

PAGE = TOP / "docs" / "chains.md"
START, END = "<!-- measured -->\n", "<!-- end -->\n"
ALICE = "alice:proxy-secret"
METHODS = {"GET": [], "POST": ["-d", "x" * 2000], "CONNECT": ["-p"]}
EACH = 4  # requests in a row: counts, and nonces for few

NO_PROOF = "it proves nothing, and need not (RFC 9110, 11.7.3)"
PASSES = "squid passes login and proof on (RFC 9110, 11.7.2)"
OWN_200 = (", but answers CONNECT with a 200 of its own, without B's proof "
           "(RFC 9110, 11.7.3)")
KEEPS = ("squid passes no login on, and has none for B: it should say 502, not "
         "407 (RFC 9110, 11.7.1)")
OLD_LIST = ("httpd takes out every `Proxy-Authenticate`, as RFC 2616, 13.5.1 "
            "had it; RFC 9110, 15.5.8 demands one in a 407")

Row = collections.namedtuple("Row", "chain proof why first")


def behind_a(to, login=OFFICE, *more):
    """The client asks a gateway that is `login` at the peer's door `to`."""
    return lambda all_, proof: all_.gateway(to, proof, login, *more)


def asks(to, login=ALICE):
    """The client asks that peer itself."""
    return lambda all_, proof: (all_.at[to], login)


MD5 = "--via-allow-md5"
ROWS = [
    Row("A → squid with Digest", "require", NO_PROOF,
        behind_a("digest", OFFICE, MD5)),
    Row("A → squid with Digest", "expect", "", behind_a("digest", OFFICE, MD5)),
    Row("A → squid with Digest", "off", "", behind_a("digest", OFFICE, MD5)),
    Row("A without `--via-allow-md5` → squid with Digest", "expect",
        "squid has no SHA-256 (a MUST in RFC 7616, 3.7)", behind_a("digest")),
    Row("A → squid with Digest, `nonce_strictness`, `check_nonce_count` and "
        "`nonce_max_count 2`", "expect", "", behind_a("strict", OFFICE, MD5)),
    Row("A → squid", "require",
        "who asks for no login proves nothing (RFC 9110, 11.7.3)",
        behind_a("open")),
    Row("A → squid", "expect", "", behind_a("open")),
    Row("A → httpd with Digest", "require", NO_PROOF,
        behind_a("h-digest", OFFICE, MD5)),
    Row("A → httpd with Digest", "expect", "",
        behind_a("h-digest", OFFICE, MD5)),
    Row("A → httpd with Digest", "off", "", behind_a("h-digest", OFFICE, MD5)),
    Row("A without `--via-allow-md5` → httpd with Digest", "expect",
        "httpd has no SHA-256 (RFC 7616, 3.7)", behind_a("h-digest")),
    Row("A → httpd", "expect", "", behind_a("h-open")),
    Row("A → squid with `login=PASSTHRU` → B", "require", PASSES + OWN_200,
        behind_a("passthru", ALICE)),
    Row("A → squid with `login=PASSTHRU` → B", "expect",
        PASSES + OWN_200 + "; B had proved itself before",
        behind_a("passthru", ALICE)),
    Row("A → squid with `login=PASSTHRU` → B", "off", PASSES,
        behind_a("passthru", ALICE)),
    Row("A → squid with `login=PASS` → B", "require", PASSES + OWN_200,
        behind_a("pass", ALICE)),
    Row("A → squid → B", "expect", KEEPS, behind_a("plain", ALICE)),
    Row("A → squid with Digest and `login=alice:...` → B", "expect",
        "to a next proxy squid speaks Basic alone, which B does not take",
        behind_a("named", OFFICE, MD5)),
    Row("A → httpd with `Proxy-Chain-Auth` → B", "expect", OLD_LIST,
        behind_a("h-chain", ALICE)),
    Row("A → B → squid with Digest", "require",
        "A demands B's proof; B, under `expect`, takes squid as it is",
        lambda all_, proof: all_.three()),
    Row("squid with Digest", "-", NO_PROOF, asks("digest", OFFICE)),
    Row("httpd with Digest", "-", NO_PROOF, asks("h-digest", OFFICE)),
    Row("squid with `login=PASSTHRU` → B", "-", PASSES + OWN_200,
        asks("passthru")),
    Row("squid → B", "-", KEEPS, asks("plain")),
    Row("squid with Digest and `login=PASSTHRU` → B", "-",
        "one field and two proxies that ask: it is the first one's (RFC 9110, "
        "11.7.2)", asks("both", OFFICE)),
    Row("httpd with `Proxy-Chain-Auth` → B", "-", OLD_LIST, asks("h-chain")),
    Row("httpd with Digest and `Proxy-Chain-Auth` → B", "-",
        "both of these", asks("h-both", OFFICE)),
]


class Peers:
    """All of them, and where each listens."""

    def __init__(self, maker, folder):
        self.maker, self.folder = maker, folder
        self.numbers = itertools.count()
        self.origin = Origin("127.0.0.2")
        self.inner = maker("--allow-dest", "127.0.0.0/8", "--connect-ports",
                           str(self.origin.port), "--max-failures", "0",
                           forward=True)
        b = self.inner.proxy[1]
        strict = ("auth_param digest check_nonce_count on\n"
                  "auth_param digest nonce_strictness on\n"
                  "auth_param digest nonce_max_count 2")
        chain_auth = "SetEnv Proxy-Chain-Auth 1"
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(mixed.squid, *how) for how in (
                ("open",), ("plain", b), ("pass", b, "login=PASS"),
                ("passthru", b, "login=PASSTHRU"), ("digest", None, "", ""),
                ("strict", None, "", strict),
                ("named", b, f"login={ALICE}", ""),
                ("both", b, "login=PASSTHRU", ""))]
            jobs.append(pool.submit(mixed.httpd, {
                "h-open": (False, False, ""), "h-digest": (True, False, ""),
                "h-chain": (False, True, chain_auth),
                "h-both": (True, True, chain_auth)}, b, self.origin.port))
        self.made = [job.result() for job in jobs]
        self.at = {name: url for one in self.made
                   for name, url in one.at.items()}

    def gateway(self, to, proof, login, *more):
        """One that is `login` at a door, or at another gateway."""
        url = self.at.get(to, to)
        path = self.folder / f"login{next(self.numbers)}"
        path.write_text(login + "\n")
        path.chmod(0o600)
        return self.maker(
            "--via-proxy", url, "--via-user-file", path, "--via-proof", proof,
            "--connect-ports", f"443,{self.origin.port}", "--max-failures",
            "0", *more, forward=True)

    def three(self):
        inner = self.gateway("digest", "expect", OFFICE, MD5)
        return self.gateway("http://127.0.0.1:%d" % inner.proxy[1], "require",
                            ALICE)

    def close(self):
        """All at the same time: a squid takes two seconds."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: one.close(), self.made))
        self.origin.close()


@pytest.fixture(scope="module")
def all_of_them(module_gateway, tmp_path_factory):
    made = Peers(module_gateway, tmp_path_factory.mktemp("logins"))
    yield made
    made.close()


def look(first, origin, method, report):
    """What a client sees of it: statuses, whether its proxy proved itself, and
    what a gateway there says of a 502."""
    gate = None if isinstance(first, tuple) else first
    url, login = first if gate is None else (
        "http://127.0.0.1:%d" % gate.proxy[1], ALICE)
    before = reasons(gate)
    done = fetch("--proxy-proof", "off", "--allow-md5", "-x", url,
                 *METHODS[method], *[f"{origin.url}/{i}" for i in range(EACH)],
                 env={"COUNTERSIGN_PROXY_USER": login}, report=report)
    seen = {(t["status"], t["proxy"]["proof"])
            for t in done.report["transfers"]}
    words = " ".join(f"`{name}`" for name in reasons(gate) - before)
    return " / ".join(sorted(
        f"{status}{' ' + words if status == 502 else ''}"
        f"{', proved' if proof == 'proved' else ''}"
        for status, proof in seen))


def reasons(gate):
    """Every reason of every 502 so far, as often as it was given."""
    if gate is None:
        return collections.Counter()
    return collections.Counter({
        name.split('reason="')[1].rstrip('"}'): int(count)
        for name, count in gate.metrics().items()
        if 'layer="proxy",result="refuse"' in name
        and "no-credentials" not in name})


@pytest.fixture(scope="module")
def measured(all_of_them, tmp_path_factory):
    """{row: [what each method got]}"""
    report = tmp_path_factory.mktemp("reports") / "report"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        first = list(pool.map(lambda row: row.first(all_of_them, row.proof),
                              ROWS))
    return {row: [look(one, all_of_them.origin, method, report)
                  for method in METHODS] for row, one in zip(ROWS, first)}


def table(found):
    lines = ["| the client's way | `--via-proof` | " + " | ".join(METHODS) +
             " | why |", "|" + " --- |" * 6]
    for row, cells in found.items():
        lines.append("| " + " | ".join(
            [row.chain, row.proof, *cells, row.why]) + " |")
    return "\n".join(lines) + "\n"


def test_the_manual_says_what_was_measured(measured):
    made = table(measured)
    text = PAGE.read_text("utf-8")
    assert text.count(START) == text.count(END) == 1
    assert text.split(START)[1].split(END)[0].strip() == made.strip(), made


def test_what_works_is_what_it_should_be(measured):
    """A gateway's clients have its proof whatever stands behind it; a proof
    that is demanded and does not come is 502, and nothing else is refused
    where proofs are not demanded and the peer lets logins through."""
    for row, cells in measured.items():
        if row.chain.startswith("A"):
            assert all(cell.endswith(", proved") for cell in cells), row
        if row.proof == "off":
            assert set(cells) == {"200, proved"}, row
    assert {row.chain for row, cells in measured.items()
            if row.proof == "require" and set(cells) == {"200, proved"}} == {
                "A → B → squid with Digest"}


def test_a_loop_through_squid(all_of_them, tmp_path):
    """A squid that leads back: its Via stands beside the gateway's own, which
    the gateway knows again."""
    back = Relay()
    engine = mixed.squid("loop", back.port, "login=PASSTHRU")
    try:
        gate = all_of_them.gateway(engine.url, "require", ALICE)
        back.to = gate.proxy
        done = fetch("--proxy-proof", "require", "-x",
                     "http://127.0.0.1:%d" % gate.proxy[1],
                     "http://example.test/", check=OK, report=tmp_path / "r",
                     env={"COUNTERSIGN_PROXY_USER": ALICE}).first
        assert done["status"] == 508
        assert gate.wait_log("loop")["user"] == "alice"
        assert [e.response.status for e in back.exchanges
                if e.request.all("Proxy-Authorization")] == [508]
    finally:
        engine.close()
        back.close()


@pytest.mark.parametrize("door", ["digest", "h-digest"])
def test_f_53_an_origin_behind_a_peer(all_of_them, module_gateway, door,
                                      tmp_path):
    """F-53 G-01: the login at an application, end to end, through a gateway
    and somebody else's proxy, with the application's proof."""
    gate = all_of_them.gateway(door, "expect", OFFICE, MD5)
    inside = module_gateway("--listen", "origin=127.0.0.2:0",
                            origin=all_of_them.origin.url)
    done = fetch("--proof", "require", "--proxy-proof", "require", "-x",
                 "http://127.0.0.1:%d" % gate.proxy[1],
                 "http://127.0.0.2:%d/a" % inside.origin[1], check=OK,
                 report=tmp_path / "report", env={
                     "COUNTERSIGN_PROXY_USER": ALICE,
                     "COUNTERSIGN_USER": "alice:secret"}).first
    assert (done["status"], done["origin"]["proof"],
            done["proxy"]["proof"]) == (200, "proved", "proved")


# lighttpd takes no address in uri, as plain requests through proxies have it
# (docs/verify.md, takes-absolute-uri).
SERVERS = {"httpd": (engines.httpd, [], [[], ["-p"]], "proved"),
           "lighttpd": (engines.lighttpd, ["SHA-256"], [["-p"]], "absent")}


@pytest.mark.parametrize("server", SERVERS)
def test_f_53_an_origin_of_others(all_of_them, server, tmp_path):
    """F-53 G-01: their logins too: httpd proves itself through a gateway and a
    squid, to which it is nothing; lighttpd proves nothing anywhere."""
    make, how, ways, proof = SERVERS[server]
    engine = make(*how)
    try:
        gate = all_of_them.gateway("digest", "expect", OFFICE, MD5,
                                   "--connect-ports", str(engine.port))
        for way in ways:
            done = fetch("--proof", "off", "--proxy-proof", "require",
                         "--allow-md5", "-x",
                         "http://127.0.0.1:%d" % gate.proxy[1], *way,
                         f"http://localhost:{engine.port}/page", check=OK,
                         report=tmp_path / "report", env={
                             "COUNTERSIGN_PROXY_USER": ALICE,
                             "COUNTERSIGN_USER": engines.LOGIN})
            assert done.out == b"inside\n"
            assert (done.first["origin"]["proof"],
                    done.first["proxy"]["proof"]) == (proof, "proved")
    finally:
        engine.close()


@pytest.mark.parametrize("peer", ["squid", "httpd"])
def test_a_peer_is_restarted(all_of_them, peer):
    """F-33: what others forget at a restart costs their next client a round
    trip, and no request: both say that the old nonce is stale."""
    origin = all_of_them.origin
    engine = (mixed.squid("again", None, "", "") if peer == "squid" else
              mixed.httpd({"again": (True, False, "")}, 0, origin.port))
    try:
        gate = all_of_them.gateway(engine.url, "expect", OFFICE, MD5)
        own = login(gate.proxy, origin.url, layer="proxy")

        def ask():
            sent = own.credentials("GET", origin.url)
            with wire.Connection(gate.proxy) as connection:
                return connection.exchange("GET", origin.url, [
                    ("Proxy-Authorization", sent)]).status
        assert [ask(), ask()] == [200, 200]
        engine.stop()
        engine.start()
        assert [ask(), ask()] == [200, 200]
    finally:
        engine.close()
