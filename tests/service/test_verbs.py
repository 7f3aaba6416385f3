"""The verbs that need no engine: explain, routes, diff, convert, presets, check; they agree with each other."""

import json
import re
import subprocess

import pytest

from harness.proxy import binary

ENVIRONMENTS = [{}, {"CONTAINERS": "1"}, {"CONTAINERS": "1", "POST": "1", "EXEC": "1"},
                {"POST": "1", "ALLOW_START": "1"}, {"DIALECT": "linuxserver", "ALLOW_START": "1", "CONTAINERS": "1"}]


def run(*arguments, environment=None, code=0, output=False):
    """What it prints: on standard output if it ends well or `output`, else on standard error."""
    done = subprocess.run([binary(), *arguments], env=environment or {}, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 or output or (code == 1 and done.stdout) else done.stderr


def verdicts(text):
    columns, *rows = [line.split("\t") for line in text.splitlines()]
    assert columns == ["verdict", "method", "path", "operation", "classes", "rule", "cure"]
    assert all(len(row) == len(columns) for row in rows)
    return {(row[1], row[2]): row[0] for row in rows}


def test_routes_tells_the_verdict_of_each_route():
    found = verdicts(run("routes", "--format", "tsv", environment={"CONTAINERS": "1"}))
    assert len(found) > 120
    assert found["GET", "/containers/json"] == "allow" and found["POST", "/containers/create"] == "deny"


def test_routes_and_explain_agree():
    environment = {"CONTAINERS": "1", "POST": "1"}
    found = {call: verdict for call, verdict in verdicts(run("routes", "--format", "tsv", environment=environment)).items()
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
    before, after = verdicts(run("routes", "--format", "tsv", environment=environment)), verdicts(run("-c", str(path), "routes", "--format", "tsv"))
    assert {call: (before[call], after[call]) for call in before
            if before[call] != after[call] and call[0] != "OPTIONS"} == {}


def test_presets_names_them_and_what_each_grants():
    names = [line.split("\t")[0] for line in run("presets", "--format", "tsv").splitlines()[1:]]
    assert {"traefik", "watchtower"} <= set(names) and len(names) == len(set(names)) > 40
    for name in names:
        assert "allow\t" in run("presets", "--format", "tsv", name)
    hooks = [line.split("\t") for line in run("presets", "-f", "tsv", "watchtower", "+lifecycle-hooks").splitlines()]
    assert ["allow", "POST", "/exec/{id...}/start", "ExecStart", "lifecycle-hooks", ""] in hooks
    signals = [line.split("\t") for line in run("-f", "tsv", "presets", "docker-gen", "+notify-sighup").splitlines()]
    assert ["allow", "POST", "/containers/{id...}/kill", "ContainerKill", "notify-sighup",
            "?signal=HUP"] in signals


CONFIG = """[upstream]
address = unix:/run/engine.sock
[listener one]
address = tcp://127.0.0.1:1
policy = readers
[listener two]
address = unix:/run/two.sock
policy = ops
[policy readers]
allow = SystemPing, SystemVersion
[policy ops]
allow = ContainerKill ?signal=HUP
allow = SystemInfo
[policy spare]
CONTAINERS = 1
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "two.ini"
    path.write_text(CONFIG)
    return str(path)


@pytest.mark.parametrize("arguments, allowed", [
    ((), {"SystemPing", "SystemVersion"}), (("-l", "two"), {"SystemInfo"}), (("--policy=ops",), {"SystemInfo"}),
    (("-p", "spare"), {"SystemPing", "SystemPingHead", "SystemVersion", "SystemEvents", "ContainerList"}),
])
def test_the_policy_of_a_listener_or_one_by_name_is_judged_by(config, arguments, allowed):
    rows = [line.split("\t") for line in run("-c", config, "routes", *arguments, "-f", "tsv").splitlines()]
    assert allowed <= {row[3] for row in rows if row[0] == "allow"}
    assert "SystemInfo" in allowed or "SystemInfo" not in {row[3] for row in rows if row[0] == "allow"}
    code = 0 if "SystemInfo" in allowed else 1
    run("-c", config, *arguments, "explain", "GET", "/info", code=code)
    run("-c", config, "explain", "GET", "/info", *arguments, code=code)


def test_a_route_that_depends_on_the_query_says_on_what(config):
    rows = [line.split("\t") for line in run("-c", config, "routes", "-l", "two", "-f", "tsv").splitlines()]
    kill = next(row for row in rows if row[3] == "ContainerKill")
    assert (kill[0], kill[5]) == ("if", "allow = ContainerKill ?signal=HUP; else refused")


def test_every_form_of_a_list_says_the_same(config):
    tsv = [line.split("\t") for line in run("-c", config, "routes", "-f", "tsv").splitlines()]
    told = json.loads(run("-c", config, "routes", "-f", "json"))
    assert [list(row.values()) for row in told] == tsv[1:] and list(told[0]) == tsv[0]
    text = run("-c", config, "routes").splitlines()
    assert [line.split() for line in text] == [" ".join(row).split() for row in tsv]
    assert len({line.index(row[1], 7) for line, row in zip(text, tsv)}) == 1, "the columns are not lined up"
    assert not [line for line in text if line.endswith(" ")]


@pytest.mark.parametrize("form, allowed, refused", [
    ("tsv", "allow\tSystemPing\tallow = SystemPing\t\n",
     "deny\tSystemInfo\tno grant\tneeds allow = SystemInfo in [policy readers]\n"),
    ("text", "verdict  operation   rule                cure\nallow    SystemPing  allow = SystemPing\n",
     "verdict  operation   rule      cure\n"
     "deny     SystemInfo  no grant  needs allow = SystemInfo in [policy readers]\n"),
])
def test_explain_in_its_forms(config, form, allowed, refused):
    assert run("-c", config, "explain", "GET", "/_ping", "-f", form) == allowed
    assert run("-c", config, "explain", "GET", "/info", "-f", form, code=1) == refused
    told = run("-c", config, "explain", "GET", "/info", "--format", "json", code=1)
    assert json.loads(told) == {"verdict": "deny", "operation": "SystemInfo", "rule": "no grant",
                                "cure": "needs allow = SystemInfo in [policy readers]"}


TRIAL = "\n[listener trial]\naddress = tcp://127.0.0.1:3\npolicy = trial\n[policy trial]\nallow = @read\n"


def test_every_form_says_dry_of_a_call_that_passes_for_dry_run_alone(config, tmp_path):
    path = tmp_path / "trial.ini"
    path.write_text(CONFIG + TRIAL + "dry_run = yes\n")
    of = ("-c", str(path), "-p", "trial")
    row = ["dry", "ContainerCreate", "no grant", "needs allow = ContainerCreate in [policy trial]"]
    call = ("explain", "POST", "/containers/create")
    assert run(*of, *call) == "\t".join(row) + "\n"
    assert list(json.loads(run(*of, *call, "-f", "json")).values()) == row
    assert re.split("  +", run(*of, *call, "-f", "text").splitlines()[1]) == row
    assert run(*of, "explain", "GET", "/info/", code=1).startswith("deny\t")  # an unclean path does not pass
    routes = json.loads(run(*of, "routes", "-f", "json"))
    assert {entry["verdict"] for entry in routes} == {"allow", "dry"}
    found = next(entry for entry in routes if entry["operation"] == "ContainerCreate")
    assert [found[name] for name in ("verdict", "operation", "rule", "cure")] == row


def test_diff_says_dry_where_a_call_passes_for_dry_run_alone(tmp_path):
    one, other = tmp_path / "one.ini", tmp_path / "other.ini"
    one.write_text(TRIAL)
    other.write_text(TRIAL + "dry_run = yes\n")
    for words, change, before, after in ((("diff", str(one), str(other)), "trial", "no grant", "dry: no grant"),
                                         (("diff", str(other), str(one)), "enforced", "dry: no grant", "no grant")):
        rows = json.loads(run(*words, "-f", "json", code=1, output=True))
        assert {(row["change"], row["before"], row["after"]) for row in rows} == {(change, before, after)}


def test_an_environment_is_read_from_a_file_and_in_a_dialect(tmp_path):
    path = tmp_path / "proxy.env"
    path.write_text("\ufeff# switches\n\n  ALLOW_START=1\r\nCONTAINERS\nINFO=0\nINFO=1\n")
    other = {"CONTAINERS": "1", "INFO": "0", "IMAGES": "1"}
    assert run("explain", "-e", str(path), "GET", "/info", environment=other).startswith("allow\t")
    assert run("explain", "-e", str(path), "GET", "/containers/json", environment=other).startswith("allow\t")
    run("explain", "-e", str(path), "GET", "/images/json", environment=other, code=1)
    run("explain", "-e", str(path), "POST", "/containers/x/start", environment=other, code=1)
    run("explain", "-e", str(path), "-d", "linuxserver", "POST", "/containers/x/start", environment=other)
    assert "dialect = linuxserver" in run("convert", "-e", str(path), "--dialect", "linuxserver")


@pytest.mark.parametrize("line, why", [
    ('A="1"', ":2: the value is in quotes"), ("A='1", ":2: the value is in quotes"), ("export A=1", ":2: there is a blank"),
    ("A =1", ":2: there is a blank"), ("=1", ":2: there is no name"), ("A=1\0", ":2: there is a zero byte"),
])
def test_a_line_of_an_environment_file_that_could_be_read_in_two_ways_is_refused(tmp_path, line, why):
    path = tmp_path / "proxy.env"
    path.write_text(f"POST=1\n{line}\n")
    assert f"{path}{why}" in run("routes", "-e", str(path), code=2)


# What differs, as "change operation".
DIFFS = [
    ("preset:traefik", "preset:traefik", set()),
    ("preset:traefik", "preset:traefik +ping-fallback -watch", {"allowed SystemPing", "refused SystemEvents"}),
    ("preset:traefik -watch", "preset:traefik", {"allowed SystemEvents"}),
    ("environment", "env:{folder}/other.env", {"allowed SystemInfo", "refused ContainerList", "refused ContainerLogs"}),
    ("dialect:tecnativa", "dialect:linuxserver", {"allowed SystemPingLibpod"}),
    ("policy:readers", "policy:ops", {"refused SystemPing", "refused SystemVersion", "allowed SystemInfo",
                                      "widened ContainerKill"}),
    ("{config}#ops", "policy:readers", {"allowed SystemPing", "refused ContainerKill", "refused SystemInfo"}),
    ("{folder}/one.ini", "{config}#ops", {"narrowed ContainerKill", "allowed SystemInfo"}),
    ("{folder}/one.ini", "{folder}/trial.ini", {"trial SystemInfo", "trial ContainerList"}),
    ("{folder}/trial.ini", "{folder}/one.ini", {"enforced SystemInfo", "enforced ContainerList"}),
    ("{config}#ops", "{folder}/other.ini#ops", {"changed ContainerKill"}),
]


@pytest.mark.parametrize("before, after, expected", DIFFS)
def test_diff_tells_what_becomes_allowed_or_refused(config, tmp_path, before, after, expected):
    (tmp_path / "other.env").write_text("INFO=1\n")
    (tmp_path / "other.ini").write_text(CONFIG.replace("signal=HUP", "signal=HUP|INT"))
    one = "[listener one]\naddress = tcp://127.0.0.1:1\npolicy = kill\n[policy kill]\nallow = ContainerKill\n"
    (tmp_path / "one.ini").write_text(one)
    (tmp_path / "trial.ini").write_text(one + "dry_run = yes\n")
    words = [word.format(config=config, folder=tmp_path) for word in (before, after)]
    environment = {"CONTAINERS": "1"}
    apart = [part for word in words for part in word.split()]  # features without quotes
    assert run("-c", config, "diff", *apart, "-f", "tsv", environment=environment, code=1 if expected else 0,
               output=True) == run("-c", config, "diff", *words, "-f", "tsv", environment=environment,
                                   code=1 if expected else 0, output=True)
    rows = [line.split("\t") for line in run("-c", config, "diff", *words, "-f", "tsv", environment=environment,
                                             code=1 if expected else 0, output=True).splitlines()]
    offset = 1 if rows and "listener" in rows[0] else 0
    assert rows[0][0] == "change"
    assert expected <= {f"{row[0]} {row[3 + offset]}" for row in rows[1:]} and bool(expected) == (len(rows) > 1)
    if not expected:
        assert run("-c", config, "diff", *words) == "no difference\n"


def test_diff_of_two_files_goes_by_their_listeners(config, tmp_path):
    path = tmp_path / "new.ini"
    path.write_text(CONFIG.replace("listener two", "listener three").replace("127.0.0.1:1", "127.0.0.1:2")
                    .replace("SystemPing, ", ""))
    rows = json.loads(run("diff", config, str(path), "--format=json", code=1, output=True))
    found = [tuple(row[name] for name in ("change", "listener", "operation", "before", "after")) for row in rows]
    assert set(found) == {
        ("address", "one", "", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2"),
        ("refused", "one", "SystemPing", "allow = SystemPing", "no grant"),
        ("refused", "one", "SystemPingHead", "allow = SystemPing", "no grant"),
        ("removed", "two", "", "unix:/run/two.sock", ""), ("added", "three", "", "", "unix:/run/two.sock"),
        ("allowed", "three", "SystemInfo", "no grant", "allow = SystemInfo"),
        ("widened", "three", "ContainerKill", "no grant", "allow = ContainerKill ?signal=HUP; else refused"),
    }


def test_diff_of_two_files_tells_who_else_may_use_a_listener(config, tmp_path):
    path = tmp_path / "new.ini"
    who = "policy = readers\nallow_from = 10.0.0.0/8,  ::1\n\tlocalhost\n"
    path.write_text(CONFIG.replace("policy = readers\n", who, 1)
                    .replace("two.sock\n", "two.sock\nmode = 0666\ngroup = 4711\n"))
    changes = {("allow_from", "one", "everybody", "10.0.0.0/8, ::1, localhost"), ("mode", "two", "by default", "0666"),
               ("group", "two", "by default", "4711")}
    names = ("change", "listener", "before", "after")
    for before, after, expected in ((config, path, changes),
                                    (path, config, {(key, name, new, old) for key, name, old, new in changes})):
        rows = json.loads(run("diff", str(before), str(after), "-f", "json", code=1, output=True))
        assert {tuple(row[name] for name in names) for row in rows} == expected


def test_diff_tells_of_options_how_many_paths_and_one_that_the_other_does_not_grant(tmp_path):
    (tmp_path / "a.env").write_text("CONTAINERS=1\nPOST=1\n")
    (tmp_path / "b.env").write_text("CONTAINERS=1\nPOST=1\nINFO=1\n")
    rows = json.loads(run("diff", f"env:{tmp_path}/a.env", f"env:{tmp_path}/b.env", "-f", "json", code=1, output=True))
    before, after = next((row["before"], row["after"]) for row in rows if row["operation"] == "Options")
    count = int(re.fullmatch(r"OPTIONS of (\d+) paths", before)[1])
    assert after == f"OPTIONS of {count + 1} paths, /info among them"


@pytest.mark.parametrize("words, why", [
    (("", "environment"), "an operand is empty"), (("env:", "environment"), "nothing stands behind env:"),
    (("{config}", "x.env"), "x.env: can't be read"),
    (("preset:x", "environment"), "diff: preset = x: there is no such"),
    (("{config}", "{folder}/a.env"), "a.env:1: a key stands before the first section, such as [sockwarden]; an "
                                     "environment file is told by env: as in env:/"),
    (("policy:ops", "preset:traefik"), "of which file? say it with --config, or FILE#ops"),
    (("{config}#opps", "preset:traefik"), "no such policy: opps; did you mean ops"),
    (("{config}#nothing", "preset:traefik"), "no such policy: nothing; there is readers, ops, spare"),
    (("{config}", "preset:traefik"), "has 3 policies; say which: "),
    (("environment", "+x", "preset:traefik"), "+x: a feature stands behind preset:NAME"),
    (("preset:traefik", "preset:traefik", "-wotch"), "preset = traefik -wotch: it has no such feature"),
    (("preset:trafik", "preset:traefik"), "did you mean traefik"), (("dialect:x", "environment"), "DIALECT=x"),
    (("env:/nonexistent", "environment"), "/nonexistent: can't be read"), (("/nonexistent", "environment"), "can't be read"),
])
def test_diff_says_which_operand_it_does_not_understand(config, tmp_path, words, why):
    (tmp_path / "a.env").write_text("POST=1\n")
    line = run("diff", *[word.format(config=config, folder=tmp_path) for word in words], code=2)
    assert why in line and line.startswith("sockwarden: diff: ") and line.count("\n") == 1


def test_of_many_policies_the_nearest_is_named(tmp_path):
    path = tmp_path / "many.ini"
    path.write_text("[listener one]\naddress = tcp://127.0.0.1:1\npolicy = p0\n"
                    + "".join(f"[policy p{i}]\nallow = @read\n" for i in range(200)) + "[policy deploy]\nallow = @read\n")
    told = "no such policy: depoly; did you mean deploy?"
    assert told in run("-c", str(path), "-p", "depoly", "routes", code=2)
    assert told in run("diff", f"{path}#depoly", f"{path}#p1", code=2)
    assert " p0, p1, " in (line := run("-c", str(path), "-p", "xyz", "routes", code=2)) and line.endswith(" …\n")


@pytest.mark.parametrize("arguments, why", [
    (("presets", "nobody"), "there is no such preset"), (("rotes",), "no such verb: rotes; did you mean routes?"),
    (("routes", "x"), "too many: x; routes takes none"), (("", "x"), "the verb is an empty word"),
    (("-l", "x", "routes"), "no such listener: x; there is tcp://127.0.0.1:2375"),
    (("-c", "{config}", "routes", "--listener", "tow"), "no such listener: tow; did you mean two?"),
    (("-c", "{config}", "routes", "--listener", "zzz"), "no such listener: zzz; there is one, two"),
    (("-c", "{config}", "-p", "reader", "routes"), "no such policy: reader; did you mean readers?"),
    (("-c", "{config}", "-p", "ops", "-l", "two", "routes"), "--listener and --policy"),
    (("convert", "x"), "takes nothing, or the word rules"), (("-c", "{config}", "convert"), "convert takes no --config"),
    (("-c", "/nonexistent.ini", "check"), "can't be read"), (("--colour",), "no such option: --colour"),
    (("--lsitener", "x"), "no such option: --lsitener; did you mean --listener?"), (("-q",), "no such option: -q"),
    (("routes", "-xq"), "no such option: -x"), (("--help=yes",), "--help takes no value"),
    (("-c",), "-c lacks its value"), (("routes", "--config"), "--config lacks its value"),
    (("-c", "a", "routes", "-c", "b"), "--config stands twice"), (("check", "-f", "tsv"), "check takes no --format"),
    (("routes", "-f", "xml"), "no such format: xml; there is text, tsv and json"), (("explain",), "takes METHOD TARGET"),
    (("diff", "one"), "diff takes A B"), (("diff", "preset:traefik", "+watch"), "diff takes A B, but got one word"),
    (("diff", "preset:traefik", "+watch", "a", "b"), "one word too many: b"),
    (("-c", "{config}", "-d", "tecnativa", "routes"), "--dialect is for the environment"),
    (("-d", "tecnativ", "routes"), "did you mean tecnativa"), (("-e", "/nonexistent", "routes"), "can't be read"),
    (("-c", "", "routes"), "--config lacks its value: --config FILE"),
    (("-d", "", "routes"), "--dialect lacks its value"),
    (("explain", "-", "GET"), "one word too many: GET;"),
    (("explain", "GET"), "but got one word: GET; sockwarden explain --help"),
    (("presets", "traefik", "+\x1b[31m"), "presets: traefik +?[31m: it has no such feature"),
    (("\x1b[31m",), "verb: ?[31m"),
    (("health", "-t", "2h"), "takes a time such as 500ms or 3s, 1h at most, but got: 2h"),
    (("health", "-t", "soon"), "takes a time such as"), (("health", "-t", "0"), "takes a time such as"),
])
def test_bad_usage_is_told_in_one_line_and_exits_with_2(config, arguments, why):
    line = run(*[word.format(config=config) for word in arguments], code=2)
    assert why in line and line.startswith("sockwarden: ") and line.count("\n") == 1


@pytest.mark.parametrize("words", [("-f", "json"), ("-fjson",), ("-f=json",), ("--format=json",), ("--format", "json")])
def test_options_stand_before_the_verb_behind_it_and_behind_a_presets_name(words):
    asked = ["watchtower", "+lifecycle-hooks", "-cleanup"]
    answers = [run(*words, "presets", *asked), run("presets", *words, *asked), run("presets", *asked, *words),
               run("presets", asked[0], *words, *asked[1:])]
    assert len(set(answers)) == 1 and json.loads(answers[0])
    assert run("presets", "traefik", "--help") == run("presets", "--help")


@pytest.mark.parametrize("verb", ["run", "check", "explain", "routes", "diff", "convert", "presets", "health"])
def test_help_knows_every_verb_and_a_verb_its_options(verb):
    whole, own = run("--help"), run(verb, "--help")
    assert f"\n  {verb}" in whole and own.startswith(f"usage: sockwarden [OPTION…] {verb}")
    assert own == run("-h", verb)
    options = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", own, re.M))
    assert "--help" in options and options <= set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", whole, re.M))
    assert ("--config" in options) == (verb not in ("convert", "presets"))
    assert all(len(line) <= 100 for line in own.splitlines())


@pytest.mark.parametrize("arguments", [("--help",), ("check",), ("presets",), ("routes",), ("explain", "GET", "/_ping"),
                                       ("convert",), ("--version",), ("explain", "-"),
                                       ("diff", "environment", "environment"),
                                       ("explain", "GET", "/_ping", "-f", "text"), ("routes", "-f", "json")])
def test_output_that_can_not_be_written_is_a_failure(arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([binary(), *arguments], env={}, input="GET /info\n" * 9, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "sockwarden: the output can't be written: No space left on device\n"
