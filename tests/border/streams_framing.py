"""Where the body ends: Content-Length, Transfer-Encoding, chunks, streams that are cut off."""

from stream_case import (CHUNKED, CREATE, DENIED, DENIED_CLOSED, JSON, PING, REFUSED, Group, chunked, created, cut, get,
                         head,
                         post, quote, sized)

PLAIN_GET = get()
INFO = get(target="/info")


def lengths():
    group = Group("length", "a length is 1 to 18 digits, once; everything else is read in different ways")
    bad = {"plus": "+5", "minus": "-5", "minus zero": "-0", "plus zero": "+0", "hex": "0x5", "hex digit": "A",
           "octal": "0o5",
           "underscore": "1_0", "float": "5.0", "point": "5.", "exponent": "5e0", "equal list": "5, 5",
           "equal list tight": "5,5",
           "other list": "5, 6", "list with an empty word": "5,", "list that begins empty": ",5", "empty": "",
           "blanks": "   ",
           "tab alone": "\t", "inner blank": "5 0", "inner tab": "5\t0", "parameter": "5;a=b", "quoted": '"5"',
           "word": "five",
           "5 and a word": "5a", "vertical tab before": "\v5", "form feed before": "\f5",
           "no-break space before": "\xa05",
           "next line before": "\x855", "NUL behind": "5\0", "NUL before": "\x005", "2 to the 63rd": str(2 ** 63),
           "2 to the 63rd and less 1": str(2 ** 63 - 1), "2 to the 64th": str(2 ** 64),
           "2 to the 64th and 5": str(2 ** 64 + 5),
           "19 zeros": "0" * 19, "20 zeros and 5": "0" * 20 + "5", "300 digits": "1" * 300, "Arabic digit": "\xd9\xa5",
           "fullwidth digit": "\xef\xbc\x95", "superscript": "\xb5", "chunked": "chunked", "comment": "5 (five)",
           "CR behind": "5\r", "comma and zero": "0,5", "bang": "5!"}
    for name, value in bad.items():
        group.refuse(f"{name} on GET", get(f"Content-Length: {value}") + b"hello", probes=f"length {name}")
        group.refuse(f"{name} on POST", post(f"Content-Length: {value}", body=b"hello"), probes=f"length {name}")
    good = {"leading blank": " 5", "no blank": "5", "trailing blanks": " 5   ", "leading tab": "\t5", 
            "leading zero": " 05", "leading zeros": " " + "0" * 17 + "5"}
    for name, value in good.items():
        group.add(f"{name} on POST", head(f"POST {CREATE} HTTP/1.1", JSON, f"Content-Length:{value}") + b"hello",
                  DENIED,
                  created(b"hello"), probes=f"length with {name}", why="decimal everywhere; sent on in one spelling")
    group.refuse("trailing tab on POST", post("Content-Length: 5\t", body=b"hello"),
                 why="legal, but http-parser refuses it")
    group.refuse("zeros on GET with a body", get("Content-Length: 05") + b"hello")
    for value in ("0", "00", "0" * 18):
        group.add(f"{len(value)} zeros on GET", get(f"Content-Length: {value}"), PING, why="no body is no body")
    for name, value in {"2 to the 32nd and 5": 2 ** 32 + 5, "2 to the 31st": 2 ** 31, "18 nines": 10 ** 18 - 1}.items():
        group.refuse(f"{name} on GET", get(f"Content-Length: {value}") + b"hello")
        group.add(f"{name} on POST", post(f"Content-Length: {value}", body=b"hello"), DENIED_CLOSED, cut(b"hello", ""),
                  why="held in 64 bits; the body is not finished, so it is never finished towards the engine")
    fields = {
        "twice equal": ("Content-Length: 5", "Content-Length: 5"), "twice": ("Content-Length: 5", "Content-Length: 6"),
        "twice zero first": ("Content-Length: 0", "Content-Length: 5"), "twice zero last": ("Content-Length: 5",
                                                                                          "Content-Length: 0"),
        "twice in two cases": ("Content-Length: 5", "CONTENT-LENGTH: 5"), "three": ("Content-Length: 5",) * 3,
        "twice one empty": ("Content-Length: 5", "Content-Length:"), "twice far apart": ("Content-Length: 5", "X: 1",
                                                                                       "Content-Length: 0"),
        "folded": ("Content-Length: 5", " 0"), "on the next line": ("Content-Length:", " 5"),
        "on the next line by a tab": ("Content-Length:", "\t5"), "blank before the colon": ("Content-Length : 5",),
        "tab before the colon": ("Content-Length\t: 5",), "blank before the name": ("X: 1", " Content-Length: 5"),
        "NUL in the name": ("Content\0-Length: 5",), "two colons": ("Content-Length:: 5",),
        "no colon": ("Content-Length 5",), "quoted name": ('"Content-Length": 5',),
        "CR in the name": ("Content-\rLength: 5",),
        "high byte before the name": ("\xa0Content-Length: 5",), "high byte behind the name": ("Content-Length\xa0: 5",
            )}
    for name, lines in fields.items():
        group.refuse(f"field {name} on GET", get(*lines) + b"hello")
        group.refuse(f"field {name} on POST", post(*lines, body=b"hello"))
    for name, field in {"underscore": "Content_Length", "suffix": "Content-Length-X", "prefix": "X-Content-Length",
                        "dot": "Content.Length", "plural": "Content-Lengths", "shorter": "Content-Lengt",
                        "no hyphen": "ContentLength"}.items():
        group.add(f"field like it: {name}", get(f"{field}: {len(INFO)}") + INFO, "200 403 keep | GET /_ping",
                  probes=f"a field named {field}", why="another field: what follows is a request of its own")
    return group


def codings():
    group = Group("coding", "Transfer-Encoding is chunked, once, on 1.1, without a length; nothing else")
    body = b"5\r\nhello\r\n0\r\n\r\n"
    bad = {"xchunked": "xchunked", "chunkedx": "chunkedx", "chunke": "chunke", "identity": "identity", "gzip": "gzip",
           "deflate": "deflate", "empty": "", "blank": "  ", "identity first": "identity, chunked",
           "gzip first": "gzip, chunked", "x first": "x,chunked", "identity last": "chunked, identity",
           "gzip last": "chunked, gzip", "twice": "chunked, chunked", "foo between": "chunked, foo, chunked",
           "empty first": ", chunked", "empty last": "chunked,", "empties": ",,", "parameter": "chunked;q=1",
           "parameter with blank": "chunked ; a=b", "quoted": '"chunked"', "single quotes": "'chunked'",
           "Kelvin sign": "chun\xe2\x84\xaaed", "no-break space behind": "chunked\xa0",
           "no-break space before": "\xa0chunked",
           "NUL behind": "chunked\0", "vertical tab before": "\vchunked", "vertical tab behind": "chunked\v",
           "form feed behind": "chunked\f", "blank within": "chun ked", "CR before": "\rchunked",
           "CR behind": "chunked\r",
           "colon": ": chunked", "percent": "%63hunked", "backslash": "chunked\\", "two words": "chunked chunked",
           "trailers": "trailers", "brackets": "[chunked]", "equals": "=chunked"}
    for name, value in bad.items():
        group.refuse(f"{name} on GET", get(f"Transfer-Encoding: {value}") + body, probes=f"coding {name}")
        group.refuse(f"{name} on POST", post(f"Transfer-Encoding: {value}", body=body), probes=f"coding {name}")
    for name, line in {"capitals": "Transfer-Encoding: CHUNKED", "mixed case": "transfer-encoding: Chunked",
                       "no blank": "Transfer-Encoding:chunked", "tab before": "Transfer-Encoding:\tchunked",
                       "blanks around": "Transfer-Encoding:   chunked  "}.items():
        group.add(f"{name} on POST", post(line, body=body), DENIED_CLOSED, created(b"hello"),
                  why="legal white space and case")
        group.refuse(f"{name} on GET", get(line) + body, why="a GET has no body")
    group.refuse("tab behind on POST", post("Transfer-Encoding: chunked\t", body=body),
                 why="legal, but http-parser refuses it")
    two = {"chunked twice": (CHUNKED, CHUNKED), "chunked then identity": (CHUNKED, "Transfer-Encoding: identity"),
           "identity then chunked": ("Transfer-Encoding: identity", CHUNKED), "chunked then empty": (CHUNKED,
                                                                                                 "Transfer-Encoding:"),
           "empty then chunked": ("Transfer-Encoding:", CHUNKED), "gzip then chunked": ("Transfer-Encoding: gzip",
               CHUNKED),
           "length then chunked": ("Content-Length: 5", CHUNKED), "chunked then length": (CHUNKED, "Content-Length: 5"),
           "chunked and length zero": (CHUNKED, "Content-Length: 0"), "chunked and an empty length": (CHUNKED,
                                                                                                  "Content-Length:"),
           "identity and a length": ("Transfer-Encoding: identity", "Content-Length: 5"),
           "chunked and a bad length": (CHUNKED, "Content-Length: x"), "folded list": (CHUNKED, " , identity"),
           "on the next line": ("Transfer-Encoding:", " chunked"), "on the next line by a tab": ("Transfer-Encoding:",
                                                                                             "\tchunked"),
           "chunked and a blank fold": (CHUNKED, " "), "chunked and a tab fold": (CHUNKED, "\t"),
           "blank before the colon": ("Transfer-Encoding : chunked",),
           "tab before the colon": ("Transfer-Encoding\t: chunked",),
           "blank before the name": ("X: 1", " Transfer-Encoding: chunked"),
           "NUL in the name": ("Transfer\0-Encoding: chunked",),
           "behind an LF": ("X: 1\nTransfer-Encoding: chunked",), "behind a CR": ("X: 1\rTransfer-Encoding: chunked",),
           "behind an empty value and CR": ("X:\rATransfer-Encoding: chunked",),
           "two colons": ("Transfer-Encoding:: chunked",),
           "nominated": (CHUNKED, "Connection: close, transfer-encoding"),
           "length nominated": ("Content-Length: 5", "Connection: content-length")}
    for name, lines in two.items():
        group.refuse(f"fields {name} on GET", get(*lines) + body)
        group.refuse(f"fields {name} on POST", post(*lines, body=body))
    group.refuse("first field folded", head("GET /_ping HTTP/1.1", " Transfer-Encoding: chunked", host=None) + body)
    for name, field in {"underscore": "Transfer_Encoding", "suffix": "Transfer-EncodingX",
                        "prefix": "X-Transfer-Encoding",
                        "plural": "Transfer-Encodings", "TE": "TE",
                        "Content-Transfer-Encoding": "Content-Transfer-Encoding"}.items():
        group.add(f"field like it: {name}", get(f"{field}: chunked") + INFO, "200 403 keep | GET /_ping",
                  probes=f"a field named {field}", why="another field: what follows is a request of its own")
    for name, lines in {"chunked": (CHUNKED,), "chunked kept": ("Connection: keep-alive", CHUNKED),
                        "chunked with a length": (CHUNKED, "Content-Length: 5"),
                        "length with chunked": ("Content-Length: 5", CHUNKED)}.items():
        group.refuse(f"1.0 {name} on GET", get(*lines, version="HTTP/1.0") + body, why="Go ignores the coding on 1.0")
        group.refuse(f"1.0 {name} on POST", post(*lines, body=body, version="HTTP/1.0"),
                     why="Go ignores the coding on 1.0")
    for version in ("HTTP/1.2", "HTTP/2.0"):
        group.refuse(f"on {version[-3:]}", post(CHUNKED, body=body, version=version))
    size_line = b"FF /x HTTP/1.1\r\n\r\n"
    hidden = size_line + INFO + b"y" * (255 - len(INFO) - 2) + b"\r\n0\r\n\r\n"
    group.refuse("1.0 size line is a request line", get("Connection: keep-alive", CHUNKED, version="HTTP/1.0") + hidden,
                 why="one parser sees one request, the other three")
    group.refuse("1.0 size line is a request line on POST", post("Connection: keep-alive", CHUNKED, version="HTTP/1.0",
                                                                 body=hidden))
    return group


def chunk_case(group, name, body, write, why=None):
    """One chunked body: on a POST, and on a GET, where it is refused whatever it holds."""
    group.add(f"{name} on POST", chunked(body), DENIED_CLOSED, write, probes=f"chunks: {name}", why=why)
    group.refuse(f"{name} on GET", get(CHUNKED) + body, probes=f"chunks: {name}", why="a GET has no body")


def chunks():
    group = Group("chunk", "a size is 1 to 8 hex digits, lines end with CRLF; after an error nothing is believed")
    good = {"one": b"5\r\nhello\r\n0\r\n\r\n", "two": b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "single bytes": b"".join(
        b"1\r\n%c\r\n" % byte for byte in b"hello") + b"0\r\n\r\n", "leading zeros": b"00000005\r\nhello\r\n0\r\n\r\n",
            "last chunk of two zeros": b"5\r\nhello\r\n00\r\n\r\n",
            "last chunk of eight zeros": b"5\r\nhello\r\n00000000\r\n\r\n",
            "extension": b"5;a\r\nhello\r\n0\r\n\r\n", "extension with a value": b"5;a=b\r\nhello\r\n0\r\n\r\n",
            "quoted extension": b'5;a="b c"\r\nhello\r\n0\r\n\r\n', "empty extension": b"5;\r\nhello\r\n0\r\n\r\n",
            "extension of the last chunk": b"5\r\nhello\r\n0;a=b\r\n\r\n",
            "extension behind a blank": b"5; a = b\r\nhello\r\n0\r\n\r\n",
            "trailer": b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
            "trailer Content-Length": b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n",
            "trailer Transfer-Encoding": b"5\r\nhello\r\n0\r\nTransfer-Encoding: identity\r\n\r\n",
            "trailer Connection": b"5\r\nhello\r\n0\r\nConnection: close\r\n\r\n",
            "trailer Upgrade": b"5\r\nhello\r\n0\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\n",
            "trailer Host": b"5\r\nhello\r\n0\r\nHost: evil\r\n\r\n",
            "trailer without a value": b"5\r\nhello\r\n0\r\nX:\r\n\r\n",
            "trailers": b"5\r\nhello\r\n0\r\n" + b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(50)) + b"\r\n"}
    for name, body in good.items():
        chunk_case(group, name, body, created(b"hello"), "legal; extensions and trailers are dropped")
    chunk_case(group, "upper-case size", b"A\r\n0123456789\r\n0\r\n\r\n", created(b"0123456789"))
    chunk_case(group, "lower-case size", b"a\r\n0123456789\r\n0\r\n\r\n", created(b"0123456789"))
    chunk_case(group, "none", b"0\r\n\r\n", created(b""), "an empty body")
    chunk_case(group, "data that are chunks", b"f\r\n5\r\nhello\r\n0\r\n\r\n\r\n0\r\n\r\n",
               created(b"5\r\nhello\r\n0\r\n\r\n"))
    chunk_case(group, "short data takes the CRLF", b"7\r\nhello\r\n\r\n0\r\n\r\n", created(b"hello\r\n"))
    chunk_case(group, "4096 of them", b"10\r\n0123456789abcdef\r\n" * 4096 + b"0\r\n\r\n",
               created(b"0123456789abcdef" * 4096))
    bad_sizes = {"0x": b"0x5", "plus": b"+5", "minus": b"-5", "blank before": b" 5", "tab before": b"\t5",
                 "blank behind": b"5 ",
                 "tab behind": b"5\t", "blank and digits": b"5 0", "underscore": b"1_0", "point": b"5.0", "empty": b"",
                 "extension alone": b";a=b", "blank and an extension": b"5 ;a=b", "tab and an extension": b"5\t;a",
                 "g": b"g",
                 "hash": b"5#", "quote": b'"5"', "comma": b"5,5", "nine digits": b"000000005", "seventeen F": b"F" * 17,
                 "sixteen F": b"F" * 16, "2 to the 64th and 5": b"10000000000000005",
                 "2 to the 63rd and 5": b"8000000000000005",
                 "2 to the 32nd and 5": b"100000005", "Arabic digit": b"\xd9\xa5", "NUL": b"5\0", "NUL first": b"\x005",
                 "high byte": b"\xb5", "a word": b"five", "vertical tab": b"\v5", "equals": b"5=5", "slash": b"5/5"}
    for name, size in bad_sizes.items():
        chunk_case(group, f"size {name}", size + b"\r\nhello\r\n0\r\n\r\n", cut())
        chunk_case(group, f"second size {name}", b"2\r\nab\r\n" + size + b"\r\nhello\r\n0\r\n\r\n", cut(b"ab"))
    return group


def chunk_ends():
    group = Group("chunk-end", "parsers differ in which bytes they look at behind a CR; here it is all of them")
    bad = {"size ended by LF": (b"5\nhello\r\n0\r\n\r\n", b""), "size ended by CR": (b"5\rhello\r\n0\r\n\r\n", b""),
           "size, CR and a letter": (b"5\rXhello\r\n0\r\n\r\n", b""), "size, CR and CR": (b"5\r\r\nhello\r\n0\r\n\r\n",
               b""),
           "size, LF and CR": (b"5\n\rhello\r\n0\r\n\r\n", b""), "extension ended by LF": (b"5;a\nhello\r\n0\r\n\r\n",
               b""),
           "extension ended by CR": (b"5;a\rhello\r\n0\r\n\r\n", b""),
           "extension, CR and a letter": (b"5;a\rXhello\r\n0\r\n\r\n", b""),
           "blank ended by LF": (b"5 \nhello\r\n0\r\n\r\n", b""),
           "NUL in an extension": (b"5;a\0b\r\nhello\r\n0\r\n\r\n", b""),
           "DEL in an extension": (b"5;a\x7f\r\nhello\r\n0\r\n\r\n", b""),
           "LF in quotes": (b'5;a="\n"\r\nhello\r\n0\r\n\r\n', b""),
           "CRLF in quotes": (b'5;a="\r\n"\r\nhello\r\n0\r\n\r\n', b'"\r\nhe'),
           "data not ended": (b"5\r\nhello0\r\n\r\n", b"hello"),
           "data ended by LF": (b"5\r\nhello\n0\r\n\r\n", b"hello"), "data ended by CR": (b"5\r\nhello\r0\r\n\r\n",
               b"hello"),
           "data ended by letters": (b"5\r\nhelloXY0\r\n\r\n", b"hello"),
           "data, CR and a letter": (b"5\r\nhello\rX0\r\n\r\n", b"hello"),
           "data ended by LF and CR": (b"5\r\nhello\n\r0\r\n\r\n", b"hello"),
           "data too long": (b"3\r\nhello\r\n0\r\n\r\n", b"hel"),
           "data too short": (b"9\r\nhello\r\n0\r\n\r\n", b"hello\r\n0\r"),
           "last chunk ended by LF": (b"5\r\nhello\r\n0\n\r\n", b"hello"),
           "last chunk ended by LF LF": (b"5\r\nhello\r\n0\n\n", b"hello"),
           "end by CR and a letter": (b"5\r\nhello\r\n0\r\n\rX", b"hello"),
           "end by LF": (b"5\r\nhello\r\n0\r\n\n", b"hello"), "trailer ended by LF": (b"5\r\nhello\r\n0\r\nX: 1\n\r\n",
               b"hello"),
           "trailer ended by CR": (b"5\r\nhello\r\n0\r\nX: 1\rY: 2\r\n\r\n", b"hello"),
           "trailer folded": (b"5\r\nhello\r\n0\r\nX: 1\r\n 2\r\n\r\n", b"hello"),
           "trailer begins with a blank": (b"5\r\nhello\r\n0\r\n X: 1\r\n\r\n", b"hello"),
           "trailer without a colon": (b"5\r\nhello\r\n0\r\nX\r\n\r\n", b"hello"),
           "trailer without a name": (b"5\r\nhello\r\n0\r\n: 1\r\n\r\n", b"hello"),
           "trailer with a blank in its name": (b"5\r\nhello\r\n0\r\nX Y: 1\r\n\r\n", b"hello"),
           "trailer with a blank before the colon": (b"5\r\nhello\r\n0\r\nX : 1\r\n\r\n", b"hello"),
           "NUL in a trailer": (b"5\r\nhello\r\n0\r\nX: \0\r\n\r\n", b"hello"),
           "a request for a trailer": (b"5\r\nhello\r\n0\r\n" + PLAIN_GET, b"hello"), "600 trailers": (
               b"5\r\nhello\r\n0\r\n" + b"".join(b"X-%03d: value\r\n" % n for n in range(600)) + b"\r\n", b"hello"),
           "trailer of 9 KB": (b"5\r\nhello\r\n0\r\nX: " + b"a" * 9000 + b"\r\n\r\n", b"hello"),
           "extension of 2 KB": (b"5;" + b"a" * 2000 + b"\r\nhello\r\n0\r\n\r\n", b""), "no last chunk but a request": (
               b"5\r\nhello\r\n" + PLAIN_GET, b"hello"), "empty line between chunks": (b"5\r\nhello\r\n\r\n0\r\n\r\n",
                   b"hello")}
    for name, (body, seen) in bad.items():
        chunk_case(group, name, body, cut(seen))
    inside = b"GET /info HTTP/1.1\r\nHost: docker\r\n\r\n"
    hiding = {
        "request behind an LF in an extension": b"5;a\nhello\r\n0\r\n\r\n" + inside,
        "request behind an LF in the last extension": b"0;a\n\r\n" + inside,
        "request in what one parser takes for data": b"%x;\n" % (len(inside)
                                                                 + 7) + b"a\r\n0\r\n\r\n" + inside + b"\r\n0\r\n\r\n",
        "request behind a blank and LF": b"%x \n" % (len(inside) + 7) + b"a\r\n0\r\n\r\n" + inside + b"\r\n0\r\n\r\n",
        "request behind a CR in an extension": b"%x;\r" % (len(inside)
                                                           + 8) + b"Xa\r\n0\r\n\r\n" + inside + b"\r\n0\r\n\r\n",
        "terminator is HE and AD a size": b"0;\nHEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n" + inside,
        "size line looks like a request line": b"5 /x HTTP/1.1\r\nhello\r\n0\r\n\r\n"}
    for name, body in hiding.items():
        chunk_case(group, name, body, cut())
    extension = b"5;/x HTTP/1.1\r\nhello\r\n0\r\n\r\n"
    chunk_case(group, "extension looks like a request line", extension, created(b"hello"), "legal, and dropped")
    group.add("good then a denied request", chunked(b"5\r\nhello\r\n0\r\n\r\n") + INFO, DENIED_CLOSED,
              f"200 403 keep | POST {CREATE} <hello>")
    group.add("good then an empty line", chunked(b"5\r\nhello\r\n0\r\n\r\n") + b"\r\n" + INFO, DENIED_CLOSED,
              f"200 400 close | POST {CREATE} <hello>")
    group.add("good then chunks again", chunked(b"5\r\nhello\r\n0\r\n\r\n0\r\n\r\n"), DENIED_CLOSED,
              f"200 400 close | POST {CREATE} <hello>")
    return group


def cut_off():
    group = Group("cut-off", "what the client did not finish is never finished, whatever comes next")
    whole = get("Connection: keep-alive")
    for size in (1, 3, 4, 10, 18, 19, 20, 21, len(whole) - 3, len(whole) - 2, len(whole) - 1):
        group.add(f"head behind {size} bytes", whole[:size], REFUSED, probes=f"a head of which {size} bytes came")
    group.add("length", post("Content-Length: 90000", body=b"hello"), DENIED_CLOSED, cut(b"hello", ""))
    group.add("length without a byte", post("Content-Length: 90000"), DENIED_CLOSED, cut(b"", ""))
    group.add("chunk", chunked(b"ffff\r\nhello"), DENIED_CLOSED, cut(b"hello", ""))
    group.add("chunk without data", chunked(b"ffff\r\n"), DENIED_CLOSED, cut(b"", ""))
    group.add("behind a ping", get() + post("Content-Length: 90000", body=b"hello"), "200 403 close | GET /_ping",
              f"200 ends | GET /_ping; ~POST {CREATE} <hello>")
    group.add("GET with a length", get("Content-Length: 90000") + b"hello", REFUSED)
    for name, body, seen in (("size", b"5", b""), ("size without LF", b"5\r", b""), ("data without CRLF", b"5\r\nhello",
        b"hello"),
                             ("chunks without a last", b"5\r\nhello\r\n", b"hello"), ("last chunk without its end",
                                 b"0\r\n", b""),
                             ("last chunk without LF", b"0\r\n\r", b""), ("trailer", b"0\r\nX", b"")):
        group.add(f"chunked at its {name}", chunked(body), DENIED_CLOSED, cut(seen, "?"))
    return group


GROUPS = (lengths, codings, chunks, chunk_ends, cut_off)
