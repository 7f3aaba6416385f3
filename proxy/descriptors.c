#include "descriptors.h"
#include "log.h"

#include <sys/resource.h>

enum {
    RESERVED = 16,  /* epoll, signals, the conduit, standard streams, the odd dial */
    PER_CLIENT = 2, /* its own and one to the engine */
};

size_t
descriptors_for_clients(size_t wanted, size_t listeners)
{
    struct rlimit limit;
    size_t reserved = RESERVED + listeners;
    rlim_t needed = wanted * PER_CLIENT + reserved;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed ? needed : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed)
        return wanted;
    size_t clients = limit.rlim_cur > reserved + PER_CLIENT ? (limit.rlim_cur - reserved) / PER_CLIENT : 1;
    log_text(LOG_LEVEL_NOTICE, "limit", "%llu descriptors are allowed: %zu clients at a time, further ones wait",
             (unsigned long long)limit.rlim_cur, clients);
    return clients;
}
