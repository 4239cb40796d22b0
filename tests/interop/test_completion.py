# SPDX-License-Identifier: MIT
"""Completion for bash says what the program's --help says."""
import os
import re
import subprocess

import pytest

from support.passwd import PROGRAM, TOP, set_password

SCRIPT = TOP / "completions" / "countersign.bash"
# All verbs, from the source: this build may have left some out.
VERBS = sorted({
    name for build in (TOP / "tools").glob("*/meson.build") for name in
    re.findall(r"tool_verbs \+= \{\s*'([a-z]+)'",
               build.read_text(encoding="utf-8"))})

# What stands for a value in --help, and what completion makes of it.
KINDS = {"FILE": "@file", "HTDIGEST": "@file", "DIR": "@folder",
         "ALGORITHM": "algorithm", "POLICY": "policy",
         "FORMAT": "sqlite htdigest"}


def help_of(*arguments):
    done = subprocess.run([PROGRAM, *arguments, "--help"], text=True,
                          capture_output=True, check=True, timeout=30)
    return done.stdout


def built_verbs():
    return re.findall(r"^  ([a-z]+) ", help_of(), re.M)


def options_of(verb):
    """{option: its value's name or None}, short ones too, read from the help
    another way than completion does: by the words of an option's line."""
    found = {}
    for line in help_of(verb).splitlines():
        if not re.match(r" {2,6}-", line):
            continue
        words = re.split(r" {2,}", line.strip())[0]
        value = None
        names = []
        for word in words.split(", "):
            name, _, text = word.replace("[=", "=").partition("=")
            value = text or value
            names.append(name)
        found.update({name: value for name in names})
    return found


def bash(script, **keywords):
    env = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c",
                           f'source "{SCRIPT}"; {script}', "bash"],
                          env=env, text=True, capture_output=True,
                          timeout=60, check=False, **keywords)
    assert done.stderr == ""
    return done.stdout.splitlines()


def complete(*words, cwd=None):
    """What comes for the last of `words`."""
    quoted = " ".join("'" + str(w).replace("'", "'\\''") + "'"
                      for w in ("countersign", *words))
    return bash(f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; "
                "_countersign; ((${#COMPREPLY[@]})) && "
                "printf '%s\\n' \"${COMPREPLY[@]}\"; true", cwd=cwd)


def table():
    """{(verb, option): kind} of the script."""
    return {tuple(line.split("\t")[0].split(" ", 1)): line.split("\t")[1]
            for line in bash('for k in "${!_countersign_values[@]}"; do '
                             'printf "%s\\t%s\\n" "$k" '
                             '"${_countersign_values[$k]}"; done')}


@pytest.fixture(params=VERBS)
def verb(request):
    if request.param not in built_verbs():
        pytest.skip(f"this build has no {request.param}")
    return request.param


def test_verbs():
    verbs = built_verbs()
    assert "passwd" in verbs
    assert set(verbs) <= set(VERBS)
    assert sorted(complete("")) == sorted([*verbs, "help", "--help",
                                           "--version"])
    assert sorted(complete("help", "")) == sorted(verbs)
    assert complete("pas") == ["passwd"]
    assert complete("nothing") == []


def test_every_option_of_the_help_is_completed(verb):
    wanted = {name for name in options_of(verb) if name.startswith("--")}
    assert {"--help", "--usage", "--version"} < wanted
    assert set(complete(verb, "--")) == wanted
    assert set(complete(verb, "x", "--")) == wanted


def test_a_beginning_is_completed(verb):
    assert complete(verb, "--hel") == ["--help"]
    assert complete(verb, "--no-such") == []


def test_every_value_with_a_name_is_completed(verb):
    known = {option: kind for (of, option), kind in table().items()
             if of == verb}
    missing = {option: value for option, value in options_of(verb).items()
               if value in KINDS and known.get(option) != KINDS[value]}
    assert not missing


def test_no_option_is_completed_that_is_not_there(verb):
    options = options_of(verb)
    dead = [option for of, option in table()
            if of == verb and options.get(option) is None]
    assert not dead


def test_the_table_names_verbs():
    assert {"fetch", "gateway", "passwd"} <= {of for of, _ in table()}
    assert {of for of, _ in table()} <= set(VERBS)


@pytest.mark.parametrize("before, cur", [
    (["--algorithm"], "SHA-2"), (["-a"], "SHA-2"),
    (["--algorithm", "="], "SHA-2"),
])
def test_values_in_all_their_forms(before, cur):
    assert complete("passwd", *before, cur) == ["SHA-256"]


def test_a_value_right_behind_the_equals_sign():
    assert complete("passwd", "--format", "=") == ["sqlite", "htdigest"]


def test_checks_of_verify():
    if "verify" not in built_verbs():
        pytest.skip("this build has no verify")
    assert {"replay", "replay-elsewhere"} <= set(
        complete("verify", "--only", "rep"))
    assert "replay" not in complete("verify", "--only", "uri")


def test_files_users_and_variables(tmp_path):
    path = tmp_path / "my users"
    set_password(path, "alice", "x", realm="r")
    set_password(path, "al ice", "x")
    set_password(path, "bob", "x")
    (tmp_path / "folder").mkdir()
    assert complete("passwd", "my", cwd=tmp_path) == ["my users"]
    assert sorted(complete("passwd", "", cwd=tmp_path)) == ["folder",
                                                            "my users"]
    assert complete("passwd", "--import", "m", cwd=tmp_path) == ["my users"]
    assert complete("gateway", "--state", "", cwd=tmp_path) == ["folder"]
    assert complete("passwd", "my users", "al", cwd=tmp_path) == [
        "al\\ ice", "alice"]
    assert complete("passwd", "--remove", "my users", "b",
                    cwd=tmp_path) == ["bob"]
    assert "PATH" in complete("passwd", "--password-env", "PAT")
    assert sorted(complete("gateway", "r")) == ["reload", "rotate-keys"]
