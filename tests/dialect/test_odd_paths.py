"""On paths that no engine routes we are never wider than a live HAProxy; where we are stricter is written down here."""

import pytest
from environments import everything
from judges import judge_ours
from originals import FLUENCELABS, LINUXSERVER, ORIGINALS, TECNATIVA, TECNATIVA_NEXT

METHODS = ["GET", "POST", "DELETE", "OPTIONS", "FROB"]
GATES = {"POST": "1", "DELETE": "1", "PUT": "1", "PATCH": "1"}
ENVIRONMENTS = [
    {}, {"INFO": "1"}, {"INFO": "1", **GATES}, {"CONTAINERS": "1", **GATES}, {"ALLOW_START": "1", **GATES},
    {"ALLOW_STOP": "1", "ALLOW_RESTARTS": "1", **GATES}, {"VERSION": "1"},
]
EVERY_DIALECT = pytest.mark.parametrize("original", ORIGINALS.values(), ids=list(ORIGINALS))

# What HAProxy grants under one of the environments and we never do as it stands, and why: in every dialect …
STRICTER = {
    "a rule covers whole segments": [
        "/infofoo", "/info.json", "/info;x", "/info%00", "/_pingx", "/versions", "/containersx/json", "/execute",
        "/containers/abc/startx", "/containers/abc/stopper", "/containers/abc/restarted", "/info%20", "/info:x",
    ],
    "an action is the whole path": ["/containers/abc/start/json", "/containers/abc/stop/x/y"],
    "paths are case-sensitive, as the engine's": [
        "/INFO", "/Info", "/V1.41/info", "/v1.41/Containers/json", "/CONTAINERS/abc/start", "/containers/abc/START",
    ],
    "a version prefix is /v1.41 or /v1.41.2": [
        "/v1/info", "/v.../info", "/v1..41/info", "/v1.41./info", "/v.1/info", "/v01.41/info", "/v1.041/info",
        "/v1.2.3.4/info", "/v1234567.1/info", "/v1.1234567/info", "/v99999999999999999999/info",
    ],
    "dot segments are refused": [
        "/version/../containers/json", "/version/..%2fcontainers%2fjson", "/info/.", "/info/..", "/info/./x",
        "/info/%2e%2e/containers/json", "/containers/../info", "/containers/%2E%2E/info", "/containers/abc/..",
        "/containers/abc/starts/..",
    ],
    "empty segments are refused": ["/info//", "/containers//json", "/containers//abc/logs", "/containers/%2Fabc/json"],
    "a slash at the end is only where the engine has it": [
        "/info/", "/containers/", "/containers/json/", "/v1.41/info/", "/containers/abc/start/", "/exec/",
        "/version%2F",
    ],
    "bytes that no name needs are malformed": [
        "/containers/a%0Ab/json", "/containers/%25/json", "/info/%2569", "/containers/%c0%ae%c0%ae/json",
        "/containers/%ff/json", "/containers/%7f/json",
    ],
    "a raw ; in the query is read in different ways": ["/info?a;b", "/containers/json?all=1;limit=1"],
    "a bad escape in the query is refused": ["/info?a=%zz", "/info?%"],
}

# Odd, and judged as HAProxy judges them.
EQUAL = [
    "/", "/v1.41", "/v1.41/", "/v/info", "/vx.y/info", "/v1.41x/info", "//info", "///info", "/./info", "/x/../info",
    "/v1.41//info", "/v1.41/v1.41/info", "/%2569nfo", "/%zz", "/%6", "/%", "/nosuch", "/debug/vars", "/libpod/info",
    "/v4.0.0/libpod/info", "/inf", "/nfo", "/x/info", "/info?", "/info??", "/info?a=b&&c", "/containers",
    "/containers/a+b/start", "/post", "/info/x", "/containers/abc/frob", "/_pin",
    "/containers/a:b/start", "/containers/abc", "/%5Cinfo", "/inf%6F", "/%2Finfo", "/%2e/info", "/auth/x?y",
    "/networks/", "/v1.41/networks/", "/containers/...", "/containers/.../start", "/containers/-/start",
]


# … and in one of them, with the environment that shows it.
STRICTER_OF = [
    (TECNATIVA_NEXT, "a guard covers names of several segments", {"CONTAINERS": "1"},
     ["/containers/a/b/logs", "/containers/a:b/archive", "/containers/a%20b/export", "/containers/a/b/attach/ws"]),
    (LINUXSERVER, "a guard covers names of several segments", {"CONTAINERS": "1", "LIBPOD_CONTAINERS": "1"},
     ["/containers/a/b/logs", "/containers/a:b/archive", "/libpod/containers/a/b/export", "/containers/a/b/changes"]),
    (LINUXSERVER, "no engine has /pods", {"ALLOW_START": "1"}, ["/pods/abc/start"]),
    (LINUXSERVER, "an action is the whole path", {"ALLOW_START": "1", "LIBPOD_ALLOW_POD_STOP": "1"},
     ["/libpod/containers/abc/startx", "/libpod/pods/abc/stop/x", "/LIBPOD/pods/abc/stop"]),
    (LINUXSERVER, "a rule covers whole segments", {"LIBPOD_INFO": "1", "LIBPOD_PODS": "1"},
     ["/libpod/infos", "/libpod/podsx/json", "/libpod%2Finfo/", "/v4/libpod/info", "/libpod/INFO"]),
    (FLUENCELABS, "a call is the whole path", {"CONTAINERS_CREATE": "1", "VOLUMES_PRUNE": "1"},
     ["/containers/create/start", "/containers/created", "/volumes/prune/x"]),
    (FLUENCELABS, "no engine has /post", {"POST": "1"}, ["/post"]),
]

# What guards refuse as HAProxy's do, and what the removals reach.
EQUAL_OF = [
    (TECNATIVA_NEXT, {"CONTAINERS": "1", "POST": "1"},
     ["/containers/abc/LOGS", "/containers/abc/logsx", "/containers/abc/logs/json", "/containers/abc/execute",
      "/containers/logs/json", "/containers/abc/attach/ws", "/containers/abc/exports/x"]),
    (LINUXSERVER, {"CONTAINERS": "1", "LIBPOD_CONTAINERS": "1", "LIBPOD_PODS": "1", "POST": "1"},
     ["/containers/abc/changed", "/containers/abc/Top", "/libpod/containers/abc/logsx", "/libpod/pods/abc/top",
      "/libpod/pods/top/json", "/libpod/pods/abc/stats", "/libpod", "/libpod/", "/v5.8.2-rc1/libpod/containers/json"]),
    (FLUENCELABS, {"IMAGES_DELETE": "1", "NETWORKS_DELETE": "1", "CONTAINERS_DELETE": "1", "DELETE": "1"},
     ["/images/a/b:c", "/images/%3Aa", "/networks/a/b", "/networks/", "/containers/a/checkpoints/b", "/images",
      "/images/.a", "/volumes/a"]),
]


def verdicts(haproxy, original, environment, paths):
    """(environment, method, path, HAProxy's verdict, ours) for each method."""
    calls = [(method, path) for path in paths for method in METHODS]
    known = {name: value for name, value in environment.items() if name in original.variables}
    theirs = haproxy(original, known).judge(calls)
    ours = judge_ours(original, known, calls)
    return [(known, method, path, their, our) for (method, path), their, our in zip(calls, theirs, ours)]


def verdicts_everywhere(haproxy, original, paths):
    environments = [*ENVIRONMENTS, everything(original)]
    return [row for environment in environments for row in verdicts(haproxy, original, environment, paths)]


@EVERY_DIALECT
def test_odd_paths_are_never_granted_where_haproxy_refuses(haproxy, original):
    paths = EQUAL + [path for group in STRICTER.values() for path in group]
    paths += [path for *_, group in STRICTER_OF for path in group]
    wider = [row for row in verdicts_everywhere(haproxy, original, paths) if row[3:] == ("deny", "allow")]
    assert wider == []


@EVERY_DIALECT
def test_odd_paths_that_are_not_listed_as_stricter_are_judged_as_by_haproxy(haproxy, original):
    paths = [path for path in EQUAL if (original, path) != (FLUENCELABS, "/post")]
    assert [row for row in verdicts_everywhere(haproxy, original, paths) if row[3] != row[4]] == []


@pytest.mark.parametrize(("original", "environment", "paths"), EQUAL_OF, ids=[row[0].name for row in EQUAL_OF])
def test_odd_paths_of_one_dialect_are_judged_as_by_haproxy(haproxy, original, environment, paths):
    assert [row for row in verdicts(haproxy, original, environment, paths) if row[3] != row[4]] == []


def test_each_path_that_is_listed_as_stricter_is_granted_by_haproxy_and_refused_by_us(haproxy):
    for reason, paths in STRICTER.items():
        rows = verdicts_everywhere(haproxy, TECNATIVA, paths)
        for path in paths:
            differing = [row for row in rows if row[2] == path and row[3:] == ("allow", "deny")]
            assert differing, f"{path} is not stricter here than HAProxy ({reason})"


@pytest.mark.parametrize(("original", "reason", "environment", "paths"), STRICTER_OF,
                         ids=[f"{row[0].name}: {row[1]}" for row in STRICTER_OF])
def test_each_path_listed_for_one_dialect_is_granted_by_haproxy_and_refused_by_us(haproxy, original, reason,
                                                                               environment, paths):
    rows = verdicts(haproxy, original, {**environment, **GATES}, paths)
    assert [row for row in rows if row[3:] == ("deny", "allow")] == []
    for path in paths:
        differing = [row for row in rows if row[2] == path and row[3:] == ("allow", "deny")]
        assert differing, f"{path} is not stricter here than HAProxy ({reason})"
