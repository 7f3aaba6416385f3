"""On paths that no engine routes we are never wider than a live HAProxy; where we are stricter is written down here."""

from environments import ALL_ON
from judges import judge_ours

METHODS = ["GET", "POST", "DELETE", "OPTIONS", "FROB"]
ENVIRONMENTS = [
    {}, ALL_ON, {"INFO": "1"}, {"INFO": "1", "POST": "1"}, {"CONTAINERS": "1", "POST": "1"},
    {"ALLOW_START": "1", "POST": "1"}, {"ALLOW_STOP": "1", "ALLOW_RESTARTS": "1", "POST": "1"}, {"VERSION": "1"},
]

# What HAProxy grants under one of the environments and we never do as it stands, and why.
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


def verdicts(haproxy, paths):
    """(environment, method, path, HAProxy's verdict, ours) for everything."""
    calls = [(method, path) for path in paths for method in METHODS]
    found = []
    for environment in ENVIRONMENTS:
        theirs = haproxy(environment).judge(calls)
        ours = judge_ours(environment, calls)
        found += [(environment, method, path, their, our)
                  for (method, path), their, our in zip(calls, theirs, ours)]
    return found


def test_odd_paths_are_never_granted_where_haproxy_refuses(haproxy):
    paths = EQUAL + [path for group in STRICTER.values() for path in group]
    wider = [row for row in verdicts(haproxy, paths) if row[3] == "deny" and row[4] == "allow"]
    assert wider == []


def test_odd_paths_that_are_not_listed_as_stricter_are_judged_as_by_haproxy(haproxy):
    assert [row for row in verdicts(haproxy, EQUAL) if row[3] != row[4]] == []


def test_each_path_that_is_listed_as_stricter_is_granted_by_haproxy_and_refused_by_us(haproxy):
    for reason, paths in STRICTER.items():
        rows = verdicts(haproxy, paths)
        for path in paths:
            differing = [row for row in rows if row[2] == path and row[3:] == ("allow", "deny")]
            assert differing, f"{path} is not stricter here than HAProxy ({reason})"
