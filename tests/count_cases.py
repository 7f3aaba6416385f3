#!/usr/bin/env python3
"""Counts the test cases of JUnit files: `count_cases.py FILE...`

First line: PASSED FAILED SKIPPED. Then one line for each case that failed or was skipped. A pytest file has one
entry a case. A ctest file has one entry a program; the cases are what cmocka printed inside it. A program that
failed without a failed case (it crashed, leaked, ran out of time) counts as one failure more.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

CMOCKA_LINE = re.compile(r"^\[ +(OK|FAILED|SKIPPED|RUN) +\] (\S+)$", re.MULTILINE)


def cases_of_program(name, output, program_failed):
    """Yields (case, outcome) for one cmocka program, its case names from the lines between RUN and the result."""
    running, results, ended = None, [], False
    for mark, case in CMOCKA_LINE.findall(output):
        if mark == "RUN":
            running = case
        elif case == running:
            results.append((f"{name}: {case}", {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[mark]))
            running = None
    ended = running is None
    if program_failed and not any(outcome == "failed" for _, outcome in results):
        results.append((f"{name}: the program failed" + ("" if ended else f" in {running}"), "failed"))
    if not results:
        results.append((f"{name}: printed no case", "failed"))
    return results


def cases_of_entry(entry):
    name = ".".join(part for part in (entry.get("classname"), entry.get("name")) if part)
    failed = entry.find("failure") is not None or entry.find("error") is not None
    skipped = entry.find("skipped") is not None
    if entry.get("status") is not None:  # only ctest writes this attribute
        return cases_of_program(entry.get("name"), entry.findtext("system-out") or "", failed)
    return [(name, "failed" if failed else "skipped" if skipped else "passed")]


def main(paths):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    remarks = []
    for path in paths:
        for entry in ElementTree.parse(path).iter("testcase"):
            for case, outcome in cases_of_entry(entry):
                counts[outcome] += 1
                if outcome != "passed":
                    remarks.append(f"{outcome}: {case}")
    print(counts["passed"], counts["failed"], counts["skipped"])
    for remark in remarks:
        print(remark)


if __name__ == "__main__":
    main(sys.argv[1:])
