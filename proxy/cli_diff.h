#ifndef SOCKWARDEN_PROXY_CLI_DIFF_H
#define SOCKWARDEN_PROXY_CLI_DIFF_H

/*
 * The verb `diff`: what becomes allowed or refused from one policy to another, or from one file to another, listener by
 * listener. commands.c calls it; it needs no engine and knows no rule: the comparison is the policy library's.
 */

#include "table.h"

#include <stdio.h>

/* Where policies come from that an operand does not name a file for. */
struct diff_sources {
    const char *config_path; /* of policy:NAME; NULL: none */
    char *const *environment;
};

/*
 * `words` are two operands as verbs.def describes them, each with the features of its preset behind it. One row a route
 * that is judged in another way:
 *
 *   allowed, refused   now it is
 *   narrowed, widened  now it depends on the query where it was allowed, or refused
 *   changed            it depends on the query in another way
 *   trial, enforced    it would be refused and passes, as dry_run says ("dry: " stands before what refuses it then),
 *                      or no longer passes
 *
 * and for files a row for a listener that is added (with what it grants) or removed, whose address is another, or which
 * others may use: "allow_from", "mode", "owner", "group", each as it is written. Exit codes: 0 no difference, 1 some, 2
 * an operand that is not understood or can't be read.
 */
int cli_diff(const struct diff_sources *sources, int count, char *words[], enum table_format format, FILE *output,
             FILE *errors);

#endif
