"""The list of reports in tests/README.md names tests that exist."""

import pathlib
import re

TESTS = pathlib.Path(__file__).parent.parent


def test_every_test_that_the_readme_names_exists():
    sources = {str(path): path.read_text() for path in TESTS.glob("*/test_*.py")}
    text = (TESTS / "README.md").read_text()
    files, functions = set(re.findall(r"\btest_\w+\.py\b", text)), set(re.findall(r"\btest_\w+\b(?!\.py)", text))
    assert files <= {pathlib.Path(path).name for path in sources}
    assert len(functions) > 40
    assert functions <= {name for source in sources.values() for name in re.findall(r"^def (test_\w+)", source, re.M)}


def test_every_scenario_that_the_readme_names_exists():
    quiet = (TESTS / "system" / "test_quiet.py").read_text()
    known = set(re.findall(r"^@scenario\ndef (\w+)", quiet, re.M))
    rows = re.findall(r"the same test[^|]*|test_quiet\.py \([^)]*\)", (TESTS / "README.md").read_text())
    named = {word for row in rows for word in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", row)
             if not word.startswith("test_")}
    assert named and named <= known
