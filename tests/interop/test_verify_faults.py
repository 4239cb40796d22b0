# SPDX-License-Identifier: MIT
"""`countersign verify` finds each fault, and nothing beside it.

The server does everything right but for one thing, and is looked at with
--strict: exactly the check of that name must say so. Requirement IDs are not
in these names: it is the tool that is tested here, not a server of ours.
"""
import pytest

from support.strict_server import PASSWORD, USER, StrictServer
from support.verifying import FAILED, OK, listed, verify

LOGIN = f"{USER}:{PASSWORD}"

# Of an origin: what is let through, or proved wrong. "check" or "check/side".
ORIGIN = """
challenge digest challenge-grammar challenge-layer challenge-complete
challenge-algorithm challenge-quotes/realm challenge-quotes/nonce
challenge-quotes/qop challenge-quotes/algorithm challenge-lines head-alike
algorithm-once session-qop basic-beside stale-unasked charset nonce-unique
nonce-octets nonce-room
proof proof/wrong proof-head proof-head/wrong proof-error proof-error/wrong
proof-post proof-post/wrong info-complete/nc info-complete/cnonce
info-complete/qop info-echo/nc info-echo/cnonce info-qop info-quotes/nc
info-quotes/qop info-quotes/rspauth info-once info-on-refusal info-escape info-nc
session-key session-key/proof/wrong userhash userhash/proof/wrong username-star takes-quoted/qop takes-quoted/nc
takes-quoted/algorithm takes-unquoted/realm takes-unquoted/username
takes-unquoted/nonce takes-unquoted/cnonce takes-unquoted/response
takes-upper-hex takes-nc-letters takes-any-case/scheme takes-any-case/names
takes-blanks takes-unknown takes-escapes takes-absolute-uri auth-int-proof
auth-int-proof/wrong auth-int-content expect-content
stale-unearned auth-int-changed expect-stranger replay replay-elsewhere
replay-later replay-cnonce replay-stale counts-once counts-any-order
count-not-burnt other-connection state-carried-over response-wrong
response-length/short response-length/long missing-parameter/username
missing-parameter/realm missing-parameter/nonce missing-parameter/uri
missing-parameter/response missing-counts repeated-parameter/first
repeated-parameter/last credentials-twice/first credentials-twice/last nc-zero
nc-malformed nonce-invented nonce-changed nonce-empty qop-dropped qop-changed
qop-unknown realm-other opaque-changed opaque-missing control-octets nul-octet
unclosed-quote huge-field scheme-unknown scheme-missing uri-other uri-query
uri-other-host uri-normalised method-other method-head rspauth-as-response
empty-secret/empty empty-secret/password empty-secret/ha1 empty-secret/user
unknown-user-alike user-case username-twice username-star-hashed algorithm-md5
algorithm-missing algorithm-other/known algorithm-other/unknown basic-let-in
""".split()

# The profile's answers: 401 where it says 400, and the other way round.
STATUS = """
missing-parameter response-length repeated-parameter credentials-twice nc-zero
nc-malformed qop-dropped qop-unknown unclosed-quote uri-other uri-query
uri-other-host username-twice username-star-hashed
realm-other nonce-invented nonce-changed opaque-changed opaque-missing
method-other user-case scheme-unknown algorithm-md5 basic-let-in
""".split()

PROXY = ["connect-host", "connect-port", "connect-no-port", "connect-path",
         "proof-connect", "proof-connect/wrong", "domain-at-proxy", "replay",
         "uri-other-host", "uri-other", "state-carried-over", "proof"]

TUNNEL = ["replay-elsewhere", "proof-connect", "uri-other", "method-other",
          "response-wrong", "connect-port"]

# What is seen of a fault besides, for nobody could see one without the other.
ALSO = {
    "challenge-algorithm": {"algorithm-strong"},  # MD5 is meant
    "session-qop": {"challenge-complete"},
    "nonce-unique": {"nonce-room"},
    "info-once": {"proof"},  # two lines prove nothing
}

# With faults, but none: what only tells, or needs another server.
OTHERWISE = {"session-rebuilt", "count-jump", "origin-form-uri", "host-other",
             "transport", "algorithm-strong", "algorithm-order",
             "every-algorithm", "nextnonce", "old-nonce", "stale-when-old",
             "stale-when-wrong"}


def look(server, *options, url=None):
    """The report on a server, made strictly."""
    try:
        if server.proxy:
            return verify("--strict", "--basic", "-x", server.url, *options,
                          url or "http://127.0.0.1:9/page", proxy_user=LOGIN)
        return verify("--strict", "--basic", *options,
                      url or server.url + "/page", user=LOGIN)
    finally:
        server.close()
        assert server.peer.errors == []


def check_found(report, fault, *also):
    name = fault.split("/")[0]
    assert report.named("fail", "warn") == {
        name, *ALSO.get(fault.split("/")[0], ()), *also}, \
        report.said("fail", "warn")


@pytest.mark.parametrize("proxy, options, skipped", [
    (False, [], {"domain-at-proxy", "proof-connect", "connect-host",
                 "connect-port", "connect-no-port", "connect-path",
                 "origin-form-uri"}),
    (True, [], {"takes-absolute-uri", "host-other"}),
], ids=["origin", "proxy"])
def test_nothing_is_found_where_nothing_is_wrong(proxy, options, skipped):
    report = look(StrictServer(proxy=proxy), *options)
    assert report.code == OK
    assert report.named("fail", "warn") == set(), report.said("fail", "warn")
    assert report.named("skipped") - skipped == {
        "stale-when-old", "stale-when-wrong", "nextnonce", "old-nonce"}


@pytest.mark.parametrize("fault", ORIGIN)
def test_a_fault_is_found(fault):
    algorithms = {"algorithms": ["MD5"]} if fault == "challenge-algorithm" \
        else {}
    check_found(look(StrictServer(fault, **algorithms)), fault)


@pytest.mark.parametrize("name", STATUS)
def test_another_answer_than_the_profiles_is_found(name):
    check_found(look(StrictServer(f"status/{name}")), name)


@pytest.mark.parametrize("fault", PROXY)
def test_a_fault_of_a_proxy_is_found(fault):
    check_found(look(StrictServer(fault, proxy=True)), fault)


@pytest.mark.parametrize("fault", TUNNEL)
def test_a_fault_is_found_by_connect_alone(fault):
    report = look(StrictServer(fault, proxy=True),
                  url="https://127.0.0.1:9/page")
    # There each request has a connection of its own.
    check_found(report, fault, *{"proof-connect": ["proof"],
                                 "replay-elsewhere": [
                                     "replay", "replay-later"]}.get(fault,
                                                                     []))


@pytest.mark.parametrize("algorithms, faults, found", [
    (["MD5"], [], {"algorithm-strong"}),
    (["SHA-256", "MD5"], [], {"algorithm-strong"}),
    (["MD5", "SHA-256"], [], {"algorithm-strong", "algorithm-order"}),
    (["SHA-512-256", "SHA-256"], [], set()),
    (["SHA-256", "SHA-512-256"], ["every-algorithm"], {"every-algorithm"}),
], ids=str)
def test_algorithms(algorithms, faults, found):
    report = look(StrictServer(*faults, algorithms=algorithms))
    assert report.named("fail", "warn") == found, report.said("fail", "warn")


def test_a_nextnonce_that_is_no_good_is_found():
    assert look(StrictServer(next_always=True)).checks["nextnonce"][
        "verdict"] == "pass"
    check_found(look(StrictServer("nextnonce", next_always=True)),
                "nextnonce")


@pytest.mark.parametrize("fault", [
    None, "stale-when-old", "stale-when-old/good", "stale-when-wrong",
    "nextnonce", "old-nonce"])
def test_the_end_of_a_nonce(fault):
    server = StrictServer(*[fault] if fault else [], life=1)
    report = look(server, "--wait", "1")
    if fault is None:
        assert report.named("fail", "warn") == set()
        assert {"nextnonce", "old-nonce", "stale-when-old",
                "stale-when-wrong"} <= report.named("pass")
    else:
        check_found(report, fault)


def test_plain_text_over_a_network_is_found():
    server = StrictServer()
    report = look(server, url=f"http://0.0.0.0:{server.port}/page")
    assert report.named("fail", "warn") == {"transport"}


def test_every_check_has_a_fault_that_it_finds():
    rows = {fault.split("/")[0]
            for fault in [*ORIGIN, *PROXY, *TUNNEL]} | OTHERWISE
    assert {check["name"] for check in listed()} == rows


@pytest.mark.parametrize("fault, strict, code", [
    ("replay", False, FAILED), ("replay", True, FAILED),
    ("opaque-missing", False, OK), ("opaque-missing", True, FAILED),
    ("counts-any-order", True, OK), ("status/nc-zero", False, OK),
])
def test_levels(fault, strict, code):
    server = StrictServer(fault)
    try:
        report = verify(*["--strict"] * strict, server.url + "/page",
                        user=LOGIN)
    finally:
        server.close()
    assert report.code == code == report.json["exit_code"]
    name = fault.removeprefix("status/")
    if code == FAILED:
        assert report.named("fail") == {name}
    else:
        assert report.named("fail") == set()
        assert report.named("warn") == ({name} - {"nc-zero"})
