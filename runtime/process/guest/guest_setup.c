#include "runtime/process/guest/guest_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "formats/contract/blocks.h"
#include "formats/contract/overrides.h"
#include "formats/contract/pairs.h"
#include "formats/contract/urunc_json.h"
#include "formats/oci/platform.h"
#include "runtime/process/guest/guest_disks.h"
#include "runtime/process/guest/guest_pack.h"
#include "runtime/process/guest/guest_volumes.h"
#include "runtime/process/guest/rootfs_disk.h"
#include "runtime/sandbox/mounts.h"

#define ANNOTATIONS_PLACE "config.json: annotations"

enum unikernel_found guest_setup_read(const struct bundle *bundle, const struct config *config,
                                      struct unikernel *unikernel, struct error *error)
{
    const json_t *own = bundle->annotations;
    bool partial = annotations_are_partial(own);
    enum unikernel_found found = UNIKERNEL_ABSENT;
    if (!partial)
        found = unikernel_from_json(own, ANNOTATIONS_PLACE, unikernel, error);
    if (found == UNIKERNEL_ABSENT)
        found = urunc_json_read(bundle->rootfs_fd, unikernel, error);
    if (!partial || found == UNIKERNEL_FAILED)
        return found;
    if (found == UNIKERNEL_ABSENT && annotations_only_override(own, config->overrides))
        return UNIKERNEL_ABSENT;
    if (found == UNIKERNEL_ABSENT) /* the error of an incomplete set */
        return unikernel_from_json(own, ANNOTATIONS_PLACE, unikernel, error);
    if (unikernel_override(unikernel, own, config->overrides, ANNOTATIONS_PLACE, error) == 0)
        return UNIKERNEL_FOUND;
    unikernel_free(unikernel);
    return UNIKERNEL_FAILED;
}

static int find_drivers(const struct config *config, struct guest_setup *setup, struct error *error)
{
    const struct unikernel *unikernel = &setup->unikernel;
    if (pair_check_drivers((struct pair){unikernel->framework, unikernel->hypervisor}, error) < 0)
        return -1;
    setup->guest = guest_find(unikernel->framework);
    setup->monitor = monitor_choose(unikernel->hypervisor, guest_monitor_config(setup, config));
    setup->program = monitor_find_program(unikernel->hypervisor, guest_monitor_config(setup, config), error);
    return setup->program != NULL ? 0 : -1;
}

/* Where the bundle has no limit, the guest gets what it needs. One that had more than its container would be
 * killed for using it. */
static int check_memory(const struct guest_setup *setup, uint64_t limit, struct error *error)
{
    uint64_t asked = (uint64_t)setup->unikernel.memory << 20;
    if (limit != 0 && asked > limit)
        return error_set(error, KEY_MEMORY ": %" PRIu64 " MiB, but the container's limit is %" PRIu64 " MiB",
                         asked >> 20, limit >> 20);
    if (asked != 0 && asked < setup->guest->memory)
        return error_set(error, KEY_MEMORY ": %" PRIu64 " MiB, but a guest of %s needs %" PRIu64 " MiB",
                         asked >> 20, framework_name(setup->unikernel.framework), setup->guest->memory >> 20);
    if (limit == 0 || limit >= setup->guest->memory)
        return 0;
    return error_set(
        error, "linux.resources.memory.limit: %" PRIu64 " bytes, but a guest of %s needs %" PRIu64 " MiB",
        limit, framework_name(setup->unikernel.framework), setup->guest->memory >> 20);
}

static int check_kernel(const struct guest_setup *setup, struct error *error)
{
    const struct unikernel *unikernel = &setup->unikernel;
    const struct kernel_probe *probe = &setup->probe;
    unsigned wanted = setup->guest->kernels;
    const char *host = platform_host_architecture();
    if (probe->architecture != NULL && strcmp(probe->architecture, host) != 0)
        return error_set(error, KEY_BINARY ": %s is for %s, this host is %s", unikernel->binary,
                         probe->architecture, host);
    if (wanted != 0 && !(probe->formats & wanted)) {
        cleanup_free char *found = kernel_probe_describe(probe);
        cleanup_free char *formats = kernel_formats_text(wanted);
        return error_set(error, KEY_BINARY ": %s is %s, but a kernel of %s is %s", unikernel->binary, found,
                         framework_name(unikernel->framework), formats);
    }
    if (hypervisor_check_kernel(unikernel->hypervisor, probe, unikernel->binary, error) != KERNEL_LOADS)
        return error_prefix(error, KEY_BINARY);
    return 0;
}

/* The size of a sector is the tender's to tell; a virtio disk's is 512. */
static int check_sector_size(const struct guest_setup *setup, struct error *error)
{
    const struct kernel_probe *probe = &setup->probe;
    bool has_tender = probe->solo5_target == SOLO5_TARGET_HVT || probe->solo5_target == SOLO5_TARGET_SPT;
    if (setup->unikernel.sector_size == 0 || has_tender)
        return 0;
    return error_set(error, KEY_SECTOR_SIZE ": %u: only kernels of Solo5's targets hvt and spt have it told",
                     setup->unikernel.sector_size);
}

/* A detached mount of an opened file; *tree stays -1 where there is none. */
static int make_tree(int fd, const char *key, const char *path, unsigned flags, int *tree,
                     struct error *error)
{
    if (fd < 0)
        return 0;
    *tree = mount_detached_fd(fd, path, flags, error);
    return *tree >= 0 ? 0 : error_prefix(error, ANNOTATION_PREFIX "%s", key);
}

/* True if the container's user may read the file, as the host's file systems would decide. */
static bool may_read(const struct bundle *bundle, const struct stat *status)
{
    const struct process *process = &bundle->process;
    int64_t user = namespaces_host_uid(&bundle->namespaces, process->uid);
    if (process->uid == 0 || (status->st_mode & S_IROTH) != 0)
        return true;
    if (user == (int64_t)status->st_uid)
        return (status->st_mode & S_IRUSR) != 0;
    return process->gid == status->st_gid && (status->st_mode & S_IRGRP) != 0;
}

/* Mode 0000 or 0400 is what older builders leave (bima). The container's root may read that, but the monitor
 * is not root (monitor_user.h). */
static int take_file(int *fd, const struct bundle *bundle, const char *key, const char *path,
                     struct guest_file *file, struct error *error)
{
    struct stat status;
    if (*fd >= 0 && fstat(*fd, &status) < 0)
        return error_errno(error, errno, ANNOTATION_PREFIX "%s: %s", key, path);
    if (*fd >= 0 && bundle->process.uid == 0 && !(status.st_mode & S_IROTH)) {
        file->copy = take_fd(*fd);
        return 0;
    }
    return make_tree(*fd, key, path, 0, &file->tree, error);
}

/* Something is added to it, so the monitor gets a copy, which it can always read. */
static int take_initrd(int *fd, const struct bundle *bundle, const char *path, struct guest_file *file,
                       struct error *error)
{
    struct stat status;
    if (*fd < 0)
        return 0;
    if (fstat(*fd, &status) < 0)
        return error_errno(error, errno, KEY_INITRD ": %s", path);
    if (!may_read(bundle, &status))
        return error_set(
            error, KEY_INITRD ": %s: the container's user %u:%u may not read it (mode %04o, owner %u:%u)",
            path, bundle->process.uid, bundle->process.gid, status.st_mode & 07777, status.st_uid,
            status.st_gid);
    file->copy = take_fd(*fd);
    return 0;
}

static int make_trees(const struct bundle *bundle, const struct config *config, struct guest_files *opened,
                      struct guest_setup *setup, struct error *error)
{
    const struct unikernel *unikernel = &setup->unikernel;
    if (setup->monitor->opens_nothing) {
        setup->kernel_fd = fcntl(opened->binary, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (setup->kernel_fd < 0)
            return error_errno(error, errno, ANNOTATION_PREFIX "binary");
    }
    setup->disks = take_pointer(opened->disks);
    setup->disk_count = opened->disk_count;
    opened->disk_count = 0;
    if (rootfs_disk_wanted(setup) && rootfs_disk_add(bundle, config, setup, error) < 0)
        return error_prefix(error, KEY_MOUNT_ROOTFS);
    int initrd = opened->initrd >= 0 ? opened->initrd : setup->initrd.copy;
    if (guest_pack_make(bundle, config, initrd, setup, error) < 0)
        return -1;
    if (take_file(&opened->binary, bundle, "binary", unikernel->binary, &setup->kernel, error) < 0)
        return -1;
    int taken = setup->added >= 0
                    ? take_initrd(&opened->initrd, bundle, unikernel->initrd, &setup->initrd, error)
                    : take_file(&opened->initrd, bundle, "initrd", unikernel->initrd, &setup->initrd, error);
    if (taken < 0)
        return -1;
    return guest_disks_mount(bundle, setup, error);
}

/* As mountRootfs asks for it. */
static int give_rootfs(const struct bundle *bundle, struct guest_setup *setup, struct error *error)
{
    const struct unikernel *unikernel = &setup->unikernel;
    if (!unikernel->mount_rootfs)
        return 0;
    setup->rootfs_share =
        pair_rootfs((struct pair){unikernel->framework, unikernel->hypervisor}) == STORAGE_9P;
    if (!setup->rootfs_share)
        return 0;
    /* The rootfs alone, without what is mounted in it; no set-user-ID programs, no devices. */
    int place =
        guest_share_add(setup, bundle->rootfs_fd, bundle->rootfs, "/", bundle->rootfs_readonly, false, error);
    return place < 0 ? error_prefix(error, KEY_MOUNT_ROOTFS) : 0;
}

int guest_setup_open(const struct bundle *bundle, const struct config *config, struct guest_setup *setup,
                     struct error *error)
{
    cleanup_guest_files struct guest_files opened = GUEST_FILES_NONE;
    unikernel_forgo_rootfs(&setup->unikernel);
    const char *key = unikernel_check_storage(&setup->unikernel, error);
    if (key != NULL)
        return error_prefix(error, "%s", key);
    if (find_drivers(config, setup, error) < 0 || check_memory(setup, bundle->memory_limit, error) < 0 ||
        guest_files_open(bundle->rootfs_fd, &setup->unikernel, bundle->rootfs_readonly, &opened, error) < 0)
        return -1;
    if (kernel_probe(opened.binary, setup->unikernel.binary, &setup->probe, error) < 0)
        return error_prefix(error, ANNOTATION_PREFIX "binary");
    if (check_kernel(setup, error) < 0)
        return -1;
    if (check_sector_size(setup, error) < 0)
        return -1;
    if (named_blocks_check(setup->unikernel.blocks, &setup->probe, error) < 0)
        return error_prefix(error, KEY_BLOCKS);
    if (give_rootfs(bundle, setup, error) < 0)
        return -1;
    return make_trees(bundle, config, &opened, setup, error);
}

void guest_setup_close_trees(struct guest_setup *setup)
{
    int *const fds[] = {&setup->kernel.tree, &setup->kernel.copy, &setup->initrd.tree, &setup->initrd.copy,
                        &setup->added};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (*fds[i] >= 0)
            close(take_fd(*fds[i]));
    for (size_t i = 0; i < setup->disk_count; i++)
        if (setup->disks[i].tree >= 0)
            close(take_fd(setup->disks[i].tree));
    for (size_t i = 0; i < setup->share_count; i++)
        if (setup->shares[i].tree >= 0)
            close(take_fd(setup->shares[i].tree));
}

void guest_setup_free(struct guest_setup *setup)
{
    guest_setup_close_trees(setup);
    if (setup->kernel_fd >= 0)
        close(setup->kernel_fd);
    guest_disks_free(setup->disks, setup->disk_count);
    guest_shares_free(setup->shares, setup->share_count);
    mounted_device_free(&setup->rootfs_device);
    unikernel_free(&setup->unikernel);
    free(setup->program);
    free(setup->virtiofsd);
    *setup = GUEST_SETUP_NONE;
}
