#include "runtime/sandbox/privileges/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/proc.h"

/* ---- limits ---- */

void rlimits_raise(const struct rlimit_request *limits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        __rlimit_resource_t resource = (__rlimit_resource_t)limits[i].resource;
        struct rlimit held;
        if (getrlimit(resource, &held) == 0 && held.rlim_max < limits[i].hard) {
            held.rlim_max = limits[i].hard;
            setrlimit(resource, &held); /* refused without CAP_SYS_RESOURCE: then it stays */
        }
    }
}

int rlimits_apply(const struct rlimit_request *limits, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        __rlimit_resource_t resource = (__rlimit_resource_t)limits[i].resource;
        struct rlimit wanted = {.rlim_cur = limits[i].soft, .rlim_max = limits[i].hard}, held;
        if (getrlimit(resource, &held) == 0 && wanted.rlim_max > held.rlim_max)
            wanted.rlim_max = held.rlim_max;
        if (wanted.rlim_cur > wanted.rlim_max)
            wanted.rlim_cur = wanted.rlim_max;
        if (setrlimit(resource, &wanted) < 0)
            return error_errno(error, errno, "config.json: process.rlimits: cannot set %s", limits[i].name);
    }
    return 0;
}

/* ---- identity ---- */

/* In a user namespace whose gid_map was written with setgroups denied, there is nothing to set and no way to.
 */
static int set_groups(const struct identity *identity, struct error *error)
{
    if (identity->keeps_groups || setgroups(identity->group_count, identity->groups) == 0)
        return 0;
    if (errno == EPERM && identity->group_count == 0)
        return 0;
    return error_errno(error, errno, "config.json: process.user.additionalGids: cannot be set");
}

static int cannot_become(const char *key, uint32_t id, struct error *error)
{
    if (errno != EINVAL)
        return error_errno(error, errno, "config.json: process.user.%s: cannot become %u", key, id);
    return error_set(
        error,
        "config.json: process.user.%s: the user namespace has no ID %u: map one, or where urunc is "
        "not run by root, give the user more IDs in /etc/subuid and /etc/subgid",
        key, id);
}

int identity_take(const struct identity *identity, struct error *error)
{
    if (set_groups(identity, error) < 0)
        return -1;
    if (setresgid(identity->gid, identity->gid, identity->gid) < 0)
        return cannot_become("gid", identity->gid, error);
    /* The capabilities outlive the change of user, so that the caller decides which ones stay. */
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(identity->uid, identity->uid, identity->uid) < 0)
        return cannot_become("uid", identity->uid, error);
    if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
        return error_errno(error, errno, "PR_SET_KEEPCAPS");
    return privileges_hide_process(error);
}

/* Lines of "ID in this namespace, ID outside, count" (user_namespaces(7)). */
static bool map_holds(const char *path, uint32_t id)
{
    cleanup_fclose FILE *map = fopen(path, "re");
    unsigned first, outside, count;
    while (map != NULL && fscanf(map, "%u %u %u", &first, &outside, &count) == 3)
        if (id >= first && id - first < count)
            return true;
    return false;
}

bool identity_group_is_mapped(gid_t gid)
{
    return map_holds("/proc/self/gid_map", gid);
}

bool identity_is_mapped(uid_t uid, gid_t gid)
{
    return map_holds("/proc/self/uid_map", uid) && identity_group_is_mapped(gid);
}

int privileges_hide_process(struct error *error)
{
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : error_errno(error, errno, "PR_SET_DUMPABLE");
}

int privileges_seal(struct error *error)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0
                                                       : error_errno(error, errno, "cannot set no_new_privs");
}

/* ---- labels ---- */

/* AppArmor has a file of its own where it shares the host with another security module. */
static int open_attribute(bool is_apparmor, struct error *error)
{
    int fd = is_apparmor ? proc_open("/proc/self/attr/apparmor/exec", O_WRONLY, error) : -1;
    return fd >= 0 ? fd : proc_open("/proc/self/attr/exec", O_WRONLY, error);
}

int exec_label_open(const char *apparmor_profile, const char *selinux_label, struct exec_label *label,
                    struct error *error)
{
    *label = EXEC_LABEL_NONE;
    if (apparmor_profile == NULL && selinux_label == NULL)
        return 0;
    bool is_apparmor = apparmor_profile != NULL;
    label->field = is_apparmor ? "apparmorProfile" : "selinuxLabel";
    label->fd = open_attribute(is_apparmor, error);
    if (label->fd < 0)
        return error_prefix(error, "config.json: process.%s: cannot be set on this host", label->field);
    error_clear(error);
    label->text = is_apparmor ? xasprintf("exec %s", apparmor_profile) : xstrdup(selinux_label);
    return 0;
}

int exec_label_apply(const struct exec_label *label, struct error *error)
{
    if (label->fd < 0)
        return 0;
    size_t length = strlen(label->text);
    if (write(label->fd, label->text, length) != (ssize_t)length)
        return error_errno(error, errno, "config.json: process.%s: \"%s\" cannot be set on this host",
                           label->field, label->text);
    return 0;
}

void exec_label_free(struct exec_label *label)
{
    if (label->fd >= 0)
        close(label->fd);
    free(label->text);
    *label = EXEC_LABEL_NONE;
}
