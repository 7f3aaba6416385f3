#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Three kinds. What the loop, a reload and the resolver need is allowed, some of it with certain arguments alone. What
 * only somebody who took the process over would try ends it at once. The rest fails with EPERM, for a C library may
 * try a call that is new and go on with an older one. Names that an architecture does not have are passed over.
 */
static const char *const allowed[] = {
    /* connections and the loop */
    "accept",
    "accept4",
    "bind",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "listen",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "send",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    "splice",
    "sendfile",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd2",
    "pipe",
    "pipe2",
    "poll",
    "ppoll",
    "ppoll_time64",
    "pselect6",
    "pselect6_time64",
    "select",
    "_newselect",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    /* files: settings, the C library's, socket files */
    "access",
    "chmod",
    "chown",
    "close",
    "close_range",
    "faccessat",
    "faccessat2",
    "fchmodat",
    "fchownat",
    "fcntl",
    "fcntl64",
    "flock",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "getcwd",
    "getdents64",
    "lchown",
    "lseek",
    "_llseek",
    "lstat",
    "lstat64",
    "newfstatat",
    "pread64",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "stat",
    "stat64",
    "statx",
    "umask",
    "unlink",
    "unlinkat",
    "write",
    "writev",
    /* memory, time, signals, itself */
    "brk",
    "madvise",
    "mremap",
    "munmap",
    "clock_getres",
    "clock_gettime",
    "clock_gettime64",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "gettimeofday",
    "nanosleep",
    "time",
    "exit",
    "exit_group",
    "futex",
    "futex_time64",
    "getegid",
    "getegid32",
    "geteuid",
    "geteuid32",
    "getgid",
    "getgid32",
    "getgroups",
    "getpid",
    "getppid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "gettid",
    "getuid",
    "getuid32",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "setrlimit",
    "sigaltstack",
    "sigreturn",
    "sysinfo",
    "ugetrlimit",
    "uname",
};

static const char *const deadly[] = {
    "add_key",          "bpf",
    "chroot",           "delete_module",
    "execve",           "execveat",
    "finit_module",     "fsconfig",
    "fsmount",          "fsopen",
    "init_module",      "io_uring_setup",
    "ioperm",           "iopl",
    "kexec_file_load",  "kexec_load",
    "keyctl",           "mount",
    "move_mount",       "open_by_handle_at",
    "open_tree",        "perf_event_open",
    "pidfd_getfd",      "pivot_root",
    "process_vm_readv", "process_vm_writev",
    "ptrace",           "reboot",
    "request_key",      "setns",
    "swapon",           "umount2",
    "unshare",          "userfaultfd",
};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
/* What the C library asks of a stream, and libevent of a socket. */
static const unsigned long controls[] = {TCGETS, FIONREAD, FIONBIO};

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

static bool
add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number != __NR_SCMP_ERROR && seccomp_rule_add(filter, action, number, 0) != 0)
            return false;
    }
    return true;
}

/* Allows a call where these bits of this argument have this value. */
static bool
add_call(scmp_filter_ctx filter, const char *name, unsigned argument, scmp_datum_t bits, scmp_datum_t value)
{
    int number = seccomp_syscall_resolve_name(name);
    struct scmp_arg_cmp comparison = {argument, SCMP_CMP_MASKED_EQ, bits, value};
    return number == __NR_SCMP_ERROR || seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, comparison) == 0;
}

/* Calls of which some uses are needed and others are dangerous. The arguments are ints, or as small as one. */
static bool
add_calls_by_argument(scmp_filter_ctx filter)
{
    bool added = true;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        added = added && add_call(filter, "socket", 0, UINT32_MAX, (scmp_datum_t)families[i]);
    for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
        added = added && add_call(filter, "ioctl", 1, UINT32_MAX, controls[i]);
    return added && add_call(filter, "socketpair", 0, UINT32_MAX, AF_UNIX) &&
           add_call(filter, "open", 1, WRITING, O_RDONLY) && add_call(filter, "openat", 2, WRITING, O_RDONLY) &&
           add_call(filter, "mmap", 2, PROT_EXEC, 0) && add_call(filter, "mmap2", 2, PROT_EXEC, 0) &&
           add_call(filter, "mprotect", 2, PROT_EXEC, 0) && add_call(filter, "prlimit64", 0, UINT32_MAX, 0) &&
           /* abort(3) */
           add_call(filter, "tgkill", 0, UINT32_MAX, (scmp_datum_t)getpid());
}

bool
sandbox_limit_syscalls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    errno = ENOMEM;
    if (filter == NULL)
        return false;
    /* Another architecture's calls have other numbers: 32-bit code in a 64-bit process, for instance. */
    seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    /* A tree in place of a list; libraries before 2.5 have none. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    bool added = add_names(filter, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(allowed[0])) &&
                 add_names(filter, SCMP_ACT_KILL_PROCESS, deadly, sizeof(deadly) / sizeof(deadly[0])) &&
                 add_calls_by_argument(filter);
    int result = added ? seccomp_load(filter) : -EINVAL;
    seccomp_release(filter);
    errno = -result;
    return result == 0;
}
