"""The environments under which both judges are asked, each with a name, and the spellings of a switch's value."""

from originals import FLUENCELABS, ORIGINALS, TECNATIVA, TECNATIVA_NEXT


def everything(original):
    return {variable: "1" for variable in original.variables}


def nothing(original):
    return {variable: "0" for variable in original.variables}


def gates(original):
    return {variable: "1" for variable in original.gates}


def common(original):
    """What every dialect is asked: all and nothing, each switch alone with the gates, and all but each gate."""
    off, on = nothing(original), everything(original)
    others = [name for name in original.variables if name not in original.gates]
    return {
        "defaults": {},
        "everything_on": on,
        "everything_off": off,
        "the_gates_alone": {**off, **gates(original)},
        "everything_but_the_gates": {**on, **{gate: "0" for gate in original.gates}},
        **{f"everything_but_{gate}": {**on, gate: "0"} for gate in original.gates if len(original.gates) > 1},
        **{f"{name}_with_the_gates": {**off, **gates(original), name: "1"} for name in others},
        "the_default_grants_off": {name: "0" for name in original.on},
        "words_instead_of_numbers": {"CONTAINERS": "true", "IMAGES": "yes", "INFO": "on", "POST": "TRUE",
                                     "PING": "false"},
        "numbers_of_other_kinds": {"CONTAINERS": "2", "IMAGES": "-1", "INFO": "01", "POST": "1x", "EVENTS": "0.9"},
        "empty_values": {"EVENTS": "", "PING": "", "VERSION": "", "POST": ""},
    }


ENVIRONMENTS_OF = {
    "tecnativa": {
        **{f"{name}_alone": {**nothing(TECNATIVA), name: "1"} for name in TECNATIVA.variables},
        "every_action_without_POST": {"ALLOW_START": "1", "ALLOW_STOP": "1", "ALLOW_RESTARTS": "1"},
        "every_action_with_POST": {"ALLOW_START": "1", "ALLOW_STOP": "1", "ALLOW_RESTARTS": "1", "POST": "1"},
        "actions_off_with_CONTAINERS_and_POST": {"CONTAINERS": "1", "POST": "1", "ALLOW_START": "0"},
        "actions_and_CONTAINERS_without_POST": {"CONTAINERS": "1", "ALLOW_START": "1", "ALLOW_RESTARTS": "1"},
        "CONTAINERS_and_EXEC_with_POST": {"CONTAINERS": "1", "EXEC": "1", "POST": "1"},
        "BuildKit": {"SESSION": "1", "GRPC": "1", "BUILD": "1", "IMAGES": "1", "POST": "1"},
    },
    "tecnativa-next": {
        "CONTAINERS_with_every_gate_and_no_guard": {"CONTAINERS": "1", **gates(TECNATIVA_NEXT)},
        **{f"{guard}_with_CONTAINERS_and_POST": {"CONTAINERS": "1", "POST": "1", guard: "1"}
           for guard in ("ALLOW_EXEC", "ALLOW_KILL", "ALLOW_ATTACH", "ALLOW_ARCHIVE", "ALLOW_EXPORT", "ALLOW_LOGS")},
        **{f"CONTAINERS_and_IMAGES_with_{gate}": {"CONTAINERS": "1", "IMAGES": "1", gate: "1"}
           for gate in TECNATIVA_NEXT.gates},
        "restarts_without_kill": {"ALLOW_RESTARTS": "1", "POST": "1", "ALLOW_KILL": "0"},
        "restarts_with_kill": {"ALLOW_RESTARTS": "1", "POST": "1", "ALLOW_KILL": "1"},
        "actions_without_a_gate": {"ALLOW_RESTARTS": "1", "ALLOW_START": "1", "ALLOW_KILL": "1", "ALLOW_PAUSE": "1"},
    },
    "linuxserver": {
        "both_CONTAINERS_with_POST_and_no_guard": {"CONTAINERS": "1", "LIBPOD_CONTAINERS": "1", "POST": "1"},
        **{f"{guard}_with_both_CONTAINERS": {"CONTAINERS": "1", "LIBPOD_CONTAINERS": "1", "LIBPOD_PODS": "1",
                                             guard: "1"}
           for guard in ("ALLOW_ARCHIVE", "ALLOW_CHANGES", "ALLOW_EXPORT", "ALLOW_LOGS", "ALLOW_TOP")},
        **{f"{action}_without_POST": {action: "1"}
           for action in ("ALLOW_RESTARTS", "ALLOW_START", "LIBPOD_ALLOW_RESTARTS", "LIBPOD_ALLOW_POD_UNPAUSE")},
    },
    "fluencelabs": {
        **{f"IMAGES_and_CONTAINERS_with_{gate}": {"CONTAINERS": "1", "IMAGES": "1", gate: "1"}
           for gate in FLUENCELABS.gates},
        "attach_without_POST": {"CONTAINERS_ATTACH": "1"},
        "removals_without_DELETE": {"IMAGES_DELETE": "1", "CONTAINERS_DELETE": "1", "POST": "1"},
        "removals_with_DELETE": {"IMAGES_DELETE": "1", "CONTAINERS_DELETE": "1", "NETWORKS_DELETE": "1",
                                 "VOLUMES_DELETE": "1", "DELETE": "1"},
    },
}

ENVIRONMENTS = {(dialect, name): environment for dialect, original in ORIGINALS.items()
                for name, environment in {**common(original), **ENVIRONMENTS_OF[dialect]}.items()}

# Spellings of a switch's value: all that HAProxy was seen to read in a way of its own, and neighbours of them.
SPELLINGS = [
    "", "0", "1", "2", "9", "-1", "+1", "-0", "+0", "00", "01", "10", "0.9", "1.5", ".5", "1abc", "abc1", "1 ", " 1",
    "\t1", "1\t", "1\n", "\n1", "0x1", "0x0", "1e3", "0e3", "--1", "++1", "+-1", "-+1", "-", "+", "+ 1", "true", "TRUE",
    "True", "yes", "YES", "on", "y", "t", "false", "no", "off", "4294967296", "2147483648", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616",
    "100000000000000000000000000000000", "00000000000000000000001", "0" * 40, "\u0661", "\uff11", '"1"', "'1'", "1;0",
    "0;1", "1,0", "0 1", "1'", "$1", "%31", "1\\", "\x7f1",
]
