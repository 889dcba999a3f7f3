/* A child that is asked one thing: it writes its answer to a pipe and ends, or is ended. */
#ifndef RUNTIME_MONITORS_CHILD_H
#define RUNTIME_MONITORS_CHILD_H

#include <sys/types.h>

#include "formats/base/error.h"

/*
 * Calls answer(context, output) in a child and reads what it writes there: until its end, `size` bytes, or
 * `timeout` milliseconds. Then the child is killed, and with it what it has started. It ends with the caller,
 * too, whatever ends that: a program that hangs is not left behind. Returns the number of bytes, or -1 where
 * there is no child.
 */
ssize_t child_ask(void (*answer)(const void *context, int output), const void *context, void *bytes,
                  size_t size, int timeout, struct error *error);

#endif
