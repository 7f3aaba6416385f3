"""What a stream of the corpus is, and the words from which the tables (streams_*.py) make theirs.

A stream is what one client sends on one connection. What must happen is written as

    ANSWERS AFTER | REQUEST; REQUEST

ANSWERS are the statuses that the client gets, in order. AFTER is `keep` where the connection takes a next request,
`close` where it doesn't and the last answer says so, `ends` where it doesn't say so, `held` where it does unless there
are bytes behind the stream (which could have been meant for a taken-over connection). The requests are what the engine
sees, each on a connection of its own: METHOD TARGET <BODY>, the body without its framing. One with ~ before it never
comes to its end there: the engine may see the beginning of it.
"""

import hashlib
from dataclasses import dataclass

REFUSED = "400 close |"
DENIED = "403 keep |"
DENIED_CLOSED = "403 close |"
DENIED_ENDS = "403 ends |"  # a wish for an upgrade is never answered with close
PING = "200 keep | GET /_ping"
PING_CLOSED = "200 close | GET /_ping"

CREATE = "/containers/create"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"


@dataclass
class Case:
    """A stream: its name, its bytes, what must happen under the policy `read` and under `write`, and why."""

    name: str
    data: bytes
    read: str
    write: str
    probes: str
    why: str


def quote(body):
    """A body as the index shows it."""
    if len(body) > 80:
        return f"{len(body)} bytes, sha256 {hashlib.sha256(body).hexdigest()[:16]}"
    return body.decode("latin-1").encode("unicode_escape").decode().replace(";", "\\x3b").replace(">", "\\x3e")


def head(line, *fields, host="docker"):
    """The bytes of a head; fields are lines as they stand, text is Latin-1."""
    lines = [line, *([] if host is None else [f"Host: {host}"]), *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def get(*fields, target="/_ping", method="GET", version="HTTP/1.1", host="docker"):
    return head(f"{method} {target} {version}", *fields, host=host)


def post(*fields, body=b"", target=CREATE, version="HTTP/1.1"):
    """A POST with JSON's type; the framing is the caller's."""
    return head(f"POST {target} {version}", JSON, *fields) + body


def sized(body, *fields, target=CREATE):
    return post(f"Content-Length: {len(body)}", *fields, body=body, target=target)


def chunked(body, *fields, target=CREATE):
    """A POST whose body is sent as it stands, in chunks that the caller made."""
    return post(CHUNKED, *fields, body=body, target=target)


def created(*bodies, after="keep"):
    """What must happen to POSTs that are granted."""
    requests = "; ".join(f"POST {CREATE} <{quote(body)}>" if body else f"POST {CREATE}" for body in bodies)
    return f"{' '.join(['200'] * len(bodies))} {after} | {requests}"


def cut(body=b"", answers="400", target=CREATE):
    """What must happen to a granted POST whose body is broken behind this much of it."""
    return f"{answers} close | ~POST {target} <{quote(body)}>".strip()


class Group:
    """Collects the streams of one kind; their names begin with its name."""

    def __init__(self, name, why):
        self.name, self.why = name, why
        self.cases = []

    def add(self, name, data, read, write=None, probes=None, why=None):
        """`write` is what must happen under that policy where it differs from `read`."""
        stem = name.replace(" ", "-").replace("/", "_")
        self.cases.append(Case(f"{self.name}-{stem}", data, read, write or read, probes or name, why or self.why))
        return self

    def refuse(self, name, data, **words):
        return self.add(name, data, REFUSED, **words)
