/*
 * The container's process, from its making to its becoming the monitor.
 *
 * During `create` it enters its namespaces, runs the createContainer hooks, takes with it what `start` will
 * need, enters the monitor's private root and gives up its privileges. Then it waits on a socket in the state
 * directory. `start` connects to that; the process makes the tap, plans the boot and executes the monitor.
 * The connection is close-on-exec, so its end tells `start` that the monitor runs; a failure is sent over it
 * as one line.
 */
#ifndef RUNTIME_PROCESS_WAITING_H
#define RUNTIME_PROCESS_WAITING_H

/* The process's whole life; for namespaces_spawn. `data` is its struct container. Does not return. */
void waiting_process(void *data);

#endif
