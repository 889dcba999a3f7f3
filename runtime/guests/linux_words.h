/* Words of the Linux command line: how an argument and a variable are written in it. */
#ifndef RUNTIME_GUESTS_LINUX_WORDS_H
#define RUNTIME_GUESTS_LINUX_WORDS_H

#include <stddef.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* The words that the kernel makes of `text`: split at its blanks (lib/ctype.c counts 0xa0 as one), joined
 * within double quotes (lib/cmdline.c, next_arg). */
size_t linux_count_words(const char *text);

/* Adds an argument for behind "--". One that is empty or has blanks or quotes stands in single quotes, each
 * single quote in it as '\'' : the convention of urunit and of urunc's init, which join it again. */
void linux_add_argument(struct buffer *line, const char *argument);

/* Adds a blank and "K=V" as the kernel's own environment word. An error where the kernel would understand
 * something else: a name with a dot or of a kernel parameter that decides how this guest boots, a double
 * quote in the value. */
int linux_add_variable(struct buffer *line, const char *variable, struct error *error);

#endif
