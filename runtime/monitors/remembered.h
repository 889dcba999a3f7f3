/*
 * Answers that cost time, kept in files of the state root until what they are about is another one. The
 * root's other names are IDs of containers, which have no '@'; these have one.
 */
#ifndef RUNTIME_MONITORS_REMEMBERED_H
#define RUNTIME_MONITORS_REMEMBERED_H

#include <stdbool.h>

#include "formats/base/buffer.h"

/* Reads what was kept under that name for this key, one line that ends with a newline. False where there is
 * nothing. `directory` may be -1. */
bool remembered_read(int directory, const char *name, const char *key, struct buffer *answer);

/* Keeps it. Without it the next one asks again, so a directory that cannot be written to is no error. */
void remembered_write(int directory, const char *name, const char *key, const char *answer);

#endif
