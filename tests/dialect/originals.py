"""The rules of each original proxy as data, and the HAProxy configuration that they make.

The tables are written down a second time on purpose: the tests compare our compiled rules with what a real HAProxy
makes of these, so the two must not come from one source.
"""

import dataclasses

# Each pattern is matched on the once-decoded path behind the version prefix, from its beginning, in any case, with no
# end. The first step that applies decides; at the end everything is refused.
PREFIX = r"^(/v[\d\.]+)?"
ID = "[a-zA-Z0-9_.-]+"
CONTAINER = f"/containers/{ID}"
SECTIONS = (
    "AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC GRPC IMAGES INFO NETWORKS NODES PING PLUGINS "
    "SECRETS SERVICES SESSION SWARM SYSTEM TASKS VERSION VOLUMES"
).split()
LIBPOD_SECTIONS = (
    "CONTAINERS EVENTS EXEC GENERATE IMAGES INFO MANIFESTS NETWORKS PING PLAY PODS SECRETS SYSTEM VERSION VOLUMES"
).split()


@dataclasses.dataclass(frozen=True)
class Allow:
    """Granted while the variable is true; `method` narrows it to one."""

    variable: str
    pattern: str
    method: str = ""


@dataclasses.dataclass(frozen=True)
class Guard:
    """Refused while the variable is false; grants nothing."""

    variable: str
    pattern: str


@dataclasses.dataclass(frozen=True)
class Gate:
    """Refuses all methods but GET, HEAD and those whose variable is true; "" as a method stands for all."""

    methods: tuple


@dataclasses.dataclass(frozen=True)
class Original:
    """One product: its steps in their order, and what is on where nothing is set."""

    name: str
    steps: tuple
    on: tuple = ("EVENTS", "PING", "VERSION")

    @property
    def gates(self):
        return [variable for step in self.steps if isinstance(step, Gate) for _, variable in step.methods]

    @property
    def variables(self):
        return list(dict.fromkeys([*self.gates, *[step.variable for step in self.steps if not isinstance(step, Gate)]]))

    @property
    def defaults(self):
        return {variable: "1" if variable in self.on else "0" for variable in self.variables}


def sections(names, folder=""):
    """The section switches: LIBPOD_ stands before the name where `folder` is /libpod."""
    before = folder.strip("/").upper() + "_" if folder else ""
    return [Allow(before + name, f"{folder}/{name.lower()}" if name != "PING" else f"{folder}/_ping") for name in names]


def actions(before, prefix, verbs):
    """One switch for each: its name behind `before`, and what it grants."""
    return [Allow(before + name, f"{prefix}/{verb}") for name, verb in verbs.items()]


POWER = {"RESTARTS": "(stop|restart|kill)", "START": "start", "STOP": "stop"}
PAUSES = {"PAUSE": "pause", "UNPAUSE": "unpause"}
ANY_OBJECT = f"(/libpod)?/(containers|pods)/{ID}"

TECNATIVA = Original("tecnativa", (
    Gate((("", "POST"),)),
    *actions("ALLOW_", CONTAINER, POWER),
    *sections(SECTIONS),
))

TECNATIVA_NEXT = Original("tecnativa-next", (
    Gate((("POST", "POST"), ("DELETE", "DELETE"), ("PUT", "PUT"), ("PATCH", "PATCH"))),
    *[Guard(f"ALLOW_{verb.upper()}", f"{CONTAINER}/{verb}")
      for verb in ("exec", "kill", "attach", "archive", "export", "logs")],
    *actions("ALLOW_", CONTAINER, {**POWER, **PAUSES}),
    *sections(SECTIONS),
))

LINUXSERVER = Original("linuxserver", (
    *[Guard(f"ALLOW_{name}", f"{ANY_OBJECT}/{verb}") for name, verb in
      {"ARCHIVE": "archive", "CHANGES": "change", "EXPORT": "export", "LOGS": "logs", "TOP": "top"}.items()],
    *actions("ALLOW_", ANY_OBJECT, {**POWER, **PAUSES}),
    *actions("LIBPOD_ALLOW_", f"/libpod/containers/{ID}", {**POWER, **PAUSES}),
    *actions("LIBPOD_ALLOW_POD_", f"/libpod/pods/{ID}", {**POWER, **PAUSES}),
    Gate((("", "POST"),)),
    *sections(SECTIONS),
    *sections(LIBPOD_SECTIONS, "/libpod"),
), on=("EVENTS", "PING", "VERSION", "LIBPOD_PING", "LIBPOD_VERSION"))

FLUENCELABS = Original("fluencelabs", (
    Gate((("POST", "POST"), ("DELETE", "DELETE"))),
    *sections([name for name in SECTIONS if name != "GRPC"]),
    Allow("POST", "/post"),
    Allow("CONTAINERS_CREATE", "/containers/create"),
    Allow("CONTAINERS_PRUNE", "/containers/prune"),
    Allow("ALLOW_RESTARTS", f"{CONTAINER}/(stop|restart|kill)"),
    *[Allow(f"CONTAINERS_{verb.upper()}", f"{CONTAINER}/{verb}")
      for verb in ("resize", "start", "update", "rename", "pause", "unpause", "attach", "wait", "exec")],
    *[Allow(f"{section}_{verb}".upper(), f"/{section}/{verb}")
      for section in ("volumes", "networks", "images") for verb in ("create", "prune")],
    Allow("NETWORKS_CONNECT", f"/networks/{ID}/connect"),
    Allow("NETWORKS_DISCONNECT", f"/networks/{ID}/disconnect"),
    *[Allow(f"{section}_DELETE".upper(), f"/{section}/{ID}", "DELETE")
      for section in ("networks", "containers", "images", "volumes")],
))

ORIGINALS = {original.name: original for original in (TECNATIVA, TECNATIVA_NEXT, LINUXSERVER, FLUENCELABS)}

CONFIGURATION = """
global
    maxconn 256
    nbthread 1

defaults
    mode http
    timeout client 30s
    timeout server 30s
    timeout connect 5s
    timeout http-request 10s
    timeout http-keep-alive 30s

frontend granted
    bind unix@{answers}
    http-request return status 200

backend engine
    server engine unix@{answers}

frontend judge
    bind unix@{judge}
{rules}
    http-request deny
    default_backend engine
"""


def _line(step):
    if isinstance(step, Gate):
        open_methods = [f"{{ method {method} }} {{ env({variable}) -m bool }}" if method
                        else f"{{ env({variable}) -m bool }}" for method, variable in step.methods]
        return "    http-request deny unless " + " || ".join(["{ method GET HEAD }", *open_methods])
    path = f"{{ path,url_dec -m reg -i {PREFIX}{step.pattern} }}"
    if isinstance(step, Guard):
        return f"    http-request deny if {path} !{{ env({step.variable}) -m bool }}"
    method = f" {{ method {step.method} }}" if step.method else ""
    return f"    http-request allow if{method} {path} {{ env({step.variable}) -m bool }}"


def rules(original):
    """The lines of a frontend."""
    return "\n".join(_line(step) for step in original.steps)


def configuration(original, judge, answers):
    """The text of an HAProxy configuration: 200 for what the rules grant, 403 for the rest."""
    return CONFIGURATION.format(judge=judge, answers=answers, rules=rules(original))
