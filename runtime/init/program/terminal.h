/* The program's own terminal. */
#ifndef RUNTIME_INIT_TERMINAL_H
#define RUNTIME_INIT_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Opens a pseudoterminal, of which only the master is non-blocking. False: complained. */
bool terminal_open(int *master, int *slave);

/* The kernel tells the programs (SIGWINCH). 0, or -1 with errno set. */
int terminal_resize(int master, uint16_t rows, uint16_t columns);

#endif
