#ifndef SOCKWARDEN_POLICY_CONTENT_H
#define SOCKWARDEN_POLICY_CONTENT_H

/*
 * Bodies that are refused for their form, whatever the policy: those by which a server would read parameters that
 * the judged target does not show, or take another path than the judged one. Used inside the policy library only.
 */

#include "routes.h"

/* What is wrong with the body or its type, as a static sentence; NULL where nothing is. */
const char *content_fault(enum method method, const struct policy_request *request);

#endif
