# SPDX-License-Identifier: MIT
"""Count tests from what meson (with cmocka's TAP) and pytest leave behind."""
import collections
import json
import re
import xml.etree.ElementTree

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"

Row = collections.namedtuple("Row", "name outcome detail")

# What is said of a row that the program ended before.
CUT = "never ran\n"

PLAN = re.compile(r"1\.\.(\d+)$")
POINT = re.compile(r"(not )?ok (\d+)(?: - (.*)| # SKIP (.*))$")


def read_tap(text):
    """Rows of one program's output: cmocka writes one plan per group.

    A row that the plan promised and that never came counts as failed: the
    program ended before it.
    """
    rows = []
    promised = 0
    for line in text.splitlines():
        plan = PLAN.match(line)
        point = POINT.match(line)
        if plan:
            promised += int(plan[1])
        elif point:
            skipped = point[4] is not None
            outcome = SKIPPED if skipped else FAILED if point[1] else PASSED
            rows.append(Row(point[4] if skipped else point[3], outcome, ""))
        elif line.startswith("# ") and rows and rows[-1].outcome == FAILED:
            last = rows.pop()
            rows.append(last._replace(detail=last.detail + line[2:] + "\n"))
    for number in range(len(rows), promised):
        rows.append(Row(f"row {number + 1}", FAILED, CUT))
    return rows


def distinct(rows):
    """The same rows with equal names told apart by a number."""
    seen = collections.Counter()
    for row in rows:
        seen[row.name] += 1
        if seen[row.name] > 1:
            row = row._replace(name=f"{row.name} #{seen[row.name]}")
        yield row


def read_meson(path):
    """Rows of all programs in meson's testlog.json."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        program = test["name"].split(":", 1)[-1]
        inner = read_tap(test.get("stdout", ""))
        ended_well = test["result"] in ("OK", "EXPECTEDFAIL")
        if test["result"] == "SKIP":
            inner = [Row("", SKIPPED, "")]
        elif not ended_well and all(r.outcome != FAILED or r.detail == CUT
                                    for r in inner):
            inner.append(Row(f"ends well ({test['result']})", FAILED,
                             test.get("stderr", "")[-4000:]))
        elif not inner:
            inner = [Row("", PASSED, "")]
        for row in distinct(inner):
            rows.append(row._replace(name=f"{program}: {row.name}"))
    return rows


def read_junit(path):
    """Rows of pytest's --junitxml."""
    rows = []
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}: {case.get('name')}"
        outcome, detail = PASSED, ""
        for child in case:
            if child.tag in ("failure", "error"):
                outcome, detail = FAILED, child.get("message", "")
            elif child.tag == "skipped" and outcome == PASSED:
                outcome, detail = SKIPPED, child.get("message", "")
        rows.append(Row(name, outcome, detail))
    return list(distinct(rows))


def suite_names(introspection):
    """Suite names in `meson introspect --tests`, project name left out."""
    return {suite.split(":", 1)[-1] for test in json.loads(introspection)
            for suite in test["suite"]}


def counts_line(outcomes):
    counts = collections.Counter(outcomes)
    line = f"{counts[PASSED]} passed, {counts[FAILED]} failed"
    if counts[SKIPPED]:
        line += f", {counts[SKIPPED]} skipped"
    return line


class Results:
    """Everything that ran, in every build."""

    def __init__(self, say):
        self.say = say
        self.runs = {}
        self.outcomes = {}
        self.failures = []

    def add(self, build, rows, show_details=True):
        self.runs.setdefault(build, []).extend(rows)
        for row in rows:
            before = self.outcomes.get(row.name)
            if before is None or row.outcome == FAILED or before == SKIPPED:
                self.outcomes[row.name] = row.outcome
            if row.outcome == FAILED:
                self.failures.append((build, row.name))
                if show_details:
                    self.say(f"   FAILED {row.name}")
                    self.say("".join(f"      {line}\n" for line
                                     in row.detail.splitlines()).rstrip("\n"))

    def line(self, build):
        return counts_line(row.outcome for row in self.runs[build])

    def finish(self):
        """Say what failed and count; the exit status."""
        skipped = collections.Counter(
            name.split(": ")[0] for name, outcome in self.outcomes.items()
            if outcome == SKIPPED)
        for program, count in sorted(skipped.items()):
            self.say(f"skipped  {count} in {program}")
        for build, name in self.failures:
            self.say(f"FAILED   {name} ({build})")
        self.say(counts_line(self.outcomes.values()))
        return 1 if self.failures or not self.outcomes else 0
