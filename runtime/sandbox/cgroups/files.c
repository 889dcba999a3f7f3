#include "runtime/sandbox/cgroups/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"

int cgroup_write(const struct cgroup *cgroup, const char *file, const char *value, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", cgroup->directory, file);
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || TEMP_FAILURE_RETRY(write(fd, value, strlen(value))) < 0)
        return error_errno(error, errno, "%s: cannot write \"%s\"", path, value);
    return 0;
}

int cgroup_read(const char *directory, const char *file, struct buffer *text)
{
    cleanup_error struct error ignored = {0};
    cleanup_free char *path = xasprintf("%s/%s", directory, file);
    return read_file(AT_FDCWD, path, CGROUP_FILE_MAX, text, &ignored);
}

/* ---- controllers of version 2 ---- */

/* The controllers that a file of the directory lists. */
static unsigned listed_controllers(const char *directory, const char *file)
{
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(directory, file, &text) < 0 || text.data == NULL)
        return 0;
    unsigned controllers = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text.data, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest))
        controllers |= cgroup_controller(word);
    return controllers;
}

unsigned v2_controllers(const char *directory)
{
    return listed_controllers(directory, "cgroup.controllers");
}

/* The root of the hierarchy may have processes beside cgroups; it alone has no type. */
static bool is_inner_with_processes(const char *directory)
{
    cleanup_buffer struct buffer type = {0}, processes = {0};
    if (cgroup_read(directory, "cgroup.type", &type) < 0)
        return false;
    return cgroup_read(directory, "cgroup.procs", &processes) == 0 && processes.length > 0;
}

void v2_hand_on(const char *directory)
{
    static const char *const names[] = {"memory", "cpu", "cpuset", "pids", "io", "hugetlb"};
    unsigned missing = v2_controllers(directory) & ~listed_controllers(directory, "cgroup.subtree_control");
    if (missing == 0 || is_inner_with_processes(directory))
        return;
    const struct cgroup cgroup = {.directory = (char *)directory};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        /* One at a time: one that cannot be handed on would refuse them all. */
        cleanup_error struct error ignored = {0};
        cleanup_free char *word = xasprintf("+%s", names[i]);
        if (missing & cgroup_controller(names[i]))
            cgroup_write(&cgroup, "cgroup.subtree_control", word, &ignored);
    }
}

char *v2_why_missing(const struct cgroup *cgroup, unsigned controller)
{
    cleanup_free char *directory = xstrdup(cgroup->directory);
    while (strlen(directory) > cgroup->mount && !(v2_controllers(directory) & controller))
        *strrchr(directory, '/') = '\0';
    const char *name = cgroup_controller_name(controller);
    if (!(v2_controllers(directory) & controller))
        return xasprintf("%s has no controller \"%s\"; enable it in the kernel or above", directory, name);
    if (is_inner_with_processes(directory))
        return xasprintf("%s has processes of its own and so hands the controller \"%s\" on to nobody; move "
                         "them into a cgroup below it",
                         directory, name);
    return xasprintf("%s does not hand the controller \"%s\" on, and urunc may not make it; write +%s to its "
                     "cgroup.subtree_control, or have it delegated",
                     directory, name, name);
}

int v2_check_type(const char *directory, struct error *error)
{
    cleanup_buffer struct buffer type = {0};
    if (cgroup_read(directory, "cgroup.type", &type) < 0 || type.data == NULL ||
        strcmp(type.data, "domain invalid\n") != 0)
        return 0;
    return error_set(
        error,
        "linux.cgroupsPath: %s lies below a threaded cgroup, in which no container can be; choose "
        "another",
        directory);
}
