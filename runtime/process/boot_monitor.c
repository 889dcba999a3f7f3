#include "runtime/process/boot_monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#include "runtime/exit_status/exit_status.h"
#include "runtime/first_output/first_output.h"
#include "runtime/process/guest/guest_input.h"
#include "runtime/process/guest/guest_network.h"
#include "runtime/process/message.h"
#include "runtime/process/settle.h"
#include "runtime/process/start_hooks.h"
#include "runtime/process/streams.h"
#include "runtime/sandbox/privileges/blocking_output.h"
#include "runtime/sandbox/root/private_root.h"
#include "runtime/window_size/window_size.h"

/* The monitor's environment is ours; the container's is for the guest. */
static void make_environment(const struct container *container, const struct boot *boot,
                             struct strings *environment)
{
    strings_add(environment, "PATH=" PROGRAM_PATH);
    strings_add(environment, "HOME=/");
    strings_add(environment, "LC_ALL=C");
    cleanup_buffer struct buffer preload = {0};
    if (container->kept.exit_status) {
        exit_status_add_environment(boot->exit, environment);
        buffer_add_string(&preload, EXIT_STATUS_PATH);
    }
    if (container->kept.first_output) {
        strings_format(environment, FIRST_OUTPUT_VARIABLE "=%d", container->trace.fd);
        buffer_format(&preload, "%s" FIRST_OUTPUT_PATH, preload.length > 0 ? ":" : "");
    }
    if (boot->channel.window_fd >= 0) {
        strings_format(environment, WINDOW_SIZE_VARIABLE "=%d", container->kept.streams.window[1]);
        buffer_format(&preload, "%s" WINDOW_SIZE_PATH, preload.length > 0 ? ":" : "");
    }
    if (preload.length > 0)
        strings_format(environment, "LD_PRELOAD=%s", preload.data);
}

/* A guest that cannot be told IPv6 has its card, and may find out by itself. */
static bool is_tellable(const struct container *container, const struct network *network)
{
    return *network->address != '\0' || container->guest.guest->ipv6;
}

/* A pod's containers join its uts namespace, and their config.json says no name. */
static const char *joined_host_name(const struct bundle *bundle, char name[HOST_NAME_MAX + 1])
{
    if (bundle->namespaces.path[NAMESPACE_UTS] == NULL || gethostname(name, HOST_NAME_MAX + 1) < 0)
        return NULL;
    return name;
}

static int plan_guest(const struct container *container, const struct network *networks, size_t count,
                      struct boot *boot, struct error *error)
{
    const struct guest_setup *setup = &container->guest;
    struct guest_input input = guest_input_of(&container->bundle, setup);
    char host_name[HOST_NAME_MAX + 1];
    if (input.hostname == NULL)
        input.hostname = joined_host_name(&container->bundle, host_name);
    input.channel = container->control >= 0;
    input.exit_report = container->kept.exit_status;
    input.network = count > 0 && is_tellable(container, networks) ? networks : NULL;
    input.network_count = count;
    if (input.terminal)
        streams_size(&input.rows, &input.columns);
    if (setup->guest->plan(&input, boot, error) < 0)
        return -1;
    /* A guest does without the exit port and the panic device where the monitor does not have them. */
    if (boot->quirks & ~(setup->monitor->quirks | BOOT_QUIRKS_OPTIONAL))
        return error_set(
            error, ANNOTATION_PREFIX "hypervisor: \"%s\" lacks a device that the framework %s needs",
            hypervisor_name(setup->unikernel.hypervisor), framework_name(setup->unikernel.framework));
    return 0;
}

static void plan_machine(const struct container *container, struct boot *boot)
{
    const struct guest_setup *setup = &container->guest;
    const struct monitor_config *config = guest_monitor_config(setup, &container->config);
    boot->kernel = BOOT_KERNEL_PATH;
    boot->initrd = guest_has_initrd(setup) ? BOOT_INITRD_PATH : NULL;
    for (size_t i = 0; i < setup->disk_count; i++) {
        struct boot_disk *disk = boot_add_disk(boot, setup->disks[i].fd, setup->disks[i].readonly);
        disk->backing = setup->disks[i].backing;
        disk->device = setup->disks[i].device;
        disk->sector_size = setup->unikernel.sector_size;
        disk->name = setup->disks[i].name != NULL ? xstrdup(setup->disks[i].name) : NULL;
    }
    for (size_t i = 0; i < setup->share_count; i++)
        boot_add_share(boot, setup->shares[i].tag, setup->shares[i].connection, setup->shares[i].readonly);
    boot->memory = container->memory.guest;
    boot->vcpus = config->vcpus;
    boot->kernel_fd = setup->kernel_fd;
    boot->manage_fd = container->manage;
    boot->incoming_fd = container->saved.files[SAVED_STATE];
    boot->terminal = container->bundle.process.terminal;
    boot->sandbox = !seccomp_is_unconfined(container->bundle.seccomp);
}

static int keep_one(int fd, const char *name, struct error *error)
{
    return fd < 0 || fcntl(fd, F_SETFD, 0) == 0 ? 0 : error_errno(error, errno, "%s", name);
}

static int keep_channel(const struct kept *kept, const struct boot *boot, struct error *error)
{
    const struct streams *streams = &kept->streams;
    const int fds[] = {streams->output.fd,  streams->error.fd,  streams->console,   streams->readers[0],
                       streams->readers[1], streams->window[0], streams->window[1], boot->channel.control_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (keep_one(fds[i], "the guest's channel", error) < 0)
            return -1;
    return 0;
}

static int keep_nic(const struct boot_nic *nic, struct error *error)
{
    for (size_t i = 0; i < nic->further_count; i++)
        if (keep_one(nic->further_taps[i], "the tap's queue", error) < 0)
            return -1;
    for (size_t i = 0; i < nic->vhost_count; i++)
        if (keep_one(nic->vhosts[i], "vhost-net's descriptor", error) < 0)
            return -1;
    return keep_one(nic->tap_fd, "the tap's descriptor", error);
}

/* Everything closes itself at execve, but stdio, what the monitor is told the number of, and the other ends
 * of its output. */
static int keep_descriptors(const struct container *container, const struct boot *boot, struct error *error)
{
    const struct kept *kept = &container->kept;
    if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        return error_errno(error, errno, "close_range");
    for (size_t i = 0; i < boot->nic_count; i++)
        if (keep_nic(&boot->nics[i], error) < 0)
            return -1;
    for (size_t i = 0; i < boot->disk_count; i++)
        if (keep_one(boot->disks[i].fd, "the disk's descriptor", error) < 0 ||
            keep_one(boot->disks[i].backing, "the disk's descriptor", error) < 0)
            return -1;
    for (size_t i = 0; i < boot->share_count; i++)
        if (keep_one(boot->shares[i].server, "the share's socket", error) < 0)
            return -1;
    if (keep_one(boot->kernel_fd, "the kernel's descriptor", error) < 0 ||
        keep_one(boot->manage_fd, "the monitor's socket", error) < 0 ||
        (!monitor_saves_by_name(container->guest.monitor) &&
         keep_one(boot->incoming_fd, "the saved machine", error) < 0) ||
        (kept->first_output && keep_one(container->trace.fd, "the trace", error) < 0))
        return -1;
    return boot->quirks & BOOT_QUIRK_CHANNEL ? keep_channel(kept, boot, error) : 0;
}

static void block_signals(void)
{
    sigset_t asking_to_end;
    sigemptyset(&asking_to_end);
    sigaddset(&asking_to_end, SIGHUP);
    sigaddset(&asking_to_end, SIGINT);
    sigaddset(&asking_to_end, SIGQUIT);
    sigaddset(&asking_to_end, SIGTERM);
    sigprocmask(SIG_BLOCK, &asking_to_end, NULL);
}

static int execute(const struct container *container, const struct boot *boot, const struct strings *argv,
                   struct error *error)
{
    cleanup_strings struct strings environment = {0};
    make_environment(container, boot, &environment);
    const struct process *process = &container->bundle.process;
    umask(process->umask);
    if (rlimits_apply(process->rlimits, process->rlimit_count, error) < 0 ||
        exec_label_apply(&container->kept.label, error) < 0)
        return -1;
    if ((boot->quirks & BOOT_QUIRK_CHANNEL) && blocking_output_install(error) < 0)
        return -1;
    trace_happened(&container->trace, "exec");
    if (container->guest.monitor->unblocks_signals)
        block_signals();
    /* The last thing: the profile is for the monitor, and need not allow what was done before. Installing it
     * needs no capability, because no_new_privs is set. */
    if (seccomp_install(container->seccomp, error) < 0)
        return -1;
    execve(argv->items[0], argv->items, environment.items);
    if (errno == E2BIG)
        return error_set(error, "the guest's command line is longer than this host passes on (128 KiB)");
    return error_errno(error, errno, "cannot run the monitor %s as user %u:%u", argv->items[0], geteuid(),
                       getegid());
}

static int plan_channel(const struct container *container, struct boot *boot, struct error *error)
{
    if (!(boot->quirks & BOOT_QUIRK_CHANNEL))
        return 0;
    boot->channel.control_fd = container->control;
    return streams_hand_over(&container->kept.streams, boot, error);
}

/* Where the container is one that was saved. */
static int check_saved(const struct container *container, const struct monitor_command *command,
                       struct error *error)
{
    cleanup_strings struct strings words = {0};
    if (container->saved.files[SAVED_STATE] < 0)
        return 0;
    strings_add_all(&words, &command->argv);
    for (size_t i = 0; i < command->generated_count; i++)
        strings_add_owned(&words, xstrndup(command->generated[i].bytes, command->generated[i].length));
    return saved_machine_check(&container->saved, &words, error);
}

static int plan(const struct container *container, const struct network *networks, size_t count,
                struct boot *boot, struct monitor_command *command, struct error *error)
{
    const struct guest_setup *setup = &container->guest;
    const struct monitor_config *config = guest_monitor_config(setup, &container->config);
    TRACE_BLOCK(&container->trace, "plan");
    if (plan_guest(container, networks, count, boot, error) < 0 || plan_channel(container, boot, error) < 0 ||
        setup->monitor->command(boot, config, setup->program, command, error) < 0 ||
        check_saved(container, command, error) < 0)
        return -1;
    for (size_t i = 0; i < command->generated_count; i++) {
        const struct monitor_generated *file = &command->generated[i];
        if (private_root_generate(container->kept.generated, file->path, file->bytes, file->length, error) <
            0)
            return -1;
    }
    return 0;
}

/* From the answer on the container is no longer "created", whatever becomes of `start`. */
static int announce_start(const struct boot *boot, const struct monitor_command *command, int connection,
                          struct error *error)
{
    struct message answer;
    char text[sizeof MESSAGE_HAS_CHANNEL " " MESSAGE_GUEST_STOPS];
    snprintf(text, sizeof text, "%s%s", boot->quirks & BOOT_QUIRK_CHANNEL ? MESSAGE_HAS_CHANNEL " " : "",
             command->stops != 0 ? MESSAGE_GUEST_STOPS : "");
    if (message_send(connection, MESSAGE_STARTED, text, error) < 0)
        return -1;
    return message_expect(connection, MESSAGE_TIMEOUT, MESSAGE_WRITTEN, &answer, error);
}

int boot_monitor(struct container *container, int connection, struct error *error)
{
    const struct capabilities none = {0};
    cleanup_boot struct boot boot = BOOT_NONE;
    cleanup_monitor_command struct monitor_command command = {0};
    struct network networks[NETWORK_MAX];
    if (message_send(connection, MESSAGE_ACCEPTED, "", error) < 0)
        return -1;
    /* Before the guest takes the container's place on the network, which hooks may still want to use. */
    if (start_hooks_present(container) &&
        (start_hooks_run(container, error) < 0 || give_up(container, error) < 0))
        return -1;
    plan_machine(container, &boot);
    uint64_t began = trace_now();
    int joined = guest_network_join(container, connection, networks, &boot, error);
    trace_lasted(&container->trace, "network", began);
    /* CAP_NET_ADMIN was the last one; what an image says is worked on without any. */
    if (joined < 0 || capabilities_apply(&none, error) < 0 ||
        plan(container, networks, (size_t)joined, &boot, &command, error) < 0 ||
        announce_start(&boot, &command, connection, error) < 0 ||
        keep_descriptors(container, &boot, error) < 0)
        return -1;
    return execute(container, &boot, &command.argv, error);
}
