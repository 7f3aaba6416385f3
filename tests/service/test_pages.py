"""The manual page and the completion say what the program says of itself."""

import os
import pathlib
import re
import subprocess

import pytest

from harness.proxy import binary

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs/man/sockwarden.8"
COMPLETION = ROOT / "docs/completion/sockwarden.bash"


def run(*command, **arguments):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **arguments)


@pytest.fixture(scope="module")
def usage():
    return run(binary(), "--help").stdout


@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/man/sockwarden.ini.5"])
def test_a_page_says_how_many_listeners_a_file_may_have(page, tmp_path):
    (tmp_path / "many.ini").write_text("".join(f"[listener l{i}]\n" for i in range(2000)))
    refused = run(binary(), "-c", str(tmp_path / "many.ini"), "check").stderr
    told = re.search(r"[Uu]p to (\d+) of them", (ROOT / page).read_text(encoding="utf-8"))[1]
    assert f"more than {told} listeners" in refused


@pytest.mark.parametrize("page", sorted((ROOT / "docs/man").iterdir()), ids=lambda page: page.name)
def test_a_manual_page_has_no_fault(page):
    done = run("mandoc", "-Tlint", "-Wwarning", str(page))
    found = [line for line in done.stdout.splitlines() if "outdated mandoc.db" not in line]
    assert not found, done.stdout


def test_the_manual_page_has_every_verb_and_option(usage):
    page = PAGE.read_text(encoding="utf-8")
    verbs = re.findall(r"^  ([a-z]+)", usage.split("\nOptions")[0].split("\nVerbs:")[1], re.M)
    described = re.findall(r"^\.It Cm (\w+)", page.split(".Ss Verbs")[1].split(".Ss Options")[0], re.M)
    assert described == verbs and len(verbs) >= 8
    options = re.findall(r"^  (?:-(\w), |    )--([\w-]+)", usage, re.M)
    described = re.findall(r"^\.It Fl (?:(\w) , )?-([\w-]+)", page.split(".Ss Options")[1], re.M)
    assert described == options and len(options) >= 9


def test_the_synopsis_has_every_option_of_every_verb(usage):
    synopsis = PAGE.read_text(encoding="utf-8").split(".Sh SYNOPSIS")[1].split(".Sh DESCRIPTION")[0].split(".Nm\n")[1:]
    shown = {re.search(r"Cm (run|check|explain|routes|diff|convert|presets|health)", line)[1]:
             set(re.findall(r"Fl (-?[\w-]+)", line)) for line in synopsis}
    assert list(shown) == re.findall(r"^  ([a-z]+)", usage.split("\nOptions")[0].split("\nVerbs:")[1], re.M)
    for verb, options in shown.items():
        own = run(binary(), verb, "--help").stdout
        taken = {short or f"-{word}" for short, word in re.findall(r"^  (?:-(\w), |    )--([\w-]+)", own, re.M)}
        assert options == taken - {"h", "V"}, verb


def test_the_help_says_which_settings_a_file_has_in_its_own_section(usage, tmp_path):
    places = usage.split("Settings of the program, ")
    assert len(places) == 2 and "in [sockwarden] of a file" in places[1]
    for in_section, text in enumerate(places):
        named = re.findall(r"^  ([A-Z_0-9]+) \(([^)]*)\)(?:, in a file (\w+))?$", text, re.M)
        assert len(named) >= 4
        for variable, value, other in named:
            (tmp_path / "a.ini").write_text(f"[sockwarden]\n{other or variable.lower()} = {value}\n")
            told = run(binary(), "-c", str(tmp_path / "a.ini"), "check").stderr
            assert ("has no key" not in told) == bool(in_section), (variable, told)


def test_the_table_of_the_readme_says_what_the_program_says(usage):
    defaults = dict(re.findall(r"^  ([A-Z_0-9]+) \(([^)]*)\)", usage, re.M))
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("### The program")[1].split("###")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines() if row.startswith("| `")]
    assert len(rows) > 8
    for names, values in rows:
        names, values = re.findall(r"`(\w+)`", names), re.findall(r"[^\s`]+", values)
        assert [defaults[name] for name in names] == values * (len(names) // len(values)), names


def blocks(path):
    """The INI files that a page shows, as they would be written."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".md"):
        shown = re.findall(r"(?:^ {4}.*\n|^\n)+", text, re.M)
        shown = [re.sub(r"^ {4}", "", block, flags=re.M) for block in shown]
    else:
        shown = re.findall(r"^\.Bd .*\n((?:.*\n)*?)\.Ed", text, re.M)
    return [block for block in shown if re.search(r"^\[listener ", block, re.M) and "[policy " in block]


@pytest.mark.parametrize("path", ["README.md", "docs/configuration.md", "docs/man/sockwarden.ini.5"])
def test_a_file_that_a_page_shows_is_a_right_one(tmp_path, path):
    found = blocks(path)
    assert found, "the page shows no file"
    for number, block in enumerate(found):
        if "group = docker" in block and "docker:" not in pathlib.Path("/etc/group").read_text(encoding="utf-8"):
            block = block.replace("group = docker", "group = root")
        file = tmp_path / f"{number}.ini"
        file.write_text(block, encoding="utf-8")
        done = run(binary(), "-c", str(file), "check", env={})
        assert done.returncode == 0, done.stderr


def complete(tmp_path, *words):
    """What the shell would offer in place of the last of these words."""
    script = """
    source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _sockwarden
    [ "${#COMPREPLY[@]}" -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
    """
    link = tmp_path / "sockwarden"
    if not link.exists():
        link.symlink_to(binary())
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = run("bash", "-c", script, "bash", str(COMPLETION), "sockwarden", *words, cwd=tmp_path,
               env={"PATH": path, "HOME": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


CONFIG = "[listener one]\naddress = unix:/a\npolicy = p\n[listener two]\naddress = unix:/b\npolicy = p\n[policy p]\n"


@pytest.mark.parametrize("words, expected", [
    (("",), ["run", "check", "explain", "routes", "diff", "convert", "presets", "health"]), (("exp",), ["explain"]),
    (("health", "--"), ["--config", "--listener", "--env-file", "--dialect", "--timeout", "--help", "--version"]),
    (("routes", "--format", ""), ["text", "tsv", "json"]), (("routes", "-f", "j"), ["json"]),
    (("routes", "--format", "=", "t"), ["text", "tsv"]), (("routes", "--format", "="), ["text", "tsv", "json"]),
    (("-c", "a.ini", "explain", "-l", ""), ["one", "two"]), (("--config", "=", "a.ini", "routes", "-p", ""), ["p"]),
    (("-ca.ini", "routes", "--listener", "t"), ["two"]), (("-c", "a.i"), ["a.ini"]), (("diff", "a.i"), ["a.ini"]),
    (("diff", "a.ini", "envi"), ["environment"]), (("diff", "a", "b", ""), []), (("convert", ""), ["rules"]),
    (("explain", ""), ["GET", "HEAD", "POST", "PUT", "DELETE", "-"]), (("explain", "GET", "/even"), ["/events"]),
    (("presets", "traefik-"), ["traefik-swarm"]), (("presets", "traefik", "+"), ["+ping-fallback", "+watch"]),
    (("presets", "traefik", "-w"), ["-watch"]), (("presets", "traefik", "-f", "j"), ["json"]),
    (("presets", "traefik", "--format", "=", "t"), ["text", "tsv"]), (("presets", "traefik", "--fo"), ["--format"]),
    (("diff", "pre"), ["preset:"]), (("diff", "preset", ":", "traefik-"), ["traefik-swarm"]),
    (("diff", "dialect", ":"), ["tecnativa", "tecnativa-next", "linuxserver", "fluencelabs"]),
    (("diff", "env", ":", "a"), ["a.ini"]), (("diff", "a.ini#"), ["a.ini#p"]),
    (("diff", "environment", "a.ini#"), ["a.ini#p"]), (("diff", "a", "b", "+"), []),
    (("diff", "preset", ":", "traefik", "+"), ["+ping-fallback", "+watch"]),
    (("diff", "preset", ":", "traefik", "+watch", "-pi"), ["-ping-fallback"]),
    (("diff", "preset", ":", "traefik", "-watch", "envi"), ["environment"]),
    (("diff", "a", "preset", ":", "traefik", "+watch", "+p"), ["+ping-fallback"]),
    (("-c", "a.ini", "diff", "policy", ":", ""), ["p"]), (("diff", "preset", ":", "traefik", "dia"), ["dialect:"]),
    (("--dialect", "linux"), ["linuxserver"]), (("nothing", ""), []),
])
def test_the_shell_completes(tmp_path, words, expected):
    (tmp_path / "a.ini").write_text(CONFIG)
    assert complete(tmp_path, *words) == expected


def test_every_option_of_every_verb_is_completed(tmp_path, usage):
    for verb in re.findall(r"^  ([a-z]+)", usage.split("\nOptions")[0].split("\nVerbs:")[1], re.M):
        own = run(binary(), verb, "--help").stdout
        assert complete(tmp_path, verb, "--") == re.findall(r"^  (?:-\w, |    )(--[\w-]+)", own, re.M)
