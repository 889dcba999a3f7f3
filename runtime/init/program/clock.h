/* Time. */
#ifndef RUNTIME_INIT_CLOCK_H
#define RUNTIME_INIT_CLOCK_H

/* Milliseconds since some moment, never going back. */
long long clock_milliseconds(void);

#endif
