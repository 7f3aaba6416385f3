"""What a head may hold: lines, names, values, the request line, versions, methods, hosts, sizes; other protocols."""

from stream_case import CHUNKED, CREATE, DENIED, JSON, PING, REFUSED, Group, get, head

INFO = get(target="/info")


def line_ends():
    group = Group("line-end", "lines end with CRLF; a scanner that takes less sees another message")
    data = get("X-Any: 1")
    for name, bad in {
            "LF alone": data.replace(b"\r\n", b"\n"), "CR alone": data.replace(b"\r\n", b"\r"),
            "LF CR": data.replace(b"\r\n", b"\n\r"), "CR CR LF": data.replace(b"\r\n", b"\r\r\n"),
            "LF behind the request line": data.replace(b"\r\n", b"\n", 1),
            "CR behind the request line": data.replace(b"\r\n", b"\r", 1),
            "LF between fields": data.replace(b"docker\r\n", b"docker\n"),
            "CR between fields": data.replace(b"docker\r\n", b"docker\r"),
            "CR CR LF between fields": data.replace(b"docker\r\n", b"docker\r\r\n"),
            "CR and a letter between fields": data.replace(b"docker\r\n", b"docker\rX"),
            "end of LF LF": data[:-4] + b"\n\n", "end of CRLF LF": data[:-2] + b"\n",
            "end of LF CRLF": data[:-4] + b"\n\r\n",
            "end of CR CR": data[:-4] + b"\r\r", "end of CRLF CR and a letter": data[:-2] + b"\rX",
            "end of CRLF CR CR": data[:-2] + b"\r\r",
            "end of CR LF CR LF by vertical tabs": data[:-4] + b"\x0b\x0b",
            "end of next lines": data[:-4] + b"\x85\x85",
            "LF LF hides a request": b"GET /_ping HTTP/1.1\nHost: docker\n\n" + INFO,
            "LF LF within fields": get("X: 1\n")[:-4] + b"\n" + INFO,
            "CR within a value": get("X-Any: a\rb"), "CR behind an empty value": get("X-Any:\r"),
            "LF within a value": get("X-Any: a\nb"),
            "CR first in a line": get("\rX-Any: 1"), "LF first in a line": get("\nX-Any: 1"),
            "empty value, CR, a letter and a field": get("X-Any:\rAX-Other: 1"),
            "fold by a blank": get("X-Any: 1", " 2"), "fold by a tab": get("X-Any: 1", "\t2"),
            "fold of a blank alone": get("X-Any: 1", " "),
            "fold of tabs alone": get("X-Any: 1", "\t\t"), "fold of the request line": head("GET /_ping HTTP/1.1",
                " Host: docker", host=None),
            "fold of the request line by a tab": head("GET /_ping HTTP/1.1", "\tHost: docker", host=None),
            "fold that looks like a field": get("X-Any: 1", " Content-Length: 5"), "fold of Host": get(" .evil"),
            "fold of Connection": get("Connection: keep-alive", " , close"),
            "fold of the target": b"GET /_ping\r\n /x HTTP/1.1\r\nHost: d\r\n\r\n",
            "fold of an empty value": get("X-Any:", " 1"), "fold of a name": get("X-An", " y: 1")}.items():
        group.refuse(name, bad)
    return group


def names():
    group = Group("name", "a field name is a token with the colon right behind it")
    for name, byte in {"blank": " ", "tab": "\t", "NUL": "\0", "control": "\x01", "escape": "\x1b", "DEL": "\x7f",
                       "parenthesis": "(",
                       "closing parenthesis": ")", "comma": ",", "slash": "/", "semicolon": ";", "less": "<",
                       "equals": "=", "greater": ">",
                       "question mark": "?", "at": "@", "bracket": "[", "backslash": "\\", "closing bracket": "]",
                       "brace": "{",
                       "closing brace": "}", "quote": '"', "no-break space": "\xa0", "e acute": "\xe9",
                       "high control": "\x85",
                       "last byte": "\xff"}.items():
        group.refuse(f"with {name}", get(f"X-A{byte}ny: 1"))
        group.refuse(f"ends with {name}", get(f"X-Any{byte}: 1"))
    for name, line in {"empty": ": 1", "colon alone": ":", "no colon": "X-Any", "a word": "gibberish",
                       "request line": "GET /info HTTP/1.1",
                       "status line": "HTTP/1.1 200 OK", "blank before": " X-Any: 1",
                       "Host with a blank": "Host : evil"}.items():
        group.refuse(name, get(line))
    return group


def values():
    group = Group("value", "controls in a value end lines or strings elsewhere, or forge log lines")
    for byte in [*range(0, 9), *range(10, 32), 127]:
        group.refuse(f"with byte {byte:02x}", get(f"X-Any: a{chr(byte)}b"))
    for byte in (0, 11, 12, 13, 27, 127):
        group.refuse(f"is byte {byte:02x}", get(f"X-Any:{chr(byte)}"))
    return group


def leading():
    group = Group("lead", "a request begins with its method; parsers skip different things before it")
    for name, junk in {"CRLF": b"\r\n", "two CRLF": b"\r\n\r\n", "LF": b"\n", "LF LF": b"\n\n", "CR": b"\r",
                       "blank": b" ", "tab": b"\t",
                       "blanks": b"    ", "NUL": b"\0", "byte order mark": b"\xef\xbb\xbf", "vertical tab": b"\x0b",
                       "form feed": b"\x0c",
                       "DEL": b"\x7f", "no-break space": b"\xa0", "CRLF and a blank": b"\r\n ", "field": b"X: 1\r\n",
                       "body": b"hello",
                       "chunk": b"5\r\nhello\r\n", "last chunk": b"0\r\n\r\n",
                       "answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                       "100 CRLF": b"\r\n" * 100, "colon": b":", "slash": b"/", "hash": b"#\r\n"}.items():
        group.refuse(name, junk + get())
    return group


def sizes():
    group = Group("size", "limits are settings, reached at the byte")
    too_large = "431 close |"
    group.add("value of 70 KB", get("X-Any: " + "a" * 70_000), too_large)
    group.add("value of 300 KB", get("X-Any: " + "a" * 300_000), too_large)
    group.add("name of 70 KB", get("X" * 70_000 + ": 1"), too_large)
    group.add("129 fields", get(*[f"X-{n}: 1" for n in range(128)]), too_large)
    group.add("128 fields", get(*[f"X-{n}: 1" for n in range(127)]), PING)
    group.add("2000 fields", get(*["X: 1"] * 2000), too_large)
    group.add("values of 70 KB together", get(*[f"X-{n}: {'a' * 1000}" for n in range(70)]), too_large)
    group.add("target of 17 KB", get(target="/_ping?" + "a" * 17_000), "414 close |")
    group.add("target of 16 KB", get(target="/_ping?" + "a" * 16_300), "200 keep | GET /_ping?" + "a" * 16_300)
    group.add("target of 70 KB", get(target="/_ping?" + "a" * 70_000), "414 close |")
    group.add("target of 64 KiB and 6", get(target="/_ping" + "/" * 65_536), "414 close |",
              why="its length is that of /_ping in 16 bits")
    group.add("target of 64 KiB and 6 denied", get(target="/info?" + "x" * 65_536), "414 close |")
    group.refuse("method of 5000 letters", head("A" * 5000 + " /_ping HTTP/1.1"))
    group.refuse("method of 17 letters", head("A" * 17 + " /_ping HTTP/1.1"))
    group.refuse("version of 5000 letters", head("GET /_ping " + "H" * 5000))
    return group


def versions():
    group = Group("protocol", "HTTP/1.0 and HTTP/1.1 and nothing that resembles them")
    for name, version in {"1.2": "HTTP/1.2", "1.9": "HTTP/1.9", "1.01": "HTTP/1.01", "1.10": "HTTP/1.10",
                          "1.11": "HTTP/1.11",
                          "01.1": "HTTP/01.1", "11.1": "HTTP/11.1", "0.9": "HTTP/0.9", "0.0": "HTTP/0.0",
                          "2.0": "HTTP/2.0", "2": "HTTP/2",
                          "3.0": "HTTP/3.0", "9.9": "HTTP/9.9", "1": "HTTP/1", "1 and a dot": "HTTP/1.",
                          "dot 1": "HTTP/.1",
                          "minus": "HTTP/1.-1", "plus": "HTTP/+1.1", "hex": "HTTP/1.x", "comma": "HTTP/1,1",
                          "two dots": "HTTP/1..1",
                          "three numbers": "HTTP/1.1.1", "2 to the 32nd": "HTTP/4294967297.1", "lower case": "http/1.1",
                          "Http": "Http/1.1",
                          "HTTQ": "HTTQ/1.1", "HXYZ": "HXYZ/1.1", "HTTPS": "HTTPS/1.1",
                          "HTTP without a slash": "HTTP1.1",
                          "backslash": "HTTP\\1.1", "ICE": "ICE/1.0", "RTSP": "RTSP/1.0", "SHTTP": "S-HTTP/1.1",
                          "word": "hello",
                          "number": "1.1", "tab behind": "HTTP/1.1\t", "blank behind": "HTTP/1.1 ",
                          "letter behind": "HTTP/1.1x",
                          "blank within": "HTTP/ 1.1", "blank before the dot": "HTTP/1 .1", "tab before": "\tHTTP/1.1",
                          "NUL behind": "HTTP/1.1\0",
                          "high byte behind": "HTTP/1.1\xa0", "CR behind": "HTTP/1.1\r",
                          "fullwidth": "HTTP/\xef\xbc\x91.1"}.items():
        group.refuse(name, head(f"GET /_ping {version}", "Host: docker", host=None))
    group.refuse("none", b"GET /_ping\r\n")
    group.refuse("none with fields", head("GET /_ping"))
    group.refuse("none with a blank", head("GET /_ping "))
    group.refuse("none with LF", b"GET /_ping\n")
    group.refuse("none and a request", b"GET /_ping\r\n" + INFO)
    group.refuse("SOURCE of ICE", head("SOURCE /_ping ICE/1.0"))
    return group


def request_lines():
    group = Group("line", "METHOD, one space, target, one space, version")
    for name, line in {
            "two blanks before the target": "GET  /_ping HTTP/1.1",
            "two blanks before the version": "GET /_ping  HTTP/1.1",
            "tab before the target": "GET\t/_ping HTTP/1.1", "tab before the version": "GET /_ping\tHTTP/1.1",
            "tabs": "GET\t/_ping\tHTTP/1.1",
            "blank and tab": "GET \t/_ping HTTP/1.1", "vertical tab": "GET\v/_ping HTTP/1.1",
            "form feed": "GET\f/_ping HTTP/1.1",
            "no-break space": "GET\xa0/_ping HTTP/1.1", "CR for a blank": "GET\r/_ping HTTP/1.1",
            "NUL for a blank": "GET\0/_ping HTTP/1.1",
            "blank at the end": "GET /_ping HTTP/1.1 ", "fourth word": "GET /_ping /info HTTP/1.1",
            "five words": "GET /_ping x y HTTP/1.1",
            "blank in the target": "GET /_p ing HTTP/1.1", "no blank before the target": "GET/_ping HTTP/1.1",
            "no blank before the version": "GET /_pingHTTP/1.1", "no target": "GET HTTP/1.1",
            "no target, two blanks": "GET  HTTP/1.1",
            "no method": "/_ping HTTP/1.1", "no method but a blank": " /_ping HTTP/1.1", "method alone": "GET",
            "two requests in one":
            "GET /_ping HTTP/1.1 GET /info HTTP/1.1", "turned around": "HTTP/1.1 /_ping GET",
            "comma": "GET,/_ping,HTTP/1.1",
            "quotes": 'GET "/_ping" HTTP/1.1', "colon": "GET: /_ping HTTP/1.1",
            "field": "GET /_ping: HTTP/1.1 x"}.items():
        group.refuse(name, head(line))
    return group


def methods():
    group = Group("method", "seven methods, letter for letter; no engine has a use for others")
    for method in ("get", "Get", "gET", "GETX", "XGET", "GE", "GET\0", "G\0ET", "GET\x01", "GET,POST", "(GET)", "GET/",
                   "G T", "FOO", "PURGE",
                   "M-SEARCH", "TRACE", "CONNECT", "PRI", "SOURCE", "PROPFIND", "COPY", "LINK", "QUERY", "SEARCH",
                   "DEBUG", "BREW", "LOCK",
                   "MKCOL", "REPORT", "SUBSCRIBE", "ACL", "BIND", "post", "Delete", "OPTIONS*", "HTTP", "1", "-",
                   "\xc7ET", "G\xc9T", "GET:", "$GET",
                   "HEAD\t"):
        name = "".join(letter if letter.isalnum() or letter in "-_" else f"x{ord(letter):02x}" for letter in method)
        if method in ("get", "Get", "gET", "post"):
            name = {"get": "lower get", "Get": "title Get", "gET": "mixed gET", "post": "lower post"}[method]
        group.refuse(name, head(f"{method} /_ping HTTP/1.1"))
    group.refuse("CONNECT of an authority", head("CONNECT docker:2375 HTTP/1.1") + INFO)
    group.refuse("CONNECT with a length", head("CONNECT /_ping HTTP/1.1", f"Content-Length: {len(INFO)}") + INFO)
    group.refuse("CONNECT without Host", head("CONNECT docker:2375 HTTP/1.1", host=None))
    group.refuse("TRACE with Max-Forwards", head("TRACE / HTTP/1.1", "Max-Forwards: 0"))
    return group


def hosts():
    group = Group("host", "one Host on 1.1; its value is never passed on")
    for name, lines in {"missing": (), "twice": ("Host: docker", "Host: evil"), "twice equal": ("Host: docker",
        "Host: docker"),
                        "twice in two cases": ("Host: docker", "HOST: docker"), "twice one empty": ("Host: docker",
                            "Host:"),
                        "three": ("Host: a",) * 3, "with a blank": ("Host: a b",), "with a tab": ("Host: a\tb",),
                        "with a high byte": ("Host: \xe9",), "with NUL": ("Host: a\0",), "folded": ("Host: docker",
                            " .evil"),
                        "folded from empty": ("Host:", " docker"), "blank before the colon": ("Host : docker",),
                        "with a CR": ("Host: a\rb",),
                        "nominated": ("Host: docker", "Connection: host"), "nominated among others": ("Host: docker",
                            "Connection: x, Host, y")
                        }.items():
        group.refuse(name, head("GET /_ping HTTP/1.1", *lines, host=None))
    for name, host in {"empty": "", "address": "127.0.0.1:2375", "IPv6": "[::1]:2375",
                       "escaped path": "%2Frun%2Fdocker.sock", "path": "/run/docker.sock",
                       "user": "user@docker", "bad port": "docker:99999999", "two colons": "docker:1:2", "comma": "a,b",
                       "another": "evil.example",
                       "quotes": '"docker"', "URL": "http://docker/", "semicolon": "a;b", "hash": "a#b",
                       "long": "a" * 4000, "hyphen": "-",
                       "underscore": "a_b", "star": "*", "brackets": "[x]"}.items():
        group.add(name, get(host=host), PING, why="whatever it says, the engine gets our own")
    group.add("missing on 1.0", get(version="HTTP/1.0", host=None, *()), "200 close | GET /_ping")
    group.refuse("twice on 1.0", head("GET /_ping HTTP/1.0", "Host: a", "Host: b", host=None))
    return group


def other_protocols():
    group = Group("other", "what is no HTTP/1 is told so at its first byte that can't be")
    for name, data in {
            "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "HTTP/2 preface and SETTINGS": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
            "HTTP/2 preface on 1.1": b"PRI * HTTP/1.1\r\nHost: x\r\n\r\nSM\r\n\r\n",
            "HTTP/2 preface with a path": b"PRI /_ping HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "TLS hello": b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(range(32)),
            "SSL 2 hello": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
            "SOCKS 5": b"\x05\x01\x00", "SOCKS 4": b"\x04\x01\x09\x47\x7f\x00\x00\x01\x00",
            "PROXY": b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + get(),
            "PROXY 2": b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12) + get(), "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
            "SMTP": b"EHLO localhost\r\n",
            "Redis": b"*1\r\n$4\r\nPING\r\n", "FTP": b"USER anonymous\r\n",
            "answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "JSON": b'{"Image":"x"}\r\n\r\n', "ndjson": b'{"Image":"x"}\n', "zeros": bytes(64),
            "high bytes": bytes(range(128, 256)), "websocket frame":
            b"\x81\x85\0\0\0\0hello", "gRPC frame": b"\0\0\0\0\x05hello",
            "RTSP": b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\n\r\n", "SIP":
            b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
            "FastCGI": b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00",
            "multiplexed frame": b"\x01\0\0\0\0\0\0\x05hello", "a single NUL": b"\0", "a single CR": b"\r",
            "a single LF": b"\n", "UTF-16":
            get().decode().encode("utf-16-le"), "EBCDIC": get().decode().encode("cp037"),
            "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03"}.items():
        group.refuse(name, data)
    return group


GROUPS = (line_ends, names, values, leading, sizes, versions, request_lines, methods, hosts, other_protocols)
