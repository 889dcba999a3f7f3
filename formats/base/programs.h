/* The directories in which programs are looked for. The caller's PATH is not asked: urunc runs as root. */
#ifndef FORMATS_BASE_PROGRAMS_H
#define FORMATS_BASE_PROGRAMS_H

#include <stdbool.h>

/* As in PATH; also what a program gets whose environment names none (as Docker has it). */
#define PROGRAM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The path of the first executable of that name which `wanted` takes (NULL takes each); the caller frees it.
 * NULL where there is none. */
char *program_find(const char *name, bool (*wanted)(const char *path));

/* The same with `root` in front of each directory. */
char *program_find_below(const char *root, const char *name, bool (*wanted)(const char *path));

#endif
