"""Environments and calls as chance has it: whatever is set beside whatever, our verdict is a live HAProxy's."""

import random
import re
import urllib.parse

import pytest
from environments import SPELLINGS
from judges import ask, differences, route_templates
from originals import LINUXSERVER, ORIGINALS, Guard

CALLS = 1200
METHODS = ["GET"] * 4 + ["POST"] * 4 + ["HEAD", "PUT", "DELETE", "DELETE", "PATCH", "OPTIONS"]
PREFIXES = ["", "", "/v1.24", "/v1.41", "/v1.100", "/v4.0.0", "/v5.0", "/v12.345.678"]
QUERIES = ["", "", "?all=1", "?signal=HUP&t=5", "?filters=%7B%22label%22%3A%5B%22a%22%5D%7D", '?filters={"a":["b"]}',
           "?x=/info", "?x=..%2f", "?a=b?c", "?"]
PLAIN = ["abc", "a.b", "a_b-c", "A.B", ".hid", "-", "...", "x" * 64, "logs", "json", "0123456789ab", "web%2Ename"]
ODD = ["a%20b", "a:b", "a+b", "a(b)", "%C3%A9", "a@b", "a/b", "ghcr.io/x/y:1.2", "reg.io:5000/a/b@sha256:00", "a%2Fb"]
GUARDED = re.compile(r"/(?:containers|pods)/(.+)/(?:exec|kill|attach(?:/ws)?|archive|export|logs|changes|top)")
EVERY_DIALECT = pytest.mark.parametrize("original", ORIGINALS.values(), ids=list(ORIGINALS))


def some_environment(chance, original):
    """Switches of the dialect, and now and then of another, with values of all kinds; gates more often than others."""
    names = [*original.variables, *[name for other in ORIGINALS.values() for name in chance.sample(other.variables, 3)]]
    density = chance.choice([0.2, 0.5, 0.9])
    environment = {name: chance.choice(["1", "1", "1", "0", *chance.sample(SPELLINGS, 2)]) for name in names
                   if chance.random() < density}
    return {**environment, **{gate: "1" for gate in [*original.gates, "CONTAINERS"] if chance.random() < 0.6}}


def some_call(chance, templates):
    template = chance.choice(templates)
    path = re.sub(r"\{\w+(\.\.\.)?\}", lambda name: chance.choice(PLAIN + ODD if name[1] else PLAIN), template)
    return chance.choice(METHODS), chance.choice(PREFIXES) + path + chance.choice(QUERIES)


def has_odd_name(target):
    """True where a guarded call is about a name that HAProxy's pattern for one is not."""
    match = GUARDED.search(urllib.parse.unquote(target.partition("?")[0], "latin-1"))
    return match and not re.fullmatch(r"[A-Za-z0-9_.-]+", match[1])


@EVERY_DIALECT
@pytest.mark.parametrize("seed", range(10))
def test_any_environment_judges_any_call_as_haproxy_does(haproxy, original, seed):
    chance = random.Random(f"{original.name} {seed}")
    templates = [one for one in route_templates() if original is LINUXSERVER or not one.startswith("/libpod/")]
    environment = some_environment(chance, original)
    calls = [some_call(chance, templates) for _ in range(CALLS)]
    answers = ask(original, environment, calls)
    rules = dict(zip(calls, [answer[2] for answer in answers]))
    guards = {f"{step.variable}=0" for step in original.steps if isinstance(step, Guard)}
    found = differences(calls, haproxy(original, environment).judge(calls), [answer[0] for answer in answers])
    # A guard of ours covers every name.
    stricter = [one for one in found
                if one[1:] == ("allow", "deny") and rules[one[0]] in guards and has_odd_name(one[0][1])]
    assert [one for one in found if one not in stricter] == [], environment
