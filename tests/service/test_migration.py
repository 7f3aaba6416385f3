"""docs/migration.md: its files are right ones, its rules are what it says, and its differences are there."""

import json
import os
import pathlib
import re
import stat
import subprocess

import pytest

from harness.fake_daemon import json_answer
from harness.proxy import binary
from harness.raw_client import RawClient

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
DEFAULTS = "EVENTS=0\nPING=0\nVERSION=0\n"


def rows(header):
    """The cells of a table's rows, by how its head begins."""
    lines = PAGE.partition(f"| {header}")[2].splitlines()[2:]
    table = []
    for line in lines:
        if not line.startswith("|"):
            return table
        table.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return table


def blocks():
    """The INI files of the page."""
    found, block = [], []
    for line in [*PAGE.splitlines(), "end"]:
        if line.startswith("    ") or (block and not line):
            block.append(line[4:])
        else:
            found += ["\n".join(block)] if block and block[0].startswith("[") else []
            block = []
    assert len(found) >= 2
    return found


def run(*arguments, env=None, given=None):
    return subprocess.run([binary(), *arguments], env=env or {}, input=given, capture_output=True, text=True,
                          timeout=60, check=False)


def policy(folder, rules):
    path = folder / "rules.ini"
    path.write_text(f"[listener a]\naddress = tcp://127.0.0.1:1\npolicy = a\n[policy a]\n{rules}\n")
    return f"{path}#a"


def differences(folder, variables, rules):
    """The calls that differ between an environment and rules, but for OPTIONS, which rules leave out."""
    (folder / "proxy.env").write_text(variables)
    done = run("diff", "--format", "tsv", f"env:{folder}/proxy.env", policy(folder, rules))
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()[1:] if "\tOPTIONS\t" not in line]


@pytest.mark.parametrize("text", blocks(), ids=lambda text: text.rpartition("[")[2].partition("]")[0])
def test_a_file_of_the_page_is_accepted(tmp_path, text):
    (tmp_path / "page.ini").write_text(text)
    done = run("-c", str(tmp_path / "page.ini"), "check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("switch, same, meant", rows("switch | the same as rules | mostly"), ids=lambda cell: cell[:20])
def test_a_switch_is_the_rules_beside_it_and_what_is_meant_is_no_more(tmp_path, switch, same, meant):
    name, same, meant = switch.strip("`"), same.strip("`"), meant.strip("`")
    variables = DEFAULTS.replace(f"{name}=0\n", "") + f"{name}=1\nPOST=1\n"
    assert differences(tmp_path, variables, f"allow = {same}") == []
    assert all(row[0] == "refused" for row in differences(tmp_path, variables, f"allow = {meant}"))
    assert run("-c", policy(tmp_path, f"allow = {meant}").partition("#")[0], "routes").stdout.count("allow") > 0


def test_every_switch_of_the_default_dialect_has_a_row():
    named = {row[0].strip("`") for row in rows("switch | the same as rules | mostly")} | {"POST"}
    folder = pathlib.Path(__file__).resolve().parents[2] / "policy"
    known = {name for file in ("dialect_tecnativa.def", "dialect_sections.def")
             for name in re.findall(r"^(?:GATE|ACTION|GRANT)\((\w+)", (folder / file).read_text(), re.M)}
    assert known == named


# dialect, switches that are on, the rules that the page names for what some dialects have
OTHERS = [
    ("linuxserver", "ALLOW_PAUSE ALLOW_UNPAUSE", "ContainerPause, ContainerUnpause, ContainerPauseLibpod, "
                                                 "ContainerUnpauseLibpod, PodPauseLibpod, PodUnpauseLibpod"),
    ("tecnativa-next", "ALLOW_PAUSE ALLOW_UNPAUSE POST", "ContainerPause, ContainerUnpause"),
    ("linuxserver", "LIBPOD_IMAGES POST", "section:libpod/images"),
    ("fluencelabs", "CONTAINERS_CREATE POST", "ContainerCreate"),
    ("fluencelabs", "IMAGES_DELETE DELETE", "ImageDelete"),
]


@pytest.mark.parametrize("dialect, switches, rules", OTHERS, ids=lambda cell: cell.partition(" ")[0])
def test_a_switch_that_only_some_have_is_its_rules(tmp_path, dialect, switches, rules):
    variables = DEFAULTS + f"DIALECT={dialect}\n" + "".join(f"{name}=1\n" for name in switches.split())
    if dialect == "linuxserver":
        variables += "LIBPOD_PING=0\nLIBPOD_VERSION=0\n"
    assert differences(tmp_path, variables, f"allow = {rules}") == []


@pytest.mark.parametrize("dialect, switch, denied", [
    ("tecnativa-next", "ALLOW_EXEC", "ContainerExec"), ("tecnativa-next", "ALLOW_KILL", "ContainerKill"),
    ("tecnativa-next", "ALLOW_ATTACH", "ContainerAttach, ContainerAttachWebsocket"),
    ("tecnativa-next", "ALLOW_ARCHIVE", "ContainerArchive, PutContainerArchive"),
    ("linuxserver", "ALLOW_ARCHIVE", "ContainerArchive, PutContainerArchive"),
    ("linuxserver", "ALLOW_EXPORT", "ContainerExport"), ("linuxserver", "ALLOW_LOGS", "ContainerLogs"),
    ("linuxserver", "ALLOW_CHANGES", "ContainerChanges"), ("linuxserver", "ALLOW_TOP", "ContainerTop")])
def test_a_guard_that_is_off_is_a_deny_before_all_others(tmp_path, dialect, switch, denied):
    guards = {"tecnativa-next": "EXEC KILL ATTACH ARCHIVE EXPORT LOGS", "linuxserver": "ARCHIVE CHANGES EXPORT LOGS TOP"}
    on = [f"ALLOW_{name}" for name in guards[dialect].split() if f"ALLOW_{name}" != switch]
    variables = DEFAULTS + f"DIALECT={dialect}\nCONTAINERS=1\nPOST=1\nDELETE=1\nPUT=1\n" + "".join(
        f"{name}=1\n" for name in on) + ("LIBPOD_PING=0\nLIBPOD_VERSION=0\n" if dialect == "linuxserver" else "")
    variables = variables.replace("DELETE=1\nPUT=1\n", "") if dialect == "linuxserver" else variables
    assert differences(tmp_path, variables, f"deny = {denied}\nallow = section:containers") == []


def test_the_expressions_of_wollomatic_pass_what_the_rules_grant(tmp_path):
    """Each call that the rules of a row grant is one that its expression passes."""
    for expressions, rules in rows("expression | rules"):
        patterns = [(method, re.compile(pattern)) for method, pattern in
                    re.findall(r"allow(\w+)=([^`]+)`", expressions)]
        path = policy(tmp_path, f"allow = {rules.split('`')[1]}").partition("#")[0]
        done = run("-c", path, "routes", "--format", "tsv")
        granted = [line.split("\t") for line in done.stdout.splitlines()[1:]]
        granted = [row for row in granted if row[0] in ("allow", "if")]
        assert granted, f"{rules}: {done.stdout[:300]}{done.stderr}"
        for row in granted:
            method, template = row[1], row[2]
            target = "/v1.41" + re.sub(r"\{[^}]*\}", "web", template)
            candidates = (target, target.removeprefix("/v1.41"))
            passes = any(method in (name, "HEAD" if name == "GET" else name) and pattern.fullmatch(one)
                         for name, pattern in patterns for one in candidates)
            assert passes, f"{method} {template} is granted by {rules} and not passed by {expressions}"


def explain(call, **environment):
    return run("explain", *call.split(" "), env=environment).stdout.split("\t")


def test_the_preset_of_traefik_is_what_its_expression_becomes(tmp_path):
    row = next(row for row in rows("expression | rules") if "preset" in row[1])
    done = run("diff", "-f", "tsv", "preset:traefik", policy(tmp_path, f"allow = {row[1].split('`')[1]}"))
    other = [line for line in done.stdout.splitlines()[1:] if "\tHEAD\t" not in line]  # a GET of a rule has its HEAD
    assert not done.stderr and other == []


def test_the_compose_file_of_the_page_is_understood(tmp_path):
    service = PAGE.partition("    services:")[2].partition("\n\n")[0]
    lines = re.findall(r"- (\w+=\w+)", service)
    assert len(lines) == 4
    (tmp_path / "proxy.env").write_text("\n".join(lines))
    done = run("-e", str(tmp_path / "proxy.env"), "check")
    assert done.returncode == 0 and not done.stderr
    done = run("-e", str(tmp_path / "proxy.env"), "explain", "POST", "/v1.41/containers/web/start")
    assert done.returncode == 0


def test_old_troubles_are_what_the_page_says_of_them(tmp_path):
    def check(text):
        (tmp_path / "proxy.env").write_text(text)
        return run("-e", str(tmp_path / "proxy.env"), "check").stderr
    assert "did you mean POST=1 too? With DIALECT=linuxserver" in check("ALLOW_START=1\n")
    assert explain("GET /containers/a/logs", DIALECT="linuxserver", CONTAINERS="1")[3] == "needs ALLOW_LOGS=1\n"
    assert "EXEC=0 does not close exec creation" in check("POST=1\nCONTAINERS=1\nEXEC=0\n")
    for rules in ("allow = ContainerList, ContainerInspect", "allow = @read",
                  "deny = @exec\ndeny = @destroy\nallow = section:containers"):
        path = policy(tmp_path, rules).partition("#")[0]
        for call in ("GET /containers/a/attach/ws", "POST /containers/a/exec", "DELETE /containers/a"):
            assert run("-c", path, "explain", *call.split()).returncode == 1, (rules, call)
        files = run("-c", path, "explain", "GET", "/containers/a/archive").returncode
        assert files == (0 if "section" in rules else 1)
        assert run("-c", path, "explain", "GET", "/containers/a/json").returncode == 0
    path = policy(tmp_path, "allow = ImageInspect").partition("#")[0]
    name = "ghcr.io:443/a/b/c@sha256:0f"
    assert run("-c", path, "explain", "GET", f"/images/{name}/json").returncode == 0
    assert run("-c", path, "explain", "GET", f"/images/{name}/get").returncode == 1


def test_what_the_page_calls_different_is():
    assert explain("GET /infofoo", INFO="1")[0] == "deny" and explain("GET /INFO", INFO="1")[0] == "deny"
    assert explain("GET /version/../containers/json")[0] == "deny"
    for method in ("CONNECT", "TRACE"):
        assert explain(f"{method} /info", INFO="1", POST="1")[2] == "malformed"
    for method in ("get", "FROB"):
        assert explain(f"{method} /info", INFO="1", POST="1")[3].startswith("the answer is 400 all the same")
    assert explain("POST /post", DIALECT="fluencelabs", POST="1")[0] == "deny"
    for name in ("a", "a/b", "a:b"):
        assert explain(f"GET /containers/{name}/logs", DIALECT="linuxserver", CONTAINERS="1")[2] == "ALLOW_LOGS=0"
        started = explain(f"POST /containers/{name}/start", ALLOW_START="1", POST="1")[0]
        assert started == ("allow" if name == "a" else "deny")
    image = {"DIALECT": "fluencelabs", "IMAGES_CREATE": "1", "POST": "1"}
    assert explain("POST /images/create", **image)[0] == "allow"
    assert explain("GET /images/create/json", **image)[3] == "needs IMAGES=1\n"
    assert [explain(f"GET {path}", INFO="1")[0] for path in ("/v1/info", "/v1..41/info", "/info/")] == ["deny"] * 3
    assert [explain(f"GET /{version}/info", INFO="1")[0] for version in ("v1.41", "v4.0.0")] == ["allow"] * 2
    assert explain("POST /containers/x/start", ALLOW_START="1")[0] == "deny"
    assert explain("POST /containers/x/start", ALLOW_START="1", POST="1")[0] == "allow"
    assert explain("POST /containers/x/start", ALLOW_START="1", DIALECT="linuxserver")[0] == "allow"
    assert explain("POST /containers/x/exec", EXEC="1", POST="1")[0] == "deny"
    assert explain("GET /containers/x/attach/ws", CONTAINERS="1")[0] == "allow"
    assert explain("GET /containers/x/logs", CONTAINERS="1", DIALECT="linuxserver")[0] == "deny"
    assert explain("GET /info", INFO="true")[0] == "deny" and explain("GET /info", INFO="2")[0] == "allow"


def test_the_log_of_a_trial_becomes_rules_as_the_page_says(daemon, serve, tmp_path):
    daemon.on("/containers/x/json", lambda connection: connection.send(json_answer(200, {})))
    proxy = serve("[upstream]\naddress = unix:{engine}\n[listener a]\naddress = tcp://127.0.0.1:0\npolicy = a\n"
                  "[policy a]\ndry_run = yes\nallow = SystemPing\n")
    for target in ("/_ping", "/info", "/containers/json?all=1", "/info", "/containers/x/json"):
        with RawClient((proxy.host, proxy.port)) as client:
            client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert client.read_answer().status == 200
    proxy.wait_for_log("path=/containers/x/json status=200")
    command = re.search(r"docker logs sockwarden 2>&1 \| (.*)", PAGE)[1]
    log = "\n".join(proxy.lines(" "))
    done = subprocess.run(command, shell=True, input=log, capture_output=True, text=True, check=True, timeout=20)
    rules = done.stdout.splitlines()
    assert rules == ["allow = ContainerInspect", "allow = ContainerList", "allow = SystemInfo"]
    assert run("-c", policy(tmp_path, "\n".join(rules)).partition("#")[0], "check").returncode == 0


@pytest.mark.parametrize("head", [b"GET /info HTTP/1.1\r\n\r\n", b"TRACE /info HTTP/1.1\r\nHost: a\r\n\r\n",
                                  b"GET http://a/info HTTP/1.1\r\nHost: a\r\n\r\n",
                                  b"get /info HTTP/1.1\r\nHost: a\r\n\r\n", b"FROB /info HTTP/1.1\r\nHost: a\r\n\r\n",
                                  b"GET /info HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
                                  b"POST /info HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded"
                                  b"\r\nContent-Length: 1\r\n\r\nx"])
def test_what_the_page_calls_400_is(daemon, start_proxy, head):
    proxy = start_proxy(daemon.address, {"INFO": "1", "POST": "1"})
    with RawClient((proxy.host, proxy.port)) as client:
        client.send(head)
        answer = client.read_answer()
    assert answer.status == 400 and json.loads(answer.body)["message"].startswith("sockwarden: ")
    assert not daemon.connections


def test_the_five_steps_of_the_page(tmp_path):
    (tmp_path / "proxy.env").write_text("CONTAINERS=1\nALLOW_RESTARTS=1\nPOST=1\n")
    env = ("-e", str(tmp_path / "proxy.env"))
    assert run(*env, "check").returncode == 0
    assert "ContainerList" in run(*env, "routes").stdout
    assert run(*env, "explain", "POST", "/v1.41/containers/web/restart").returncode == 0
    for words in (("convert",), ("convert", "rules")):
        converted = run(*env, *words)
        assert converted.returncode == 0
        (tmp_path / "sockwarden.ini").write_text(converted.stdout)
        assert run("-c", str(tmp_path / "sockwarden.ini"), "check").returncode == 0
        done = run("diff", "-f", "tsv", f"env:{tmp_path}/proxy.env", f"{tmp_path}/sockwarden.ini#environment")
        left = [line for line in done.stdout.splitlines()[1:] if "\tOPTIONS\t" not in line]
        assert left == [], words
    done = run(*env, "diff", "-f", "tsv", "environment", "dialect:linuxserver")
    assert "sockwarden -e proxy.env diff environment dialect:linuxserver" in PAGE
    assert "refused\tGET\t/containers/{id...}/logs\tContainerLogs\tCONTAINERS=1\tALLOW_LOGS=0" in done.stdout
    run_env = run(*env, "convert")
    (tmp_path / "sockwarden.ini").write_text(run_env.stdout)
    done = run("diff", f"env:{tmp_path}/proxy.env", f"{tmp_path}/sockwarden.ini#environment")
    assert done.stdout == "no difference\n" and '"no difference"' in PAGE


def test_a_setting_that_is_gone_is_told_with_what_takes_its_place(tmp_path):
    (tmp_path / "proxy.env").write_text("DIALECT=linuxserver\nPROXY_READ_TIMEOUT=600\n")
    done = run("-e", str(tmp_path / "proxy.env"), "check")
    assert done.returncode == 0
    assert "PROXY_READ_TIMEOUT" in done.stderr and "no time limit" in done.stderr


def test_bind_config_makes_the_socket_that_haproxy_would(daemon, start_proxy, tmp_path):
    there = tmp_path / "own.sock"
    value = f"{there} mode 604 user {os.getuid()} gid {os.getgid()}"
    proxy = start_proxy(daemon.address, {"BIND_CONFIG": value, "INFO": "1", "LISTEN": None}, listen=[f"unix:{there}"])
    assert proxy.addresses == [f"unix://{there}"]
    status = there.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o604, os.getuid(), os.getgid())


@pytest.mark.parametrize("value", ["/run/own.sock mode 660 user 12 group 34", "[::]:2375 v4v6",
                                   "127.0.0.1:81,/run/own.sock,ipv6@[::1]:82 gid 34"])
def test_bind_config_is_a_listener_of_a_file(tmp_path, value):
    (tmp_path / "proxy.env").write_text(f"CONTAINERS=1\nBIND_CONFIG={value}\n")
    done = run("-e", str(tmp_path / "proxy.env"), "convert")
    (tmp_path / "sockwarden.ini").write_text(done.stdout)
    listeners = value.split()[0].count(",") + 1
    assert done.returncode == 0 and done.stdout.count("; environment BIND_CONFIG") >= listeners
    whole = run("-c", str(tmp_path / "sockwarden.ini"), "check")
    assert whole.returncode == 0 and whole.stdout.count("listener ") == listeners
    assert run("-e", str(tmp_path / "proxy.env"), "check", "--print").stdout.count("\nmode = ") == value.count("/run")
