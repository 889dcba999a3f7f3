/*
 * What conversations with a running monitor have in common, whatever the protocol.
 *
 * What answers may be a monitor that its guest has taken over: so each wait has a deadline, and JSON a depth.
 */
#ifndef RUNTIME_MONITORS_CONVERSATION_H
#define RUNTIME_MONITORS_CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* Waits for events of poll(2) until the deadline, a time of clock_milliseconds(). error->number is ETIMEDOUT
 * where there was none. */
int conversation_wait(int fd, short events, int64_t deadline, struct error *error);

/* Adds what has come next to `heard`, one byte at least. error->number is ECONNRESET at the end. */
int conversation_receive(int fd, int64_t deadline, struct buffer *heard, struct error *error);

/* True where arrays and objects are nested deeper. jansson itself goes 2,048 levels deep, with as much
 * recursion. */
bool conversation_is_too_deep(const char *json, size_t length, int levels);

#endif
