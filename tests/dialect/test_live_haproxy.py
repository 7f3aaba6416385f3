"""On every path that an engine routes, with any method, our verdict is a live HAProxy's, in every dialect."""

import re

import pytest
from environments import ENVIRONMENTS, SPELLINGS, everything, nothing
from judges import differences, judge_ours, sample_paths
from originals import LINUXSERVER, ORIGINALS, TECNATIVA, Gate, Guard

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FROB", "get"]
PREFIXES = ["", "/v1.41"]
EVERY_DIALECT = pytest.mark.parametrize("original", ORIGINALS.values(), ids=list(ORIGINALS))

# HAProxy's pattern for a name is one segment of plain letters: a guard of its rules misses a linked container's name.
GUARDED_LINKS = re.compile(
    r"/containers/reg\.io:5000/a/b:t@sha256:0f/(exec|kill|attach|archive|export|logs|changes|top)")


def calls_of(original):
    return [(method, prefix + path) for path in sample_paths(libpod=original is LINUXSERVER) for prefix in PREFIXES
            for method in METHODS]


def unexpected(original, calls, theirs, ours):
    """The differences, but those where a guard of ours sees through a name of several segments and is stricter."""
    guards = any(isinstance(step, Guard) for step in original.steps)
    return [difference for difference in differences(calls, theirs, ours)
            if not (guards and GUARDED_LINKS.search(difference[0][1]) and difference[1:] == ("allow", "deny"))]


@pytest.mark.parametrize(("dialect", "name"), ENVIRONMENTS)
def test_every_route_and_method_is_judged_as_by_haproxy(haproxy, dialect, name):
    original, environment = ORIGINALS[dialect], ENVIRONMENTS[dialect, name]
    calls = calls_of(original)
    theirs = haproxy(original, environment).judge(calls)
    assert unexpected(original, calls, theirs, judge_ours(original, environment, calls)) == []


@EVERY_DIALECT
def test_the_calls_are_granted_and_refused_often_enough_to_mean_something(original):
    calls = calls_of(original)
    verdicts = judge_ours(original, everything(original), calls)
    assert verdicts.count("allow") > len(calls) / 3
    assert set(judge_ours(original, nothing(original), calls)) == {"deny"}


@EVERY_DIALECT
def test_queries_and_encoded_letters_do_not_change_a_verdict(haproxy, original):
    calls = [(method, target) for method in ("GET", "POST") for target in (
        "/containers/json?all=1", "/containers/json?all=1?/info", "/events?since=/info", "/info?x=%2Finfo",
        '/containers/json?filters={"label":["a"]}', "/%69nfo", "/v1.4%31/%69nfo", "/%63ontainers/json",
        "/containers%2Fjson", "/v1.41%2Finfo", "/v1%2E41/containers%2fjson", "/containers/%61bc/start",
        "/containers/a%20b/start", "/containers/abc%2Fstart", "/containers/a%2Fb/start", "/containers/abc/%73top",
        "/containers/abc/%6Cogs", "/libpod%2Finfo", "/images/a%3Ab/json", "/images/ghcr.io%2Fa%2Fb/json",
        "/v4.0.0/info")]
    for environment in ({"CONTAINERS": "1"}, {"INFO": "1", "IMAGES": "1"}, {"CONTAINERS": "1", "POST": "1"},
                        everything(original)):
        theirs = haproxy(original, environment).judge(calls)
        assert differences(calls, theirs, judge_ours(original, environment, calls)) == []


@pytest.mark.parametrize("value", SPELLINGS, ids=ascii)
def test_a_value_is_true_when_haproxy_takes_it_for_true(haproxy, value):
    environment = {"INFO": value, "EVENTS": value, "POST": value, "ALLOW_STOP": value}
    calls = [("GET", "/info"), ("GET", "/events"), ("POST", "/_ping"), ("POST", "/containers/abc/stop")]
    theirs = haproxy(TECNATIVA, environment).judge(calls)
    assert len(set(theirs)) == 1
    assert judge_ours(TECNATIVA, environment, calls) == theirs


@EVERY_DIALECT
def test_variables_and_defaults_are_the_originals(haproxy, original):
    """Unset switches have the defaults that the original's image sets."""
    calls = [("GET", step.pattern) for step in original.steps
             if not isinstance(step, (Gate, Guard)) and "[" not in step.pattern]
    theirs = haproxy(original, {}).judge(calls)
    assert theirs.count("allow") == len(original.on)
    assert judge_ours(original, {}, calls) == theirs
