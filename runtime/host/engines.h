/* The engines of this host, and whether they know urunc. */
#ifndef RUNTIME_HOST_ENGINES_H
#define RUNTIME_HOST_ENGINES_H

#include <jansson.h>

/*
 * A list of {name, program, usable, file, runtime, problem}, of the engines that are installed: containerd,
 * CRI-O, docker and podman. Usable is one whose configuration (`file`) has a runtime that is urunc, under the
 * name `runtime`. `root` stands before the paths of programs and files: "" for the host. A new reference.
 */
json_t *host_engines(const char *root);

#endif
