#ifndef SOCKWARDEN_PROXY_HEALTH_H
#define SOCKWARDEN_PROXY_HEALTH_H

/*
 * The one question that the proxy answers about itself: GET /_sockwarden/health. No engine has this path, and what an
 * engine gets for it is a _ping that the proxy asks on its own account, so that the answer tells of the whole way; no
 * policy has a say in it, as nothing of the client's reaches the engine. exchange.c answers, cli_health.c asks,
 * cli_explain.c tells of it.
 */

#define HEALTH_TARGET "/_sockwarden/health"

/* What stands in the log, and in what explain says. */
#define HEALTH_OPERATION "Health"
#define HEALTH_RULE      "health"

#endif
