# SPDX-License-Identifier: MIT
"""Programs that know no login at a proxy, through `countersign bridge`."""
import functools
import gzip
import hashlib
import http.server
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import threading

import pytest

from support import engines
from support.bridge import Bridge, corporate, once, surroundings, url
from support.next_hop import PASSWORD, USER, Hop
from support.origin import response
from support.via import PAGE


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Site:
    """A folder of files on 127.0.0.2."""

    def __init__(self, folder):
        self.folder = folder
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.2", 0), functools.partial(Files, directory=folder))
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.2:{self.port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("site"))
    (made.folder / "page").write_text("a page\n")
    yield made
    made.close()


@pytest.fixture(scope="module")
def gate(module_gateway, site):
    return corporate(module_gateway, "--connect-ports", str(site.port))


@pytest.fixture(scope="module")
def bridge(gate):
    also = ["--also", "_apt"] if has_user("_apt") else []
    made = Bridge(url(gate), *also)
    yield made
    made.end()


def has_user(name):
    return name in [entry.pw_name for entry in pwd.getpwall()]


def run(bridge, *command, **keywords):
    """With the one variable that its user would set."""
    env = surroundings(http_proxy=bridge.url, https_proxy=bridge.url,
                       GIT_CONFIG_GLOBAL="/dev/null")
    return subprocess.run([str(part) for part in command], text=True,
                          capture_output=True, timeout=60, check=False,
                          env=env, **keywords)


@pytest.mark.parametrize("command", [
    ["curl", "-sS"], ["curl", "-sSp"], ["wget", "-qO-"]], ids=" ".join)
def test_fetchers(bridge, site, command):
    """curl, plain and by CONNECT; wget."""
    done = run(bridge, *command, site.url + "/page")
    assert (done.stdout, done.returncode) == ("a page\n", 0), done.stderr


def test_python(bridge, site):
    """Python's own library, which pip and others use."""
    done = run(bridge, "/usr/bin/python3", "-c",
               "import urllib.request as r; "
               f"print(r.urlopen('{site.url}/page').read())")
    assert done.stdout == "b'a page\\n'\n", done.stderr


def make_repository(folder):
    work = folder / "work"
    work.mkdir()
    author = ["-c", "user.name=x", "-c", "user.email=x@example.test"]
    (work / "file").write_text("content\n" * 3000)
    for words in (["init", "-q"], ["add", "file"],
                  [*author, "commit", "-qm", "first"],
                  ["clone", "-q", "--bare", ".", folder / "it.git"],
                  ["-C", folder / "it.git", "update-server-info"]):
        subprocess.run(["git", *map(str, words)], cwd=work, check=True,
                       capture_output=True,
                       env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"})


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
@pytest.mark.parametrize("how", ["environment", "setting"])
def test_git(bridge, site, tmp_path, how):
    """git clones a repository, by the environment or by its own setting."""
    if not (site.folder / "it.git").exists():
        make_repository(site.folder)
    words = [] if how == "environment" else [
        "-c", f"http.proxy={bridge.url}"]
    done = run(bridge, "git", *words, "clone", "-q", site.url + "/it.git",
               tmp_path / "clone")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "clone/file").read_text().startswith("content\n")


PACKAGE = """Package: an-example
Version: 1.0
Architecture: all
Maintainer: nobody <nobody@example.test>
Description: nothing at all
Filename: an-example.deb
Size: 1
SHA256: {digest}
"""


def make_archive(folder):
    """A repository of packages, unsigned."""
    folder.mkdir(exist_ok=True)
    plain = PACKAGE.format(digest="0" * 64).encode()
    lines = ["Origin: test", "Date: Sat, 21 Nov 2026 00:00:00 UTC", "SHA256:"]
    for name, octets in (("Packages", plain),
                         ("Packages.gz", gzip.compress(plain))):
        (folder / name).write_bytes(octets)
        lines.append(f" {hashlib.sha256(octets).hexdigest()} {len(octets)} "
                     + name)
    (folder / "Release").write_text("\n".join(lines) + "\n")


@pytest.fixture
def apt_root(site):
    """A root of its own for apt, which reads nothing of this system's. Not
    below pytest's folder: the user _apt must get there."""
    make_archive(site.folder / "debian")
    root = pathlib.Path(tempfile.mkdtemp(prefix="csn-apt-"))
    root.chmod(0o755)
    for name in ("etc/apt/apt.conf.d", "etc/apt/preferences.d",
                 "etc/apt/trusted.gpg.d", "var/lib/apt/lists/partial",
                 "var/cache/apt/archives/partial", "var/lib/dpkg"):
        (root / name).mkdir(parents=True)
    if os.geteuid() == 0 and has_user("_apt"):
        shutil.chown(root / "var/lib/apt/lists/partial", "_apt")
    (root / "var/lib/dpkg/status").touch()
    (root / "etc/apt/sources.list").write_text(
        f"deb [trusted=yes] {site.url}/debian ./\n")
    yield root
    shutil.rmtree(root)


def apt_update(root, user):
    return ["apt-get", "-o", f"Dir={root}", "-o",
            f"Dir::State::status={root}/var/lib/dpkg/status", "-o",
            f"APT::Sandbox::User={user}", "-o", "Acquire::Retries=0", "-o",
            "Dir::Bin::Methods=/usr/lib/apt/methods", "update"]


def has_index(root):
    return any("_Packages" in path.name  # packed, or as it is
               for path in (root / "var/lib/apt/lists").iterdir())


@pytest.mark.skipif(shutil.which("apt-get") is None,
                    reason="there is no apt-get")
@pytest.mark.parametrize("user", ["_apt", "root"])
def test_apt(bridge, apt_root, user):
    """apt-get update; started by root its fetchers are the user _apt, whom
    --also lets in."""
    if not has_user(user):
        pytest.skip(f"there is no user {user}")
    done = run(bridge, *apt_update(apt_root, user))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unsandboxed" not in done.stderr
    assert has_index(apt_root), done.stdout + done.stderr


@pytest.mark.skipif(
    shutil.which("apt-get") is None or os.geteuid() != 0 or
    not has_user("_apt"), reason="apt-get has no user of its own here")
def test_apt_is_another(gate, apt_root):
    """Without --also it is another user than the one who is let in."""
    done = once(url(gate), "--once", *apt_update(apt_root, "_apt"))
    assert "403  Forbidden" in done.stdout + done.stderr
    assert "refused: foreign-user" in done.stderr
    assert not has_index(apt_root)


JAVA = """
import java.net.*;
public class Get {
    public static void main(String[] a) throws Exception {
        try (var in = new URI(a[0]).toURL().openStream()) {
            System.out.print(new String(in.readAllBytes()));
        }
    }
}
"""


@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no Java")
def test_java(tmp_path):
    """Java looks at no environment but JAVA_TOOL_OPTIONS."""
    (tmp_path / "Get.java").write_text(JAVA)
    hop = Hop()
    hop.answer = lambda seen: response(200, seen.line.encode())
    done = once(hop.url, "--once", "java", tmp_path / "Get.java", PAGE,
                env={"COUNTERSIGN_PROXY_USER": f"{USER}:{PASSWORD}"})
    hop.close()
    assert done.stdout == f"GET {PAGE} HTTP/1.1", done.stderr


@pytest.fixture(scope="module")
def squid():
    server = engines.squid()
    yield server
    server.close()


@pytest.mark.parametrize("options, code", [
    ([], 67), (["--allow-md5"], 90), (["--allow-md5", "--proof", "expect"], 0),
    (["--allow-md5", "--proof", "off"], 0)], ids=str)
def test_squid(squid, site, options, code):
    """squid knows MD5 alone, and proves nothing: both must be allowed."""
    done = once(squid.url, *options, "--once", "sh", "-c",
                f"curl -sS {site.url}/page {site.url}/page; "
                f"wget -qO- {site.url}/page",
                env={"COUNTERSIGN_PROXY_USER": engines.LOGIN})
    assert done.returncode == code, done.stderr
    assert done.stdout == ("" if code else "a page\n" * 3)
