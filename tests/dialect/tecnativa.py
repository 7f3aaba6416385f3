"""The rules of tecnativa/docker-socket-proxy 0.4.x as data, and the HAProxy configuration that they make.

The table is written down a second time on purpose: the tests compare our compiled rules with what a real HAProxy makes
of this one, so the two must not come from one source.
"""

# Truth of a variable, as the original takes it: the number at the beginning of the text, not zero.
GATE = "POST"

# The steps between the gate and the final refusal, in order: variable, pattern behind the version prefix. Each is
# matched on the once-decoded path, from its beginning, in any case, with no end.
ID = "[a-zA-Z0-9_.-]+"
STEPS = [
    ("ALLOW_RESTARTS", f"/containers/{ID}/(stop|restart|kill)"),
    ("ALLOW_START", f"/containers/{ID}/start"),
    ("ALLOW_STOP", f"/containers/{ID}/stop"),
    *[
        (section, f"/{section.lower()}" if section != "PING" else "/_ping")
        for section in (
            "AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC GRPC IMAGES INFO NETWORKS NODES PING "
            "PLUGINS SECRETS SERVICES SESSION SWARM SYSTEM TASKS VERSION VOLUMES"
        ).split()
    ],
]
VARIABLES = [GATE, *[variable for variable, _ in STEPS]]
DEFAULTS = {variable: "1" if variable in ("EVENTS", "PING", "VERSION") else "0" for variable in VARIABLES}
PREFIX = r"^(/v[\d\.]+)?"

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
    http-request deny unless {{ method GET HEAD }} || {{ env({gate}) -m bool }}
{rules}
    http-request deny
    default_backend engine
"""


def configuration(judge, answers):
    """The text of an HAProxy configuration: 200 for what the rules grant, 403 for the rest."""
    rules = "\n".join(
        f"    http-request allow if {{ path,url_dec -m reg -i {PREFIX}{pattern} }} {{ env({variable}) -m bool }}"
        for variable, pattern in STEPS
    )
    return CONFIGURATION.format(judge=judge, answers=answers, gate=GATE, rules=rules)
