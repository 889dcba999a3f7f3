/* The files of a cgroup, and how the controllers of version 2 reach it. */
#ifndef RUNTIME_SANDBOX_CGROUPS_FILES_H
#define RUNTIME_SANDBOX_CGROUPS_FILES_H

#include "formats/base/buffer.h"
#include "runtime/sandbox/cgroups/cgroups.h"

/* Appends the file's text; -1 where it cannot be read, which says nothing about why. */
int cgroup_read(const char *directory, const char *file, struct buffer *text);

/* The controllers that a directory of version 2 has. */
unsigned v2_controllers(const char *directory);
/*
 * Hands each controller that urunc uses on from the directory to those below it, as far as that can be done
 * and is right: one with processes of its own hands nothing on, and for some controllers the kernel would
 * make it a threaded one, below which no container can live (cgroup-v2.rst, "Threads", "No Internal Process
 * Constraint"). Whether one is missed shows when a limit is set.
 */
void v2_hand_on(const char *directory);
/* Where and why the controller does not come down to the cgroup, for an error; owned. */
char *v2_why_missing(const struct cgroup *cgroup, unsigned controller);
/* An error where no process can be in the cgroup, because its parent is threaded. */
int v2_check_type(const char *directory, struct error *error);

#endif
