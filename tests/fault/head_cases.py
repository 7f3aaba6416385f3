"""Request heads that must be refused, as data: (name, bytes, statuses that may answer it).

Every case is sent with a well-formed, granted request glued behind it, which must never be served either.
"""

MALFORMED = (400,)
NAMES_TO_BREAK = ("Content-Length", "Transfer-Encoding", "Host", "X-Any")


def get(*fields, line="GET /_ping HTTP/1.1", host="Host: here"):
    """A GET head from text lines; each becomes CRLF-ended as it stands."""
    lines = [line, *([host] if host else []), *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def post(*fields, body=b"", line="POST /containers/prune HTTP/1.1"):
    return get(*fields, line=line) + body


def chunked_post(*fields, body=b"0\r\n\r\n", line="POST /containers/prune HTTP/1.1"):
    return post(*fields, body=body, line=line)


def request_lines():
    bad = {
        "lower-case method": "get /_ping HTTP/1.1",
        "mixed-case method": "Get /_ping HTTP/1.1",
        "method that nobody knows": "FETCH /_ping HTTP/1.1",
        "method with a letter too many": "GETT /_ping HTTP/1.1",
        "method cut short": "GE /_ping HTTP/1.1",
        "webdav method": "PROPFIND /_ping HTTP/1.1",
        "upnp method": "M-SEARCH /_ping HTTP/1.1",
        "TRACE": "TRACE /_ping HTTP/1.1",
        "CONNECT to an authority": "CONNECT here:2375 HTTP/1.1",
        "CONNECT with a path": "CONNECT /_ping HTTP/1.1",
        "icecast source": "SOURCE /_ping ICE/1.0",
        "no method": " /_ping HTTP/1.1",
        "quoted method": '"GET" /_ping HTTP/1.1',
        "NUL in the method": "G\0ET /_ping HTTP/1.1",
        "two blanks before the target": "GET  /_ping HTTP/1.1",
        "two blanks before the version": "GET /_ping  HTTP/1.1",
        "blank behind the version": "GET /_ping HTTP/1.1 ",
        "tab behind the version": "GET /_ping HTTP/1.1\t",
        "tab between method and target": "GET\t/_ping HTTP/1.1",
        "tab between target and version": "GET /_ping\tHTTP/1.1",
        "form feed as a blank": "GET\f/_ping HTTP/1.1",
        "no-break space as a blank": "GET\xa0/_ping HTTP/1.1",
        "blank before the method": " GET /_ping HTTP/1.1",
        "tab before the method": "\tGET /_ping HTTP/1.1",
        "byte order mark before the method": "\xef\xbb\xbfGET /_ping HTTP/1.1",
        "four words": "GET /_ping /info HTTP/1.1",
        "no version": "GET /_ping",
        "no target": "GET HTTP/1.1",
        "only a method": "GET",
        "nothing but a blank": " ",
        "a field line in place of the request line": "Host: here",
        "version 0.9": "GET /_ping HTTP/0.9",
        "version 1.2": "GET /_ping HTTP/1.2",
        "version 1.9": "GET /_ping HTTP/1.9",
        "version 2.0": "GET /_ping HTTP/2.0",
        "version 3": "GET /_ping HTTP/3",
        "version 1.10": "GET /_ping HTTP/1.10",
        "version 1.11": "GET /_ping HTTP/1.11",
        "version 01.1": "GET /_ping HTTP/01.1",
        "version without a minor": "GET /_ping HTTP/1.",
        "version without a dot": "GET /_ping HTTP/11",
        "version with a comma": "GET /_ping HTTP/1,1",
        "version with a letter behind": "GET /_ping HTTP/1.1a",
        "lower-case protocol": "GET /_ping http/1.1",
        "protocol off by one letter": "GET /_ping HTTQ/1.1",
        "protocol without its slash": "GET /_ping HTTP*1.1",
        "protocol of another name": "GET /_ping RTSP/1.0",
        "secure protocol name": "GET /_ping HTTPS/1.1",
    }
    return [(name, get(line=line), MALFORMED) for name, line in bad.items()]


def targets():
    malformed = {
        "asterisk": "*", "asterisk and a path": "*/info", "a query alone": "?all=1", "a relative path": "_ping",
        "authority form": "here:2375", "absolute form": "http://here/_ping",
        "absolute form of HTTPS": "https://here/_ping",
        "absolute form in capitals": "HTTP://here/_ping", "absolute form of any scheme": "docker://here/info",
        "absolute form without a host": "http:///info", "absolute form with a user": "http://user:pw@here/info",
        "absolute form without a path": "http://here", "absolute form with only a query": "http://here?all=1",
        "opaque form": "mailto:info", "scheme and path": "http:/info",
        "fragment": "/_ping#top", "fragment before a query": "/_ping#?all=1",
        "fragment behind a query": "/_ping?all=1#x",
        "tab inside": "/_p\ting", "DEL inside": "/_ping\x7f", "NUL inside": "/_ping\0/info",
        "bell inside": "/_ping\x07",
        "raw UTF-8": "/containers/caf\xc3\xa9/json", "raw byte of Latin-1": "/containers/caf\xe9/json",
        "raw control of the upper half": "/_ping\x85", "escape cut short": "/containers/a%2/json",
        "escape at the very end": "/containers/a%", "escape that is not hex": "/containers/a%zz/json",
        "escape with a sign": "/containers/a%+1/json", "escaped NUL": "/_ping%00", "escaped line feed": "/_ping%0ainfo",
        "escaped CRLF and a request": "/_ping%20HTTP/1.1%0d%0a%0d%0aGET%20/info", "escaped DEL": "/_ping%7f",
        "escaped invalid UTF-8": "/containers/%ff/json", "overlong slash": "/containers%c0%afjson",
        "overlong dot": "/%c0%ae%c0%ae/info",
    }
    cases = [(f"target: {name}", get(line=f"GET {target} HTTP/1.1"), MALFORMED) for name, target in malformed.items()]
    return cases + [("OPTIONS of the whole server", get(line="OPTIONS * HTTP/1.1"), MALFORMED)]


# Well-formed targets that are not what they seem to a router; refused whatever is granted.
TWISTED_TARGETS = {
    "double slash": "//info", "double slash behind a version": "/v1.41//info",
    "host-like double slash": "//here/info",
    "dot segment": "/./info", "dot-dot segment": "/containers/../info", "dot-dot at the end": "/info/..",
    "dot at the end": "/info/.", "escaped dot-dot": "/containers/%2e%2e/info",
    "half-escaped dot-dot": "/containers/.%2E/info",
    "dot-dot behind a granted path": "/_ping/../info", "dot-dot with a parameter": "/_ping;/../info",
    "backslash": "/_ping\\info", "backslash dot-dot": "/_ping\\..\\info", "double escape": "/%2569nfo",
    "escaped slash and dot-dot": "/_ping%2f..%2finfo",
}


def line_ends():
    head = get("X-Any: 1")
    return [
        ("line feeds alone", head.replace(b"\r\n", b"\n"), MALFORMED),
        ("carriage returns alone", head.replace(b"\r\n", b"\r"), MALFORMED),
        ("line feed and carriage return changed", head.replace(b"\r\n", b"\n\r"), MALFORMED),
        ("carriage returns doubled", head.replace(b"\r\n", b"\r\r\n"), MALFORMED),
        ("line feed behind the request line", head.replace(b"\r\n", b"\n", 1), MALFORMED),
        ("line feed between fields", head.replace(b"here\r\n", b"here\n"), MALFORMED),
        ("head ended by two line feeds", head[:-4] + b"\n\n", MALFORMED),
        ("head ended by CRLF and LF", head[:-4] + b"\r\n\n", MALFORMED),
        ("head ended by LF and CRLF", head[:-4] + b"\n\r\n", MALFORMED),
        ("head ended by CRLF, CR and a letter", head[:-4] + b"\r\n\rX", MALFORMED),
        ("two line feeds hide a second request",
         b"GET /_ping HTTP/1.1\nHost: here\n\nGET /info HTTP/1.1\r\nHost: here\r\n\r\n", MALFORMED),
        ("line feed and a hidden Transfer-Encoding", get("X-Any: 1\nTransfer-Encoding: chunked"), MALFORMED),
        ("carriage return and a hidden Transfer-Encoding", get("X-Any: 1\rTransfer-Encoding: chunked"), MALFORMED),
        ("empty value, CR, a letter, then a length", get("X-Any:\rAContent-Length: 5"), MALFORMED),
        ("empty value, CR, a letter, then chunked", get("X-Any:\rATransfer-Encoding: chunked"), MALFORMED),
        ("bare CR before a value", chunked_post("Transfer-Encoding:\rchunked"), MALFORMED),
        ("bare CR behind a value", chunked_post("Transfer-Encoding: chunked\r"), MALFORMED),
        ("value folded with a blank", get("X-Any: 1", " 2"), MALFORMED),
        ("value folded with a tab", get("X-Any: 1", "\t2"), MALFORMED),
        ("fold behind the request line", get(host=" Host: here"), MALFORMED),
        ("fold behind the request line that is a framing field", get(host=" Transfer-Encoding: chunked"), MALFORMED),
        ("fold of blanks alone", get("X-Any: 1", " "), MALFORMED),
        ("fold that looks like a length", get("X-Any: 1", " Content-Length: 5"), MALFORMED),
        ("length on a continuation line", post("Content-Length:", " 5", body=b"hello"), MALFORMED),
        ("length folded in two", post("Content-Length: 5", " 0", body=b"hello"), MALFORMED),
        ("chunked on a continuation line", chunked_post("Transfer-Encoding:", " chunked"), MALFORMED),
        ("coding list over two lines", chunked_post("Transfer-Encoding: chunked", " , identity"), MALFORMED),
        ("chunked and an empty fold", chunked_post("Transfer-Encoding: chunked", "\t"), MALFORMED),
        ("folded Host", get(host="Host: here\r\n .example"), MALFORMED),
        ("close on a continuation line", get("Connection: keep-alive", " , close"), MALFORMED),
    ]


def field_names():
    cases = []
    for name in NAMES_TO_BREAK:
        value = {"Content-Length": "0", "Transfer-Encoding": "chunked"}.get(name, "here")
        host = None if name == "Host" else "Host: here"
        for what, line in {
                "blank before the colon": f"{name} : {value}", "tab before the colon": f"{name}\t: {value}",
                "blank inside": f"{name[:3]} {name[3:]}: {value}",
                "NUL inside": f"{name[:3]}\0{name[3:]}: {value}",
                "no-break space before the colon": f"{name}\xa0: {value}", "no colon": name + value}.items():
            cases.append((f"{name}: {what}", get(line, host=host), MALFORMED))
    for what, byte in {"control": "\x01", "escape": "\x1b", "DEL": "\x7f", "parenthesis": "(", "comma": ",", "at": "@",
                       "slash": "/", "bracket": "[", "question mark": "?", "equals": "=", "brace": "{", "quote": '"',
                       "semicolon": ";", "backslash": "\\", "less": "<", "greater": ">",
                       "letter of Latin-1": "\xe9"}.items():
        cases.append((f"{what} in a field name", get(f"X-A{byte}ny: 1"), MALFORMED))
    cases.append(("empty field name", get(": 1"), MALFORMED))
    cases.append(("a colon alone", get(":"), MALFORMED))
    cases.append(("a word without a colon as the last line", get("gibberish"), MALFORMED))
    cases.append(("a request line among the fields", get("GET /info HTTP/1.1"), MALFORMED))
    return cases


def field_values():
    return [(f"{what} in a value", get(f"X-Any: a{byte}b"), MALFORMED) for what, byte in {
        "NUL": "\0", "SOH": "\x01", "bell": "\x07", "backspace": "\b", "vertical tab": "\v", "form feed": "\f",
        "escape": "\x1b", "unit separator": "\x1f", "DEL": "\x7f", "bare CR": "\r", "bare LF": "\n"}.items()]


def lengths():
    values = {
        "plus sign": "+5", "minus sign": "-5", "minus zero": "-0", "hex": "0x5", "float": "5.0", "exponent": "5e0",
        "underscore": "1_0", "thousands": "1,000", "equal list": "5, 5", "differing list": "5, 6", "empty": "",
        "blanks alone": "   ", "inner blank": "5 0", "inner tab": "5\t0", "parameter": "5;a=b", "quotes": '"5"',
        "a word": "five",
        "vertical tab before": "\v5", "no-break space before": "\xa05", "NUL behind": "5\0",
        "2^63": "9223372036854775808",
        "2^64": "18446744073709551616", "2^64 and 5": "18446744073709551621", "40 digits": "1" * 40,
        "Arabic digit": "\xd9\xa5",
    }
    cases = [(f"Content-Length: {name}", post(f"Content-Length: {value}", body=b"hello"), MALFORMED)
             for name, value in values.items()]
    return cases + [
        ("two lengths, equal", post("Content-Length: 5", "Content-Length: 5", body=b"hello"), MALFORMED),
        ("two lengths, different", post("Content-Length: 5", "Content-Length: 0", body=b"hello"), MALFORMED),
        ("two lengths, zero first", post("Content-Length: 0", "Content-Length: 5", body=b"hello"), MALFORMED),
        ("two lengths, another case", post("Content-Length: 5", "content-length: 5", body=b"hello"), MALFORMED),
        ("two lengths, both empty", post("Content-Length:", "Content-Length:", body=b"hello"), MALFORMED),
        ("three lengths", post(*["Content-Length: 5"] * 3, body=b"hello"), MALFORMED),
        ("GET with a body", get("Content-Length: 5") + b"hello", MALFORMED),
        ("GET with a body that is a request", get("Content-Length: 41") + get(line="GET /info HTTP/1.1"), MALFORMED),
        ("GET with a chunked body", get("Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n", MALFORMED),
        ("HEAD with a body", get("Content-Length: 5", line="HEAD /_ping HTTP/1.1") + b"hello", MALFORMED),
        ("HEAD with a chunked body",
         get("Transfer-Encoding: chunked", line="HEAD /_ping HTTP/1.1") + b"1\r\nx\r\n0\r\n\r\n", MALFORMED),
        ("OPTIONS with a body", get("Content-Length: 5", line="OPTIONS /_ping HTTP/1.1") + b"hello", MALFORMED),
        ("GET with a length of 2^63-1", get("Content-Length: 9223372036854775807"), MALFORMED),
        ("GET with a length that wraps 32 bits", get("Content-Length: 4294967301") + b"hello", MALFORMED),
    ]


def codings():
    values = {
        "another word": "xchunked", "chunked cut short": "chunke", "identity": "identity", "gzip": "gzip", "empty": "",
        "identity, chunked": "identity, chunked", "gzip, chunked": "gzip, chunked",
        "chunked, identity": "chunked, identity",
        "chunked, gzip": "chunked, gzip", "chunked twice": "chunked, chunked", "foo between": "chunked, foo, chunked",
        "empty first": ", chunked", "empty last": "chunked,", "parameter": "chunked;q=1", "quoted": '"chunked"',
        "Kelvin sign": "chun\xe2\x84\xaaed", "no-break space behind": "chunked\xa0", "NUL behind": "chunked\0",
        "vertical tab before": "\vchunked", "vertical tab behind": "chunked\v", "a blank inside": "chun ked",
    }
    cases = [(f"Transfer-Encoding: {name}", chunked_post(f"Transfer-Encoding: {value}"), MALFORMED)
             for name, value in values.items()]
    te = "Transfer-Encoding: chunked"
    old = "POST /containers/prune HTTP/1.0"
    return cases + [
        ("length, then chunked", chunked_post("Content-Length: 5", te), MALFORMED),
        ("chunked, then length", chunked_post(te, "Content-Length: 5"), MALFORMED),
        ("chunked and length 0", chunked_post(te, "Content-Length: 0"), MALFORMED),
        ("chunked and an empty length", chunked_post(te, "Content-Length:"), MALFORMED),
        ("identity and a length", post("Transfer-Encoding: identity", "Content-Length: 5", body=b"hello"), MALFORMED),
        ("prune with a length and a chunked create behind",
         post("Content-Length: 5", te, body=b"0\r\n\r\n" + post(line="POST /containers/create HTTP/1.1")), MALFORMED),
        ("chunked twice in two fields", chunked_post(te, te), MALFORMED),
        ("chunked, then identity, in two fields", chunked_post(te, "Transfer-Encoding: identity"), MALFORMED),
        ("identity, then chunked, in two fields", chunked_post("Transfer-Encoding: identity", te), MALFORMED),
        ("chunked and an empty coding field", chunked_post(te, "Transfer-Encoding:"), MALFORMED),
        ("chunked on 1.0", chunked_post(te, line=old), MALFORMED),
        ("chunked on 1.0 with keep-alive", chunked_post("Connection: keep-alive", te, line=old), MALFORMED),
        ("chunked and a length on 1.0", chunked_post(te, "Content-Length: 5", line=old), MALFORMED),
        ("chunked on 1.0, its size line a request line",
         get("Connection: keep-alive", te, line="GET /_ping HTTP/1.0")
         + b"FF /x HTTP/1.1\r\n\r\n" + b"y" * 255, MALFORMED),
    ]


def other_fields():
    return [
        ("no Host", get(host=None), MALFORMED),
        ("two Hosts", get("Host: there"), MALFORMED),
        ("two equal Hosts", get("Host: here"), MALFORMED),
        ("two Hosts, one empty", get("Host:"), MALFORMED),
        ("two Hosts in another case", get("HOST: there"), MALFORMED),
        ("Connection nominates Host", get("Connection: Host"), MALFORMED),
        ("Connection nominates Host among others", get("Connection: keep-alive, host"), MALFORMED),
        ("Connection nominates Transfer-Encoding",
         chunked_post("Transfer-Encoding: chunked", "Connection: transfer-encoding"), MALFORMED),
        ("Connection nominates Content-Length",
         post("Content-Length: 5", "Connection: close, Content-Length", body=b"hello"), MALFORMED),
        ("Connection nominates Content-Length in a second field",
         post("Content-Length: 5", "Connection: close", "Connection: content-length", body=b"hello"), MALFORMED),
        ("two content types", post("Content-Length: 2", "Content-Type: application/json", "Content-Type: text/plain",
                                   body=b"{}"), MALFORMED),
        ("an expectation that nobody knows", post("Content-Length: 5", "Expect: 200-ok", body=b"hello"), (417,)),
        ("100-continue among other words", post("Content-Length: 5", "Expect: y 100-continue", body=b"hello"), (417,)),
        ("100-continue in a list", post("Content-Length: 5", "Expect: 100-continue, x", body=b"hello"), (417,)),
        ("100-continue with a parameter", post("Content-Length: 5", "Expect: 100-continue;a=b", body=b"hello"), (417,)),
        ("two expectations", post("Content-Length: 5", "Expect: 100-continue", "Expect: x", body=b"hello"), (400, 417)),
    ]


def other_protocols():
    return [
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", MALFORMED),
        ("HTTP/2 preface and SETTINGS", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", MALFORMED),
        ("PRI as an ordinary method", get(line="PRI /_ping HTTP/1.1"), MALFORMED),
        ("TLS hello", bytes.fromhex("16030100c8010000c40303") + bytes(range(32)) + b"\r\n\r\n", MALFORMED),
        ("TLS hello of SSL 2", bytes.fromhex("802e0100020015000000103030303030303030"), MALFORMED),
        ("SOCKS greeting", b"\x05\x01\x00", MALFORMED),
        ("PROXY protocol line", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + get(), MALFORMED),
        ("PROXY protocol in binary", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12) + get(), MALFORMED),
        ("SSH banner", b"SSH-2.0-OpenSSH_9.2\r\n", MALFORMED),
        ("simple request of 0.9", b"GET /_ping\r\n", MALFORMED),
        ("an answer in place of a request", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", MALFORMED),
        ("JSON", b'{"Image":"box"}\r\n\r\n', MALFORMED),
        ("zeros", bytes(64), MALFORMED),
        ("bytes of the upper half", bytes(range(128, 256)), MALFORMED),
    ]


def everything():
    return (request_lines() + targets() + line_ends() + field_names() + field_values() + lengths() + codings()
            + other_fields() + other_protocols())


# Sent in two parts, cut at every offset.
CUT_EVERYWHERE = (
    "two blanks before the target", "no version", "version 1.2", "target: absolute form",
    "target: escaped CRLF and a request",
    "head ended by CRLF and LF", "head ended by CRLF, CR and a letter", "line feed and a hidden Transfer-Encoding",
    "empty value, CR, a letter, then chunked", "value folded with a blank", "chunked on a continuation line",
    "Transfer-Encoding: blank before the colon", "Content-Length: NUL inside", "bare CR in a value",
    "Content-Length: 2^64 and 5", "two lengths, equal", "GET with a body", "Transfer-Encoding: gzip, chunked",
    "chunked, then length", "chunked on 1.0", "two Hosts", "Connection nominates Transfer-Encoding", "HTTP/2 preface",
    "TLS hello", "100-continue among other words",
)
