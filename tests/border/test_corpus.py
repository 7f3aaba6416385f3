"""Every stream of the tables, whole, byte by byte, cut at every offset and left open: the engine sees what was judged.

What each stream is and what must happen stands in streams_*.py; the oracle is in border.py.
"""

import contextlib
import pathlib

import pytest

import border
from border import GLUE, Border, Outcome, all_cases, all_groups, body_begins, offsets
from harness.fake_daemon import json_answer

GROUPS = all_groups()
POLICIES = pytest.mark.parametrize("policy", ["read", "write"])


@pytest.fixture(scope="module")
def borders():
    """{policy: Border}, and {policy + " hasty": one that gives a head a second}"""
    with contextlib.ExitStack() as stack:
        made = {policy: Border(stack, policy, HEAD_TIMEOUT="5m") for policy in border.POLICIES}
        hasty = {f"{policy} hasty": Border(stack, policy, HEAD_TIMEOUT="1s") for policy in border.POLICIES}
        yield {**made, **hasty}


@pytest.fixture(autouse=True)
def clean_record(borders):
    """What reaches the engine late is seen, too; a test that failed leaves nothing for the next one to stumble over."""
    yield
    for place in borders.values():
        place.barrier()
        late = [bytes(one.received) for one in place.daemon.connections]
        place.daemon.forget()
        assert not late, f"behind the last judged request the engine saw {late}"


def plays(policy, group):
    """The streams of a group to be played in parts: what comes of them is the same however the parts come. Those whose
    outcome is the same under both policies are played once."""
    for case in GROUPS[group]:
        if Outcome(getattr(case, policy)).after != "held" and (policy == "read" or case.write != case.read):
            yield case


@POLICIES
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("glue", GLUE)
def test_whole_with_something_behind(borders, group, policy, glue):
    for case in GROUPS[group]:
        borders[policy].play(case, glue)


@POLICIES
@pytest.mark.parametrize("group", GROUPS)
def test_byte_by_byte_with_a_denied_request_behind(borders, group, policy):
    for case in plays(policy, group):
        borders[policy].play(case, "a denied request", step=1 if len(case.data) <= border.BIG else 997)


@POLICIES
@pytest.mark.parametrize("group", GROUPS)
def test_cut_at_every_offset_with_a_granted_request_behind(borders, group, policy):
    """Under `write` the heads of one group are alike but for a field: the first is cut everywhere, the others behind."""
    for number, case in enumerate(plays(policy, group)):
        begin = 1 if policy == "read" or number == 0 else body_begins(case.data)
        for offset in offsets(case.data, begin):
            borders[policy].play(case, "a granted request", cut=offset)


@POLICIES
@pytest.mark.parametrize("group", [name for name in GROUPS if name != "cut-off"])
def test_left_open(borders, group, policy):
    for case in plays(policy, group):
        outcome = Outcome(getattr(case, policy))
        if outcome.answers or not outcome.unfinished:  # a body that is not finished is waited for
            borders[f"{policy} hasty"].play_open(case)


@pytest.mark.parametrize("group", GROUPS)
def test_an_engine_that_answers_before_the_body_came_is_asked_nothing_that_was_not_judged(borders, group):
    place = borders["write"]
    place.daemon.default = lambda connection: connection.send(json_answer(200, {}))
    try:
        for case in GROUPS[group]:
            place.play_loosely(case, "a denied request")
    finally:
        place.daemon.default = border.say_who


def test_the_index_tells_each_stream_once_and_says_what_it_probes_and_why(tmp_path):
    border.export(tmp_path)
    cases = all_cases()
    rows = [row.split("\t") for row in (tmp_path / "index.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    assert len(rows) == len(cases) >= 500 and len({row[0] for row in rows}) == len(rows)
    assert {path.name for path in pathlib.Path(tmp_path).glob("*.req")} == {row[0] for row in rows}
    assert all(len(row) == 5 and all(row) for row in rows)
