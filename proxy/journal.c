#include "journal.h"

#include <ctype.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { SETTLE_TRIES = 100, SETTLE_MILLISECONDS = 10, LOOK_MILLISECONDS = 50 };

/* The longest name and what the two forms need beside name and value: a line feed or two, the length. */
enum { NAME_SIZE = 64, FORM_SIZE = 2 + sizeof(uint64_t) };

static int sender = -1; /* of entries; made with the first one */

bool
journal_is_standard_error(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char own[64];
    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
        return false;
    snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(stream, own) == 0;
}

static void
append(struct journal_fields *fields, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(fields->bytes + fields->length, bytes, length);
    fields->length += length;
}

void
journal_add(struct journal_fields *fields, const char *prefix, const char *name, struct slice value)
{
    char field[NAME_SIZE];
    int length = snprintf(field, sizeof(field), "%s%s", prefix, name);
    size_t room = sizeof(fields->bytes) - fields->length;
    if (length <= 0 || length >= NAME_SIZE || (size_t)length + FORM_SIZE >= room)
        return;
    for (char *at = field; *at != '\0'; at++)
        *at = isalnum((unsigned char)*at) ? (char)toupper((unsigned char)*at) : '_';
    room -= (size_t)length + FORM_SIZE;
    if (value.length > room)
        value.length = room;
    append(fields, field, (size_t)length);
    if (value.length == 0 || memchr(value.data, '\n', value.length) == NULL) {
        append(fields, "=", 1);
    } else {
        /* Little-endian, whatever the machine. */
        unsigned char size[sizeof(uint64_t)];
        for (size_t i = 0; i < sizeof(size); i++)
            size[i] = (unsigned char)((uint64_t)value.length >> (8 * i));
        append(fields, "\n", 1);
        append(fields, size, sizeof(size));
    }
    append(fields, value.data, value.length);
    append(fields, "\n", 1);
}

enum journal_result
journal_send(const struct journal_fields *fields, struct slice message)
{
    static const struct sockaddr_un journal = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    if (sender < 0)
        sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sender < 0)
        return JOURNAL_GONE;
    struct iovec parts[] = {
        {(void *)fields->bytes, fields->length},
        {(char[]){"MESSAGE="}, 8},
        {(void *)message.data, message.length},
        {(char[]){"\n"}, 1},
    };
    /* By address, not connected: a journal that was started anew is found again. */
    struct msghdr entry = {.msg_name = (void *)&journal,
                           .msg_namelen = sizeof(journal),
                           .msg_iov = parts,
                           .msg_iovlen = sizeof(parts) / sizeof(parts[0])};
    if (sendmsg(sender, &entry, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
        return JOURNAL_TAKEN;
    return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? JOURNAL_FULL : JOURNAL_GONE;
}

static bool
is_read(int fd)
{
    int unread = 0;
    return fd < 0 || ioctl(fd, SIOCOUTQ, &unread) != 0 || unread == 0;
}

void
journal_settle(void)
{
    if (!journal_is_standard_error())
        return;
    for (int i = 0; i < SETTLE_TRIES && !(is_read(STDERR_FILENO) && is_read(sender)); i++)
        poll(NULL, 0, SETTLE_MILLISECONDS);
    poll(NULL, 0, LOOK_MILLISECONDS); /* it looks when it has read */
}
