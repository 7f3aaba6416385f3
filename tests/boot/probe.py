"""Tries what a hardened service may not do, and prints which of it went well: {attempt: "done" or the error's name}.

    python3 probe.py FOLDER ATTEMPT…

Nothing here changes the machine: each attempt sets what is set already, or undoes itself. FOLDER may be written to.
"""

import ctypes
import errno
import json
import mmap
import os
import pathlib
import socket
import stat
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
ATTEMPTS = {}
# exit(0) by the system call of a 32-bit program: an ELF header, a program header, and
# mov $1, %eax; xor %ebx, %ebx; int $0x80.
OTHER_ARCHITECTURE = bytes.fromhex(
    "7f454c4601010100000000000000000002000300010000005480040834000000000000000000000034002000010000000000000001000000"
    "00000000008004080080040860000000600000000500000000100000b80100000031dbcd80909090")


def attempt(function):
    ATTEMPTS[function.__name__.replace("_", "-")] = function
    return function


def call(number, *arguments, harmless=()):
    """A system call of x86-64 by its number; errors that come only once it is allowed are `harmless`."""
    if libc.syscall(number, *arguments) < 0 and ctypes.get_errno() not in harmless:
        raise OSError(ctypes.get_errno(), "")


@attempt
def write_to_etc(folder):
    path = pathlib.Path("/etc/probe")
    path.write_text("x")
    path.unlink()


@attempt
def read_homes(folder):
    pathlib.Path("/root/secret").read_text()


@attempt
def read_tmp_of_others(folder):
    pathlib.Path("/tmp/marker").read_text()


@attempt
def make_a_device(folder):
    os.mknod(folder / "null", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    os.unlink(folder / "null")


@attempt
def set_the_clock(folder):
    class Timex(ctypes.Structure):
        _fields_ = [("modes", ctypes.c_uint), ("rest", ctypes.c_long * 40)]
    now = Timex()
    if libc.adjtimex(ctypes.byref(now)) < 0:
        raise OSError(ctypes.get_errno(), "")
    now.modes = 0x0002  # ADJ_FREQUENCY, to what it is
    if libc.adjtimex(ctypes.byref(now)) < 0:
        raise OSError(ctypes.get_errno(), "")


@attempt
def set_the_host_name(folder):
    socket.sethostname(socket.gethostname())


@attempt
def read_the_kernel_log(folder):
    if libc.klogctl(10, None, 0) < 0:  # only its size
        raise OSError(ctypes.get_errno(), "")


@attempt
def load_a_module(folder):
    call(175, None, 0, b"", harmless=(errno.ENOEXEC, errno.EFAULT, errno.EINVAL, errno.ENOSYS))


@attempt
def open_a_tunable(folder):
    os.close(os.open("/proc/sys/net/ipv4/ip_forward", os.O_WRONLY))


@attempt
def make_a_cgroup(folder):
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "name=systemd"):
            name = "" if controllers == "" else "systemd"
            group = pathlib.Path(f"/sys/fs/cgroup/{name}{path}/probe")
            if group.parent.is_dir():
                group.mkdir()
                group.rmdir()
                return
    raise OSError(errno.ENOENT, "")


@attempt
def see_processes_of_others(folder):
    pathlib.Path("/proc/1/status").read_text()


@attempt
def see_the_kernel(folder):
    pathlib.Path("/proc/uptime").read_text()


@attempt
def change_the_personality(folder):
    if libc.personality(0x0040000) < 0:  # no random addresses
        raise OSError(ctypes.get_errno(), "")


@attempt
def map_code(folder):
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


@attempt
def open_another_family(folder):
    socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM).close()


@attempt
def enter_a_namespace(folder):
    if libc.unshare(0x04000000) < 0:  # UTS
        raise OSError(ctypes.get_errno(), "")


@attempt
def become_real_time(folder):
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@attempt
def make_a_setuid_file(folder):
    path = folder / "setuid"
    path.write_text("x")
    path.chmod(0o4755)
    path.unlink()


@attempt
def gain_privileges_by_a_program(folder):
    user = subprocess.run(["/usr/bin/privileged-id", "-u"], capture_output=True, text=True, check=True).stdout
    if int(user) != 0:
        raise OSError(errno.EPERM, "")


@attempt
def give_a_file_away(folder):
    path = folder / "given"
    path.write_text("x")
    try:
        os.chown(path, 1, 1)
    finally:
        path.unlink()


@attempt
def change_the_root(folder):
    os.chroot("/")


@attempt
def change_the_priority(folder):
    os.setpriority(os.PRIO_PROCESS, 0, 1)


@attempt
def make_a_file_for_others(folder):
    path = folder / "mode"
    path.write_text("x")
    mode = path.stat().st_mode
    path.unlink()
    if mode & 0o077 == 0:
        raise OSError(errno.EACCES, "")


@attempt
def share_mounts(folder):
    if os.readlink("/proc/self/ns/mnt") != pathlib.Path(__file__).with_name("mounts").read_text():
        raise OSError(errno.EXDEV, "")


@attempt
def run_other_architecture(folder):
    path = folder / "other"
    path.write_bytes(OTHER_ARCHITECTURE)
    path.chmod(0o700)
    try:
        done = subprocess.run([path], check=False).returncode
    finally:
        path.unlink()
    if done != 0:
        raise OSError(errno.EPERM, "")


@attempt
def reach_the_engine(folder):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("/run/docker.sock")


def main():
    results = {}
    for name in sys.argv[2:]:
        try:
            ATTEMPTS[name](pathlib.Path(sys.argv[1]))
            results[name] = "done"
        except OSError as error:
            results[name] = errno.errorcode.get(error.errno, str(error))
    print(json.dumps(results))


main()
