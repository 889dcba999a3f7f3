/* A program's standard input, output and error: making pipes, and giving it all three. */
#ifndef RUNTIME_INIT_STDIO_H
#define RUNTIME_INIT_STDIO_H

#include <stdbool.h>
#include <stdint.h>

enum { STREAM_STDIN, STREAM_STDOUT, STREAM_STDERR, STREAMS };

/* ends[0] is read from; ends[own] is this process's, and not blocking. False with errno set. */
bool stdio_pipe(int ends[2], int own);

/* In the program's process: a session of its own, and its three descriptors, whose owner becomes `uid`, so
 * that /dev/stdout can be opened. `terminal`: they are one, and become its controlling terminal. */
void stdio_give(const int fds[STREAMS], bool terminal, uint32_t uid);

#endif
