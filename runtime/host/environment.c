#include "runtime/host/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"
#include "runtime/host/usable.h"
#include "runtime/sandbox/cgroups/cgroups.h"

enum { FILE_MAX = 1 << 20 /* bytes */ };

/* ---- cgroups ---- */

/* Of version 2 the kernel lists them in a file. */
static unsigned controllers_of(const struct cgroup_mount *mount)
{
    if (!mount->v2)
        return mount->controllers;
    cleanup_free char *path = xasprintf("%s/cgroup.controllers", mount->directory);
    cleanup_buffer struct buffer text = {0};
    cleanup_error struct error ignored = {0};
    unsigned controllers = 0;
    if (read_file(AT_FDCWD, path, FILE_MAX, &text, &ignored) < 0 || text.data == NULL)
        return 0;
    char *rest = text.data;
    for (const char *word; (word = strsep(&rest, " \n")) != NULL;)
        controllers |= cgroup_controller(word);
    return controllers;
}

static const char *version_of(const struct cgroup_mounts *mounts)
{
    bool first = false, second = false;
    for (size_t i = 0; i < mounts->count; i++) {
        first = first || !mounts->items[i].v2;
        second = second || mounts->items[i].v2;
    }
    return first && second ? "hybrid" : first ? "1" : second ? "2" : "none";
}

static void check_writable(const struct cgroup_mounts *mounts, struct error *problem)
{
    for (size_t i = 0; i < mounts->count; i++) {
        const char *directory = mounts->items[i].directory;
        if (access(directory, W_OK) == 0)
            continue;
        error_errno(problem, errno,
                    "%s: no cgroup can be made, so a limit in a bundle is refused; run as root, or have a "
                    "cgroup delegated",
                    directory);
        return;
    }
    if (mounts->count == 0)
        error_set(problem, "no cgroup hierarchy is mounted: mount one of version 2 at /sys/fs/cgroup");
}

json_t *host_cgroups(void)
{
    cleanup_error struct error problem = {0};
    struct cgroup_mounts mounts = {0};
    cgroup_mounts_read(&mounts, &problem);
    unsigned controllers = 0;
    for (size_t i = 0; i < mounts.count; i++)
        controllers |= controllers_of(&mounts.items[i]);
    json_t *names = json_array();
    for (unsigned controller = 1; controller < CGROUP_ALL; controller <<= 1)
        if (controllers & controller)
            json_array_append_new(names, json_string(cgroup_controller_name(controller)));
    if (!error_is_set(&problem))
        check_writable(&mounts, &problem);
    json_t *object = json_pack("{s:s, s:o}", "version", version_of(&mounts), "controllers", names);
    set_usable(object, &problem);
    cgroup_mounts_free(&mounts);
    return object;
}

/* ---- user namespaces ---- */

/* The number in a file of /proc/sys; `otherwise` where there is no such file. */
static long setting(const char *path, long otherwise)
{
    cleanup_buffer struct buffer text = {0};
    cleanup_error struct error ignored = {0};
    if (read_file(AT_FDCWD, path, FILE_MAX, &text, &ignored) < 0 || text.data == NULL)
        return otherwise;
    return strtol(text.data, NULL, 10);
}

/* What a distribution's kernel, or its administrator, turns off. */
static const struct switch_off {
    const char *path;
    long value; /* with which an ordinary user makes none */
    const char *advice;
} switches[] = {
    {"/proc/sys/user/max_user_namespaces", 0, "sysctl user.max_user_namespaces=15000"},
    {"/proc/sys/kernel/unprivileged_userns_clone", 0, "sysctl kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
     "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for urunc"},
};

/* Lines are "NAME:FIRST:COUNT", NAME a user's name or number (subuid(5)). */
static bool has_subordinate_ids(const char *path)
{
    cleanup_buffer struct buffer text = {0};
    cleanup_error struct error ignored = {0};
    const struct passwd *user = getpwuid(getuid());
    cleanup_free char *number = xasprintf("%u", getuid());
    if (read_file(AT_FDCWD, path, FILE_MAX, &text, &ignored) < 0 || text.data == NULL)
        return false;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        const char *name = strsep(&line, ":");
        if (line != NULL && (strcmp(name, number) == 0 || (user != NULL && strcmp(name, user->pw_name) == 0)))
            return true;
    }
    return false;
}

static void check_user_namespaces(struct error *problem)
{
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (setting(switches[i].path, 1 - switches[i].value) == switches[i].value) {
            error_set(problem, "%s is %ld: %s", switches[i].path, switches[i].value, switches[i].advice);
            return;
        }
    cleanup_free char *helper = program_find("newuidmap", NULL);
    if (helper == NULL)
        error_set(problem, "newuidmap is not installed (package uidmap): a user has one ID only");
    else if (getuid() != 0 && (!has_subordinate_ids("/etc/subuid") || !has_subordinate_ids("/etc/subgid")))
        error_set(problem,
                  "user %u has no subordinate IDs: usermod --add-subuids 100000-165535 "
                  "--add-subgids 100000-165535 USER",
                  getuid());
}

json_t *host_user_namespaces(void)
{
    cleanup_error struct error problem = {0};
    check_user_namespaces(&problem);
    json_t *object = json_object();
    set_usable(object, &problem);
    return object;
}
