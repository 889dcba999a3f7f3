/* Lines for the operator go to stderr and, with --log, to a file. */
#ifndef RUNTIME_LIFECYCLE_LOG_H
#define RUNTIME_LIFECYCLE_LOG_H

#include <stdbool.h>

#include "formats/base/error.h"

struct log {
    int fd; /* of --log; -1: none */
    bool json;
    bool debug;
};

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_DEBUG,
};

/* Opens the file for appending; `format` is "text" or "json". */
int log_open(struct log *log, const char *path, const char *format, struct error *error);
/* One line "urunc: TEXT" on stderr, and in the log as text or as runc's {"level","msg","time"}. Debug lines
 * go to the log only (to stderr where there is none) and only with --debug. */
void log_line(const struct log *log, enum log_level level, const char *text);
/* Reports a failure that does not end the command, and clears it. */
void log_warning(const struct log *log, struct error *error);
/* The same, for who calls back: `log` is a const struct log *. */
void log_warning_of(void *log, struct error *error);

#endif
