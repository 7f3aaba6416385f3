#include "conduit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    bool open;
    bool useless; /* it does not work here, or it did not once */
    int in;
    int out;
} conduit;

static bool
is_open(void)
{
    int ends[2];
    if (conduit.useless || (!conduit.open && pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0))
        return false;
    if (conduit.open)
        return true;
    /* A larger one holds more small pieces; how large it may be is the system's. */
    fcntl(ends[1], F_SETPIPE_SZ, CONDUIT_SIZE);
    conduit.out = ends[0];
    conduit.in = ends[1];
    conduit.open = true;
    return true;
}

void
conduit_open(void)
{
    is_open();
}

/* Measured: out of a unix socket small pages come, one by one, and copying them is cheaper. */
static bool
pays(int source)
{
    int domain = AF_UNIX;
    socklen_t size = sizeof(domain);
    return getsockopt(source, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain != AF_UNIX;
}

ssize_t
conduit_fill(int source, size_t limit)
{
    if (!pays(source) || !is_open())
        return -1;
    ssize_t moved = splice(source, NULL, conduit.in, NULL, limit, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM))
        conduit.useless = true;
    return moved;
}

size_t
conduit_empty(int sink, size_t count)
{
    size_t moved = 0;
    while (moved < count) {
        ssize_t piece = splice(conduit.out, NULL, sink, NULL, count - moved, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (piece <= 0)
            break;
        moved += (size_t)piece;
    }
    return moved;
}

size_t
conduit_read(char *bytes, size_t count)
{
    size_t done = 0;
    while (done < count) {
        ssize_t piece = read(conduit.out, bytes + done, count - done);
        if (piece < 0 && errno == EINTR)
            continue;
        if (piece <= 0)
            break;
        done += (size_t)piece;
    }
    if (done < count) {
        /* It can't happen; but what is left in it must never reach another stream. */
        close(conduit.in);
        close(conduit.out);
        conduit.open = false;
        conduit.useless = true;
    }
    return done;
}
