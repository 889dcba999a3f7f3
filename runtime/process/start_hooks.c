#include "runtime/process/start_hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/bundle/hooks.h"
#include "runtime/sandbox/mounts.h"

bool start_hooks_present(const struct container *container)
{
    return hooks_has(container->bundle.hooks, HOOK_START_CONTAINER);
}

int start_hooks_open_rootfs(const struct bundle *bundle, struct error *error)
{
    struct stat checked, opened;
    /* A mount can be copied only in its own mount namespace, and the bundle's descriptor is of the host's;
     * so the path is opened again, and must lead to the same directory. */
    cleanup_close int fd = open(bundle->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &opened) < 0 || fstat(bundle->rootfs_fd, &checked) < 0)
        return error_errno(error, errno, "startContainer hooks: %s", bundle->rootfs);
    if (opened.st_dev != checked.st_dev || opened.st_ino != checked.st_ino)
        return error_set(error, "startContainer hooks: %s was replaced during create", bundle->rootfs);
    unsigned flags = MOUNT_PROGRAMS | MOUNT_RECURSIVE | (bundle->rootfs_readonly ? 0 : MOUNT_WRITABLE);
    return mount_detached_fd(fd, bundle->rootfs, flags, error);
}

/* In the hook's own process. A mount namespace of its own, because the rootfs must never be visible in the
 * monitor's. */
static int enter_rootfs(void *data, struct error *error)
{
    struct container *container = data;
    const struct process *process = &container->bundle.process;
    const struct identity identity = {
        .uid = process->uid,
        .gid = process->gid,
        .groups = process->additional_gids,
        .group_count = process->additional_gid_count,
    };
    if (unshare(CLONE_NEWNS) < 0)
        return error_errno(error, errno, "cannot make a mount namespace");
    if (mount_attach(container->kept.rootfs_tree, AT_FDCWD, "/", error) < 0 ||
        mount_pivot(container->kept.rootfs_tree, error) < 0)
        return -1;
    rlimits_raise(process->rlimits, process->rlimit_count);
    if (capabilities_limit(process->capabilities.bounding, error) < 0 ||
        identity_take(&identity, error) < 0 || capabilities_apply(&process->capabilities, error) < 0 ||
        privileges_seal(error) < 0 || rlimits_apply(process->rlimits, process->rlimit_count, error) < 0)
        return -1;
    return seccomp_install(container->seccomp, error);
}

int start_hooks_run(struct container *container, struct error *error)
{
    container->spec.status = "created";
    cleanup_free char *state = spec_state_text(&container->spec);
    return hooks_run_inside(container->bundle.hooks, HOOK_START_CONTAINER, state, enter_rootfs, container,
                            error);
}
