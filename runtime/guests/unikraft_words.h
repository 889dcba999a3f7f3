/* Words of the Unikraft command line, as lib/ukargparse of every release from 0.11 on reads them. */
#ifndef RUNTIME_GUESTS_UNIKRAFT_WORDS_H
#define RUNTIME_GUESTS_UNIKRAFT_WORDS_H

#include <stddef.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* The words that the guest makes of `text`. */
size_t unikraft_count_words(const char *text);

/* Adds a word; where it must, in single quotes. An empty one, which no quoting carries, is left out. */
void unikraft_add_word(struct buffer *line, const char *word);

/* Adds " env.vars=[ ... ]" with the variables "K=V" (lib/posix-environ); nothing where there are none. A
 * variable that the list cannot hold is an error. */
int unikraft_add_environment(struct buffer *line, const struct strings *env, struct error *error);

#endif
