"""Every file of examples/ is a right one, and each of its listeners grants what its table says and no more."""

import pathlib
import re
import subprocess

import pytest

from harness.proxy import binary

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "examples").glob("*.ini"))
TABLE = [line.split(" ") for line in (ROOT / "tests/service/examples.txt").read_text().splitlines()
         if not line.startswith("#")]


def run(name, *arguments, given=None):
    return subprocess.run([binary(), "-c", str(ROOT / "examples" / f"{name}.ini"), *arguments], env={}, input=given,
                          capture_output=True, text=True, timeout=60, check=False)


def listeners(name):
    return re.findall(r"^\[listener (\S+)\]", (ROOT / "examples" / f"{name}.ini").read_text(), re.M)


@pytest.mark.parametrize("name", FILES)
def test_an_example_is_accepted_without_a_warning(name):
    done = run(name, "check")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.endswith("ok\n")


@pytest.mark.parametrize("name", FILES)
def test_each_listener_of_an_example_has_calls_of_both_verdicts_in_the_table(name):
    for listener in listeners(name):
        assert {row[2] for row in TABLE if row[:2] == [name, listener]} == {"allow", "deny"}, listener


def test_the_table_names_examples_and_listeners_that_there_are():
    known = [[name, listener] for name in FILES for listener in listeners(name)]
    assert [row for row in TABLE if row[:2] not in known or len(row) != 5] == []


@pytest.mark.parametrize("name", FILES)
def test_an_example_grants_what_the_table_says(name):
    for listener in listeners(name):
        rows = [row for row in TABLE if row[:2] == [name, listener]]
        done = run(name, "-l", listener, "explain", "-", given="".join(f"{row[3]}\t{row[4]}\n" for row in rows))
        told = [line.split("\t") for line in done.stdout.splitlines()]
        assert len(told) == len(rows)
        assert [(row[3:], line) for row, line in zip(rows, told) if line[0] != row[2]] == []
        # A call that no engine has is refused too; here it would be a mistake of the table.
        assert [row[3:] for row, line in zip(rows, told) if line[1] == "unknown"] == []
