"""The verbs that need no engine: routes, convert, presets, check; they agree with each other."""

import subprocess

import pytest

from harness.proxy import binary

ENVIRONMENTS = [{}, {"CONTAINERS": "1"}, {"CONTAINERS": "1", "POST": "1", "EXEC": "1"},
                {"POST": "1", "ALLOW_START": "1"}, {"DIALECT": "linuxserver", "ALLOW_START": "1", "CONTAINERS": "1"}]


def run(*arguments, environment=None, code=0):
    done = subprocess.run([binary(), *arguments], env=environment or {}, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def verdicts(text):
    columns, *rows = [line.split("\t") for line in text.splitlines()]
    assert columns == ["verdict", "method", "path", "operation", "classes", "rule", "cure"]
    assert all(len(row) == len(columns) for row in rows)
    return {(row[1], row[2]): row[0] for row in rows}


def test_routes_tells_the_verdict_of_each_route():
    found = verdicts(run("routes", environment={"CONTAINERS": "1"}))
    assert len(found) > 120
    assert found["GET", "/containers/json"] == "allow" and found["POST", "/containers/create"] == "deny"


def test_routes_and_explain_agree():
    environment = {"CONTAINERS": "1", "POST": "1"}
    found = {call: verdict for call, verdict in verdicts(run("routes", environment=environment)).items()
             if "{" not in call[1] and call[0] != "OPTIONS"}
    lines = "".join(f"{method}\t{path}\n" for method, path in found)
    told = subprocess.run([binary(), "explain", "-"], env=environment, input=lines, capture_output=True, text=True,
                          timeout=60, check=True).stdout
    assert [line.split("\t")[0] for line in told.splitlines()] == list(found.values())


@pytest.mark.parametrize("form", [(), ("rules",)], ids=["switches", "rules"])
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: ",".join(environment) or "none")
def test_convert_writes_a_file_that_grants_the_same(tmp_path, environment, form):
    path = tmp_path / "converted.ini"
    path.write_text(run("convert", *form, environment=environment))
    assert run("-c", str(path), "check").endswith("ok\n")
    before, after = verdicts(run("routes", environment=environment)), verdicts(run("-c", str(path), "routes"))
    assert {call: (before[call], after[call]) for call in before
            if before[call] != after[call] and call[0] != "OPTIONS"} == {}


def test_presets_names_them_and_what_each_grants():
    names = [line.split("\t")[0] for line in run("presets").splitlines()]
    assert {"traefik", "watchtower"} <= set(names) and len(names) == len(set(names)) > 40
    for name in names:
        assert "allow\t" in run("presets", name)
    hooks = [line.split("\t") for line in run("presets", "watchtower", "+lifecycle-hooks").splitlines()]
    assert ["allow", "POST", "/exec/{id...}/start", "ExecStart", "lifecycle-hooks", ""] in hooks
    signals = [line.split("\t") for line in run("presets", "docker-gen", "+notify-sighup").splitlines()]
    assert ["allow", "POST", "/containers/{id...}/kill", "ContainerKill", "notify-sighup",
            "?signal=HUP|SIGHUP|1"] in signals


@pytest.mark.parametrize("arguments, why", [
    (("presets", "nobody"), "there is no such preset"), (("rotes",), "no such verb"), (("routes", "x"), "too many"),
    (("-l", "x", "routes"), "no such listener"), (("convert", "x"), "takes nothing, or the word rules"),
    (("-c", "/nonexistent.ini", "check"), "can't be read"), (("--colour",), "no such option"),
    (("-c",), "lacks its value"),
])
def test_bad_usage_is_told_in_one_line_and_exits_with_2(arguments, why):
    line = run(*arguments, code=2)
    assert why in line and line.startswith("sockwarden: ") and line.count("\n") == 1
