#include "runtime/process/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "runtime/exit_status/exit_status.h"
#include "runtime/first_output/first_output.h"
#include "runtime/process/guest/guest_disks.h"
#include "runtime/process/guest/guest_network.h"
#include "runtime/process/guest/share_server.h"
#include "runtime/process/start_hooks.h"
#include "runtime/sandbox/descriptors.h"
#include "runtime/sandbox/root/private_root.h"
#include "runtime/window_size/window_size.h"

/* `preload`: the monitor loads objects of ours. */
static int keep_streams(struct container *container, bool preload, struct error *error)
{
    struct streams *streams = &container->kept.streams;
    if (container->control < 0)
        return 0;
    /* Without them the guest has its serial console. */
    if (!streams_open(container->attended, streams)) {
        close(take_fd(container->control));
        return 0;
    }
    return preload && container->bundle.process.terminal ? streams_open_window(streams, error) : 0;
}

static int keep_for_start(struct container *container, bool preload, struct error *error)
{
    const struct process *process = &container->bundle.process;
    struct kept *kept = &container->kept;
    guest_network_keep(container);
    if (keep_streams(container, preload, error) < 0)
        return -1;
    if (start_hooks_present(container)) {
        kept->rootfs_tree = start_hooks_open_rootfs(&container->bundle, error);
        if (kept->rootfs_tree < 0)
            return -1;
    }
    return exec_label_open(process->apparmor_profile, process->selinux_label, &kept->label, error);
}

/* ---- the private root ---- */

static void add_file(const struct guest_file *file, const char *path, struct private_mount *mounts,
                     struct private_copy *copies, struct private_root *root)
{
    if (file->tree >= 0)
        mounts[root->mount_count++] = (struct private_mount){file->tree, path};
    if (file->copy >= 0)
        copies[root->copy_count++] = (struct private_copy){.fd = file->copy, .path = path, .behind = -1};
}

/* The image's with the guest's other files behind it, or those alone. */
static void add_initrd(const struct guest_setup *guest, struct private_mount *mounts,
                       struct private_copy *copies, struct private_root *root)
{
    if (guest->added < 0) {
        add_file(&guest->initrd, BOOT_INITRD_PATH, mounts, copies, root);
        return;
    }
    copies[root->copy_count++] = (struct private_copy){
        .fd = guest->initrd.copy,
        .length = guest->initrd_length,
        .behind = guest->added,
        .path = BOOT_INITRD_PATH,
    };
}

/* Of a monitor that opens a saved machine by name: the two files, or the places for them. */
static void add_saved(const struct container *container, struct private_mount *mounts,
                      struct private_root *root, struct strings *placeholders)
{
    static const char *const paths[SAVED_FILES] = {BOOT_SAVED_STATE_PATH, BOOT_SAVED_MEMORY_PATH};
    if (!monitor_saves_by_name(container->guest.monitor))
        return;
    for (size_t i = 0; i < SAVED_FILES; i++)
        if (container->saved.trees[i] >= 0)
            mounts[root->mount_count++] = (struct private_mount){container->saved.trees[i], paths[i]};
        else
            strings_add(placeholders, paths[i]);
}

/* A monitor that a security label is to confine is started by the loader's secure mode, which loads nothing
 * that a variable names (ld.so(8)). */
static bool can_preload(const struct container *container)
{
    const struct guest_setup *guest = &container->guest;
    return container->bundle.process.selinux_label == NULL && exit_status_fits(guest->program);
}

/* The objects that the monitor loads: unnamed files of which the root gets copies. `fds` become the caller's.
 */
enum { PRELOADED = 3 };

static int add_preloaded(const struct kept *kept, int fds[PRELOADED], struct private_copy *copies,
                         struct private_root *root, struct error *error)
{
    const struct {
        bool wanted;
        int (*open)(struct error *error);
        const char *path;
    } objects[PRELOADED] = {
        {kept->exit_status, exit_status_open, EXIT_STATUS_PATH},
        {kept->first_output, first_output_open, FIRST_OUTPUT_PATH},
        {kept->streams.window[0] >= 0, window_size_open, WINDOW_SIZE_PATH},
    };
    for (size_t i = 0; i < PRELOADED; i++) {
        if (!objects[i].wanted)
            continue;
        fds[i] = objects[i].open(error);
        if (fds[i] < 0)
            return -1;
        copies[root->copy_count++] =
            (struct private_copy){.fd = fds[i], .behind = -1, .path = objects[i].path, .program = true};
    }
    return 0;
}

static int enter_root(struct container *container, const struct monitor_files *files,
                      const struct identity *user, struct error *error)
{
    const struct guest_setup *guest = &container->guest;
    cleanup_strings struct strings disks = {0}, shares = {0}, placeholders = {0};
    cleanup_free struct private_mount *mounts =
        xcalloc(4 + guest->disk_count + guest->share_count, sizeof *mounts);
    struct private_copy copies[2 + PRELOADED];
    struct private_root root = {
        .program = guest->program,
        .data = &files->data,
        .modules = &files->modules,
        .devices = &container->kept.user.devices,
        .own_devices = &container->kept.user.own_devices,
        .mounts = mounts,
        .copies = copies,
        .generated = guest->monitor->generates ? &container->kept.generated : NULL,
        .writable = guest->monitor->makes_socket ? BOOT_MANAGE_DIRECTORY : NULL,
        .placeholders = &placeholders,
        .label = container->bundle.mount_label,
        .uid = user->uid,
        .gid = user->gid,
    };
    add_file(&guest->kernel, BOOT_KERNEL_PATH, mounts, copies, &root);
    add_initrd(guest, mounts, copies, &root);
    add_saved(container, mounts, &root, &placeholders);
    for (size_t i = 0; i < guest->disk_count; i++) {
        strings_add_owned(&disks, boot_disk_path(i));
        if (guest->disks[i].tree >= 0)
            mounts[root.mount_count++] = (struct private_mount){guest->disks[i].tree, disks.items[i]};
    }
    for (size_t i = 0; i < guest->share_count; i++) {
        strings_add_owned(&shares, boot_share_path(i));
        if (guest->shares[i].tree >= 0)
            mounts[root.mount_count++] = (struct private_mount){guest->shares[i].tree, shares.items[i]};
    }
    int preloaded[PRELOADED] = {-1, -1, -1};
    int status = add_preloaded(&container->kept, preloaded, copies, &root, error);
    TRACE_BLOCK(&container->trace, "private root");
    if (status == 0)
        status = private_root_enter(&root, error);
    for (size_t i = 0; i < PRELOADED; i++)
        if (preloaded[i] >= 0)
            close(preloaded[i]);
    return status;
}

/* A directory of the host that stayed open would be a way out: /proc/PID/fd/N/.. leads to the host's root,
 * whatever the process's own root is. What is kept are sockets, files of the guest, and roots of detached
 * mounts. */
static int close_host(struct container *container, struct error *error)
{
    const struct kept *kept = &container->kept;
    const int few[] = {
        STDIN_FILENO,
        STDOUT_FILENO,
        STDERR_FILENO,
        container->listener,
        container->control,
        container->manage,
        container->saved.files[SAVED_STATE],
        container->process_end,
        container->trace.fd,
        container->sharing.program,
        container->guest.kernel_fd,
        kept->rootfs_tree,
        kept->generated,
        kept->label.fd,
        kept->streams.output.fd,
        kept->streams.error.fd,
        kept->streams.console,
        kept->streams.readers[0],
        kept->streams.readers[1],
        kept->streams.window[0],
        kept->streams.window[1],
    };
    enum { FEW = sizeof few / sizeof *few };
    const struct guest_setup *guest = &container->guest;
    size_t count = FEW;
    cleanup_free int *keep =
        xcalloc(FEW + kept->tun_count + 2UL * BOOT_QUEUES_MAX + 2 * guest->disk_count + guest->share_count,
                sizeof *keep);
    memcpy(keep, few, sizeof few);
    for (size_t i = 0; i < kept->tun_count; i++)
        keep[count++] = kept->tuns[i];
    for (size_t i = 0; i < kept->queue_count; i++)
        keep[count++] = kept->queues[i];
    for (size_t i = 0; i < kept->vhost_count; i++)
        keep[count++] = kept->vhosts[i];
    for (size_t i = 0; i < guest->disk_count; i++) {
        keep[count++] = guest->disks[i].fd;
        keep[count++] = guest->disks[i].backing;
    }
    for (size_t i = 0; i < guest->share_count; i++)
        keep[count++] = guest->shares[i].connection;
    close(take_fd(container->bundle.rootfs_fd));
    bundle_mounts_close(&container->bundle.mounts);
    guest_setup_close_trees(&container->guest);
    saved_machine_close_trees(&container->saved);
    return descriptors_close_others(keep, count, error);
}

/* ---- privileges ---- */

/* The monitor opens kernel and initrd by name as its user. */
static int check_access(const char *key, const char *file, const char *path, const struct process *process,
                        struct error *error)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return 0;
    int number = errno;
    struct stat status = {0};
    if ((number != EACCES && number != EPERM) || stat(path, &status) < 0)
        return error_errno(error, number, ANNOTATION_PREFIX "%s: %s", key, file);
    return error_set(
        error,
        ANNOTATION_PREFIX "%s: %s: the container's user %u:%u may not read it (mode %04o, owner %u:%u)", key,
        file, process->uid, process->gid, status.st_mode & 07777, status.st_uid, status.st_gid);
}

static int check_devices(const struct monitor_user *user, struct error *error)
{
    for (size_t i = 0; i < user->devices.count; i++) {
        const char *path = user->devices.items[i];
        cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            return error_errno(
                error, errno,
                "the monitor needs %s, and its user %u:%u cannot open it: open it to the user who "
                "runs urunc, or choose another \"acceleration\"",
                path, user->identity.uid, user->identity.gid);
    }
    return 0;
}

static int check_all_access(const struct container *container, struct error *error)
{
    const struct unikernel *unikernel = &container->guest.unikernel;
    const struct process *process = &container->bundle.process;
    if (check_devices(&container->kept.user, error) < 0 || guest_disks_check(&container->guest, error) < 0)
        return -1;
    if (check_access("binary", unikernel->binary, BOOT_KERNEL_PATH, process, error) < 0)
        return -1;
    if (!guest_has_initrd(&container->guest))
        return 0;
    const char *initrd = unikernel->initrd != NULL ? unikernel->initrd : BOOT_INITRD_PATH;
    return check_access("initrd", initrd, BOOT_INITRD_PATH, process, error);
}

int give_up(const struct container *container, struct error *error)
{
    const struct process *process = &container->bundle.process;
    const capability_set network = (capability_set)1 << CAP_NET_ADMIN;
    struct capabilities waiting = {0};
    /* The tap and the redirects are made by `start`; boot_monitor then gives up this one as well. */
    if (guest_network_limit(container) > 0)
        waiting.permitted = waiting.effective = network;
    /* First, while there is CAP_SYS_RESOURCE: only hard limits, because the soft ones are the monitor's. */
    rlimits_raise(process->rlimits, process->rlimit_count);
    if (scheduling_apply(&process->scheduling, error) < 0) /* needs CAP_SYS_NICE */
        return -1;
    /* The empty bounding set means that not even user 0 gains a capability by execve; it needs CAP_SETPCAP,
     * so it comes before the other sets are emptied. */
    if (capabilities_limit(0, error) < 0 || identity_take(&container->kept.user.identity, error) < 0 ||
        capabilities_apply(&waiting, error) < 0 || privileges_seal(error) < 0)
        return -1;
    return check_all_access(container, error);
}

static int start_share_servers(struct container *container, struct error *error)
{
    TRACE_BLOCK(&container->trace, "share servers");
    return share_servers_start(&container->guest, &container->kept.user.identity,
                               container->bundle.mount_label, error);
}

int settle(struct container *container, struct error *error)
{
    const struct guest_setup *guest = &container->guest;
    const struct monitor_config *config = guest_monitor_config(guest, &container->config);
    struct monitor_user *user = &container->kept.user;
    bool reports = guest->monitor->quirks & BOOT_QUIRK_EXIT_PORT, traced = container->trace.fd >= 0;
    bool resizes = container->control >= 0 && container->bundle.process.terminal;
    bool preload = (reports || traced || resizes) && can_preload(container);
    container->kept.exit_status = preload && reports;
    container->kept.first_output = preload && traced;
    cleanup_monitor_files struct monitor_files files = {0};
    if (guest->monitor->files(config, &files, error) < 0 || keep_for_start(container, preload, error) < 0)
        return -1;
    if (guest->monitor->nics_by_name && container->kept.tun_count > 0)
        strings_add(&files.devices, NETWORK_TUN_DEVICE);
    struct identity owner;
    int by_owner = guest_disks_owner(guest, &owner, error);
    if (by_owner < 0 ||
        monitor_user_choose(&container->bundle.process, by_owner > 0 ? &owner : NULL, &files.devices, user,
                            error) < 0 ||
        start_share_servers(container, error) < 0 ||
        enter_root(container, &files, &user->identity, error) < 0 || close_host(container, error) < 0)
        return -1;
    return start_hooks_present(container) ? 0 : give_up(container, error);
}
