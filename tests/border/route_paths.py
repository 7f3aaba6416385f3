"""The routes of policy/routes.def as calls about things that do not exist, and the spellings of a path."""

import pathlib
import re

ROUTES_DEF = pathlib.Path(__file__).resolve().parents[2] / "policy" / "routes.def"
ROW = re.compile(r'^ROUTE\((\w+),\s*"([^"]+)",\s*(\w+),.*"([\d.-]+)"\)', re.M)
MANY = "none/such"  # a name where the engine lets names hold slashes
ONE = "none"


class Route:
    """method, template, operation, and `path`: the template with names in it that nothing has."""

    def __init__(self, method, template, operation, since):
        self.method, self.template, self.operation, self.since = method, template, operation, since
        self.path = re.sub(r"\{\w+\}", ONE, re.sub(r"\{\w+\.\.\.\}", MANY, template))

    def __str__(self):
        return f"{self.method} {self.template}"

    def in_version(self, api):
        """Whether an engine of this API version has it."""
        numbers = [tuple(map(int, part.split("."))) for part in self.since.split("-")]
        return numbers[0] <= api and (len(numbers) == 1 or api <= numbers[1])


def all_routes():
    rows = [Route(*row) for row in ROW.findall(ROUTES_DEF.read_text(encoding="utf-8"))]
    assert len(rows) > 100
    return rows


def escape(byte):
    return f"%{ord(byte):02X}"


def same_path(path):
    """Spellings that the engine takes for this very path: (what it is, target)."""
    yield "as it is", path
    for place in range(1, len(path)):
        yield f"byte {place} encoded", path[:place] + escape(path[place]) + path[place + 1:]
    yield "all encoded", "/" + "".join(map(escape, path[1:]))
    yield "all encoded in lower case", "/" + "".join(escape(byte).lower() for byte in path[1:])
    yield "slashes encoded", "/" + path[1:].replace("/", "%2f")
    yield "letters encoded", "".join(escape(byte) if byte.isalpha() else byte for byte in path)


def other_path(path):
    """Spellings that a sloppy reader might take for this path; none may be passed on."""
    slashes = [place for place, byte in enumerate(path) if byte == "/"]
    for place in slashes:
        for name, middle in (("doubled", "//"), ("with a dot", "/./"), ("with dots", "/x/../"), ("doubled, encoded",
            "/%2f"),
                             ("with an encoded dot", "/%2e/"), ("with encoded dots", "/x/%2E%2e/"),
                             ("with dots between encoded slashes", "/x%2f..%2f")):
            yield f"slash {place} {name}", path[:place] + middle + path[place + 1:]
    for place in range(1, len(path)):
        yield f"byte {place} encoded twice", path[:place] + "%25" + escape(path[place])[1:] + path[place + 1:]
    for name, tail in (("fragment", "#"), ("fragment and dots", "#/../x"), ("encoded NUL", "%00"), ("encoded LF",
        "%0a"), ("encoded CR", "%0D"),
                       ("encoded DEL", "%7f"), ("byte that is not UTF-8", "%ff"), ("overlong slash", "%c0%af"),
                       ("bad escape", "%zz"),
                       ("escape cut short", "%2"), ("dots", "/.."), ("dot", "/."), ("two slashes", "//"),
                       ("encoded dots", "/%2e%2e"),
                       ("percent", "%25"), ("raw high byte", "\xe9")):
        yield f"{name} behind", path + tail
    yield "absolute form", f"http://docker{path}"
    yield "absolute form of nobody", f"http://{path}"
    yield "no slash before", path[1:]
    yield "first slash encoded", "%2f" + path[1:]
    yield "version doubled", f"/v1.41/v1.41{path}"


def other_section(path):
    """Paths whose first segment is no section: nothing grants them."""
    section, mark, rest = path[1:].partition("/")
    for name, changed in (("upper case", section.upper()), ("one letter upper", section[:-1] + section[-1].upper()),
                          ("a letter more", section + "x"),
                          ("a letter less", section[:-1]), ("a parameter", section + ";a=b"), ("an encoded parameter",
                              section + "%3Ba"),
                          ("a blank", section + "%20"), ("a dot", section + "."), ("a backslash", section + "%5c"),
                          ("an odd version", f"v1/{section}"), ("a version with a letter", f"v1.41x/{section}"),
                          ("an upper-case version", f"V1.41/{section}"),
                          ("a version of dots", f"v.../{section}"), ("a version with a zero", f"v01.41/{section}"),
                          ("a version that ends in a dot", f"v1.41./{section}"),
                          ("an empty version", f"v/{section}"), ("something before", f"x/{section}")):
        yield name, "/" + changed + mark + rest


# Names as people really give them: (method, path before the name, path behind it, names).
NAMES = [
    ("GET", "/images/", "/json", ["box", "box:1", "library/box", "registry.example:5000/team/app",
                                  "registry.example:5000/team/app:1.2",
                                  "registry.example/app@sha256:" + "0" * 64, "sha256:" + "0" * 64, "a/b/c/d/e",
                                  "127.0.0.1:5000/x_y-z.w"]),
    ("POST", "/images/", "/push", ["registry.example:5000/team/app"]), ("DELETE", "/images/", "",
        ["registry.example:5000/team/app:1.2"]),
    ("GET", "/distribution/", "/json", ["registry.example:5000/team/app:1.2", "library/box"]),
    ("POST", "/plugins/", "/enable", ["vieux/sshfs:latest", "registry.example:5000/team/plugin:1"]),
    ("GET", "/plugins/", "/json", ["vieux/sshfs", "vieux/sshfs@sha256:" + "0" * 64]),
    ("GET", "/volumes/", "", ["data", "team/data", "a:b", "a@b"]), ("DELETE", "/volumes/", "", ["team/data"]),
    ("GET", "/networks/", "", ["front", "team/front", "stack_default", "a:b"]), ("DELETE", "/networks/", "",
        ["team/front"]),
    ("GET", "/containers/", "/json", ["web", "web/db", "stack_web.1.abc", "0123456789ab"]), ("POST", "/containers/",
        "/stop", ["web/db"]),
]
