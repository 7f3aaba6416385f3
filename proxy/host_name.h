#ifndef SOCKWARDEN_PROXY_HOST_NAME_H
#define SOCKWARDEN_PROXY_HOST_NAME_H

/*
 * What a host name is, for whoever would hand one to a resolver: labels as in RFC 1123, and with underscores, which
 * services of Compose may have. A resolver would also take numbers for addresses in forms that look like names
 * (127.1, 0x7f.1, 0177.0.0.1); they are none here. Used by allow_from.c and address_parse.c. Pure.
 */

/* What is wrong with a name: a static sentence; NULL where nothing is. */
const char *host_name_fault(const char *name);

#endif
