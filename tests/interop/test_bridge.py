# SPDX-License-Identifier: MIT
"""`countersign bridge --once`: a command, and all that ends with it."""
import json
import os
import pathlib
import pty
import signal
import socket
import subprocess
import sys

import pytest

from support.bridge import LOGIN, command, corporate, once, surroundings, url
from support.fixtures import authority  # pylint: disable=unused-import
from support.next_hop import PASSWORD, USER, Hop
from support.origin import Origin
from support.via import FAULTS

PYTHON = sys.executable
OFFICE = {"COUNTERSIGN_PROXY_USER": f"{USER}:{PASSWORD}"}


@pytest.fixture(scope="module")
def proxy(module_gateway):
    return url(corporate(module_gateway))


@pytest.fixture(scope="module")
def behind():
    server = Origin("127.0.0.2")
    yield server
    server.close()


@pytest.mark.parametrize("words, code", [
    (["true"], 0), (["sh", "-c", "exit 7"], 7),
    (["sh", "-c", "kill -9 $$"], 128 + 9), (["/nowhere/at/all"], 127),
    (["/etc/passwd"], 126), (["--", "false"], 1)], ids=str)
def test_exit_status(proxy, words, code):
    """It ends with the command's exit status, as shells have it."""
    assert once(proxy, "--once", *words).returncode == code


def test_in_and_out(proxy):
    """Input, output and errors are the command's, and its options too."""
    done = once(proxy, "--once", "sh", "-c", "cat; echo wrong >&2",
                "--proxy", "x", input="one\ntwo\n")
    assert (done.stdout, done.stderr) == ("one\ntwo\n", "wrong\n")


@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", ">&- 2>&-",
                                    "<&- >&- 2>&-"])
def test_closed_streams(proxy, tmp_path, closed):
    """Started without input or output it takes no file for them."""
    words = command(proxy, *marks(tmp_path / "ran"))
    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *words],
                          env=surroundings(), timeout=60, check=False)
    assert done.returncode == 0
    assert (tmp_path / "ran").exists()


def test_fetches(proxy, behind):
    """What the command asks for comes through the proxy with the login."""
    behind.forget()
    done = once(proxy, "--once", "curl", "-sS", behind.url + "/page")
    assert done.stdout == "GET /page HTTP/1.1\n", done.stderr
    assert "proxy" not in str(behind.seen[0].fields).lower()


SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


def environment(proxy, *options, **env):
    done = once(proxy, *options, "--once", PYTHON, "-c", SHOW, env=env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_environment(proxy):
    """Every name that programs look at says the same address; the login is
    the bridge's alone."""
    found = environment(proxy)
    addresses = {found[name] for name in (
        "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY",
        "ALL_PROXY")}
    assert len(addresses) == 1
    port = addresses.pop().removeprefix("http://127.0.0.1:")
    assert found["no_proxy"] == found["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert found["JAVA_TOOL_OPTIONS"] == (
        f"-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort={port} "
        f"-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort={port} "
        "-Dhttp.nonProxyHosts=localhost|127.*|[::1]")
    assert "COUNTERSIGN_PROXY_USER" not in found


def test_environment_kept(proxy):
    """What there was for other hosts, and for Java, stays."""
    found = environment(proxy, no_proxy=".corp.example, ::1,10.0.0.1",
                        JAVA_TOOL_OPTIONS="-Xmx64m", http_proxy="http://x")
    assert found["no_proxy"] == (
        ".corp.example, ::1,10.0.0.1,localhost,127.0.0.1")
    assert found["JAVA_TOOL_OPTIONS"].startswith("-Xmx64m -Dhttp.proxyHost=")
    assert found["JAVA_TOOL_OPTIONS"].endswith(
        "localhost|127.*|[::1]|corp.example|*.corp.example|10.0.0.1"
        "|*.10.0.0.1")
    assert found["http_proxy"] != "http://x"


def test_environment_without_java(proxy):
    found = environment(proxy, "--no-java", "--listen", "[::1]:0")
    assert "JAVA_TOOL_OPTIONS" not in found
    assert found["https_proxy"].startswith("http://[::1]:")


WAIT = """
import signal, sys
signal.signal(signal.{0}, lambda *_: sys.exit(42))
print("up", flush=True)
signal.pause()
signal.pause()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT",
                                  "SIGUSR1", "SIGUSR2"])
def test_signals(proxy, name):
    """A signal to the bridge is one to the command, which decides."""
    with subprocess.Popen(
            command(proxy, "--once", PYTHON, "-c", WAIT.format(name)),
            stdout=subprocess.PIPE, text=True, env=surroundings()) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(getattr(signal, name))
        assert process.wait(30) == 42


def test_terminal(proxy, behind):
    """Ctrl-C at a terminal reaches the command, once, and neither bridge nor
    engine: a command that goes on still has its proxy."""
    script = ("trap 'echo caught' INT; echo up; read x; read x; "
              f"curl -sS {behind.url}/after; exit 5")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command("x")[0],
                  command(proxy, "--once", "bash", "-c", script),
                  surroundings())
    said = b""

    def until(word):
        nonlocal said
        while word not in said:
            said += os.read(terminal, 4096)

    until(b"up\r\n")
    os.write(terminal, b"\x03")
    until(b"caught")
    os.write(terminal, b"\n\n")
    until(b"GET /after")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    os.close(terminal)
    assert said.count(b"caught") == 1


def test_asks(proxy):
    """A password that is not given is asked for, and not shown."""
    clean = surroundings()
    del clean["COUNTERSIGN_PROXY_USER"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command("x")[0], command(
            proxy, "--user", "alice", "--once", "echo", "done"), clean)
    said = os.read(terminal, 4096)
    while b"Password for the proxy: " not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, LOGIN.split(":")[1].encode() + b"\n")
    while b"done" not in said:
        said += os.read(terminal, 4096)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert b"proxy-secret" not in said


APART = """
import os, pathlib, signal
def parts(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2] \\
        .split()
engine, = [pid for pid in os.listdir("/proc") if pid.isdigit()
           and int(pid) != os.getpid()
           and parts(pid)[1] == str(os.getppid())]
print(parts(engine)[3] == engine, os.readlink(f"/proc/{engine}/fd/0"))
"""


def test_engine_apart(proxy):
    """The engine has a session of its own and reads no input: what a
    terminal or a pipe does is between its user and the command."""
    done = once(proxy, "--once", PYTHON, "-c", APART)
    assert done.stdout == "True /dev/null\n", done.stderr


AWAY = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
os.setsid()
print("up", flush=True)
input()
print(signal.sigtimedwait([signal.SIGINT], 0.2))
"""


def test_terminal_elsewhere(proxy):
    """Ctrl-C is the terminal's to give to whom it concerns: a command that
    left the terminal does not get it by way of the bridge."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command("x")[0],
                  command(proxy, "--once", PYTHON, "-c", AWAY),
                  surroundings())
    said = b""
    for word, key in ((b"up\r\n", b"\x03"), (b"^C", b"\n"), (b"None", b"")):
        while word not in said:
            said += os.read(terminal, 4096)
        os.write(terminal, key)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)


PEEK = """
import json, os, pathlib, sys
place, = pathlib.Path(sys.argv[1]).iterdir()
texts = {str(path): path.read_bytes().decode("latin-1")
         for path in place.rglob("*") if path.is_file()}
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        for name in ("cmdline", "environ"):
            text = (process / name).read_bytes().decode("latin-1")
            if str(place) in text or "countersign" in text:
                texts[str(process / name)] = text
    except OSError:
        pass
print(json.dumps([oct(place.stat().st_mode & 0o7777), texts]))
"""


def test_leaves_nothing(proxy, tmp_path):
    """While it runs no file, command line or environment has the password,
    its directory is nobody else's, and afterwards there is none."""
    login = tmp_path / "login"
    login.write_text(LOGIN + "\n")
    login.chmod(0o600)
    place = tmp_path / "run"
    place.mkdir()
    clean = surroundings(XDG_RUNTIME_DIR=str(place))
    del clean["COUNTERSIGN_PROXY_USER"]
    done = subprocess.run(
        command(proxy, "--user-file", login, "--once", PYTHON, "-c", PEEK,
                place), text=True, capture_output=True, timeout=60,
        check=True, env=clean)
    mode, texts = json.loads(done.stdout)
    assert mode == "0o700"
    assert any(name.endswith("/countersign.settings") for name in texts)
    assert any(name.endswith("/cmdline") and "traffic_server" in text
               for name, text in texts.items())
    assert [n for n, text in texts.items() if "proxy-secret" in text] == []
    assert list(place.iterdir()) == []


def marks(path):
    """A command that leaves a mark, if it runs."""
    return ["--once", "touch", path]


@pytest.mark.parametrize("login, code, words", [
    ("alice:wrong", 67, "name or password are wrong (credentials-refused)"),
    ("mallory:proxy-secret", 67, "(credentials-refused)"),
    ("alice", 2, "USER:PASSWORD is wanted there"),
    ("", 2, "give --user NAME, --user-file FILE or COUNTERSIGN_PROXY_USER")])
def test_wrong_login(proxy, tmp_path, login, code, words):
    """A login that does not work is said at the start, and nothing runs."""
    done = once(proxy, *marks(tmp_path / "ran"),
                env={"COUNTERSIGN_PROXY_USER": login})
    assert done.returncode == code
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "ran").exists()


@pytest.fixture(scope="module")
def module_hop():
    server = Hop()
    yield server
    server.close()


@pytest.fixture
def hop(module_hop):
    module_hop.forget()
    return module_hop


@pytest.mark.parametrize("word, laxer", [
    ("no-info", "expect"), ("rspauth-wrong", "off"), ("no-rspauth", "off")])
def test_impostor(hop, tmp_path, word, laxer):
    """F-53: a proxy that does not prove itself is noticed before anything is
    asked of it."""
    hop.info = FAULTS[word]
    done = once(hop.url, *marks(tmp_path / "ran"), env=OFFICE)
    assert done.returncode == 90
    assert f"({word})" in done.stderr
    assert f"--proof {laxer} " in done.stderr
    assert not (tmp_path / "ran").exists()
    assert all("countersign.invalid" in seen.target for seen in hop.seen)


@pytest.mark.parametrize("policy, word, code", [
    ("expect", "no-info", 0), ("expect", "rspauth-wrong", 90),
    ("off", "rspauth-wrong", 0)])
def test_proof(hop, policy, word, code):
    """F-22 F-24: what --proof lets pass, and what not."""
    hop.info = FAULTS[word]
    done = once(hop.url, "--proof", policy, "--once", "true", env=OFFICE)
    assert done.returncode == code, done.stderr


def test_unreachable():
    """Where there is no proxy it is said which, and why."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = once(f"http://127.0.0.1:{port}", "--once", "true")
    assert done.returncode == 7
    assert f"the proxy 127.0.0.1:{port} cannot be reached: Connection " \
        "refused" in done.stderr
    done = once("http://nobody.invalid:3128", "--once", "true")
    assert done.returncode == 5
    assert "the proxy nobody.invalid cannot be found" in done.stderr


def test_tls(authority):
    """A proxy behind TLS must have a certificate of its name."""
    hop = Hop(tls=authority.server(), host="localhost")
    show = ["--once", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
            "http://example.test/"]
    done = once(hop.url, "--cacert", authority.ca, *show, env=OFFICE)
    assert (done.returncode, done.stdout) == (0, "200"), done.stderr
    seen = len(hop.seen)
    done = once(hop.url, "--patience", "0", *show, env=OFFICE)
    assert (done.returncode, done.stdout) == (7, "")
    assert "does not answer" in done.stderr
    assert len(hop.seen) == seen
    hop.close()


@pytest.mark.parametrize("arguments, words", [
    (["--once"], "--once needs a command"),
    (["true"], "a command goes with --once"),
    (["--listen", "0.0.0.0:0", "--once", "true"], "no loopback address"),
    (["--listen", "[::]:0", "--once", "true"], "no loopback address"),
    (["--proof", "never", "--once", "true"], "--proof: is require, expect"),
    (["--proxy", "ftp://127.0.0.1:1", "--once", "true"],
     "--proxy: 'ftp://127.0.0.1:1' does not start with http:// or https://"),
    (["--user", "a", "--user-file", "b", "--once", "true"],
     "exclude each other"),
    (["--user-file", "/nowhere", "--once", "true"], "/nowhere: No such file")],
    ids=str)
def test_usage(proxy, arguments, words):
    done = once(proxy, *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_port_in_use(proxy):
    port = proxy.rsplit(":", 1)[1]
    done = once(proxy, "--listen", port, "--once", "true")
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in \
        done.stderr


def test_says_refusals(proxy):
    """What the command was refused is said at its end, in one line each."""
    done = once(proxy, "--once", "sh", "-c",
                "curl -s $http_proxy; curl -s $http_proxy/x; exit 3")
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "countersign bridge: 2 requests were refused: not-a-proxy-request; "
        "the last: GET /x"]


def test_state_kept(proxy, tmp_path):
    """A directory that was named is used, and stays."""
    state = tmp_path / "state"
    done = once(proxy, "--state", state, "--once", "test", "-S",
                state / "control")
    assert done.returncode == 0, done.stderr
    assert pathlib.Path(state, "lock").exists()
