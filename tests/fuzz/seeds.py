#!/usr/bin/env python3
"""Writes first inputs for the fuzzers into a folder, one below it for each: seeds.py FOLDER.

Heads and bodies come from the tables of the unit tests, targets from the route table; the rest is written out here.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\", '"': b'"', "0": b"\0", "a": b"\a", "b": b"\b"}


def literal(text):
    """The bytes of what stands between the quotes of a C string."""
    out = b""
    for escape, byte, plain in re.findall(r"\\(x([0-9a-fA-F]{2})|.)|([^\\])", text):
        if plain:
            out += plain.encode("latin-1")
        elif byte:
            out += bytes([int(byte, 16)])
        else:
            out += ESCAPES[escape]
    return out


def strings(text, macros):
    """The values of the string expressions of each row of a table: [[bytes, ...], ...]."""
    for row in re.findall(r"^    \{(.*?)\},?$", text, re.S | re.M):
        values, current = [], None
        for quoted, word, comma in re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)|(,)', row):
            if comma:
                values.append(current)
                current = None
            elif word:
                current = (current or b"") + macros.get(word, b"") if word in macros else current
            else:
                current = (current or b"") + literal(quoted)
        yield values + [current]


def macros_of(text):
    macros = {}
    for name, value in re.findall(r"^#define (\w+) +(.*)$", text, re.M):
        out = b""
        for quoted, word in re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', value):
            out += literal(quoted) if quoted else macros.get(word, b"")
        macros[name] = out
    return macros


def head_seeds():
    text = (ROOT / "tests/unit/head_cases.h").read_text()
    macros = macros_of(text)
    requests, answers = text.split("answers[]")
    for row in strings(requests, macros):
        yield b"00000" + (row[1] or b"")
    for row in strings(answers, macros):
        yield b"10000" + (row[1] or b"")


def body_seeds():
    text = (ROOT / "tests/unit/test_http_body.c").read_text()
    table = text.split("chunked[] = {")[1].split("\n};")[0]
    for row in strings(table, {}):
        yield b"0" + b"000000" + (row[1] or b"")
    yield b"1050000hello and more"
    yield b"2000000everything until the close"
    yield b"3000000nothing"


NAMES = ["abc", "a/b", "x%2fy", "sha256:0a", "%C3%A4", "json", "v1.41", "%2e%2e", "a%25b", "%FF"]
QUERIES = ["", "?follow=1", "?follow=%66alse&follow=1", "?stream=0", "?stream=&a=b", "?filters=%7B%22a%22:[%22b%22]%7D",
           "?fromImage=a&tag=b;c", "?%66ollow=no", "?a=\"{}|\\^`", "?a=%zz", "?=&&=", "?follow=+true+"]
PREFIXES = ["", "/v1.41", "/v1.041", "/v1", "/v1.41.0", "/v1..41", "//", "/.", "/%76" + "1.41", "/V1.41"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


def routes():
    text = (ROOT / "policy/routes.def").read_text()
    return re.findall(r'^ROUTE\((\w+), +"([^"]+)"', text, re.M)


def target_seeds():
    for number, (method, template) in enumerate(routes()):
        path = re.sub(r"\{\w+(\.\.\.)?\}", NAMES[number % len(NAMES)], template)
        method = METHODS.index(method) if method in METHODS else 8
        prefix = PREFIXES[number % len(PREFIXES)]
        query = QUERIES[number % len(QUERIES)]
        yield ("2%d%d%d00%s%s%s" % (method, number % 2, number % 5, prefix, path, query)).encode("latin-1")
    for number, prefix in enumerate(PREFIXES):
        for name in NAMES:
            yield ("%d00000%s/containers/%s/json" % (number % 8, prefix, name)).encode("latin-1")


ENVIRONMENTS = [
    "",
    "POST=1\0CONTAINERS=1\0EXPLAIN=GET /containers/json\nPOST\t/containers/a/start?b\n\nx\nGET /%2e%2e\n",
    "POST=true\0CONTAINER=1\0Images=1\0EVENTS=\0PING=01\0VERSION=+1\0INFO=-0\0AUTH= 1\0BUILD=1x",
    "LISTEN=tcp://[::]:2375,unix:/run/a.sock , tcp://0.0.0.0:0\0DISABLE_IPV6=Yes\0SOCKET_PATH=abns@engine",
    "SOCKET_PATH=tcp4@127.0.0.1:2375\0LOG_LEVEL=\0LOG_FORMAT=json\0HEAD_TIMEOUT=500ms\0IDLE_TIMEOUT=1h",
    "SOCKET_PATH=ipv6@[::1]:2375\0MAX_HEAD_SIZE=1m\0MAX_TARGET_SIZE=256k\0MAX_BODY_SIZE=64m\0BUFFER_HIGH=16m",
    "BUFFER_LOW=64k\0BUFFER_HIGH=64k", "MAX_HEAD_SIZE=1k", "DISABLE_IPV6=1\0LISTEN=tcp://[::1]:1",
    "LISTEN=tcp://*:2375", "LISTEN=", "LISTEN=,", "SOCKET_PATH=", "SOCKET_PATH=docker.sock", "LOG_LEVEL=INFO",
    "ANSWER_TIMEOUT=0\0SHUTDOWN_GRACE=0s\0TCP_KEEPALIVE=30\0MAX_CONNECTIONS=1\0MAX_HEAD_FIELDS=8",
    "ALLOW_START=1\0ALLOW_STOP=1\0ALLOW_RESTARTS=1\0ALLOW_POST=1\0START=1\0DELETE=1\0DOCKER_INFO=1",
    "EXEC=0\0POST=1\0CONTAINERS=1\0GRPC=1\0SESSION=1\0SYSTEM=1\0SWARM=1\0SECRETS=1\0TASKS=1",
    "PROXY_PASSWORD=correct horse battery staple\0CONTANERS=correct horse battery staple\0POST=correct horse battery staple",
    "no equals\0=value\0=\0\0A=\0LISTEN\0POST=1=2",
]


def environment_seeds():
    for text in ENVIRONMENTS:
        yield text.encode("latin-1")


GET = "GET /v1.41/containers/json?all=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n"
PING = "GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n"
CREATE = "POST /containers/create HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"Image\":\"a\"}"
BUILD = "POST /build?t=a HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\ntar\r\n0\r\n\r\n"
ATTACH = "POST /containers/a/attach?stream=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
ATTACH_PLAIN = "POST /containers/a/attach?stream=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
START = "POST /exec/a/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 16\r\n\r\n{\"Detach\":false}"
START_CHUNKED = "POST /exec/a/start HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nUpgrade: tcp\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
WEBSOCKET = "GET /containers/a/attach/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n"
SESSION = "POST /session HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nX-Docker-Expose-Session-Name: a\r\n\r\n"
EVENTS = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"
DENIED = "DELETE /volumes/a HTTP/1.1\r\nHost: a\r\n\r\n"
DENIED_BODY = "POST /swarm/init HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
EXPECT = "POST /images/load HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody"
OLD = "GET /_ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
HEAD = "HEAD /_ping HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSE = "GET /info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ZEROS = "POST /build HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00000005\r\nhello\r\n00000000\r\n\r\n"
BAD_CHUNK = "POST /build HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX0\r\n\r\n"
SMUGGLE = "POST /build HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\nGET /info HTTP/1.1\r\n\r\n"
STREAMS = [
    GET, PING + GET + HEAD + PING, CREATE + PING, BUILD + CREATE + GET, ATTACH + "raw \0 bytes", ATTACH_PLAIN + "input",
    ATTACH_PLAIN + PING, START + "raw", START_CHUNKED + "raw", START_CHUNKED + PING, WEBSOCKET + "\x81\x85frame", SESSION + "PRI * HTTP/2.0",
    EVENTS + PING, DENIED + PING, DENIED_BODY + PING, EXPECT + PING, OLD + OLD, CLOSE + PING, BAD_CHUNK + PING, SMUGGLE,
    "nonsense\r\n\r\n", "GET / HTTP/1.1\r\n", PING + "GET /_ping HTTP/1.1\r\n", BUILD[:-9], CREATE[:-3], "\x16\x03\x01", ZEROS + PING,
    "POST /containers/a/attach HTTP/1.1\r\nHost: a\r\n\r\nraw bytes of a tunnel",
    "POST /containers/a/attach HTTP/1.1\r\nHost: a\r\n\r\n" + PING, START + PING, ATTACH + PING,
    "POST /exec/a/start HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}" + PING,
]
RAW = ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw", "HTTP/1.1 101 S\r\nUpgrade: tcp\r\n\r\nx", "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 500 E\r\n\r\nbody",
       "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"]


def stream_seed(header, text):
    return bytes((ord("0") + value) % 256 for value in header) + text.encode("latin-1")


def client_stream_seeds():
    for number, stream in enumerate(STREAMS):
        for kind in range(0, 27, 1 + number % 5):
            raw = RAW[(number + kind) % len(RAW)] if kind >= 25 else ""
            pieces = [[0, 0, 0, 0], [0, number % 40, 1, 0], [1, 1, 1, 1], [2, 1, 1, 1]][(number + kind) % 4]
            header = [(4, 2, 3)[kind % 3], kind % 8, *pieces, kind, 0, kind, 5, 1, kind, kind % 7, 0, 0, len(raw)]
            yield stream_seed(header, stream + raw)
    # An answer before the body, which looks like a request; and answers that wait until everything was sent.
    for early in (7, 8):
        upload = "POST /build HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(PING)
        yield stream_seed([2, 0, len(upload), 0, 0, 0, early, 0, 0, 0, 0, 0, 0, 0, 0, 0], upload + PING + PING)
    attach = "POST /containers/a/attach HTTP/1.1\r\nHost: a\r\n\r\n"
    # A large answer to a client that is slow to read.
    for end in (0, 1, 8, 9, 10):
        yield stream_seed([2, end, 0, 0, 0, 0, 27, 27, 0, 0, 0, 0, 0, 0, 0, 0], PING + GET + PING)
    for late in (28, 29):
        for end in range(4):
            for behind in ("", PING, "raw"):
                for piece in (0, 1, len(attach)):
                    yield stream_seed([2, end, piece, 0, 0, 0, *[late] * 6, 0, 0, 0, 0], attach + behind)


FILES = [
    "", "; nothing\n", "[sockwarden]\n", "[listener a]\naddress = unix:/a\npolicy = a\n[policy a]\nCONTAINERS = 1\n",
    "[sockwarden]\nlog_level = debug\nmax_head_size = 32k ; more\n\n[upstream]\naddress = abns@engine\n\n"
    "[listener web]\naddress = tcp://127.0.0.1:2375\n  , unix:/b\npolicy=p\nallow_from = 127.0.0.1, 10.0.0.0/8\n"
    "deny_detail = terse\n[policy p]\npreset = traefik\nallow = ContainerList, @read\ndeny = GET /containers/{id}/archive\n",
    "[listener a]\naddress = unix:/a\nmode = 0660\nowner = root\ngroup = root\npolicy = b\n[policy b]\nPOST = 1\ndialect = tecnativa\n",
    "[listener a]\naddress = systemd:web\npolicy = c\n[policy c]\nallow = POST /containers/{id}/kill ?signal=HUP|USR1\n",
    "[listener\n", "key = value\n", " continued\n", "[policy a]\n[policy a]\n", "[upstream]\naddress = \n", "[sockwarden]\nlog_levl = info\n",
    "\xef\xbb\xbf[sockwarden]\n", "[sockwarden]\r\nlog_format = json\r\n", "[listener a]\naddress = unix:/a\npolicy = nobody\n",
]


def file_seeds():
    for example in sorted((ROOT / "examples").rglob("*.ini")):
        yield example.read_bytes()[:4000]
    for text in FILES:
        yield text.encode("latin-1")


RULES = ["ContainerKill ?signal=HUP", "ContainerStats ?stream=0", "ContainerList ?all=1", "ContainerStop ?t<=60",
         "@control ?signal=HUP ?t<=60", "GET /containers/json ?all=1 ?!size", "section:containers ?stream=0",
         "ContainerKillLibpod, ContainerKill ?signal=HUP"]
RULE_CALLS = ["POST /containers/x/kill?signal=", "GET /containers/x/stats?stream=", "GET /v1.41/containers/json?all=",
              "POST /containers/x/stop?t=", "POST /v4.0.0/libpod/containers/x/kill?Signal="]
RULE_VALUES = ["HUP", "SIGHUP", "sighup", "1", "%2B1", "0", "false", "f", "true", "on", "yes", "60", "061", "-1", "",
               "1&signal=9", "9&signal=1", "1&Signal=9", "0&stream=1", "1&stream=0", "9&Signal=HUP", "%48UP", "1;t=2"]


def rules_seeds():
    for rule in RULES:
        for call in RULE_CALLS:
            asked = call.rpartition("?")[2].lower()
            for value in RULE_VALUES if f"?{asked[:-1]}" in rule else ["1"]:
                yield f"{rule}\n{call}{value}".encode()


SEEDS = {"rules": rules_seeds, "target": target_seeds, "head": head_seeds, "body": body_seeds, "environment": environment_seeds,
         "client_stream": client_stream_seeds, "file": file_seeds}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, seeds in SEEDS.items():
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (folder / ("seed-%03d" % number)).write_bytes(seed)


if __name__ == "__main__":
    main()
