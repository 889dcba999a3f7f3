/*
 * Texts in Rumprun's JSON.
 *
 * Its parser (lib/libbmk_core/jsmn.c) finds the end of a string and checks escapes, but nobody decodes them:
 * what stands between the quotes reaches its reader as it stands there (lib/librumprun_base/config.c). So a
 * usual JSON writer would change texts on their way.
 */
#ifndef RUNTIME_GUESTS_RUMPRUN_JSON_H
#define RUNTIME_GUESTS_RUMPRUN_JSON_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* Adds `"text"`, which the guest reads byte for byte. `what` names the text in the error where it cannot be
 * said: with a double quote, or with a backslash before anything but one of "\/bfnrtu. */
int rumprun_add_text(struct buffer *json, const char *what, const char *text, struct error *error);

/* Adds one argument to the text of a command line (within quotes of JSON), as lib/librumprun_base/parseargs.c
 * splits it. A single quote cannot be said: bare it quotes, and the parser of JSON refuses it behind a
 * backslash. */
int rumprun_add_argument(struct buffer *json, const char *what, const char *argument, struct error *error);

/* Adds a whole command line, whose words the guest splits; double quotes and backslashes are taken as they
 * are. */
int rumprun_add_line(struct buffer *json, const char *what, const char *line, struct error *error);

#endif
