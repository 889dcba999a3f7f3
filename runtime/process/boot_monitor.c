/* The container's process, from `start` on: it becomes the monitor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"
#include "formats/contract/annotations.h"
#include "runtime/bundle/hooks.h"
#include "runtime/network/network.h"
#include "runtime/process/message.h"
#include "runtime/process/waiting.h"
#include "runtime/sandbox/private_root.h"
#include "runtime/sandbox/privileges.h"

/* The monitor's environment is ours; the container's is for the guest. */
static char *const monitor_environment[] = {
    (char *)"PATH=" PROGRAM_PATH,
    (char *)"HOME=/",
    (char *)"LC_ALL=C",
    NULL,
};

/* The host's own network is not the guest's to take over: redirecting its interface would cut the host off.
 */
static bool has_own_network(const struct container *container)
{
    const struct namespaces *namespaces = &container->bundle.namespaces;
    return namespace_is_new(namespaces, NAMESPACE_NETWORK) || container->state.network_namespace != NULL;
}

/* Tells `start` what is about to be joined, so that `delete` can undo it; a namespace of the container's own
 * needs no undoing. */
static int announce_network(const struct container *container, const struct network *network, int connection,
                            struct error *error)
{
    if (container->state.network_namespace == NULL)
        return 0;
    struct message answer;
    cleanup_free char *text = xasprintf("%s %s", network->interface, network->tap);
    if (message_send(connection, MESSAGE_NETWORK, text, error) < 0)
        return -1;
    return message_expect(connection, MESSAGE_WRITTEN, &answer, error);
}

static int join_network(const struct container *container, int connection, struct network *network,
                        struct boot *boot, struct error *error)
{
    const struct process *process = &container->bundle.process;
    if (!container->guest.guest->network || !has_own_network(container))
        return 0;
    int found = network_find(network, error);
    if (found <= 0)
        return found;
    cleanup_free char *resolv_conf = bundle_resolv_conf(&container->bundle);
    if (resolv_conf != NULL)
        network_read_dns(resolv_conf, network);
    if (network->tap[0] == '\0')
        snprintf(network->tap, sizeof network->tap, "urunc0");
    if (announce_network(container, network, connection, error) < 0)
        return -1;
    int tap = network_join(network, process->uid, process->gid, error);
    if (tap < 0)
        return -1;
    struct boot_nic *nic = boot_add_nic(boot, tap);
    nic->mtu = network->mtu;
    memcpy(nic->mac, network->mac, sizeof nic->mac);
    return message_send(connection, MESSAGE_JOINED, "", error) < 0 ? -1 : 1;
}

/* Arguments win over the annotation, but for the old convention of the one word "unikernel" (design, section
 * 3). */
static const char *winning_cmdline(const struct container *container)
{
    const struct strings *args = &container->bundle.process.args;
    bool by_annotation = args->count == 0 || (args->count == 1 && strcmp(args->items[0], "unikernel") == 0);
    return by_annotation ? container->guest.unikernel.cmdline : NULL;
}

static int plan_guest(const struct container *container, const struct network *network, struct boot *boot,
                      struct error *error)
{
    const struct guest_setup *files = &container->guest;
    const struct bundle *bundle = &container->bundle;
    const struct process *process = &bundle->process;
    struct guest_input input = {
        .args = &process->args,
        .cmdline = winning_cmdline(container),
        .env = &process->env,
        .cwd = process->cwd,
        .uid = process->uid,
        .gid = process->gid,
        .additional_gids = process->additional_gids,
        .additional_gid_count = process->additional_gid_count,
        .terminal = process->terminal,
        .hostname = bundle->hostname,
        .version = files->unikernel.version,
        .network = network,
        .has_initrd = files->initrd_tree >= 0,
        .has_block = files->block_tree >= 0,
        .block_readonly = files->block_readonly,
        .block_mount_point = files->unikernel.block_mount_point,
        .kernel = &files->probe,
        .solo5_net_device = files->unikernel.solo5_net_device,
        .solo5_block_device = files->unikernel.solo5_block_device,
    };
    if (files->guest->plan(&input, boot, error) < 0)
        return -1;
    /* The exit ports are for monitors that have them; a guest does without (boot.h). */
    if (boot->quirks & ~(files->monitor->quirks | BOOT_QUIRK_EXIT_PORT))
        return error_set(
            error, ANNOTATION_PREFIX "hypervisor: \"%s\" lacks a device that the framework %s needs",
            hypervisor_name(files->unikernel.hypervisor), framework_name(files->unikernel.framework));
    return 0;
}

static void plan_machine(const struct container *container, struct boot *boot)
{
    const struct guest_setup *files = &container->guest;
    const struct monitor_config *config = guest_monitor_config(files, &container->config);
    boot->kernel = BOOT_KERNEL_PATH;
    boot->initrd = files->initrd_tree >= 0 ? BOOT_INITRD_PATH : NULL;
    if (files->block_tree >= 0)
        boot_add_disk(boot, files->block_fd, files->block_readonly);
    boot->memory = container->bundle.memory_limit != 0 ? container->bundle.memory_limit : config->memory;
    boot->vcpus = config->vcpus;
    boot->status_fd = container->status_fd;
    boot->sandbox = !seccomp_is_unconfined(container->bundle.seccomp);
}

static int enter_root(const struct container *container, const struct monitor_files *monitor_files,
                      const struct monitor_command *command, struct error *error)
{
    const struct guest_setup *files = &container->guest;
    cleanup_free char *disk = boot_disk_path(0);
    const struct private_mount all[] = {{files->kernel_tree, BOOT_KERNEL_PATH},
                                        {files->initrd_tree, BOOT_INITRD_PATH},
                                        {files->block_tree, disk}};
    struct private_mount mounts[sizeof all / sizeof *all];
    struct private_root root = {
        .program = files->program,
        .data = &monitor_files->data,
        .modules = &monitor_files->modules,
        .devices = &monitor_files->devices,
        .mounts = mounts,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].tree >= 0)
            mounts[root.mount_count++] = all[i];
    cleanup_close int generated = private_root_enter(&root, error);
    if (generated < 0)
        return -1;
    for (size_t i = 0; i < command->generated_count; i++) {
        const struct monitor_generated *file = &command->generated[i];
        if (private_root_generate(generated, file->path, file->bytes, file->length, error) < 0)
            return -1;
    }
    return 0;
}

/* The monitor opens kernel and initrd by name as the container's user, who may be somebody else than their
 * owner. (A disk is handed over opened.) */
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

static int check_all_access(const struct container *container, struct error *error)
{
    const struct unikernel *unikernel = &container->guest.unikernel;
    const struct process *process = &container->bundle.process;
    if (check_access("binary", unikernel->binary, BOOT_KERNEL_PATH, process, error) < 0)
        return -1;
    if (unikernel->initrd == NULL)
        return 0;
    return check_access("initrd", unikernel->initrd, BOOT_INITRD_PATH, process, error);
}

/* Everything closes itself at execve, but stdio and what the monitor is told the number of. */
static int keep_descriptors(const struct boot *boot, struct error *error)
{
    if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        return error_errno(error, errno, "close_range");
    for (size_t i = 0; i < boot->nic_count; i++)
        if (fcntl(boot->nics[i].tap_fd, F_SETFD, 0) < 0)
            return error_errno(error, errno, "the tap's descriptor");
    for (size_t i = 0; i < boot->disk_count; i++)
        if (fcntl(boot->disks[i].fd, F_SETFD, 0) < 0)
            return error_errno(error, errno, "the disk's descriptor");
    if (boot->status_fd >= 0 && fcntl(boot->status_fd, F_SETFD, 0) < 0)
        return error_errno(error, errno, "the status pipe");
    return 0;
}

static int execute(struct container *container, const struct strings *argv, const struct exec_label *label,
                   struct error *error)
{
    if (privileges_drop(&container->bundle.process, error) < 0 || check_all_access(container, error) < 0 ||
        exec_label_apply(label, error) < 0)
        return -1;
    /* The last thing: the profile is for the monitor, and need not allow what was done before. */
    if (seccomp_install(container->seccomp, error) < 0)
        return -1;
    execve(argv->items[0], argv->items, monitor_environment);
    if (errno == E2BIG)
        return error_set(error, "the guest's command line is longer than this host passes on (128 KiB)");
    return error_errno(error, errno, "cannot run the monitor %s", argv->items[0]);
}

int boot_monitor(struct container *container, int connection, struct error *error)
{
    const struct guest_setup *files = &container->guest;
    const struct monitor_config *config = guest_monitor_config(files, &container->config);
    cleanup_boot struct boot boot = {.status_fd = -1};
    struct network network = {0};
    cleanup_monitor_files struct monitor_files monitor_files = {0};
    cleanup_monitor_command struct monitor_command command = {0};
    struct exec_label label = EXEC_LABEL_NONE;
    if (message_send(connection, MESSAGE_ACCEPTED, "", error) < 0)
        return -1;
    plan_machine(container, &boot);
    int joined = join_network(container, connection, &network, &boot, error);
    if (joined < 0 || plan_guest(container, joined > 0 ? &network : NULL, &boot, error) < 0 ||
        files->monitor->files(config, &monitor_files, error) < 0 ||
        files->monitor->command(&boot, config, files->program, &command, error) < 0)
        return -1;
    if (boot.reports_status && message_send(connection, MESSAGE_REPORTS, "", error) < 0)
        return -1;
    /* In the container's namespaces, but before the root is entered, in which there is no program to run. */
    cleanup_free char *state = state_spec_text(&container->state, STATUS_CREATED);
    if (hooks_run(container->bundle.hooks, HOOK_START_CONTAINER, state, error) < 0 ||
        exec_label_open(&container->bundle.process, &label, error) < 0)
        return -1;
    /* From here on it is no longer "created". `start` removes the name as well: in a user namespace we may
     * not. */
    unlinkat(container->directory, START_SOCKET, 0);
    if (enter_root(container, &monitor_files, &command, error) < 0 || keep_descriptors(&boot, error) < 0)
        return -1;
    return execute(container, &command.argv, &label, error);
}
