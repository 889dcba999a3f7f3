#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/bundle/hooks.h"
#include "runtime/channel.h"
#include "runtime/lifecycle/lifecycle.h"
#include "runtime/lifecycle/metrics.h"
#include "runtime/lifecycle/pid_file.h"
#include "runtime/lifecycle/share_sockets.h"
#include "runtime/network/devices.h"
#include "runtime/network/user_network.h"
#include "runtime/process/container.h"
#include "runtime/process/guest/guest_disks.h"
#include "runtime/process/guest/guest_network.h"
#include "runtime/process/guest/rootfs_disk.h"
#include "runtime/process/guest/share_server.h"
#include "runtime/process/message.h"
#include "runtime/process/seccomp_cache.h"
#include "runtime/process/waiting.h"
#include "runtime/sandbox/cgroups/systemd/systemd.h"
#include "runtime/sandbox/namespaces/kernel_settings.h"
#include "runtime/sandbox/namespaces/rootless.h"
#include "runtime/sandbox/proc.h"

/* A container that is being made. */
struct creation {
    const struct create_request *request;
    struct container container;
    struct state state;
    struct systemd_scope scope; /* with --systemd-cgroup */
    char *resctrl;              /* the mount point, where the bundle has linux.intelRdt; owned */
    int directory;              /* the state directory; -1: none; owned */
    bool hooks_ran;
};

static void creation_free(struct creation *creation)
{
    if (creation->directory >= 0)
        close(creation->directory);
    free(creation->resctrl);
    systemd_scope_free(&creation->scope);
    container_free(&creation->container);
    state_free(&creation->state);
}
#define cleanup_creation __attribute__((cleanup(creation_free)))

/* ---- reading: nothing is made yet ---- */

static int check_terminal(const struct bundle *bundle, const struct create_request *request,
                          struct error *error)
{
    bool has_taker = request->console_socket != NULL || request->console_master != NULL;
    if (bundle->process.terminal && !has_taker)
        return error_set(
            error,
            "config.json: process.terminal: a detached container with a terminal needs --console-socket");
    if (!bundle->process.terminal && request->console_socket != NULL)
        return error_set(error, "--console-socket: config.json: process.terminal is not true");
    return 0;
}

/* The monitor's user on the host. */
static int64_t find_user(const struct container *container, struct error *error)
{
    struct identity owner;
    int found = guest_disks_owner(&container->guest, &owner, error);
    return found > 0 ? (int64_t)owner.uid : monitor_host_user(&container->bundle);
}

static int open_saved_machine(const char *path, struct container *container, struct error *error)
{
    const struct monitor_management *management = container->guest.monitor->management;
    const char *hypervisor = hypervisor_name(container->guest.unikernel.hypervisor);
    bool by_name = monitor_saves_by_name(container->guest.monitor);
    if (!monitor_saves(management))
        return error_set(error,
                         "restore: urunc cannot restore a machine of %s, only one of qemu or firecracker",
                         hypervisor);
    if (saved_machine_open(path, hypervisor, by_name ? SAVED_FILES : 1, &container->saved, error) < 0)
        return -1;
    return by_name ? saved_machine_lend(&container->saved, find_user(container, error), error) : 0;
}

static enum create_result read_everything(const struct runtime *runtime, const struct create_request *request,
                                          struct container *container, struct error *error)
{
    struct bundle *bundle = &container->bundle;
    if (bundle_open(request->bundle, bundle, error) < 0 ||
        config_load(runtime->config_path, &container->config, error) < 0)
        return CREATE_FAILED;
    switch (guest_setup_read(bundle, &container->config, &container->guest.unikernel, error)) {
    case UNIKERNEL_FAILED:
        return CREATE_FAILED;
    case UNIKERNEL_ABSENT:
        return CREATE_NOT_A_UNIKERNEL;
    case UNIKERNEL_FOUND:
        break;
    }
    if (bundle_read(bundle, error) < 0 || check_terminal(bundle, request, error) < 0 ||
        sysctl_check(bundle->sysctl, &bundle->namespaces, error) < 0 ||
        seccomp_find(runtime->root, bundle->seccomp, &container->seccomp, error) < 0)
        return CREATE_FAILED;
    if (runtime->rootless && request->user_namespace != NULL && rootless_needs_namespace()) {
        *request->user_namespace = rootless_find_namespace(&bundle->namespaces, error);
        return error_is_set(error) ? CREATE_FAILED : CREATE_NEEDS_NAMESPACE;
    }
    if (rootless_translate(&bundle->namespaces, error) < 0 ||
        guest_setup_open(bundle, &container->config, &container->guest, error) < 0 ||
        (request->image_path != NULL && open_saved_machine(request->image_path, container, error) < 0))
        return CREATE_FAILED;
    return CREATE_DONE;
}

/* ---- making ---- */

static void fill_state(struct creation *creation)
{
    struct container *container = &creation->container;
    const struct bundle *bundle = &container->bundle;
    char when[32];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    const char *network = bundle->namespaces.path[NAMESPACE_NETWORK];
    container->foreign_network = network != NULL && !namespace_is_own(network, "net");
    struct state *state = &creation->state;
    state->id = xstrdup(creation->request->id);
    state->oci_version = xstrdup(bundle->oci_version);
    state->bundle = xstrdup(bundle->path);
    state->rootfs = xstrdup(bundle->rootfs);
    state->created = xasprintf("%s.%09ldZ", when, now.tv_nsec);
    state->hypervisor = xstrdup(hypervisor_name(container->guest.unikernel.hypervisor));
    state->owner = rootless_host_user();
    state->metrics = container->config.metrics != NULL ? xstrdup(container->config.metrics) : NULL;
    state->annotations = json_incref((json_t *)bundle->annotations);
    state->hooks = json_incref((json_t *)bundle->hooks);
    struct stat status;
    if (container->foreign_network && stat(network, &status) == 0) {
        state->network_namespace = xstrdup(network);
        state->network_device = status.st_dev;
        state->network_inode = status.st_ino;
    }
    container->spec = (struct spec_state){
        .oci_version = state->oci_version,
        .id = state->id,
        .bundle = state->bundle,
        .annotations = state->annotations,
    };
    container->cgroups = &state->cgroups;
}

/* The socket that `start` connects to, and those of the guest's channel and the monitor's management. */
static int listen_for_others(struct creation *creation, struct error *error)
{
    struct container *container = &creation->container;
    const struct guest_setup *setup = &container->guest;
    container->listener = state_listen(creation->directory, START_SOCKET, SOCK_SEQPACKET, error);
    if (container->listener < 0 || share_sockets_make(creation->directory, &container->guest, error) < 0)
        return -1;
    if (setup->monitor->management != NULL && !setup->monitor->makes_socket) {
        container->manage = state_listen(creation->directory, MONITOR_SOCKET, SOCK_STREAM, error);
        if (container->manage < 0)
            return -1;
    }
    if (!setup->guest->channel || !setup->monitor->channel)
        return 0;
    container->control = state_listen(creation->directory, CHANNEL_SOCKET, SOCK_STREAM, error);
    return container->control < 0 ? -1 : 0;
}

/* For `update`, which leaves devices alone; owned. */
static json_t *resources_to_keep(const json_t *resources)
{
    json_t *copy = json_copy((json_t *)resources);
    json_object_del(copy, "devices");
    return copy;
}

static int plan_memory(struct creation *creation, struct error *error)
{
    struct container *container = &creation->container;
    const struct guest_setup *setup = &container->guest;
    const struct monitor_config *config = guest_monitor_config(setup, &container->config);
    uint64_t servers = share_servers_footprint(setup);
    const struct memory_question question = {
        .framework = framework_name(setup->unikernel.framework),
        .limit = container->bundle.memory_limit,
        .asked = (uint64_t)setup->unikernel.memory << 20,
        .configured = config->memory,
        .needed = setup->guest->memory,
        .overhead = config->overhead + servers,
        .footprint = monitor_footprint(setup->monitor, config) + servers,
        .room = cgroups_memory_room(&creation->state.cgroups),
    };
    if (memory_plan(&question, &container->memory, error) < 0 ||
        saved_machine_check_size(&container->saved, saved_machine_limit(container->memory.guest), error) < 0)
        return -1;
    creation->state.memory = container->memory;
    creation->state.memory_overhead = question.overhead;
    creation->state.resources = resources_to_keep(container->bundle.resources);
    return 0;
}

/* The path of the container's cgroups; owned. */
static char *find_cgroup_path(const struct runtime *runtime, struct creation *creation, struct error *error)
{
    const char *cgroups_path = creation->container.bundle.cgroups_path, *id = creation->request->id;
    if (!runtime->systemd_cgroup)
        return cgroup_path(cgroups_path, id, error);
    if (systemd_scope_read(cgroups_path, id, &creation->scope, error) < 0)
        return NULL;
    creation->state.systemd_unit = xstrdup(creation->scope.unit);
    return xstrdup(creation->scope.path);
}

/* Where the bundle has linux.intelRdt. */
static int plan_resctrl(struct creation *creation, struct error *error)
{
    const struct resctrl_request *request = &creation->container.bundle.resctrl;
    if (!request->wanted)
        return 0;
    creation->resctrl = resctrl_find(error);
    if (creation->resctrl == NULL)
        return -1;
    return resctrl_plan(creation->resctrl, request, creation->request->id, &creation->state.resctrl, error);
}

/* Before anything else is made: whoever finds this knows what there may be to undo. */
static int write_plan(const struct runtime *runtime, struct creation *creation, struct error *error)
{
    struct state *state = &creation->state;
    cleanup_free char *path = find_cgroup_path(runtime, creation, error);
    if (plan_resctrl(creation, error) < 0)
        return -1;
    if (path == NULL || cgroups_plan(path, &state->cgroups, error) < 0 || plan_memory(creation, error) < 0)
        return -1;
    return state_write(creation->directory, state, error);
}

/* Options are chosen by them when the monitor is started. */
static int find_version_and_acceleration(const struct runtime *runtime, struct container *container,
                                         struct error *error)
{
    TRACE_BLOCK(&container->trace, "version and acceleration");
    struct guest_setup *setup = &container->guest;
    struct monitor_config *config = &container->config.monitors[setup->unikernel.hypervisor];
    monitor_settle_acceleration(setup->monitor, runtime->root, config);
    if (version_find(setup->program, runtime->root, &config->version, error) < 0)
        return -1;
    if (setup->virtiofsd != NULL &&
        version_find(setup->virtiofsd, runtime->root, &setup->virtiofsd_version, error) < 0)
        return error_prefix(error, "virtiofsd");
    return monitor_check_version(setup->monitor, setup->program, &config->version, error);
}

static int make_cgroups(struct creation *creation, struct error *error)
{
    TRACE_BLOCK(&creation->container.trace, "cgroups");
    const struct container *container = &creation->container;
    if (creation->scope.unit != NULL && systemd_scope_start(&creation->scope, container->bundle.resources,
                                                            container->memory.overhead, error) < 0)
        return -1;
    creation->state.cgroups.of_unit = creation->scope.unit != NULL;
    return cgroups_create(&creation->state.cgroups, container->bundle.resources, container->memory.overhead,
                          error);
}

static int make_resctrl(struct creation *creation, struct error *error)
{
    if (creation->resctrl == NULL)
        return 0;
    return resctrl_make(creation->resctrl, &creation->container.bundle.resctrl, &creation->state.resctrl,
                        error);
}

static int make_console(struct creation *creation, struct error *error)
{
    const struct create_request *request = creation->request;
    struct container *container = &creation->container;
    const struct process *process = &container->bundle.process;
    if (!process->terminal)
        return 0;
    int64_t owner = namespaces_host_uid(&container->bundle.namespaces, process->uid);
    if (console_open(process->console_height, process->console_width, owner >= 0 ? (uid_t)owner : 0,
                     &container->console, error) < 0)
        return -1;
    if (request->console_socket != NULL)
        return console_send(&container->console, request->console_socket, error);
    *request->console_master = fcntl(container->console.master, F_DUPFD_CLOEXEC, 3);
    return *request->console_master >= 0 ? 0 : error_errno(error, errno, "the terminal");
}

/*
 * A caller without root may only move processes within what is delegated to him, and is often not in that
 * himself (cgroup-v2.rst, "Delegation Containment"). Then his systemd, which may, moves the new process: it
 * does nothing yet.
 */
static pid_t spawn_in_cgroups(struct creation *creation, struct error *error)
{
    struct container *container = &creation->container;
    const struct namespaces *namespaces = &container->bundle.namespaces;
    pid_t pid = namespaces_spawn(namespaces, cgroups_clone_fd(&creation->state.cgroups), waiting_process,
                                 container, error);
    if (pid >= 0 || error->number != EACCES || creation->scope.unit == NULL)
        return pid;
    error_clear(error);
    pid = namespaces_spawn(namespaces, -1, waiting_process, container, error);
    if (pid < 0 || systemd_scope_attach(&creation->scope, pid, error) == 0)
        return pid;
    creation->state.pid = pid; /* for unmake */
    return -1;
}

static int spawn(struct creation *creation, struct error *error)
{
    struct container *container = &creation->container;
    TRACE_BLOCK(&container->trace, "spawn");
    struct state *state = &creation->state;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_errno(error, errno, "socketpair");
    container->create_end = ends[0];
    container->process_end = ends[1];
    if (cgroups_open(&state->cgroups, error) < 0)
        return -1;
    pid_t pid = spawn_in_cgroups(creation, error);
    cgroups_close(&state->cgroups);
    /* Only the process may hold its end: that it ended is seen by the end being closed. */
    close(take_fd(container->process_end));
    console_close(&container->console);
    if (pid < 0)
        return -1;
    state->pid = pid;
    state->start_time = process_start_time(pid);
    /* One that has ended already says why when it is led. */
    if (state->start_time == 0 && errno != ESRCH)
        return error_errno(error, errno, "/proc/%d/stat: cannot tell when the process began", (int)pid);
    return state_write(creation->directory, state, error);
}

static int write_oom_score(const struct creation *creation, struct error *error)
{
    const struct process *process = &creation->container.bundle.process;
    if (!process->has_oom_score_adj)
        return 0;
    char path[64], text[16];
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)creation->state.pid);
    int length = snprintf(text, sizeof text, "%d", process->oom_score_adj);
    cleanup_close int fd = proc_open(path, O_WRONLY, error);
    if (fd < 0)
        return error_prefix(error, "config.json: process.oomScoreAdj: %s", text);
    /* Lowering it needs CAP_SYS_RESOURCE; who cannot raise limits either goes without, as with the limits. */
    if (write(fd, text, (size_t)length) == length || errno == EACCES || errno == EPERM)
        return 0;
    return error_errno(error, errno, "config.json: process.oomScoreAdj: %s", text);
}

static int run_create_hooks(struct creation *creation, struct error *error)
{
    TRACE_BLOCK(&creation->container.trace, "prestart and createRuntime hooks");
    const json_t *hooks = creation->container.bundle.hooks;
    cleanup_free char *state = state_spec_text(&creation->state, STATUS_CREATING);
    creation->hooks_ran = true;
    if (hooks_run(hooks, HOOK_PRESTART, state, error) < 0)
        return -1;
    return hooks_run(hooks, HOOK_CREATE_RUNTIME, state, error);
}

/* After the hooks, by which engines make interfaces. */
static int make_user_network(struct creation *creation, struct error *error)
{
    const struct container *container = &creation->container;
    const struct namespaces *namespaces = &container->bundle.namespaces;
    struct state *state = &creation->state;
    bool has_user = namespace_is_new(namespaces, NAMESPACE_USER);
    cleanup_user_network struct user_network network = USER_NETWORK_NONE;
    if (container->config.user_network == NULL || !namespace_is_new(namespaces, NAMESPACE_NETWORK) ||
        guest_network_limit(container) == 0 || !user_network_is_wanted(state->pid, has_user))
        return 0;
    cleanup_free char *program = user_network_find(container->config.user_network, error);
    if (program == NULL || user_network_prepare(program, state->pid, has_user, &network, error) < 0)
        return -1;
    state->network_pid = network.pid;
    state->network_start_time = process_start_time(network.pid);
    if (state->network_start_time == 0)
        return error_errno(error, errno, "user_network: process %d", (int)network.pid);
    /* Written down before it begins: whoever finds the state knows what there is to end. */
    return state_write(creation->directory, state, error) < 0 ? -1 : user_network_begin(&network, error);
}

/* createContainer hooks run in the process, as long as they take. */
static int settling_timeout(const struct container *container)
{
    return hooks_has(container->bundle.hooks, HOOK_CREATE_CONTAINER) ? MESSAGE_NO_TIMEOUT : MESSAGE_TIMEOUT;
}

static int join_resctrl(const struct creation *creation, struct error *error)
{
    if (creation->resctrl == NULL)
        return 0;
    return resctrl_join(creation->resctrl, &creation->state.resctrl, creation->state.pid, error);
}

/* Leads the new process to where it waits. */
static int lead(struct creation *creation, struct error *error)
{
    struct message message;
    char pid[16];
    const struct container *container = &creation->container;
    const struct namespaces *namespaces = &container->bundle.namespaces;
    int connection = container->create_end;
    snprintf(pid, sizeof pid, "%d", (int)creation->state.pid);
    if (namespace_is_new(namespaces, NAMESPACE_USER) &&
        namespaces_write_mappings(namespaces, creation->state.pid, error) < 0)
        return -1;
    if (join_resctrl(creation, error) < 0 || write_oom_score(creation, error) < 0 ||
        message_send(connection, MESSAGE_ENTER, "", error) < 0 ||
        message_expect(connection, MESSAGE_TIMEOUT, MESSAGE_ENTERED, &message, error) < 0 ||
        net_devices_move(&container->bundle.net_devices, creation->state.pid, error) < 0 ||
        run_create_hooks(creation, error) < 0 || make_user_network(creation, error) < 0 ||
        message_send(connection, MESSAGE_HOOKS, pid, error) < 0)
        return -1;
    return message_expect(connection, settling_timeout(container), MESSAGE_CREATED, &message, error);
}

static int make_everything(const struct runtime *runtime, struct creation *creation, struct error *error)
{
    if (write_plan(runtime, creation, error) < 0 || listen_for_others(creation, error) < 0 ||
        make_cgroups(creation, error) < 0 || make_resctrl(creation, error) < 0 ||
        make_console(creation, error) < 0)
        return -1;
    struct container *container = &creation->container;
    guest_network_share(container);
    if (rootfs_disk_take_device(&container->bundle, &container->guest, error) < 0 ||
        spawn(creation, error) < 0)
        return -1;
    systemd_scope_release(&creation->scope);
    if (lead(creation, error) < 0 ||
        pid_file_write(creation->request->pid_file, creation->state.pid, error) < 0)
        return -1;
    creation->state.complete = true;
    if (state_write(creation->directory, &creation->state, error) < 0)
        return -1;
    /* Whoever moved it away in a hook would leave a container that nobody finds. */
    return state_directory_check(runtime->root, creation->request->id, creation->directory, error);
}

/* A child that is not yet waited for: its number is still its own. */
static void end_child(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Takes back what was made, after a failure. */
static void unmake(const struct runtime *runtime, struct creation *creation)
{
    cleanup_error struct error ignored = {0};
    const struct create_request *request = creation->request;
    end_child(creation->state.pid);
    end_child(creation->state.network_pid);
    if (request->console_master != NULL && *request->console_master >= 0)
        close(take_fd(*request->console_master));
    systemd_scope_release(&creation->scope);
    if (cgroups_remove(&creation->state.cgroups, &ignored) < 0)
        log_warning(&runtime->log, &ignored);
    if (creation->resctrl != NULL &&
        resctrl_remove(creation->resctrl, &creation->state.resctrl, &ignored) < 0)
        log_warning(&runtime->log, &ignored);
    if (creation->scope.started && systemd_stop(creation->scope.unit, &ignored) < 0)
        log_warning(&runtime->log, &ignored);
    if (state_directory_remove(runtime->root, request->id, &ignored) < 0)
        log_warning(&runtime->log, &ignored);
    if (!creation->hooks_ran)
        return;
    cleanup_free char *state = state_spec_text(&creation->state, STATUS_STOPPED);
    hooks_run_all(creation->container.bundle.hooks, HOOK_POSTSTOP, state, log_warning_of,
                  (void *)&runtime->log);
}

/* runtime-spec, config.md, "Linux Process": a warning, and not an error. */
static void warn_of_capabilities(const struct runtime *runtime, const struct process *process)
{
    for (size_t i = 0; i < process->unknown_capabilities.count; i++) {
        cleanup_error struct error warning = {0};
        error_set(&warning, "config.json: process.capabilities: unknown capability \"%.100s\"",
                  process->unknown_capabilities.items[i]);
        log_warning(&runtime->log, &warning);
    }
}

static void log_choice(const struct runtime *runtime, const struct creation *creation)
{
    const struct guest_setup *setup = &creation->container.guest;
    cleanup_free char *kernel = kernel_probe_describe(&setup->probe);
    cleanup_free char *text = xasprintf("%s: framework %s (%s) on %s", creation->request->id,
                                        framework_name(setup->unikernel.framework), kernel, setup->program);
    log_line(&runtime->log, LOG_LEVEL_DEBUG, text);
}

static int begin_trace(struct creation *creation, uint64_t began, struct error *error)
{
    struct container *container = &creation->container;
    if (container->config.trace == NULL)
        return 0;
    creation->state.trace = trace_path(container->config.trace, creation->request->id);
    if (trace_create(creation->state.trace, &container->trace, error) < 0)
        return -1;
    trace_lasted(&container->trace, "read the bundle", began);
    return 0;
}

static enum create_result create(const struct runtime *runtime, struct creation *creation,
                                 struct error *error)
{
    const struct create_request *request = creation->request;
    uint64_t began = trace_now();
    enum create_result result = read_everything(runtime, request, &creation->container, error);
    if (result != CREATE_DONE)
        return result;
    fill_state(creation);
    creation->directory = state_directory_make(runtime->root, request->id, error);
    if (creation->directory < 0)
        return CREATE_FAILED;
    log_choice(runtime, creation);
    warn_of_capabilities(runtime, &creation->container.bundle.process);
    warn_of_ignored_limits(runtime, creation->container.bundle.resources);
    if (begin_trace(creation, began, error) < 0 ||
        find_version_and_acceleration(runtime, &creation->container, error) < 0 ||
        make_everything(runtime, creation, error) < 0) {
        unmake(runtime, creation);
        return CREATE_FAILED;
    }
    /* The process may not have closed its copy yet, which has the lock too. */
    state_directory_unlock(creation->directory);
    trace_lasted(&creation->container.trace, "create", began);
    return CREATE_DONE;
}

enum create_result container_create(const struct runtime *runtime, const struct create_request *request,
                                    pid_t *pid, struct error *error)
{
    cleanup_creation struct creation creation = {
        .request = request, .container = CONTAINER_NONE, .directory = -1};
    creation.container.attended = request->attended;
    if (container_id_check(request->id, error) < 0)
        return CREATE_FAILED;
    int64_t began = clock_milliseconds();
    enum create_result result = create(runtime, &creation, error);
    *pid = creation.state.pid;
    if (result == CREATE_DONE || result == CREATE_FAILED)
        metrics_record(runtime, creation.container.config.metrics, METRICS_create, began,
                       result == CREATE_FAILED);
    return result;
}
