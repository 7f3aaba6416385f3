#ifndef SOCKWARDEN_TESTS_FUZZ_SETTINGS_H
#define SOCKWARDEN_TESTS_FUZZ_SETTINGS_H

/*
 * What every configuration must hold, wherever it came from. The programs that link this look no host name up: what a
 * fuzzer makes of them would be asked of a name server (--wrap=getaddrinfo).
 */

struct config;

void settings_check(const struct config *config);

/* One line that does nothing to a terminal. */
void settings_check_line(const char *text);

#endif
