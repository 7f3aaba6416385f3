"""docs/security.md: the tests that it names exist, and it tells every limit of the program."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def names_in(path):
    """The names of the tests in a file: functions of pytest, or what is handed to cmocka."""
    text = path.read_text(encoding="utf-8")
    pattern = r"^def (test_\w+)" if path.suffix == ".py" else r"cmocka_unit_test\w*\((\w+)"
    return set(re.findall(pattern, text, re.M))


def test_every_test_that_the_page_names_exists():
    named = re.findall(r"`(\w+/[\w.]+)::(\w+)`", PAGE)
    assert len(named) > 50
    missing = [f"{file}::{name}" for file, name in named
               if not (ROOT / "tests" / file).exists() or name not in names_in(ROOT / "tests" / file)]
    assert not missing


def test_every_promise_names_a_test():
    promises = PAGE.split("## Promises")[1].split("## What is not promised")[0]
    rows = [row for row in re.findall(r"^\| .*$", promises, re.M) if not row.startswith(("| promise", "| setting",
        "| bound"))]
    assert len(rows) > 40
    assert not [row for row in rows if "::" not in row]


def test_every_limit_of_the_program_is_told():
    options = (ROOT / "proxy" / "options.def").read_text(encoding="utf-8")
    limits = re.findall(r'^OPTION\(\w+, "(\w+)", (?:DURATION|SIZE|COUNT)', options, re.M)
    told = re.findall(r"^\| `(\w+)` \|", PAGE.split("## Limits")[1], re.M)
    assert len(limits) > 10 and sorted(told) == sorted(limits)


def test_every_file_that_the_page_links_exists():
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
