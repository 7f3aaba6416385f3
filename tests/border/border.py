"""The oracle of the border: plays a stream against the proxy and compares both sides with what must happen.

As a program it writes the streams of the tables as files with an index, for other tools: border.py FOLDER.
"""

import contextlib
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness.fake_daemon import FakeDaemon, say_who, wait_taken
from harness.proxy import Proxy
from harness.raw_client import DEADLINE, Ended, RawClient, request
from stream_case import quote
import streams_framing
import streams_heads
import streams_plain
import streams_targets

# The policies. `read` grants GET and HEAD of /_ping and /version alone: HEAD is let through where GET is, as in the
# dialect. `write` grants the calls whose bodies the streams break, so that the phase of the body is reached.
POLICIES = {"read": {"PING": "1", "VERSION": "1", "EVENTS": "0"},
            "write": {"PING": "1", "VERSION": "1", "EVENTS": "0", "POST": "1", "CONTAINERS": "1", "IMAGES": "1"}}
# Glued behind a stream: where it is a request of its own it is judged as one, elsewhere it must not be seen.
GLUE = {"nothing": b"", "a denied request": request("GET", "/info?sentinel"),
        "a granted request": request("GET", "/version?sentinel")}
GLUED = {"nothing": ([], []), "a denied request": ([403], []), "a granted request": ([200], ["GET /version?sentinel"])}
FORWARDED = re.compile("(?i)accept|accept-encoding|baggage|connection|content-encoding|content-length|content-type|"
                       "host|origin|sec-websocket-.*|traceparent|tracestate|transfer-encoding|upgrade|user-agent|"
                       "x-docker-expose-session-.*|x-meta-.*|x-registry-auth|x-registry-config")
BARRIER = "/version?barrier"
BIG = 3000  # bytes; longer streams are cut at a part of their offsets


def all_groups():
    """Every stream, as {group: cases}."""
    modules = (streams_plain, streams_framing, streams_heads, streams_targets)
    groups = [make() for module in modules for make in module.GROUPS]
    return {group.name: group.cases for group in groups}


def all_cases():
    return [case for cases in all_groups().values() for case in cases]


class Outcome:
    """ANSWERS AFTER | REQUESTS, taken apart; see stream_case.py."""

    def __init__(self, text):
        left, _, right = text.partition("|")
        *answers, self.after = left.split()
        assert self.after in ("keep", "close", "ends", "held"), text
        self.maybe_refused = answers == ["?"]
        self.answers = [] if self.maybe_refused else [int(word) for word in answers]
        self.requests = [part.strip() for part in right.split(";") if part.strip()]

    @property
    def unfinished(self):
        """The request that the engine may see the beginning of, without its body; or None."""
        last = self.requests[-1] if self.requests else ""
        return last if last.startswith("~") else None

    def goes_on(self, glue):
        return self.after == "keep" or (self.after == "held" and glue == "nothing")

    def expected(self, glue):
        """(answers, requests that are complete)."""
        answers, requests = list(self.answers), [one for one in self.requests if not one.startswith("~")]
        if self.goes_on(glue):
            answers += GLUED[glue][0]
            requests += GLUED[glue][1]
        return answers, requests


class Reply(RawClient):
    """The answers in what a client has received, read strictly."""

    def __init__(self, data):  # pylint: disable=super-init-not-called
        self.pending, self.left, self.size = bytearray(data), 0, len(data)

    def _fill(self, what):
        raise Ended(what)

    def answers(self, method):
        found = []
        while self.pending:
            found.append(self.read_answer(method))
            if found[-1].status != 100:
                method = "GET"
        return found


class Border:
    """A proxy under one policy with its scripted engine; streams are played one after the other."""

    def __init__(self, stack, policy, **settings):
        self.policy = policy
        self.daemon = stack.enter_context(FakeDaemon())
        self.proxy = stack.enter_context(Proxy(self.daemon.address, {**POLICIES[policy], "LOG_LEVEL": "notice",
                                                                     **settings},
                                               ("unix:{folder}/proxy.sock",)))

    def play(self, case, glue="nothing", cut=None, step=None):
        """Sends the stream and the end of input, and judges; `cut`: in two parts, `step`: in parts of so many bytes."""
        data = case.data + GLUE[glue]
        with RawClient(self.proxy.unix) as client:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                if cut:
                    client.send_cut(data, cut)
                elif step:
                    send_in_steps(client, data, step)
                else:
                    client.send(data)
                client.half_close()
            received = client.read_until_eof(reset_ok=True)
        what = f"{case.name} with {glue} behind, cut={cut} step={step}: "
        self.judge(case, glue, Reply(received).answers(first_method(case)), what)

    def play_open(self, case):
        """Sends the stream without an end of input: the connection goes on, or the proxy ends it."""
        outcome, what = Outcome(getattr(case, self.policy)), f"{case.name} left open: "
        with RawClient(self.proxy.unix) as client:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.send(case.data)
            answers = []
            for method in [first_method(case), *["GET"] * len(outcome.answers)][:len(outcome.answers)]:
                answers.append(client.read_answer(method))
                if answers[-1].status == 408:  # a head that does not end: 400 where the end of input is seen
                    answers[-1].status = 400
            if outcome.goes_on("nothing"):
                assert client.exchange(GLUE["a denied request"]).status == 403, what
            else:
                client.assert_ended()
        self.judge(case, "nothing", answers, what)

    def play_loosely(self, case, glue):
        """For an engine that does as it likes: what it sees begins with the judged requests, in their order."""
        with RawClient(self.proxy.unix) as client:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.send(case.data + GLUE[glue])
                client.half_close()
            client.read_until_eof(reset_ok=True)
        self.barrier()
        seen = [f"{one.request.method} {one.request.target}" for one in self.daemon.connections if one.request]
        self.daemon.forget()
        requests = Outcome(getattr(case, self.policy)).requests
        wanted = [re.sub(" <.*|^~", "", one).replace("\\x3b", ";") for one in requests]
        assert seen == wanted[:len(seen)], f"{case.name}: the engine saw {seen}, which is not the begin of {wanted}"

    def judge(self, case, glue, answers, what):
        outcome = Outcome(getattr(case, self.policy))
        self.judge_answers(outcome, glue, answers, what)
        if outcome.unfinished:
            self.barrier()
        self.judge_engine(outcome, glue, what)

    @staticmethod
    def judge_answers(outcome, glue, answers, what):
        wanted, _ = outcome.expected(glue)
        statuses = [one.status for one in answers]
        if outcome.maybe_refused:
            assert statuses in ([], [400]), what + f"answered {answers}"
        else:
            assert statuses == wanted, what + f"answered {answers} in place of {wanted}"
        if answers and outcome.after == "close":
            assert answers[-1].get("Connection") == "close", what + f"not announced as the last: {answers[-1]}"

    def judge_engine(self, outcome, glue, what):
        """Exactly the judged requests, each alone on its connection, each byte of a body accounted for."""
        connections = list(self.daemon.connections)
        self.daemon.forget()
        _, wanted = outcome.expected(glue)
        seen = [shown(one) for one in connections if one.complete]
        assert seen == wanted, what + f"the engine saw {seen} in place of {wanted}"
        broken = [one for one in connections if not one.complete]
        if outcome.unfinished:
            assert len(broken) <= 1, what + f"the engine saw {len(broken)} unfinished requests"
            for one in broken:
                assert_beginning(one, outcome.unfinished, GLUE[glue], what)
        else:
            assert not broken, what + f"the engine saw a part of a request: {bytes(broken[0].received)!r}"
        for one in connections:
            if one.request:
                assert_written_anew(one, what)

    def barrier(self):
        """Everything that was on its way to the engine has arrived, and is over."""
        with RawClient(self.proxy.unix) as client:
            assert client.exchange(request("GET", BARRIER)).status == 200
        mine = self.daemon.connection_for(BARRIER)
        for one in list(self.daemon.open):
            self.daemon.wait_for(lambda one=one: one.ended, "a connection to end")
        with self.daemon.changed:
            self.daemon.connections.remove(mine)


def first_method(case):
    """The method of the stream's first request, as far as it matters for the answer."""
    return "HEAD" if case.data.startswith(b"HEAD ") else "GET"


def send_in_steps(client, data, step):
    """Each part after the proxy has read the one before, whatever it answers meanwhile."""
    for start in range(0, len(data), step):
        client.send(data[start:start + step])
        wait_taken(client.sock, DEADLINE)


def shown(connection):
    """A complete request as the index writes it."""
    line = f"{connection.request.method} {connection.request.target}".replace(";", "\\x3b")
    return f"{line} <{quote(bytes(connection.body))}>" if connection.body else line


def assert_beginning(connection, unfinished, glue, what):
    """What the engine has of an unfinished request begins as it should and is not complete."""
    line, _, body = unfinished[1:-1].partition(" <")
    if not connection.request:
        assert len(connection.received) < 1000, what + "a head without an end"
        return
    seen = f"{connection.request.method} {connection.request.target}"
    assert seen == line, what + f"unfinished: {seen}"
    wanted = body.encode().decode("unicode_escape").encode("latin-1")
    wanted += glue if len(connection.body) > len(wanted) else b""
    assert wanted.startswith(connection.body), what + f"a body that nobody sent: {bytes(connection.body)!r}"


def assert_written_anew(connection, what):
    """The head is ours: own Host and Connection, one framing, known fields, and nothing is behind the request."""
    head = connection.request
    assert head.version == "HTTP/1.1" and head.all("Host") == ["docker"], what + f"{head.raw!r}"
    assert head.all("Connection") in (["close"], ["Upgrade", "close"]), what + f"{head.raw!r}"
    assert len(head.all("Content-Length")) + len(head.all("Transfer-Encoding")) <= 1, what + f"{head.raw!r}"
    unknown = [name for name, _ in head.fields if not FORWARDED.fullmatch(name)]
    assert not unknown, what + f"passed on: {unknown}"
    assert not (connection.complete and connection.pending), what + f"behind the request: {bytes(connection.pending)!r}"


def offsets(data, begin=1):
    """Where a stream is cut in two: everywhere, or for a big one near its ends and here and there between."""
    length = len(data)
    if length <= BIG:
        return range(begin, length)
    return sorted({*range(begin, begin + 150), *range(begin, length - 50, length // 31), *range(length - 50, length)})


def body_begins(data):
    """Where the first head of a stream is over but for its last line end."""
    return max(1, data.find(b"\r\n\r\n"))


def export(folder):
    """Writes every stream as a file, and the index: file, read, write, probes, why."""
    os.makedirs(folder, exist_ok=True)
    rows = ["#file\tread\twrite\tprobes\twhy"]
    for case in all_cases():
        (pathlib.Path(folder) / f"{case.name}.req").write_bytes(case.data)
        rows.append("\t".join((f"{case.name}.req", case.read, case.write, case.probes, case.why)))
    (pathlib.Path(folder) / "index.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    export(sys.argv[1])
