"""The environments under which both judges are asked, each with a sentence."""

import tecnativa

SECTIONS = [variable for variable, _ in tecnativa.STEPS if not variable.startswith("ALLOW_")]
ALL_ON = {variable: "1" for variable in tecnativa.VARIABLES}
ALL_OFF = {variable: "0" for variable in tecnativa.VARIABLES}

ENVIRONMENTS = {
    "defaults": {},
    "everything_on": ALL_ON,
    "everything_off": ALL_OFF,
    "everything_on_but_POST": {**ALL_ON, "POST": "0"},
    "POST_alone_among_the_off": {**ALL_OFF, "POST": "1"},
    **{f"{name}_alone": {**ALL_OFF, name: "1"} for name in tecnativa.VARIABLES if name != tecnativa.GATE},
    **{f"{name}_with_POST": {**ALL_OFF, name: "1", "POST": "1"} for name in tecnativa.VARIABLES
       if name != tecnativa.GATE},
    "every_action_without_POST": {"ALLOW_START": "1", "ALLOW_STOP": "1", "ALLOW_RESTARTS": "1"},
    "every_action_with_POST": {"ALLOW_START": "1", "ALLOW_STOP": "1", "ALLOW_RESTARTS": "1", "POST": "1"},
    "start_and_stop_with_POST": {"ALLOW_START": "1", "ALLOW_STOP": "1", "POST": "1"},
    "actions_off_with_CONTAINERS_and_POST": {"CONTAINERS": "1", "POST": "1", "ALLOW_START": "0", "ALLOW_STOP": "0"},
    "actions_and_CONTAINERS_without_POST": {"CONTAINERS": "1", "ALLOW_START": "1", "ALLOW_RESTARTS": "1"},
    "CONTAINERS_and_EXEC_with_POST": {"CONTAINERS": "1", "EXEC": "1", "POST": "1"},
    "BuildKit": {"SESSION": "1", "GRPC": "1", "BUILD": "1", "IMAGES": "1", "POST": "1"},
    "the_default_grants_off": {"EVENTS": "0", "PING": "0", "VERSION": "0"},
    "words_instead_of_numbers": {"CONTAINERS": "true", "IMAGES": "yes", "INFO": "on", "POST": "TRUE", "PING": "false"},
    "numbers_of_other_kinds": {"CONTAINERS": "2", "IMAGES": "-1", "INFO": "01", "POST": "1x", "EVENTS": "0.9"},
    "empty_values": {"EVENTS": "", "PING": "", "VERSION": "", "POST": ""},
}

# Spellings of a switch's value: all that HAProxy was seen to read in a way of its own, and neighbours of them.
SPELLINGS = [
    "", "0", "1", "2", "9", "-1", "+1", "-0", "+0", "00", "01", "10", "0.9", "1.5", ".5", "1abc", "abc1", "1 ", " 1",
    "\t1", "1\t", "1\n", "\n1", "0x1", "0x0", "1e3", "0e3", "--1", "++1", "+-1", "-+1", "-", "+", "+ 1", "true", "TRUE",
    "True", "yes", "YES", "on", "y", "t", "false", "no", "off", "4294967296", "2147483648", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616",
    "100000000000000000000000000000000", "00000000000000000000001", "0" * 40, "\u0661", "\uff11", '"1"', "'1'", "1;0",
    "0;1", "1,0", "0 1", "1'", "$1", "%31", "1\\", "\x7f1",
]
