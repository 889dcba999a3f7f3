/* What the monitor may do. */
#include "runtime/sandbox/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

static int open_attribute(const char *const paths[2])
{
    int fd = open(paths[0], O_WRONLY | O_CLOEXEC);
    return fd >= 0 ? fd : open(paths[1], O_WRONLY | O_CLOEXEC);
}

int exec_label_open(const struct process *process, struct exec_label *label, struct error *error)
{
    static const char *const apparmor[2] = {"/proc/self/attr/apparmor/exec", "/proc/self/attr/exec"};
    static const char *const selinux[2] = {"/proc/self/attr/exec", "/proc/self/attr/exec"};
    *label = EXEC_LABEL_NONE;
    if (process->apparmor_profile == NULL && process->selinux_label == NULL)
        return 0;
    bool is_apparmor = process->apparmor_profile != NULL;
    label->fd = open_attribute(is_apparmor ? apparmor : selinux);
    if (label->fd < 0)
        return error_errno(error, errno, "config.json: process.%s: cannot be set on this host",
                           is_apparmor ? "apparmorProfile" : "selinuxLabel");
    label->text =
        is_apparmor ? xasprintf("exec %s", process->apparmor_profile) : xstrdup(process->selinux_label);
    return 0;
}

int exec_label_apply(const struct exec_label *label, struct error *error)
{
    if (label->fd < 0)
        return 0;
    size_t length = strlen(label->text);
    if (write(label->fd, label->text, length) != (ssize_t)length)
        return error_errno(error, errno, "config.json: process: cannot set the security label \"%s\"",
                           label->text);
    return 0;
}

static int set_rlimit(const struct rlimit_request *request, struct error *error)
{
    struct rlimit wanted = {.rlim_cur = request->soft, .rlim_max = request->hard}, held;
    if (setrlimit((__rlimit_resource_t)request->resource, &wanted) == 0)
        return 0;
    int number = errno;
    if (number == EPERM && getrlimit((__rlimit_resource_t)request->resource, &held) == 0 &&
        wanted.rlim_max > held.rlim_max) {
        wanted.rlim_max = held.rlim_max;
        if (wanted.rlim_cur > held.rlim_max)
            wanted.rlim_cur = held.rlim_max;
        if (setrlimit((__rlimit_resource_t)request->resource, &wanted) == 0)
            return 0;
    }
    return error_errno(error, number, "config.json: process.rlimits: cannot set %s", request->name);
}

/* In a user namespace whose gid_map was written with setgroups denied, there is nothing to set and no way to.
 */
static int set_groups(const struct process *process, struct error *error)
{
    if (setgroups(process->additional_gid_count, process->additional_gids) == 0)
        return 0;
    if (errno == EPERM && process->additional_gid_count == 0)
        return 0;
    return error_errno(error, errno, "config.json: process.user.additionalGids: cannot be set");
}

static int set_identity(const struct process *process, struct error *error)
{
    if (set_groups(process, error) < 0)
        return -1;
    if (setresgid(process->gid, process->gid, process->gid) < 0)
        return error_errno(error, errno, "config.json: process.user.gid: cannot become group %u",
                           process->gid);
    /* The capabilities outlive the change of user, so that those which the bundle grants can be kept. */
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(process->uid, process->uid, process->uid) < 0)
        return error_errno(error, errno, "config.json: process.user.uid: cannot become user %u",
                           process->uid);
    if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
        return error_errno(error, errno, "PR_SET_KEEPCAPS");
    return 0;
}

int privileges_drop(const struct process *process, struct error *error)
{
    for (size_t i = 0; i < process->rlimit_count; i++)
        if (set_rlimit(&process->rlimits[i], error) < 0)
            return -1;
    if (capabilities_limit(&process->capabilities, error) < 0 || set_identity(process, error) < 0 ||
        capabilities_apply(&process->capabilities, error) < 0)
        return -1;
    umask(process->umask);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(error, errno, "cannot set no_new_privs");
    return 0;
}
