# SPDX-License-Identifier: MIT
"""The nginx module as it is installed and packaged, and docs/nginx.md: its
first steps and its ways over from auth_basic and htdigest, as they stand."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.engines import LOGIN, PASSWORD, REALM, USER, free_port
from support.fetching import OK, fetch
from support.gateway import PROGRAM
from support.nginx import MODULE, NGINX, Nginx
from support.peers import run
from support.verifying import verify

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs" / "nginx.md").read_text()
PACKAGE = "libnginx-mod-http-countersign"
NAME = "ngx_http_countersign_module.so"
SO = f"usr/lib/nginx/modules/{NAME}"
SNIPPET = "usr/share/nginx/modules-available/mod-http-countersign.conf"
LINK = "etc/nginx/modules-enabled/50-mod-http-countersign.conf"


def out(*command, **keywords):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, check=False, **keywords)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def installed(folder, layout):
    """What `meson install --tags nginx` puts where, below folder/root. The
    module of the build under test stands for one built anew."""
    build = folder / "build"
    out("/usr/bin/meson", "setup", build, TOP, "-Dnginx=enabled",
        f"-Dnginx_layout={layout}", "-Dtrafficserver=disabled",
        "-Dcurl=disabled", "-Dtests=false")
    (build / "modules" / "nginx").mkdir(parents=True, exist_ok=True)
    shutil.copy(MODULE, build / "modules" / "nginx")
    out("/usr/bin/meson", "install", "-C", build, "--no-rebuild", "--tags",
        "nginx", "--destdir", folder / "root")
    return folder / "root"


def files(root):
    return {str(place.relative_to(root)) for place in root.rglob("*")
            if place.is_symlink() or place.is_file()}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("enabled"), "debian-enabled")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("plain"), "debian")


def test_where_it_is_installed(root, plain):
    """Module, snippet and, when told so, the link that enables it."""
    assert files(root) == {SO, SNIPPET, LINK}
    assert os.readlink(root / LINK) == "/" + SNIPPET
    assert files(plain) == {SO, SNIPPET}


@pytest.mark.parametrize("enabled", [True, False])
def test_nginx_loads_what_is_installed(root, tmp_path, enabled):
    """By the line that Debian's nginx.conf has, in a prefix that has the same
    link as Debian's; without it nginx does not know the directives."""
    prefix = root / "usr" / "share" / "nginx"
    if not (prefix / "modules").exists():
        (prefix / "modules").symlink_to("../../lib/nginx/modules")
    folder = tmp_path / "modules-enabled"
    folder.mkdir()
    if enabled:
        (folder / "50.conf").symlink_to(root / SNIPPET)
    conf = tmp_path / "conf"
    conf.write_text(f"include {folder}/*.conf; pid {tmp_path}/pid; events {{}}"
                    f"\nhttp {{ countersign off; access_log off; }}\n")
    done = subprocess.run(
        [NGINX, "-t", "-c", conf, "-p", prefix, "-e", tmp_path / "error"],
        capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode == 0) == enabled, done.stderr
    assert ('unknown directive "countersign"' in done.stderr) != enabled


def test_debian_package(plain, tmp_path):
    """What debian/ makes of a build: the files, the dependency on this nginx,
    and scripts that enable the module."""
    shutil.copytree(TOP / "packaging" / "nginx" / "debian",
                    tmp_path / "debian")
    (tmp_path / "built").symlink_to(plain.parent / "build")
    for step in (["debian/rules", "override_dh_auto_install"], ["dh_install"],
                 ["debian/rules", "execute_after_dh_install"],
                 ["dh_missing"], ["dh_installdeb"], ["dh_shlibdeps"],
                 ["dh_gencontrol"]):
        out(*step, cwd=tmp_path, env={**os.environ, "PATH": "/usr/bin:/bin"})
    made = tmp_path / "debian" / PACKAGE
    assert files(made) >= {SO, SNIPPET}
    assert (made / SNIPPET).read_text() == (plain / SNIPPET).read_text()
    control = (made / "DEBIAN" / "control").read_text()
    assert re.search(r"^Depends: .*\bnginx-abi-[\d.-]+", control, re.M)
    assert f"Package: {PACKAGE}\n" in control
    link = "mod-http-countersign.conf:50-mod-http-countersign.conf"
    for script in ("postinst", "prerm", "postrm"):
        assert link in (made / "DEBIAN" / script).read_text()


def block(words):
    """The block of the page that has these words, without its indentation."""
    found = [text for text in re.split(r"\n\n(?=\S)", PAGE) if words in text]
    blocks = [b for text in found for b in re.findall(
        r"(?:^    .*\n|^\n(?=    ))+", text + "\n", re.M) if words in b]
    assert len(blocks) == 1, (words, blocks)
    return re.sub("^    ", "", blocks[0], flags=re.M)


@pytest.fixture
def place():
    """A folder that workers may read."""
    engine = pathlib.Path(out("mktemp", "-d").strip())
    engine.chmod(0o755)
    yield engine
    shutil.rmtree(engine)


def passwd(path, user, password, realm=REALM, more=()):
    out(PROGRAM, "passwd", *more, path, user, "--realm", realm, "--stdin",
        input=password + "\n")


def test_first_steps(place):
    """The user file and the configuration of the page protect a location."""
    realm = "the application"
    passwd(place / "users", "alice", "secret", realm)
    conf = block("countersign_zone  logins:16m;")
    assert f'countersign "{realm}";' in conf
    port = free_port()
    for old, new in [("listen 80;", f"listen 127.0.0.1:{port};\n"
                      f"root {place}/www;"),
                     ("/etc/nginx/users", str(place / "users")),
                     ("http {", "http {\n access_log off; "
                      f"client_body_temp_path {place}/t;")]:
        assert conf.count(old) == 1, old
        conf = conf.replace(old, new)
    (place / "www" / "private").mkdir(parents=True)
    (place / "www" / "private" / "index.html").write_text("inside\n")
    (place / "conf").write_text(
        f"load_module {MODULE}; daemon off; events {{}} pid {place}/pid;"
        + ("user root;" if os.geteuid() == 0 else "") + conf)
    server = Served(place, port)
    try:
        url = f"http://127.0.0.1:{port}/private/"
        done = run("curl", "-q", "-s", "--digest", "-u", "alice:secret", url)
        assert done.stdout == "inside\n"
        report = verify("--strict", url, user="alice:secret")
        assert report.named("fail", "warn") == set()
    finally:
        server.close()


class Served:
    """nginx with the configuration that lies in a folder."""

    def __init__(self, folder, port):
        self.process = subprocess.Popen(
            [NGINX, "-c", folder / "conf", "-p", folder, "-e",
             folder / "error"])
        done = run("curl", "-q", "-s", "--retry", "20", "--retry-connrefused",
                   "--retry-delay", "0", "-o", "/dev/null",
                   f"http://127.0.0.1:{port}/")
        if done.returncode != 0:
            self.close()
            raise AssertionError((folder / "error").read_text())

    def close(self):
        self.process.terminate()
        self.process.wait(10)


def test_log_format_of_the_page():
    """It is taken as it stands, and says who came and why somebody did not."""
    server = Nginx(f'countersign "{REALM}"; access_log logs logins;',
                   http=block("log_format logins"))
    try:
        assert server.get()[1]
        log = server.folder / "logs"
        server.until(lambda: log.exists()
                     and log.read_text().count("\n") == 2)
        first, second = log.read_text().splitlines()
    finally:
        server.close()
    assert first == '127.0.0.1 - "GET /page HTTP/1.1" 401 no-credentials ' \
        "- nc=- age=-"
    assert re.fullmatch(rf'127\.0\.0\.1 {USER} "GET /page HTTP/1\.1" 200 none '
                        r"SHA-256 nc=1 age=0\.\d{3}", second)


def curl(server, login, *arguments):
    done = run("curl", "-q", "-s", "-o", "/dev/null", "-w", "%{http_code}",
               "-u", login, *arguments, server.url + "/page")
    return done.stdout


def wget(server):
    done = run("wget", "--no-config", "-q", "--tries=1", f"--user={USER}",
               f"--password={PASSWORD}", "-O", "-", server.url + "/page")
    return done.stdout


def test_coming_from_htdigest(place):
    """The three steps of the page: a file of httpd's htdigest as it is; SHA-256
    added, offered first; MD5 left out."""
    users = place / "users"
    out("htdigest", "-c", users, REALM, USER,
        input=f"{PASSWORD}\n{PASSWORD}\n")
    servers = []

    def serve(words):
        servers.append(Nginx(f'countersign "{REALM}"; countersign_users '
                             f"{users}; {block(words)}"))
        return servers[-1]

    try:
        first = serve("countersign_algorithms MD5;")
        assert curl(first, LOGIN, "--digest") == "200"
        assert curl(first, f"{USER}:guess", "--digest") == "401"
        program, verb, *more, path, user = block("-a MD5 /etc").split()
        assert (program, verb) == ("countersign", "passwd")
        assert (path, user) == ("/etc/nginx/htdigest", "alice")
        passwd(users, USER, PASSWORD, more=more)
        second = serve("countersign_algorithms SHA-256 MD5;")
        assert curl(second, LOGIN, "--digest") == "200"
        assert wget(second) == "inside\n"
        assert second.logged()[-1][3] == "MD5"
        assert "SHA-256" in {line[3] for line in second.logged()}
        third = Nginx(f'countersign "{REALM}"; countersign_users {users};')
        servers.append(third)
        assert curl(third, LOGIN, "--digest") == "200"
        assert wget(third) == ""
    finally:
        for server in servers:
            server.close()


def test_coming_from_auth_basic(place):
    """Both at once, as the page has it: who has a new password logs in by
    Digest, the others go on with Basic."""
    out("htpasswd", "-cbB", place / "htpasswd", "old", "password")
    passwd(place / "users", USER, PASSWORD)
    conf = block("satisfy              any;")
    for old, new in [("/etc/nginx", str(place)), ("the application", REALM),
                     ("/private/", "/")]:
        assert old in conf
        conf = conf.replace(old, new)
    server = Nginx(conf)
    try:
        got = server.send(target="/page")
        assert sorted(line.split(" ")[0] for line in
                      got.all("WWW-Authenticate")) == ["Basic", "Digest"]
        assert curl(server, "old:password", "--basic") == "200"
        assert curl(server, "old:guess", "--basic") == "401"
        assert curl(server, LOGIN, "--digest") == "200"
        assert curl(server, f"{USER}:guess", "--digest") == "401"
        done = fetch("-u", LOGIN, "--proof", "require", server.url + "/page",
                     check=OK)
        assert done.out == b"inside\n"
    finally:
        server.close()
