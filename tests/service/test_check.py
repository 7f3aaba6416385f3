"""check: what it says of settings that are right but may not be meant, and --print, which can be read again."""

import itertools
import pathlib
import re
import signal
import subprocess

import pytest

from bad_files import A, P
from harness.proxy import binary, clean_environment

EXAMPLES = sorted((pathlib.Path(__file__).resolve().parents[2] / "examples").glob("*.ini"))
DIALECTS = ["tecnativa", "tecnativa-next", "linuxserver", "fluencelabs"]
ENVIRONMENTS = [
    {}, {"CONTAINERS": "1", "POST": "1"}, {"CONTAINERS": "true", "EVENTS": "0", "PING": ""},
    {"LOG_LEVEL": "debug", "LOG_FORMAT": "json", "HEAD_TIMEOUT": "1500ms", "MAX_CONNECTIONS": "7"},
    {"LOG_LEVEL": "", "SOCKET_PATH": "/run/other.sock"}, {"SOCKET_PATH": "tcp://127.0.0.1:2376"},
    {"LISTEN": "tcp://[::]:2375,unix:/run/a.sock,systemd:web", "DISABLE_IPV6": "1"},
    {"ALLOW_RESTARTS": "1", "POST": "1", "IMAGES": "2"},
    {"BUFFER_HIGH": "1m", "BUFFER_LOW": "512k", "MAX_HEAD_SIZE": "128k", "MAX_TARGET_SIZE": "100k"},
]
ALL = [{**environment, "DIALECT": dialect} for dialect, environment in itertools.product(DIALECTS, ENVIRONMENTS)]
ALL += [*ENVIRONMENTS, {"LIBPOD_PODS": "1", "POST": "1", "ALLOW_START": "1"}, {"CONTAINERS_CREATE": "1", "POST": "1"}]


def run(*arguments, environment=None):
    return subprocess.run([binary(), *arguments], env=clean_environment(**(environment or {})), timeout=20,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def printed(*arguments, environment=None):
    done = run(*arguments, "check", "--print", environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_comments(text):
    lines = [re.sub(r"\s+;.*", "", line) for line in text.splitlines() if not re.match(r"\s*[;#]", line)]
    return [line for line in lines if line]


def routes(*arguments, environment=None):
    done = run(*arguments, "routes", "--format", "tsv", environment=environment)
    assert done.returncode == 0, done.stderr
    return [line.split("\t")[:4] for line in done.stdout.splitlines()]


def read_again(tmp_path, text):
    path = tmp_path / "again.ini"
    path.write_text(text)
    return path


# --- Printing ---

@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_printed_of_an_example_reads_as_the_same(tmp_path, example):
    text = printed("-c", example)
    path = read_again(tmp_path, text)
    assert without_comments(printed("-c", path)) == without_comments(text)
    assert "; default" not in printed("-c", path)
    for listener in re.findall(r"^\[listener (\S+)\]", text, re.M):
        assert routes("-c", path, "-l", listener) == routes("-c", example, "-l", listener)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_value_of_an_example_is_printed_with_its_line(example):
    lines = example.read_text().splitlines()
    comments = re.findall(r"^(\S+) = (.*?) +; (\S+):(\d+)$", printed("-c", example), re.M)
    assert len(comments) > 3
    for key, value, file, number in comments:
        line = lines[int(number) - 1].split(" ;")[0].strip()
        assert file == str(example) and value.rstrip(",") in line, (key, value, number)
        assert line.startswith(key) or lines[int(number) - 1][0] in " \t"


@pytest.mark.parametrize("environment", ALL, ids=lambda settings: ",".join(map("=".join, settings.items())) or "none")
def test_what_is_printed_of_an_environment_reads_as_the_same(tmp_path, environment):
    text = printed(environment=environment)
    path = read_again(tmp_path, text)
    assert without_comments(printed("-c", path)) == without_comments(text)
    assert routes("-c", path) == routes(environment=environment)
    diff = run("diff", str(path), "environment", environment=environment)
    assert (diff.returncode, diff.stderr) == (0, ""), diff.stdout


def test_each_value_is_printed_with_where_it_came_from(tmp_path):
    path = tmp_path / "a.ini"
    path.write_text("[sockwarden]\nlog_level = err\nidle_timeout = 1m\n" + A + "allow_from = 10.0.0.0/8,\n  web\n" + P
                    + "POST = 1\n")
    text = printed("-c", path, environment={"LOG_LEVEL": "debug", "SOCKET_PATH": "/run/d.sock"})
    found = dict(re.findall(r"^(\S+ = .*?) +; (.*)$", text, re.M))
    expected = {
        "log_level = debug": "environment LOG_LEVEL", "idle_timeout = 1m": f"{path}:3", "head_timeout = 10s": "default",
        "address = /run/d.sock": "environment SOCKET_PATH", "address = tcp://127.0.0.1:0": f"{path}:5",
        "allow_from = 10.0.0.0/8": f"{path}:7", "allow_from = web": f"{path}:8", "allow = @read": f"{path}:10",
        "POST = 1": f"{path}:11", "EVENTS = 1": "default", "dialect = tecnativa": "default", "dry_run = no": "default",
        "deny_detail = full": "default"}
    assert {key: found.get(key) for key in expected} == expected


def test_a_long_value_is_printed_below_its_comment_and_reads_as_the_same(tmp_path):
    path = tmp_path / ("long" * 30 + ".ini")
    path.write_text(A + P + "allow = " + ", ".join(["ContainerList"] * 12) + "\n")
    text = printed("-c", path)
    again = read_again(tmp_path, text)
    assert max(map(len, without_comments(text))) > 180
    assert without_comments(printed("-c", again)) == without_comments(text)


@pytest.mark.parametrize("begin", ["allow = ", "allow=", "allow =\n "])
def test_a_line_of_any_length_that_can_be_read_is_printed_so_that_it_can(tmp_path, begin):
    path = tmp_path / "a.ini"
    room = 197 - len(begin.split("\n")[-1])
    for length in range(room - 10, room + 1):
        rules = "SystemInfo, " * 14
        path.write_text(A + P + begin + rules + "SystemInfo".rjust(length - len(rules)) + "\n")
        text = printed("-c", path)
        again = read_again(tmp_path, text)
        assert without_comments(printed("-c", again)) == without_comments(text)
        assert routes("-c", again) == routes("-c", path)


@pytest.mark.parametrize("name", ["LISTEN", "SOCKET_PATH"])
@pytest.mark.parametrize("path", ["/run/a ;b.sock", "/run/a #b.sock"])
def test_a_path_that_no_file_can_hold_is_told(name, path):
    environment = {name: "unix:" + path}
    assert run("check", environment=environment).returncode == 0
    done = run("check", "--print", environment=environment)
    assert done.returncode == 1 and f"{name}=unix:{path} can't stand in a file" in done.stderr and done.stdout == ""


# --- Converting ---

@pytest.mark.parametrize("environment", ALL, ids=lambda settings: ",".join(map("=".join, settings.items())) or "none")
def test_what_convert_writes_is_equal_to_the_environment(tmp_path, environment):
    wanted = without_comments(printed(environment=environment))
    done = run("convert", environment=environment)
    assert done.returncode == 0, done.stderr
    path = read_again(tmp_path, done.stdout)
    assert without_comments(printed("-c", path)) == wanted
    diff = run("diff", str(path), "environment", environment=environment)
    assert (diff.returncode, diff.stderr) == (0, ""), diff.stdout


@pytest.mark.parametrize("environment", ALL, ids=lambda settings: ",".join(map("=".join, settings.items())) or "none")
def test_what_convert_writes_as_rules_is_equal_to_the_environment(tmp_path, environment):
    wanted = without_comments(printed(environment=environment))
    done = run("convert", "rules", environment=environment)
    assert done.returncode == 0, done.stderr
    path = read_again(tmp_path, done.stdout)
    found = without_comments(printed("-c", path))
    policy = wanted.index("[policy environment]")
    assert found[:policy + 1] == wanted[:policy + 1] and not [line for line in found if line.startswith("dialect")]
    diff = run("diff", str(path), "environment", environment=environment)
    assert (diff.returncode, diff.stderr) == (0, ""), diff.stdout


def test_convert_tells_of_what_has_no_effect_and_leaves_out_what_is_not_set():
    done = run("convert", environment={"CONTAINERS": "true", "LOG_LEVL": "err", "IDLE_TIMEOUT": "5m"})
    assert "CONTAINERS=true is off" in done.stderr and "did you mean LOG_LEVEL?" in done.stderr
    assert done.returncode == 0 and "idle_timeout = 5m" in done.stdout and "head_timeout" not in done.stdout


# --- Remarks ---

NOTHING = " in the environment does nothing: the "
BESIDE = [
    ({"LISTEN": "unix:/run/x.sock"}, f"LISTEN=unix:/run/x.sock{NOTHING}listeners are those of the file"),
    ({"DISABLE_IPV6": "1"}, f"DISABLE_IPV6=1{NOTHING}listeners are those of the file"),
    ({"DIALECT": "linuxserver"}, f"DIALECT=linuxserver{NOTHING}policies are those of the file"),
    ({"POST": "1"}, f"POST=1{NOTHING}policies are those of the file"),
    ({"CONTAINERS": "true"}, f"CONTAINERS=true{NOTHING}policies"), ({"LIBPOD_INFO": "0"}, f"LIBPOD_INFO=0{NOTHING}"),
    ({"CONTAINERS_CREATE": "1"}, f"CONTAINERS_CREATE=1{NOTHING}policies"),
    ({"LOG_LEVL": "debug"}, "LOG_LEVL is no setting and does nothing; did you mean LOG_LEVEL?"),
]


def warnings(done):
    assert done.returncode == 0, done.stderr
    return [line.removeprefix("sockwarden: warning: ") for line in done.stderr.splitlines()]


@pytest.mark.parametrize("environment, text", BESIDE, ids=[next(iter(row[0])) for row in BESIDE])
def test_a_variable_without_effect_beside_a_file_is_told_by_check_and_at_the_start(tmp_path, serve, environment, text):
    path = tmp_path / "good.ini"
    path.write_text(A + P)
    told = warnings(run("-c", path, "check", environment=environment))
    assert len(told) == 1 and told[0].startswith(text), told
    proxy = serve("[upstream]\naddress = unix:{engine}\n" + A + P, environment=environment, keep=tuple(environment))
    assert text in proxy.wait_for_log(" warning setting ").replace("'", "")


def test_common_names_with_other_values_are_no_concern_of_ours(tmp_path):
    path = tmp_path / "good.ini"
    path.write_text(A + P)
    environment = {"VERSION": "1.2.3", "SESSION": "gnome", "BUILD": "20261125", "HOME": "/root", "INFO": "/usr/info",
                   "DOCKER_PORT_2375_TCP": "tcp://10.0.0.1:2375"}
    assert warnings(run("-c", path, "check", environment=environment)) == []


def test_a_variable_that_stands_above_the_file_is_told(tmp_path, serve):
    text = "[sockwarden]\nlog_level = notice\n[upstream]\naddress = unix:{engine}\n" + A + P
    proxy = serve(text, environment={"LOG_LEVEL": "info", "MAX_CONNECTIONS": "9"})
    line = proxy.wait_for_log(" notice setting ")
    assert "LOG_LEVEL=info in the environment stands above" in line and "sockwarden.ini:2: log_level = notice" in line
    assert len(proxy.lines(" setting ")) == 1
    done = run("-c", tmp_path / "sockwarden.ini", "check", environment={"LOG_LEVEL": "info", "SOCKET_PATH": "/a"})
    assert done.returncode == 0 and done.stderr.count("sockwarden: note: ") == 2
    assert "SOCKET_PATH=/a in the environment stands above" in done.stderr


def test_a_policy_that_no_listener_uses_is_told_at_the_start_and_after_a_reload(tmp_path, serve):
    text = "[upstream]\naddress = unix:{engine}\n" + A + P + "[policy spare]\nallow = @read\n"
    proxy = serve(text)
    expected = f"{tmp_path}/sockwarden.ini:8: [policy spare] is used by no listener"
    assert expected in proxy.wait_for_log(" warning setting ")
    assert warnings(run("-c", tmp_path / "sockwarden.ini", "check")) == [expected]
    proxy.rewrite("\n" + text)
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log("sockwarden.ini:9: [policy spare] is used by no listener")


@pytest.mark.parametrize("environment, told", [
    ({"DISABLE_IPV6": "on"}, ["DISABLE_IPV6=on does nothing: in the tecnativa dialect 1, true and yes set it"]),
    ({"DISABLE_IPV6": "true", "DIALECT": "linuxserver"},
     ["DISABLE_IPV6=true does nothing: in the linuxserver dialect 1 alone sets it"]),
    ({"DISABLE_IPV6": "1", "DIALECT": "linuxserver"}, []), ({"DISABLE_IPV6": "no"}, []), ({"DISABLE_IPV6": ""}, []),
    ({"CONTAINERS": "true"}, ["CONTAINERS=true is off: only a number other than 0 switches it on; did you mean "
                              "CONTAINERS=1?"]),
])
def test_check_tells_of_an_environment_what_a_start_tells(environment, told):
    assert warnings(run("check", environment=environment)) == told


IDLE = [
    ("deny = ContainerLogs\n", "deny = ContainerLogs never takes effect: allow = @read in line {policy} comes first"),
    ("allow = ContainerStop ?t<=60\nallow = ContainerStop ?t=5|10\n",
     "allow = ContainerStop ?t=5|10 never takes effect: allow = ContainerStop ?t<=60 in line {former} comes first"),
    ("allow = @control\ndeny = ContainerKill ?signal=KILL\n",
     "deny = ContainerKill ?signal=KILL never takes effect: allow = @control in line {former} comes first"),
    ("preset = traefik +ping-fallback\n",
     "preset = traefik +ping-fallback never takes effect: allow = @read in line {policy} comes first"),
]


@pytest.mark.parametrize("rules, text", IDLE, ids=[row[0].splitlines()[-1] for row in IDLE])
def test_a_rule_that_never_takes_effect_is_told_by_check_at_the_start_and_after_a_reload(tmp_path, serve, rules, text):
    head = "[upstream]\naddress = unix:{engine}\n" + A
    proxy = serve(head + P)
    last = 7 + rules.count("\n")
    told = f"{tmp_path}/sockwarden.ini:{last}: " + text.format(policy=7, former=last - 1)
    proxy.rewrite(head + P + rules)
    assert warnings(run("-c", tmp_path / "sockwarden.ini", "check")) == [told]
    proxy.signal(signal.SIGHUP)
    assert told in proxy.wait_for_log(" warning setting ").replace('\\"', '"')
    again = serve(head + P + rules)
    assert told in again.wait_for_log(" warning setting ").replace('\\"', '"')


IDLE_SWITCHES = [
    ("ALLOW_START = 1\n", 1, "ALLOW_START=1 does nothing while POST=0, which refuses every method but GET and HEAD; "
                             "did you mean POST=1 too?"),
    ("POST = 1\n", 1, "POST=1 opens no path by itself; it needs a section, such as CONTAINERS=1"),
    ("dialect = linuxserver\nALLOW_LOGS = 1\nINFO = 1\n", 2,
     "ALLOW_LOGS=1 opens no path by itself, it only lifts a refusal; it needs CONTAINERS=1 too"),
    ("dialect = fluencelabs\nDELETE = 1\nCONTAINERS_CREATE = 1\n", 3,
     "CONTAINERS_CREATE=1 does nothing while POST=0, which refuses POST; did you mean POST=1 too?"),
    ("POST = 1\nEXEC = 0\nCONTAINERS = 1\n", 2,
     "EXEC=0 does not close exec creation: POST=1 and CONTAINERS=1 open POST /containers/{id}/exec"),
]


@pytest.mark.parametrize("switches, line, text", IDLE_SWITCHES, ids=[row[2].split()[0] for row in IDLE_SWITCHES])
def test_a_switch_of_a_file_that_does_nothing_is_told_with_its_line(tmp_path, switches, line, text):
    path = tmp_path / "sockwarden.ini"
    path.write_text(A + P + switches)
    assert warnings(run("-c", path, "check")) == [f"{path}:{(A + P).count(chr(10)) + line}: {text}"]


@pytest.mark.parametrize("switches", ["CONTAINERS = 1\n", "POST = 1\nCONTAINERS = 1\n", "ALLOW_START = 0\n",
                                      "dialect = linuxserver\nALLOW_START = 1\n",
                                      "dialect = fluencelabs\nCONTAINERS_ATTACH = 1\n"])
def test_switches_of_a_file_that_do_something_are_not_told(tmp_path, switches):
    (tmp_path / "sockwarden.ini").write_text(A + P + switches)
    assert warnings(run("-c", tmp_path / "sockwarden.ini", "check")) == []
