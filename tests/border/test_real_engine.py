"""The same streams in front of a real engine: it answers each judged request once, and nothing else.

All of them can be sent to a real engine: under `read` nothing but /_ping and /version is granted, and what `write`
grants besides are calls about containers and images that do not exist.
"""

import contextlib

import pytest

from border import BARRIER, GLUE, POLICIES, Outcome, Reply, all_groups, first_method
from harness.proxy import Proxy
from harness.raw_client import RawClient, request
from tap import Wiretap

GROUPS = all_groups()


@pytest.fixture(scope="module")
def places(engine):
    """{policy: (wire, proxy)}"""
    with contextlib.ExitStack() as stack:
        made = {}
        for policy, switches in POLICIES.items():
            wire = stack.enter_context(Wiretap(engine.socket))
            settings = {**switches, "LOG_LEVEL": "notice"}
            made[policy] = wire, stack.enter_context(Proxy(wire.address, settings, ("unix:{folder}/proxy.sock",)))
        yield made


def play(proxy, data):
    with RawClient(proxy.unix) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.send(data)
            client.half_close()
        return client.read_until_eof(reset_ok=True)


def settle(wire, proxy):
    """What the engine was asked and what it answered, once everything that was on its way has arrived."""
    with RawClient(proxy.unix) as client:
        assert client.exchange(request("GET", BARRIER)).status == 200
    return [call for call in wire.take() if not call[0].startswith(f"GET {BARRIER} ".encode())]


def requests_in(data):
    """The request lines that a server finds in these bytes, which believes Content-Length and chunks."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        found.append(line.removesuffix(" HTTP/1.1"))
        values = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields if ": " in field)}
        if values.get("transfer-encoding") == "chunked":
            data = behind_chunks(data)
        else:
            data = data[int(values.get("content-length", 0)):]
    return found


def behind_chunks(data):
    """What follows the last chunk; nothing where that is missing."""
    while data:
        size, _, data = data.partition(b"\r\n")
        data = data[int(size, 16) + 2:]
        if size == b"0":
            return data
    return data


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("group", GROUPS)
def test_the_engine_answers_the_judged_requests_and_no_other(places, group, policy):
    wire, proxy = places[policy]
    for case in GROUPS[group]:
        outcome = Outcome(getattr(case, policy))
        received = play(proxy, case.data + GLUE["a denied request"])
        judged = [one.split(" <")[0].removeprefix("~").replace("\\x3b", ";") for one in outcome.requests]
        calls = settle(wire, proxy)
        seen = [line for asked, _ in calls for line in requests_in(asked)]
        # Where the engine answers before it has the body, what comes behind that body is not looked at any more.
        assert seen == judged[:len(seen)], f"{case.name}: the engine saw {seen} in place of {judged}"
        finished = [one for one in outcome.requests if not one.startswith("~")]
        assert len(seen) >= len(finished) or "POST" in judged[len(seen) - 1], f"{case.name}: it saw {seen} only"
        for asked, answer in calls:
            answers = Reply(answer).answers(asked.split(b" ", 1)[0].decode())
            assert len([one for one in answers if one.status >= 200]) <= 1, f"{case.name}: {answers}"
        mine = Reply(received).answers(first_method(case))
        assert b"sentinel" not in b"".join(asked for asked, _ in calls if outcome.unfinished is None), case.name
        foreign = [one for one in mine if one.status < 400 and one.status != 100]
        assert len(foreign) <= len(seen), f"{case.name}: {foreign} are the answers to {seen}"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_stream_sent_past_the_proxy_shows_that_the_oracle_can_see(places, policy):
    """The wire itself: two requests on one connection are two."""
    wire, _ = places[policy]
    with RawClient(wire.address) as client:
        client.send(request("GET", "/_ping") + request("GET", "/version", "Connection: close"))
        assert [client.read_answer().status for _ in range(2)] == [200, 200]
        client.assert_ended()
    assert [requests_in(asked) for asked, _ in wire.take()] == [["GET /_ping", "GET /version"]]
