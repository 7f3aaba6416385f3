#ifndef SOCKWARDEN_PROXY_SANDBOX_H
#define SOCKWARDEN_PROXY_SANDBOX_H

/*
 * What the kernel forbids the process from then on, each part where this kernel has it: new privileges by starting a
 * program, being looked into by processes of its own user, system calls that the event loop does not need (seccomp),
 * and all files, TCP peers and processes but those of the settings (Landlock). Settings that are read anew must fit in:
 * see sandbox_rules. Entered once, by confine.c, after the listeners are open and root is given up; there is no way
 * out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SANDBOX_FOLDERS_MAX = 512, SANDBOX_PORTS_MAX = 4, SANDBOX_TEXT_SIZE = 256 };

/* What stays open. Paths are borrowed until sandbox_enter returns; one that does not exist is passed over. */
struct sandbox_rules {
    const char *settings_file; /* its folder stays readable, so that another file can take its place; or NULL */
    const char *socket_folders[SANDBOX_FOLDERS_MAX]; /* unix listeners may be made and removed there */
    size_t socket_folder_count;
    uint16_t ports[SANDBOX_PORTS_MAX]; /* TCP ports that may be connected to */
    size_t port_count;
    bool abstract_sockets; /* unix sockets without a file may be connected to */
};

/* What the kernel's Landlock limits, beside files. */
struct sandbox_limits {
    bool ports;
    bool abstract_sockets;
};

/*
 * Enters. Writes what holds to `holds` ("no new privileges, …") and what this kernel or container lacks to `lacks`, ""
 * where it is all there; both of SANDBOX_TEXT_SIZE bytes.
 */
struct sandbox_limits sandbox_enter(const struct sandbox_rules *rules, char *holds, char *lacks);

/* The parts, each in its file; they want no_new_privs to be set. On failure they return false with errno. */
bool sandbox_limit_syscalls(void);
/* `version` becomes that of the kernel's Landlock. */
bool sandbox_limit_files(const struct sandbox_rules *rules, int *version);
/* True where a file can't be read although it is there: another one than that of the start took its place. */
bool sandbox_closes(const char *path);
/* What that version can limit. */
struct sandbox_limits sandbox_limits_of(int version);

#endif
