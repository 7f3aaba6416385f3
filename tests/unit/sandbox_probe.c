/*
 * Enters the sandbox as the program does and tries one thing in it: sandbox_probe inside|outside THING FOLDER PORT. In
 * place of these words: `version` prints that of the kernel's Landlock, `without-seccomp` runs the program THING.
 * Prints "done" or the name of the error; a fatal call ends it by SIGSYS. FOLDER/settings/file is the settings file,
 * unix sockets may be made in FOLDER/sockets, PORT may be connected to. tests/service/test_confine.py runs it.
 */
#include "proxy/sandbox.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static uint16_t port;

static const char *
below(const char *name)
{
    static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int
read_file(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : (int)read(fd, &byte, 1) < 0 ? -1 : close(fd);
}

static int
bind_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? unlink(path) : -1;
}

static int
connect_to(uint16_t to)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(to)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&address, sizeof(address));
}

static int
connect_abstract(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0sockwarden-probe"};
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&address,
                   offsetof(struct sockaddr_un, sun_path) + sizeof("\0sockwarden-probe") - 1);
}

static int
start_program(void)
{
    char *const arguments[] = {(char *)"true", NULL};
    return execv("/bin/true", arguments);
}

static int
start_child(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 ? -1 : waitpid(child, NULL, 0) < 0 ? -1 : 0;
}

static int
map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int
list_folder(void)
{
    return opendir("/etc") == NULL ? -1 : 0;
}

static int
write_file(void)
{
    return open(below("settings/other"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 ? -1 : 0;
}

static int
look_up(void)
{
    struct addrinfo *found = NULL;
    int error = getaddrinfo("localhost", "80", NULL, &found);
    if (found != NULL)
        freeaddrinfo(found);
    errno = EPROTO;
    return error == 0 ? 0 : -1;
}

/* A shorthand for one call. */
#define THING(name, call)                                                                                              \
    static int name(void)                                                                                              \
    {                                                                                                                  \
        return (int)(call);                                                                                            \
    }

THING(trace, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
THING(mount_something, mount("none", "/nonexistent", "tmpfs", 0, NULL))
THING(leave_namespace, unshare(CLONE_NEWNS))
THING(start_ring, syscall(SYS_io_uring_setup, 0, NULL))
THING(load_bpf, syscall(SYS_bpf, 0, NULL, 0))
THING(become_root, setuid(getuid()))
THING(signal_parent, kill(getppid(), 0))
THING(push_input, ioctl(0, TIOCSTI, "x"))
THING(open_packets, socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)))
THING(open_shadow, read_file("/etc/shadow"))
THING(open_hosts, read_file("/etc/hosts"))
THING(open_settings, read_file(below("settings/file")))
THING(open_other_settings, read_file(below("settings/new")))
THING(open_neighbour, read_file(below("neighbour")))
THING(remove_neighbour, unlink(below("neighbour")))
THING(make_socket, bind_at(below("sockets/a")))
THING(make_socket_elsewhere, bind_at(below("a")))
THING(connect_to_port, connect_to(port))
THING(connect_elsewhere, connect_to((uint16_t)(port + 1)))
THING(open_internet, socket(AF_INET6, SOCK_DGRAM, 0) < 0 ? -1 : 0)

static const struct thing {
    const char *name;
    int (*try)(void);
} things[] = {
    {"execve", start_program},
    {"fork", start_child},
    {"ptrace", trace},
    {"mount", mount_something},
    {"unshare", leave_namespace},
    {"io_uring", start_ring},
    {"bpf", load_bpf},
    {"setuid", become_root},
    {"kill", signal_parent},
    {"tiocsti", push_input},
    {"map-code", map_code},
    {"make-code", make_code},
    {"packet-socket", open_packets},
    {"abstract-socket", connect_abstract},
    {"open-shadow", open_shadow},
    {"list-etc", list_folder},
    {"open-neighbour", open_neighbour},
    {"unlink-neighbour", remove_neighbour},
    {"write", write_file},
    {"socket-elsewhere", make_socket_elsewhere},
    {"connect-elsewhere", connect_elsewhere},
    {"open-hosts", open_hosts},
    {"open-settings", open_settings},
    {"open-other-settings", open_other_settings},
    {"socket", make_socket},
    {"connect", connect_to_port},
    {"internet-socket", open_internet},
    {"resolve", look_up},
};

static void
enter(void)
{
    char settings[96];
    char sockets[96];
    char holds[SANDBOX_TEXT_SIZE];
    char lacks[SANDBOX_TEXT_SIZE];
    snprintf(settings, sizeof(settings), "%s/settings/file", folder);
    snprintf(sockets, sizeof(sockets), "%s/sockets", folder);
    struct sandbox_rules rules = {
        .settings_file = settings,
        .socket_folders = {sockets},
        .socket_folder_count = 1,
        .ports = {port},
        .port_count = 1,
    };
    sandbox_enter(&rules, holds, lacks);
    fprintf(stderr, "holds %s; lacks %s\n", holds, lacks);
}

/* Runs a program that may not make filters, as in a container that forbids it. */
static int
run_without_seccomp(const char *program)
{
    char *const arguments[] = {(char *)program, NULL};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0);
    struct scmp_arg_cmp making_filters = {0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0};
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1, making_filters);
    if (seccomp_load(filter) == 0)
        execv(program, arguments);
    return 3;
}

int
main(int argc, char *argv[])
{
    if (argc != 5)
        return 2;
    if (strcmp(argv[1], "without-seccomp") == 0)
        return run_without_seccomp(argv[2]);
    if (strcmp(argv[1], "version") == 0) {
        long version = syscall(444 /* landlock_create_ruleset */, NULL, 0, 1 /* its version */);
        printf("%ld\n", version < 0 ? 0 : version);
        return 0;
    }
    snprintf(folder, sizeof(folder), "%s", argv[3]);
    port = (uint16_t)strtoul(argv[4], NULL, 10);
    if (strcmp(argv[1], "inside") == 0)
        enter();
    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        if (strcmp(things[i].name, argv[2]) != 0)
            continue;
        puts(things[i].try() < 0 ? strerrorname_np(errno) : "done");
        return 0;
    }
    return 2;
}
