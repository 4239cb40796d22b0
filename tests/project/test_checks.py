# SPDX-License-Identifier: MIT
"""Layout, a narrow clang-tidy, and shellcheck over what has no compiler."""
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))

SHELL = ["run", "test", ".ci/run", "scripts/setup", "scripts/check-format",
         "scripts/check-tidy", "scripts/coverage"]


def run(*command, cwd=TOP):
    return subprocess.run([str(c) for c in command], cwd=cwd, text=True,
                          capture_output=True, check=False)


def test_the_code_is_laid_out_as_clang_format_says():
    done = run("scripts/check-format")
    assert done.returncode == 0, done.stderr


def test_another_layout_is_noticed(tmp_path):
    (tmp_path / ".clang-format").write_text(
        (TOP / ".clang-format").read_text())
    (tmp_path / "x.c").write_text("int f(void) { return 1; }\n")
    assert run("scripts/check-format", tmp_path / "x.c").returncode != 0


@pytest.mark.timeout(1200)
def test_clang_tidy_finds_nothing():
    done = run("scripts/check-tidy", BUILD)
    assert done.returncode == 0, done.stdout[-8000:]


def test_clang_tidy_finds_what_it_should(tmp_path):
    (tmp_path / "x.c").write_text(
        "#include <string.h>\n"
        "void f(char *to, const char *from) { strcpy(to, from); }\n")
    done = run("clang-tidy-14", "--config-file", TOP / ".clang-tidy",
               tmp_path / "x.c", "--", "-std=c11")
    assert done.returncode != 0 and "strcpy" in done.stdout


@pytest.mark.parametrize("script", SHELL)
def test_shellcheck_finds_nothing(script):
    done = run("shellcheck", script)
    assert done.returncode == 0, done.stdout


def test_every_shell_script_is_checked():
    found = {path.relative_to(TOP).as_posix() for path in
             [*TOP.iterdir(), *(TOP / "scripts").iterdir(),
              *(TOP / ".ci").iterdir()]
             if path.is_file() and os.access(path, os.X_OK)
             and b"bash" in path.open("rb").readline()}
    assert found == set(SHELL)
