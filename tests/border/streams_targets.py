"""What a target may be, and fields that change the connection: Upgrade, Connection, Expect."""

from stream_case import (CHUNKED, CREATE, DENIED, DENIED_CLOSED, DENIED_ENDS, JSON, PING, PING_CLOSED, REFUSED, Group,
                         created, get, head,
                         post, quote, sized)

INFO = get(target="/info")
REFUSED_PATH = "refused, not cleaned: a cleaned path is not the one that was sent"


def forms():
    group = Group("target", "a path that begins with a slash; no other form")
    for name, target in {
            "absolute": "http://docker/_ping", "absolute denied": "http://docker/info",
            "absolute whose host is a path": "http://docker/_ping/../info",
            "absolute of another scheme": "unix://x/_ping", "absolute in capitals": "HTTP://DOCKER/_ping",
            "absolute without a host": "http:///_ping",
            "absolute with a user": "http://user@docker/_ping", "absolute without a path": "http://docker",
            "absolute of another host": "http://evil/_ping",
            "absolute with a query": "http://docker?/_ping", "https": "https://docker/_ping", "opaque": "http:/_ping",
            "opaque denied": "x:info", "authority": "docker:2375",
            "star": "*", "star and a path": "*/info", "star and a ping": "*/_ping", "query alone": "?/_ping",
            "no slash": "_ping", "dot": "./_ping", "dots": "../_ping",
            "backslash first": "\\_ping", "hash first": "#/_ping", "percent slash first": "%2f_ping",
            "percent first": "%5fping", "semicolon first": ";/_ping",
            "drive": "C:/_ping", "at": "@/_ping", "bracket": "[::1]/_ping", "tilde": "~/_ping", "ampersand": "&/_ping",
            "quote": '"/_ping"'}.items():
        group.refuse(name, get(target=target))
        if name in ("star", "authority"):
            group.refuse(f"{name} with OPTIONS", get(target=target, method="OPTIONS"))
    return group


def segments():
    group = Group("path", REFUSED_PATH)
    for name, target in {
            "two slashes": "//_ping", "two slashes denied": "//info", "three slashes": "///info",
            "slashes and a host": "//docker/info", "slashes within": "/v1.41//info",
            "slashes behind": "/_ping//", "slash behind": "/_ping/", "slash behind version": "/version/",
            "dot": "/./info", "dot of a ping": "/./_ping", "dot behind": "/_ping/.",
            "dots": "/x/../_ping", "dots denied": "/_ping/../info", "dots twice": "/a/b/../../info",
            "dots behind": "/_ping/x/..", "dots first": "/../_ping", "dots alone": "/..",
            "three dots": "/.../_ping", "dots with a parameter": "/_ping;/../info",
            "dots behind a version": "/v1.41/../info", "dots out of a name": "/containers/../info",
            "encoded slash": "/%2f_ping", "encoded slash denied": "/%2finfo", "encoded slash in capitals": "/%2Finfo",
            "encoded slash within": "/containers%2f..%2finfo",
            "encoded dots": "/%2e%2e/info", "half encoded dots": "/.%2e/info",
            "encoded dots behind a ping": "/_ping/%2e%2e/info", "encoded dot": "/%2e/_ping",
            "encoded slash and dots": "/_ping%2f..%2finfo", "encoded slash behind": "/_ping%2f",
            "parameter": "/_ping;a=b", "parameter alone": "/_ping;",
            "encoded parameter": "/_ping%3ba", "encoded question mark": "/_ping%3fa", "encoded blank": "/_ping%20",
            "plus": "/_ping+", "case": "/_PING", "case of version": "/Version",
            "suffix": "/_ping.json", "dot at the end": "/_ping.", "backslash": "/_ping\\info",
            "backslash dots": "/_ping\\..\\info", "encoded backslash": "/_ping%5c..%5cinfo",
            "quote": '/_ping"', "brace": "/_ping{x}", "pipe": "/_ping|info", "caret": "/_ping^", "less": "/_ping<x>",
            "backtick": "/_ping`id`", "tilde": "/~_ping",
            "encoded letter denied": "/inf%6f", "all encoded denied": "/%69%6e%66%6f",
            "encoded letters beyond ASCII": "/_ping%c3%a9", "long s": "/ver%c5%bfion", "colon": "/:_ping",
            "at": "/_ping@info", "comma": "/_ping,info", "ampersand": "/_ping&x=/info", "equals": "/_ping=",
            "star": "/_ping*", "root": "/", "empty name":
            "/containers//json"}.items():
        write = DENIED
        group.add(name, get(target=target), DENIED, write)
    for name, target, canonical in (("encoded letter", "/_pin%67", "/_ping"), ("all encoded", "/%5f%70%69%6e%67",
        "/_ping"), ("encoded in capitals", "/%5Fping", "/_ping"),
                                    ("encoded letter of version", "/vers%69on", "/version"),
                                    ("encoded slash behind a version", "/v1.41%2f_ping", "/v1.41/_ping"),
                                    ("encoded version", "/%761.41/_ping", "/v1.41/_ping"), ("encoded dot of a version",
                                        "/v1%2e41/_ping", "/v1.41/_ping")):
        group.add(name, get(target=target), f"200 keep | GET {canonical}",
                  why="decoded once, judged, and sent on in its one spelling")
    return group


def escapes():
    group = Group("escape", "an escape that two decoders read differently is no escape")
    for name, target in {
            "NUL": "/_ping%00", "NUL and more": "/_ping%00/info", "LF": "/_ping%0a", "CR": "/_ping%0d",
            "CRLF and a field": "/_ping%0d%0aX:1", "a whole request":
            "/_ping%20HTTP/1.1%0d%0a%0d%0aGET%20/info", "tab": "/_ping%09", "escape byte": "/_ping%1b",
            "DEL": "/_ping%7f", "twice": "/%255fping", "twice dots": "/%252e%252e/info",
            "twice slash": "/_ping%252finfo", "twice denied": "/%2569nfo", "three times": "/%25255fping",
            "percent": "/_ping%25", "overlong slash": "/%c0%af_ping",
            "overlong dots": "/%c0%ae%c0%ae/info", "overlong of three": "/%e0%80%af_ping",
            "overlong of four": "/%f0%80%80%af_ping", "surrogate": "/%ed%a0%80", "beyond Unicode":
            "/%f4%90%80%80", "lone continuation": "/%80", "cut short sequence": "/%c3", "byte ff": "/%ff",
            "one digit": "/_ping%2", "no digit": "/_ping%", "no hex": "/_ping%zz",
            "half hex": "/_ping%2g", "sign": "/_ping%+1", "blank": "/_ping%2x0", "u": "/_ping%u002f",
            "braces": "/_ping%{2f}", "raw Latin-1": "/_ping\xe9", "raw UTF-8": "/_ping\xc3\xa9",
            "raw overlong": "/\xc0\xaf_ping", "raw NUL": "/_ping\0", "raw NUL and more": "/_ping\0/info",
            "raw tab": "/_ping\tx", "raw control": "/_ping\x01", "raw DEL": "/_ping\x7f",
            "raw no-break space": "/_ping\xa0", "raw next line": "/_ping\x85", "fragment": "/_ping#",
            "fragment and dots": "/_ping#/../info", "fragment and a query": "/_ping#?a=b",
            "fragment first": "/#_ping", "fragment behind a query": "/_ping?a#b",
            "query escape of one digit": "/_ping?a=%2", "query escape of no hex": "/_ping?a=%zz",
            "query with a semicolon":
            "/_ping?a=1;b=2", "query with a raw high byte": "/_ping?a=\xe9", "query with a NUL": "/_ping?a=\0"}.items():
        group.refuse(name, get(target=target))
    return group


def queries():
    group = Group("query", "a query is opaque to the router; it goes on as it came, unsafe bytes encoded")
    for name, query, canonical in (
            ("empty", "", ""), ("dots", "/../info", None), ("two marks", "a?b", None), ("path of a denied call",
                "/info", None), ("method", "_method=POST", None), ("repeated", "a=1&a=2", None),
            ("empty names", "&&=&", None), ("plus", "a=+", None), ("encoded NUL", "a=%00", None), ("encoded CRLF",
                "a=%0d%0aX:1", None), ("encoded hash", "a=%23", None), ("twice encoded", "a=%2525", None),
            ("braces", '{"a":["b"]}', "%7B%22a%22:%5B%22b%22%5D%7D"), ("backslash", "a\\b", "a%5Cb"), ("quote", 'a"b',
                "a%22b"), ("pipe", "a|b", "a%7Cb"), ("slashes", "//", None),
            ("colon and at", "a:b@c", None), ("absolute URL", "u=http://docker/info", None), ("encoded semicolon",
                "a=1%3bb", None), ("invalid UTF-8 encoded", "a=%ff%fe", None)):
        group.add(name, get(target=f"/_ping?{query}"),
                  f"200 keep | GET /_ping?{query if canonical is None else canonical}".replace(";", "\\x3b"))
        group.add(f"{name} denied", get(target=f"/info?{query}"), DENIED)
    group.add("of 8 KB", get(target="/_ping?" + "a=b&" * 2000), "200 keep | GET /_ping?" + "a=b&" * 2000)
    return group


def api_versions():
    group = Group("version", "/v, a number, a dot, a number, once: everything else is a path that nobody granted")
    for prefix in ("/v", "/v1", "/v1.", "/v.41", "/v1..41", "/v...", "/v1.41.", "/v1.41x", "/vx.y", "/v-1.41",
                   "/v+1.41", "/v1,41", "/v1_41", "/V1.41", "/1.41", "/vv1.41", "/v1.41v",
                   "/v01.41", "/v1.041", "/v1.41/v1.41", "/v1.41/v1.40", "/v1.41/v", "/v1.4e1", "/v0x1.41", "/v1.41%20",
                   "/v" + "9" * 200 + ".1", "/v1." + "9" * 200,
                   "/v9999999.1", "/w1.41", "/api/v1.41", "/v1.41;x", "/%20v1.41"):
        name = "".join(letter
                       if letter.isalnum() or letter in "._-+" else f"x{ord(letter):02x}"
                       for letter in prefix[1:20]) or "none"
        name = ("upper-" if prefix.startswith("/V") else "") + name + (f"-{len(prefix)}" if len(prefix) > 20 else "")
        group.add(name + " ping", get(target=prefix + "/_ping"), DENIED, probes=f"{prefix[:20]}/_ping")
        group.add(name + " info", get(target=prefix + "/info"), DENIED, probes=f"{prefix[:20]}/info")
    for prefix in ("/v1.41", "/v1.24", "/v1.0", "/v0.1", "/v1.99", "/v9.9", "/v1.41.0", "/v123456.654321", "/v2.0"):
        group.add(prefix[1:] + " ping", get(target=prefix + "/_ping"), f"200 keep | GET {prefix}/_ping",
                  probes=f"{prefix}/_ping",
                  why="well formed: whether it is served is the engine's answer")
        group.add(prefix[1:] + " info", get(target=prefix + "/info"), DENIED, probes=f"{prefix}/info")
    for name, target in (("alone", "/v1.41"), ("with a slash", "/v1.41/"), ("and dots", "/v1.41/..")):
        group.add(name, get(target=target), DENIED)
    return group


def upgrades():
    group = Group("upgrade",
                  "a request never changes the protocol: only a granted call can, and only by the engine's answer")
    for name, lines in {
            "websocket": ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), "h2c": (
                "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
            "tcp": ("Connection: Upgrade", "Upgrade: tcp"), "unknown": (
                    "Connection: Upgrade", "Upgrade: x"), "without Connection": ("Upgrade: tcp",),
            "through Proxy-Connection": ("Proxy-Connection: Upgrade", "Upgrade: tcp"), "through a second Connection": (
                        "Connection: keep-alive", "Connection: Upgrade", "Upgrade: tcp"),
            "empty": ("Connection: Upgrade", "Upgrade:"), "and close": ("Connection: Upgrade, close", "Upgrade: tcp"),
            "list": (
                            "Connection: Upgrade", "Upgrade: websocket, h2c"), "lower case": ("connection: upgrade",
                                "upgrade: TCP")}.items():
        group.add(f"{name} on ping", get(*lines), PING_CLOSED)
        group.add(f"{name} on ping with a preface", get(*lines) + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", PING_CLOSED)
        group.add(f"{name} on ping with a request", get(*lines) + INFO, PING_CLOSED)
        group.add(f"{name} on a denied call", get(*lines, target="/info") + INFO, DENIED_CLOSED)
        group.refuse(f"{name} on ping with a body", get(*lines, "Content-Length: 5") + b"hello")
    group.add("Connection alone", get("Connection: Upgrade"), PING, why="no protocol is named")
    group.add("on 1.0", get("Connection: Upgrade, keep-alive", "Upgrade: tcp", version="HTTP/1.0"), PING,
              why="1.0 has no upgrades")
    group.refuse("twice", get("Connection: Upgrade", "Upgrade: tcp", "Upgrade: h2c"))
    attach = head("POST /containers/none/attach?stream=1 HTTP/1.1", "Connection: Upgrade", "Upgrade: tcp")
    seen = "POST /containers/none/attach?stream=1"
    why = "bytes behind it are held for a stream that does not begin; then they are no request either"
    group.add("attach that is answered plainly", attach, DENIED_ENDS, f"200 held | {seen}", why=why)
    group.add("attach and a request", attach + INFO, DENIED_ENDS, f"200 held | {seen}", why=why)
    group.add("attach and a granted request", attach + get(), DENIED_ENDS, f"200 held | {seen}", why=why)
    websocket = get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", target="/containers/none/attach/ws")
    group.add("attach by websocket and a request", websocket + INFO, DENIED_ENDS,
              "200 held | GET /containers/none/attach/ws", why=why)
    group.add("session and a preface", get("Connection: Upgrade", "Upgrade: h2c", method="POST",
                                           target="/session") + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", DENIED_ENDS)
    return group


def connections():
    group = Group("connection", "options of this one connection; none of them removes another field")
    for name, lines, read in (
            ("close and keep-alive", ("Connection: close, keep-alive",), PING_CLOSED), ("keep-alive and close",
                ("Connection: keep-alive, close",), PING_CLOSED), ("two fields", (
                "Connection: keep-alive", "Connection: close"), PING_CLOSED), ("empty", ("Connection:",), PING),
        ("empty words", ("Connection: , ,",), PING), ("unknown", ("Connection: x-any", "X-Any: 1"),
            PING), ("names credentials", ("Connection: authorization", "Authorization: x"), PING),
        ("names a registry field", ("Connection: X-Registry-Auth", "X-Registry-Auth: e30="), PING), ("TE", (
                "Connection: TE", "TE: trailers"), PING), ("Proxy-Connection: close", ("Proxy-Connection: close",),
                                                           PING), ("Keep-Alive", ("Keep-Alive: timeout=1",), PING),
        ("closed", ("Connection: closed",),
            PING), ("1000 words", ("Connection: " + ", ".join(["x"] * 1000),), PING)):
        group.add(name, get(*lines), read)
    for name, value in {"names Transfer-Encoding": "transfer-encoding", "names Content-Length": "close, Content-Length",
                        "names Host": "Host", "names Content-Type": "content-type", "names Expect":
                        "expect", "names itself": "connection", "with a semicolon": "close; x", "quoted": '"close"',
                        "with an equals": "close=1", "two words": "keep alive", "high byte": "clos\xe9",
                        "slash": "a/b"}.items():
        group.refuse(name, get(f"Connection: {value}"))
    return group


def expectations():
    group = Group("expect", "100-continue or nothing; it is answered here and never passed on")
    group.add("on a GET", get("Expect: 100-continue"), PING, why="without a body there is nothing to wait for")
    group.add("in capitals on a GET", get("Expect: 100-CONTINUE"), PING)
    group.add("with length zero", post("Content-Length: 0", "Expect: 100-continue"), DENIED, created(b""))
    body = b'{"Image":"none/such"}'
    group.add("with a body", sized(body, "Expect: 100-continue"), DENIED_CLOSED, "100 " + created(body),
              why="a refused client may or may not send its body: doubt")
    group.add("with a body that is a request", sized(INFO, "Expect: 100-continue"), DENIED_CLOSED,
              "100 " + created(INFO))
    group.add("with chunks", post(CHUNKED, "Expect: 100-continue", body=b"5\r\nhello\r\n0\r\n\r\n"), DENIED_CLOSED,
              "100 " + created(b"hello"))
    group.add("with chunks and a request", post(CHUNKED, "Expect: 100-continue",
                                                body=b"5\r\nhello\r\n0\r\n\r\n") + INFO, DENIED_CLOSED,
              f"100 200 403 keep | POST {CREATE} <hello>")
    group.refuse("on a GET with a body", get("Expect: 100-continue", f"Content-Length: {len(INFO)}") + INFO)
    for name, value in {"another": "200-ok", "among words": "y 100-continue", "in a list": "100-continue, x",
                        "with a parameter": "100-continue;a=b", "empty": "", "quoted": '"100-continue"', "cut short":
                        "100-continu", "longer": "100-continues", "101": "101-continue",
                        "escaped": "100%2dcontinue"}.items():
        group.add(name, get(f"Expect: {value}"), "417 close |", probes=f"Expect: {value}")
        group.add(f"{name} with a body", sized(body, f"Expect: {value}"), "417 close |", probes=f"Expect: {value}")
    group.refuse("twice", get("Expect: 100-continue", "Expect: 100-continue"))
    group.add("on 1.0", head(f"POST {CREATE} HTTP/1.0", JSON, "Expect: 100-continue",
                             f"Content-Length: {len(body)}") + body, DENIED_CLOSED, created(body, after="close"),
              why="1.0 knows no 100")
    return group


GROUPS = (forms, segments, escapes, queries, api_versions, upgrades, connections, expectations)
