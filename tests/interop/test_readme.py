# SPDX-License-Identifier: MIT
"""What the README tells a new user to type."""
import pathlib
import re
import shlex
import subprocess

from support.gateway import PROGRAM
from support.peers import run

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def commands(heading):
    """The commands of the section's first block, as lists of words."""
    section = README.read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    block = re.search(r"((?:^    .*\n)+)", section, re.M)[1]
    return [shlex.split(line) for line in
            block.replace("\\\n", " ").splitlines()]


def test_a_first_gateway_works_as_written(origin, tmp_path):
    """The README's three commands, on free ports, the password piped in."""
    passwd, gateway, fetch = commands("A first gateway")
    assert [c[:2] for c in (passwd, gateway, fetch)] == [
        ["countersign", "passwd"], ["countersign", "gateway"],
        ["countersign", "fetch"]]
    done = run(PROGRAM, *passwd[1:], "--stdin", cwd=tmp_path,
               input="a password\n")
    assert done.returncode == 0, done.stderr

    words = " ".join(gateway[1:])
    assert "http://127.0.0.1:8000" in words and "127.0.0.1:8080" in words
    free = [word.replace("http://127.0.0.1:8000", origin.url)
            .replace("127.0.0.1:8080", "127.0.0.1:0") for word in gateway[1:]]
    process = subprocess.Popen([PROGRAM, *free], cwd=tmp_path, text=True,
                               stdout=subprocess.PIPE)
    try:
        address = None
        for line in process.stdout:
            if match := re.match(r"  origin +http://(\S+) ", line):
                address = match[1]
                break
        words = [word.replace("127.0.0.1:8080", address)
                 for word in fetch[1:]]
        words[words.index("ada")] = "ada:a password"
        done = run(PROGRAM, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "GET / HTTP/1.1\n"
        assert origin.seen[-1].all("X-Remote-User") == ["ada"]
    finally:
        process.terminate()
        process.wait(30)
