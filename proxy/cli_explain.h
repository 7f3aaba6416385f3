#ifndef SOCKWARDEN_PROXY_CLI_EXPLAIN_H
#define SOCKWARDEN_PROXY_CLI_EXPLAIN_H

/*
 * The verb `explain`: tells what a policy decides about a call and why, without an engine. main calls it; it owns no
 * state, opens nothing and knows no rule: the verdict is the policy's.
 */

#include "policy/policy.h"
#include "table.h"

#include <stdio.h>

/* Exit codes of the verb; what passes, as dry_run says, is allowed. */
enum { EXPLAIN_ALLOWED = 0, EXPLAIN_REFUSED = 1, EXPLAIN_USAGE = 2 };

/*
 * `argv` holds what follows the verb: METHOD TARGET, or - alone to read "METHOD<tab or blanks>TARGET" lines from
 * `input` until it ends. Each call is answered with one line on `output`: verdict, operation, rule, and what would
 * grant it, separated by tabs. The verdict is allow, deny, or "dry" for what would be refused and passes, as dry_run
 * says; what can't be a call is denied. As JSON the line is an object; as text all are columns with their names above.
 * Blank lines get no answer; a CR before the line feed is dropped. But for text, lines are answered one by one and
 * flushed, so that a program can talk to this one. With - the exit code is 0 once all lines were read and answered.
 */
int cli_explain(const struct policy *policy, enum table_format format, int argc, char *argv[], FILE *input,
                FILE *output, FILE *errors);

#endif
