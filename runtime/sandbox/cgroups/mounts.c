#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/cgroups.h"

static const struct {
    const char *name;
    enum cgroup_controller controller;
} controller_names[] = {
    {"memory", CGROUP_MEMORY}, {"cpu", CGROUP_CPU}, {"cpuset", CGROUP_CPUSET},   {"pids", CGROUP_PIDS},
    {"blkio", CGROUP_IO},      {"io", CGROUP_IO},   {"hugetlb", CGROUP_HUGETLB}, {"cpuacct", CGROUP_CPUACCT},
};

unsigned cgroup_controller(const char *name)
{
    for (size_t i = 0; i < sizeof controller_names / sizeof *controller_names; i++)
        if (strcmp(name, controller_names[i].name) == 0)
            return controller_names[i].controller;
    return 0;
}

const char *cgroup_controller_name(unsigned controller)
{
    for (size_t i = sizeof controller_names / sizeof *controller_names; i-- > 0;)
        if (controller == controller_names[i].controller)
            return controller_names[i].name;
    return "";
}

static unsigned parse_controllers(char *options)
{
    unsigned controllers = 0;
    char *rest = NULL;
    for (char *word = strtok_r(options, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest))
        controllers |= cgroup_controller(word);
    return controllers;
}

/* Blanks, tabs, newlines and backslashes in a path are written as \ooo. */
static void unescape(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; out++) {
        if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' && in[3] >= '0' &&
            in[3] <= '7') {
            *out = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
            in += 4;
        } else {
            *out = *in++;
        }
    }
    *out = '\0';
}

static void add_mount(struct cgroup_mounts *mounts, const char *device, char *directory, bool v2,
                      char *options)
{
    for (size_t i = 0; i < mounts->count; i++)
        if (strcmp(mounts->items[i].device, device) == 0)
            return;
    unescape(directory);
    mounts->items = xreallocarray(mounts->items, mounts->count + 1, sizeof *mounts->items);
    struct cgroup_mount *mount = &mounts->items[mounts->count++];
    *mount = (struct cgroup_mount){.directory = xstrdup(directory), .v2 = v2};
    strncpy(mount->device, device, sizeof mount->device - 1);
    mount->controllers = v2 ? 0 : parse_controllers(options);
}

/* "36 31 0:33 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory" */
static void parse_line(char *line, struct cgroup_mounts *mounts)
{
    char *rest = NULL, *fields[6];
    for (size_t i = 0; i < 6; i++) {
        fields[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
        if (fields[i] == NULL)
            return;
    }
    for (const char *optional = "x"; strcmp(optional, "-") != 0;) {
        optional = strtok_r(NULL, " ", &rest);
        if (optional == NULL)
            return;
    }
    const char *type = strtok_r(NULL, " ", &rest);
    const char *source = strtok_r(NULL, " ", &rest);
    char *options = strtok_r(NULL, " ", &rest);
    if (type == NULL || source == NULL || options == NULL)
        return;
    bool v2 = strcmp(type, "cgroup2") == 0;
    if (v2 || strcmp(type, "cgroup") == 0)
        add_mount(mounts, fields[2], fields[4], v2, options);
}

static void read_lines(FILE *table, struct cgroup_mounts *mounts)
{
    cleanup_free char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, table) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strstr(line, " cgroup") != NULL)
            parse_line(line, mounts);
    }
}

void cgroup_mounts_parse(const char *mountinfo, struct cgroup_mounts *mounts)
{
    cleanup_fclose FILE *table = fmemopen((char *)mountinfo, strlen(mountinfo), "r");
    if (table != NULL)
        read_lines(table, mounts);
}

int cgroup_mounts_read(struct cgroup_mounts *mounts, struct error *error)
{
    cleanup_fclose FILE *table = fopen("/proc/self/mountinfo", "re");
    if (table == NULL)
        return error_errno(error, errno, "/proc/self/mountinfo");
    read_lines(table, mounts);
    return 0;
}

void cgroup_mounts_free(struct cgroup_mounts *mounts)
{
    for (size_t i = 0; i < mounts->count; i++)
        free(mounts->items[i].directory);
    free(mounts->items);
    *mounts = (struct cgroup_mounts){0};
}
