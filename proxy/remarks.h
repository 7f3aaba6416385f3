#ifndef SOCKWARDEN_PROXY_REMARKS_H
#define SOCKWARDEN_PROXY_REMARKS_H

/*
 * What is to be said of settings that are right but may not be what was meant: those that do nothing, those that stand
 * above others, policies that nobody uses, ports that anybody may reach. The log tells them at a start and after a
 * reload, `check` prints them.
 */

struct config;

enum remark_kind {
    REMARK_WARNING, /* something that was set has no effect */
    REMARK_NOTE,    /* something that was set in two places */
};

/* Calls `remark` for each; `environment` is the one that `config` was read with. */
void remarks_list(const struct config *config, char *const environment[],
                  void (*remark)(void *owner, enum remark_kind kind, const char *text), void *owner);

#endif
