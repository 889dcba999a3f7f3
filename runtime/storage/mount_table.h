/* Lines of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
#ifndef RUNTIME_STORAGE_MOUNT_TABLE_H
#define RUNTIME_STORAGE_MOUNT_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A mount of the calling process's namespace; all texts are owned, and escaped as the kernel writes them. */
struct mount_line {
    uint64_t id;
    dev_t device;
    char *root;    /* of the mount in its file system: "/" for a whole one */
    char *type;    /* "overlay" */
    char *source;  /* "/dev/vda" */
    char *options; /* of the file system */
};

/* Takes a line apart; false where it is not one. */
bool mount_line_parse(const char *line, struct mount_line *mount);
void mount_line_free(struct mount_line *mount);
#define cleanup_mount_line __attribute__((cleanup(mount_line_free)))

/* The mount that the opened directory is the root of; false where it is no mount's root, or not known. */
bool mount_table_find(int fd, struct mount_line *mount);

/* How many mounts there are of that device. */
unsigned mount_table_count(dev_t device);

#endif
