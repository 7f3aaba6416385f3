"""Ordinary requests, several on one connection, and bodies of refused ones."""

from stream_case import (CHUNKED, CREATE, DENIED, DENIED_CLOSED, DENIED_ENDS, JSON, PING, PING_CLOSED, REFUSED, Group,
                         created, chunked,
                         get, head, post, sized)

INFO = get(target="/info")
VERSION = get(target="/version")


def plain():
    group = Group("plain", "what is granted must work, in every legal form")
    for name, data in {
            "ping": get(), "no space behind the colon": head("GET /_ping HTTP/1.1", "Host:docker", host=None),
            "fields of the docker client": get("User-Agent: Docker-Client/28.2 (linux)", "Accept: */*",
                                               "Accept-Encoding: gzip"),
            "lower-case field names": b"GET /_ping HTTP/1.1\r\nhost: docker\r\nuser-agent: curl\r\n\r\n",
            "upper-case field names": b"GET /_ping HTTP/1.1\r\nHOST: docker\r\nUSER-AGENT: X\r\n\r\n",
            "keep-alive": get("Connection: keep-alive"), "keep-alive in capitals": get("Connection: KEEP-ALIVE"),
            "length zero": get("Content-Length: 0"), "empty value": get("X-Any:"),
            "tab within a value": get("X-Any: a\tb"), "blanks around a value": get("X-Any: \t  a  \t"),
            "Latin-1 in a value": get("X-Any: \xe9\xff\x80"), "UTF-8 in a value": get("X-Any: \xc3\xa9"),
            "all token bytes in a name": get("!#$%&'*+-.^_`|~09aZ: 1"), "digit first in a name": get("1: 1"),
            "colons in a value": get("X-Any: a:b: c"), "100 fields": get(*[f"X-{n}: {n}" for n in range(100)]),
            "a value of 8 KB": get("X-Any: " + "a" * 8192), "same unknown field twice": get("X-Any: 1", "X-Any: 2"),
            "cookies": get("Cookie: a=b; c=d"), "authorization": get("Authorization: Basic YTpi"),
            "range": get("Range: bytes=0-1"), "cache validators": get("If-None-Match: *"),
            "forwarded for": get("X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "Via: 1.1 x"),
            "method override fields": get("X-HTTP-Method-Override: POST", "X-HTTP-Method: DELETE",
                                          "X-Method-Override: PUT"),
            "target override fields": get("X-Original-URL: /info", "X-Rewrite-URL: /info"),
            "keep-alive parameters": get("Keep-Alive: timeout=5, max=100"), "TE": get("TE: trailers"),
            "trailer announced": get("Trailer: Content-Length"),
            "proxy credentials": get("Proxy-Authorization: Basic YTpi")}.items():
        group.add(name, data, PING)
    group.add("version", VERSION, "200 keep | GET /version")
    group.add("ping of 1.41", get(target="/v1.41/_ping"), "200 keep | GET /v1.41/_ping")
    group.add("version of 1.24", get(target="/v1.24/version"), "200 keep | GET /v1.24/version")
    group.add("close", get("Connection: close"), PING_CLOSED)
    group.add("close in capitals", get("Connection: CLOSE"), PING_CLOSED)
    group.add("HTTP 1.0", get(version="HTTP/1.0", host=None), PING_CLOSED, why="1.0 needs no Host and ends by itself")
    group.add("HTTP 1.0 with Host", get(version="HTTP/1.0"), PING_CLOSED)
    group.add("HTTP 1.0 kept", get("Connection: keep-alive", version="HTTP/1.0"), PING)
    group.add("HEAD ping", get(method="HEAD"), "200 keep | HEAD /_ping", why="a grant to GET lets HEAD through")
    group.add("HEAD version", get(method="HEAD", target="/version"), "200 keep | HEAD /version",
              why="a grant to GET lets HEAD through")
    return group


def denied():
    group = Group("denied", "well formed and not granted: told so, and the connection goes on")
    for target in ("/info", "/", "/events", "/secrets", "/v1.41/info", "/swarm/unlockkey", "/nothing", "/_pin",
                   "/_pingx",
                   "/versions", "/v1.41/versio", "/system/df"):
        group.add("GET " + target.replace("/", "_"), get(target=target), DENIED)
    for target in ("/containers/json", "/images/json", "/containers/x/export", "/images/x/get",
                   "/containers/x/archive"):
        group.add("GET " + target.replace("/", "_"), get(target=target), DENIED, f"200 keep | GET {target}",
                  why="granted by CONTAINERS and IMAGES only")
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        group.add(f"{method} ping", get(method=method), DENIED, f"200 keep | {method} /_ping",
                  why="POST=0 stops every method but GET and HEAD; with POST=1 a section is granted for all")
        group.add(f"{method} info", get(method=method, target="/info"), DENIED)
    group.add("OPTIONS ping", get(method="OPTIONS"), DENIED, "200 keep | OPTIONS /_ping")
    group.add("HEAD info", get(method="HEAD", target="/info"), DENIED)
    group.add("create", sized(b'{"Image":"none/such"}'), DENIED, created(b'{"Image":"none/such"}'))
    group.add("create without a body", post(), DENIED, created(b""))
    group.add("create with length zero", post("Content-Length: 0"), DENIED, created(b""))
    group.add("delete", get(method="DELETE", target="/containers/x"), DENIED, "200 keep | DELETE /containers/x")
    group.add("exec", sized(b'{"Cmd":["id"]}', target="/exec/x/start"), DENIED)
    group.add("session", get("Connection: Upgrade", "Upgrade: h2c", method="POST", target="/session"), DENIED_ENDS,
              why="BuildKit's tunnels need their own grants")
    group.add("grpc", get("Connection: Upgrade", "Upgrade: h2c", method="POST", target="/grpc"), DENIED_ENDS)
    return group


def pipelines():
    group = Group("pipeline", "each request of a connection is judged by itself, and answered in order")
    ping, close = get(), get("Connection: close")
    group.add("two", ping * 2, "200 200 keep | GET /_ping; GET /_ping")
    group.add("three kinds", ping + VERSION + get(target="/v1.41/_ping"),
              "200 200 200 keep | GET /_ping; GET /version; GET /v1.41/_ping")
    group.add("twenty", ping * 20, "200 " * 20 + "keep | " + "; ".join(["GET /_ping"] * 20))
    group.add("granted then denied", ping + INFO, "200 403 keep | GET /_ping")
    group.add("denied then granted", INFO + ping, "403 200 keep | GET /_ping")
    group.add("denied between granted", ping + INFO + VERSION, "200 403 200 keep | GET /_ping; GET /version")
    group.add("denied twice", INFO * 2, "403 403 keep |")
    group.add("granted then malformed", ping + b"GET /_ping HTTP/1.1\n\n", "200 400 close | GET /_ping")
    group.add("malformed then granted", b"GET /_ping HTTP/1.1\n\n" + ping, REFUSED)
    group.add("behind close", close + ping, PING_CLOSED,
              why="nothing is read behind a request that ends the connection")
    group.add("denied behind close", close + INFO, PING_CLOSED)
    group.add("behind 1.0", get(version="HTTP/1.0") + ping, PING_CLOSED)
    group.add("behind 1.0 kept", get("Connection: keep-alive", version="HTTP/1.0") + ping,
              "200 200 keep | GET /_ping; GET /_ping")
    group.add("denied with close then granted", get("Connection: close", target="/info") + ping, DENIED_CLOSED)
    group.add("1.1 behind close behind 1.1", ping + close + INFO, "200 200 close | GET /_ping; GET /_ping")
    group.add("HEAD then GET", get(method="HEAD") + ping, "200 200 keep | HEAD /_ping; GET /_ping",
              why="the answer to HEAD has no body, whatever its length says")
    group.add("denied HEAD then GET", get(method="HEAD", target="/info") + ping, "403 200 keep | GET /_ping")
    group.add("preface behind a ping", ping + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "200 400 close | GET /_ping",
              why="HTTP/2 by prior knowledge is an unfiltered API on newer engines")
    group.add("TLS behind a ping", ping + b"\x16\x03\x01\x00\x05hello", "200 400 close | GET /_ping")
    group.add("CONNECT behind a ping", ping + b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
              "200 400 close | GET /_ping")
    for name, junk in {"CRLF": b"\r\n", "two CRLF": b"\r\n\r\n", "LF": b"\n", "CR": b"\r", "blank": b" ", "NUL": b"\0",
                       "tab": b"\t"}.items():
        group.add(f"{name} between", ping + junk + ping, "200 400 close | GET /_ping",
                  why="parsers skip different things between requests; nothing is skipped here")
    group.add("post then ping", sized(b"hello") + ping, "403 200 keep | GET /_ping",
              f"200 200 keep | POST {CREATE} <hello>; GET /_ping")
    group.add("post chunked then ping", chunked(b"5\r\nhello\r\n0\r\n\r\n") + ping, DENIED_CLOSED,
              f"200 200 keep | POST {CREATE} <hello>; GET /_ping")
    group.add("post then CRLF then ping", sized(b"hello") + b"\r\n" + ping, "403 400 close |",
              f"200 400 close | POST {CREATE} <hello>",
              why="Go's server skips CRLF behind a POST; nothing is skipped here")
    group.add("two posts", sized(b"a") + sized(b"b"), "403 403 keep |", created(b"a", b"b"))
    group.add("two posts of both framings", chunked(b"1\r\na\r\n0\r\n\r\n") + sized(b"b"), DENIED_CLOSED, created(b"a",
        b"b"))
    return group


def bodies():
    group = Group("body", "the body of a refused request is thrown away or ends the connection; it is never a request")
    ping = get()
    group.add("is a request", sized(ping), DENIED, created(ping))
    group.add("is two requests", sized(ping * 2), DENIED, created(ping * 2))
    group.add("is a denied request", sized(INFO), DENIED, created(INFO))
    group.add("ends within a request", sized(ping[:20]) + ping[20:], "403 400 close |",
              f"200 400 close | POST {CREATE} <{ping[:20].decode('unicode_escape').encode('unicode_escape').decode()}>",
              why="what follows the announced length is a request of its own, and this is none")
    group.add("chunked and a request", chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(ping), ping)), DENIED_CLOSED,
              created(ping))
    group.add("of 64 KiB", sized(b"a" * 65536), DENIED, created(b"a" * 65536))
    group.add("of 64 KiB and one", sized(b"a" * 65537), DENIED_CLOSED, created(b"a" * 65537))
    for method in ("GET", "HEAD", "OPTIONS"):
        read = REFUSED if method != "OPTIONS" else None
        words = {"why": "servers differ in whether such a body exists; it is refused"}
        for name, data in {
                "length": get("Content-Length: 5", method=method) + b"hello",
                "a request": get(f"Content-Length: {len(INFO)}", method=method) + INFO,
                "chunks": get(CHUNKED, method=method) + b"5\r\nhello\r\n0\r\n\r\n",
                "no chunk": get(CHUNKED, method=method) + b"0\r\n\r\n",
                "length, 1.0": get("Content-Length: 5", method=method, version="HTTP/1.0") + b"hello",
                "JSON": get("Content-Length: 2", JSON, method=method) + b"{}"}.items():
            if read:
                group.refuse(f"{method} with {name}", data, **words)
            else:
                closes = "chunk" in name or "1.0" in name
                group.add(f"{method} with {name}", data, DENIED_CLOSED if closes else DENIED, REFUSED, **words)
    group.add("behind GET without a length", get() + b"hello", "200 400 close | GET /_ping")
    group.add("JSON behind GET without a length", get(JSON) + b'{"a":1}', "200 400 close | GET /_ping")
    group.add("JSON with CRLF behind GET", get(JSON) + b'{"a":1}\r\n\r\n', "200 400 close | GET /_ping")
    group.add("request behind POST without a length", post() + ping, "403 200 keep | GET /_ping",
              f"200 200 keep | POST {CREATE}; GET /_ping")
    delete = head("DELETE /containers/x HTTP/1.1", "Content-Length: 5") + b"hello"
    group.add("DELETE with length", delete, DENIED, "200 keep | DELETE /containers/x <hello>")
    group.add("DELETE with chunks", head("DELETE /containers/x HTTP/1.1", CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n",
              DENIED_CLOSED,
              "200 keep | DELETE /containers/x <hello>")
    return group


def forms():
    group = Group("form", "a form's values would override or add to the judged query")
    for name, kind in {
            "urlencoded": "application/x-www-form-urlencoded",
            "urlencoded in capitals": "APPLICATION/X-WWW-FORM-URLENCODED",
            "urlencoded with a charset": "application/x-www-form-urlencoded; charset=utf-8",
            "urlencoded with blanks": "  application/x-www-form-urlencoded \t;a=b",
            "multipart": "multipart/form-data; boundary=a",
            "multipart mixed": "multipart/mixed; boundary=a",
            "multipart in capitals": "Multipart/Form-Data; boundary=a",
            "type with a dotted I": "multi\xc4\xb0part/form-data", "grpc": "application/grpc",
            "grpc with a suffix": "application/grpc+proto"}.items():
        body = b"name=evil"
        data = head("POST /containers/create?name=good HTTP/1.1", f"Content-Type: {kind}",
                    f"Content-Length: {len(body)}") + body
        group.add(name, data, DENIED, REFUSED)
        group.add(f"{name} chunked", head("POST /containers/create?name=good HTTP/1.1", f"Content-Type: {kind}",
                                          CHUNKED)
                  + b"9\r\nname=evil\r\n0\r\n\r\n", DENIED_CLOSED, REFUSED)
        group.refuse(f"{name} on GET", get(f"Content-Type: {kind}", f"Content-Length: {len(body)}") + body)
    group.add("urlencoded without a body", head("POST /containers/create HTTP/1.1",
                                                "Content-Type: application/x-www-form-urlencoded", "Content-Length: 0"),
              DENIED, created(b""), why="curl -d '' sends it so; there are no values")
    group.add("two types", head("POST /containers/create HTTP/1.1", JSON, "Content-Type: multipart/form-data",
                                "Content-Length: 2") + b"{}", REFUSED)
    group.add("two documents", sized(b'{"Image":"none/such"}{"Image":"none/evil"}'), DENIED,
              created(b'{"Image":"none/such"}{"Image":"none/evil"}'),
              why="bodies are not judged yet: passed on byte-true")
    group.add("duplicate keys", sized(b'{"Image":"none/a","Image":"none/b"}'), DENIED,
              created(b'{"Image":"none/a","Image":"none/b"}'), why="bodies are not judged yet: passed on byte-true")
    return group


GROUPS = (plain, denied, pipelines, bodies, forms)
