"""Runs a command as on a kernel without IPv6: socket(AF_INET6, …) fails with EAFNOSUPPORT, by a seccomp filter.

    python3 without_ipv6.py COMMAND ARGUMENT…
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
RET_ALLOW, RET_ERRNO = 0x7FFF0000, 0x00050000
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
NUMBER_AT, FIRST_ARGUMENT_AT = 0, 16  # in struct seccomp_data
SOCKET_CALL = {"x86_64": 41, "aarch64": 198, "riscv64": 198}[platform.machine()]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def main():
    steps = [(LOAD, 0, 0, NUMBER_AT), (JUMP_EQUAL, 0, 3, SOCKET_CALL), (LOAD, 0, 0, FIRST_ARGUMENT_AT),
             (JUMP_EQUAL, 0, 1, socket.AF_INET6), (RETURN, 0, 0, RET_ERRNO | errno.EAFNOSUPPORT),
             (RETURN, 0, 0, RET_ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*arguments) != 0:
            sys.exit(f"without_ipv6: prctl: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[1], sys.argv[1:])


main()
