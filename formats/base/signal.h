/* Signals by the names that image configs, engines and people use. */
#ifndef FORMATS_BASE_SIGNAL_H
#define FORMATS_BASE_SIGNAL_H

/* The number of "TERM", "SIGTERM", "sigterm", "15" (1 to 64), "RTMIN", "SIGRTMIN+3" or "RTMAX-2"; -1 for
 * anything else. */
int signal_from_name(const char *name);

#endif
