/* The guest's console: what this program says, and the terminal that the program gets. */
#ifndef RUNTIME_INIT_CONSOLE_H
#define RUNTIME_INIT_CONSOLE_H

#include <stdbool.h>

/* "urunc-init: ..." and a newline on standard error; the text of errno follows where the format ends with a
 * colon. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Opens /dev/console, or where there is none /dev/null, as standard input, output and error. */
void console_open(void);

/* Where somebody types at the console (`terminal`) it stays one, but for the carriage returns that the
 * terminal on the host's side adds as well. Else it neither echoes nor changes a byte: the other end is a
 * pipe. */
void console_set(bool terminal);

/* In the program's process: a session of its own with the console's terminal as its controlling one and as
 * standard input, output and error. `uid` becomes its owner, so that /dev/stdout can be opened. */
void console_give(unsigned uid);

#endif
