#ifndef SOCKWARDEN_POLICY_PARAMETERS_H
#define SOCKWARDEN_POLICY_PARAMETERS_H

/*
 * What the values of query parameters mean to an engine: parameters.def as functions. Used by conditions.c and redact.c
 * only. A rule that allows must be sure that every engine reads a value as it does, and one that refuses must not be
 * evaded by another spelling; so a comparison has a third answer for what engines could read either way.
 */

#include "slice.h"

enum parameter_kind { PARAMETER_TEXT, PARAMETER_FLAG, PARAMETER_SIGNAL };

enum parameter_kind parameter_kind(struct slice name);

/* True for a parameter of some engine. */
bool parameter_is_known(struct slice name);

/* The parameter that is meant by a name which is nearly that of one; NULL for what is one, and for what is far from
 * all. */
const char *parameter_meant(struct slice name);

enum parameter_secrecy { PARAMETER_OPEN, PARAMETER_SECRET, PARAMETER_MAY_NAME_A_USER };

/* Whether a log may show the value of the parameter with this name, raw as in a query, in whatever case. */
enum parameter_secrecy parameter_secrecy(struct slice raw);

/* What is wrong with a value that a rule asks for: a sentence; NULL where nothing is. */
const char *parameter_fault(enum parameter_kind kind, struct slice wanted);

/* The right value that a wrong one is nearly; NULL where there is none. */
const char *parameter_nearest(enum parameter_kind kind, struct slice wanted);

enum parameter_answer { PARAMETER_IS_NOT, PARAMETER_MAY_BE, PARAMETER_IS };

/* Whether the raw value of a query is what a rule asks for. */
enum parameter_answer parameter_compare(enum parameter_kind kind, struct slice raw, struct slice wanted);

/* What a parameter is where it is not there: a value as a rule has it, or NULL where that is no, nothing or unknown. */
const char *parameter_default(const char *operation, struct slice name);

#endif
