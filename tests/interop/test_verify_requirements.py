# SPDX-License-Identifier: MIT
"""The requirements that `countersign verify` checks, over the wire against
the gateway, as origin and as proxy.

Each row is a check of verify, behind the requirements it stands for. That the
same check finds a server which does otherwise, test_verify_faults shows.
"""
import pytest

from support.verifying import listed, verify

ROWS = [
    "B-01 B-02 challenge", "B-11 digest", "B-03 challenge-layer",
    "B-04 challenge-complete", "B-04 challenge-algorithm",
    "A-62 A-63 challenge-quotes", "B-16 challenge-lines", "B-29 head-alike",
    "B-11 H-11 algorithm-strong", "B-14 algorithm-once",
    "B-15 algorithm-order", "B-19 session-qop", "B-28 basic-beside",
    "B-24 stale-unasked", "B-20 charset", "B-23 domain-at-proxy",
    "B-05 nonce-unique", "B-06 nonce-octets", "D-21 stale-unearned",
    "E-01 E-02 E-14 E-16 proof", "E-07 proof-head", "E-05 E-06 proof-error",
    "E-07 proof-post", "E-17 info-complete", "E-18 info-echo",
    "E-19 info-qop", "A-67 A-68 info-quotes", "E-13 info-once",
    "E-03 E-04 info-on-refusal", "E-23 H-20 info-escape", "H-21 info-nc",
    "C-02 C-04 C-05 C-16 every-algorithm", "C-06 D-45 session-key",
    "D-40 C-33 E-24 userhash", "A-59 username-star", "D-06 A-12 takes-quoted",
    "D-06 A-12 takes-unquoted", "A-52 takes-upper-hex",
    "A-51 C-17 takes-nc-letters", "A-07 A-08 takes-any-case",
    "A-19 takes-blanks", "A-45 takes-unknown", "A-13 takes-escapes",
    "D-31 takes-absolute-uri", "E-15 E-26 auth-int-proof",
    "C-15 D-41 auth-int-content", "D-41 C-57 auth-int-changed",
    "B-01 expect-stranger", "E-12 G-22 proof-connect",
    "D-29 D-33 connect-host", "D-29 D-33 connect-port",
    "D-33 connect-no-port", "D-33 connect-path", "D-23 H-07 replay",
    "D-23 H-07 replay-elsewhere", "D-23 replay-later", "D-23 replay-cnonce",
    "D-22 replay-stale", "D-23 D-24 counts-once", "D-24 counts-any-order",
    "D-26 count-not-burnt", "D-46 other-connection",
    "D-47 G-24 state-carried-over", "D-38 response-wrong",
    "D-05 A-52 response-length", "D-02 missing-parameter",
    "D-02 missing-counts", "A-41 A-43 repeated-parameter",
    "A-05 H-32 credentials-twice", "D-05 nc-zero", "D-05 A-51 nc-malformed",
    "D-13 D-15 nonce-invented", "D-13 D-15 nonce-changed",
    "D-15 nonce-empty", "D-09 qop-dropped", "D-08 qop-changed",
    "D-08 qop-unknown", "D-10 realm-other", "A-15 control-octets",
    "A-27 nul-octet", "A-14 A-18 unclosed-quote", "A-46 huge-field",
    "D-01 scheme-unknown", "A-03 scheme-missing", "D-29 uri-other",
    "D-29 D-35 uri-query", "D-29 D-31 uri-other-host", "D-35 uri-normalised",
    "C-18 D-37 method-other", "C-18 D-37 method-head",
    "D-38 rspauth-as-response", "D-38 D-39 empty-secret",
    "D-39 B-29 unknown-user-alike", "C-45 user-case", "D-03 username-twice",
    "D-04 username-star-hashed", "D-07 H-11 algorithm-md5",
    "D-07 algorithm-missing", "D-07 algorithm-other",
    "D-01 B-28 basic-let-in",
]

# Checks that say little about a requirement on their own, or nothing of this
# gateway: it gives no opaque, and its nonces outlive this test.
WITHOUT = {
    "challenge-grammar", "transport", "nonce-room", "expect-content",
    "opaque-changed", "opaque-missing", "nextnonce", "old-nonce",
    "stale-when-old", "stale-when-wrong",
}
ONLY_PROXY = {"domain-at-proxy", "proof-connect", "connect-host",
              "connect-port", "connect-no-port", "connect-path"}
ONLY_ORIGIN = {"takes-absolute-uri"}


@pytest.fixture(scope="module")
def gate(module_gateway, module_origin):
    made = module_gateway(
        "--max-failures", "0", "--qop", "auth,auth-int", "--userhash",
        "--algorithm", "SHA-256", "--algorithm", "SHA-256-sess",
        "--allow-dest", "127.0.0.0/8", "--connect-ports", module_origin.port,
        "--listen", "origin=127.0.0.1:0", "--listen", "forward=127.0.0.1:0",
        origin=module_origin.url, forward=True)
    made.page = module_origin.url + "/a?b=c"
    return made


@pytest.mark.parametrize("row", ROWS)
def test_requirement(gate, row):
    name = row.split()[-1]
    only = ["--strict", "--basic", "--only", name]
    if name not in ONLY_PROXY:
        report = verify(*only, "http://%s:%d/a?b=c" % gate.origin,
                        user="alice:secret")
        assert report.named("pass") == {name}, report
    if name not in ONLY_ORIGIN:
        report = verify(*only, "-x", "http://%s:%d" % gate.proxy, gate.page,
                        proxy_user="alice:proxy-secret")
        assert report.named("pass") == {name}, report


def test_the_rows_are_those_of_the_program():
    checks = {" ".join([*check["ids"], check["name"]])
              for check in listed() if check["level"] != "tell"
              and check["name"] not in WITHOUT}
    assert checks == set(ROWS)
