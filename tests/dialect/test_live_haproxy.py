"""On every path that the engine routes, with any method, our verdict is a live HAProxy's."""

import pytest
import tecnativa
from environments import ENVIRONMENTS, SPELLINGS
from judges import differences, judge_ours, sample_paths

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FROB", "get"]
PREFIXES = ["", "/v1.41"]
CALLS = [(method, prefix + path) for path in sample_paths() for prefix in PREFIXES for method in METHODS]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_route_and_method_is_judged_as_by_haproxy(haproxy, name):
    theirs = haproxy(ENVIRONMENTS[name]).judge(CALLS)
    ours = judge_ours(ENVIRONMENTS[name], CALLS)
    assert differences(CALLS, theirs, ours) == []


def test_the_calls_are_granted_and_refused_often_enough_to_mean_something():
    verdicts = judge_ours(ENVIRONMENTS["everything_on"], CALLS)
    assert verdicts.count("allow") > len(CALLS) * 0.9
    assert set(judge_ours(ENVIRONMENTS["everything_off"], CALLS)) == {"deny"}


def test_queries_and_encoded_letters_do_not_change_a_verdict(haproxy):
    calls = [(method, target) for method in ("GET", "POST") for target in (
        "/containers/json?all=1", "/containers/json?all=1?/info", "/events?since=/info", "/info?x=%2Finfo",
        '/containers/json?filters={"label":["a"]}', "/%69nfo", "/v1.4%31/%69nfo", "/%63ontainers/json",
        "/containers%2Fjson", "/v1.41%2Finfo", "/v1%2E41/containers%2fjson", "/containers/%61bc/start",
        "/containers/a%20b/start", "/containers/abc%2Fstart", "/containers/a%2Fb/start", "/containers/abc/%73top",
        "/images/a%3Ab/json", "/images/ghcr.io%2Fa%2Fb/json", "/v4.0.0/info")]
    for environment in ({"CONTAINERS": "1"}, {"INFO": "1", "IMAGES": "1"}, {"ALLOW_START": "1", "POST": "1"},
                        {"CONTAINERS": "1", "POST": "1"}):
        theirs = haproxy(environment).judge(calls)
        assert differences(calls, theirs, judge_ours(environment, calls)) == []


@pytest.mark.parametrize("value", SPELLINGS, ids=ascii)
def test_a_value_is_true_when_haproxy_takes_it_for_true(haproxy, value):
    environment = {"INFO": value, "EVENTS": value, "POST": value, "ALLOW_STOP": value}
    calls = [("GET", "/info"), ("GET", "/events"), ("POST", "/_ping"), ("POST", "/containers/abc/stop")]
    theirs = haproxy(environment).judge(calls)
    assert len(set(theirs)) == 1
    assert judge_ours(environment, calls) == theirs


def test_variables_and_defaults_are_the_originals(haproxy):
    """Unset switches have the defaults that the original's image sets."""
    calls = [("GET", pattern) for _, pattern in tecnativa.STEPS if "{" not in pattern and "[" not in pattern]
    theirs = haproxy({}).judge(calls)
    assert theirs.count("allow") == 3
    assert judge_ours({}, calls) == theirs
