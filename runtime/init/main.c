/*
 * urunc-init: PID 1 of a Linux guest.
 *
 * It does what a container's runtime does around the container's process: modules, mounts, network, user,
 * directory, environment; then it waits, powers the machine off, and lets the exit status reach the host. It
 * starts from an initramfs or from a block device. docs/linux-guests.md tells how an image uses it.
 */
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "runtime/init/cmdline.h"
#include "runtime/init/console.h"
#include "runtime/init/files.h"
#include "runtime/init/machine/modules.h"
#include "runtime/init/machine/mounts.h"
#include "runtime/init/machine/network.h"
#include "runtime/init/machine/power.h"
#include "runtime/init/machine/root.h"
#include "runtime/init/program/control.h"
#include "runtime/init/program/program.h"
#include "runtime/init/program/streams.h"
#include "runtime/init/program/supervise.h"

/* init= names this program: what it runs are the arguments. */
static bool is_own_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash != NULL ? slash + 1 : path, "urunc-init") == 0;
}

static void read_cmdline(struct cmdline *cmdline)
{
    static char text[CMDLINE_SIZE];
    if (read_text("/proc/cmdline", text, sizeof text) < 0)
        complain("/proc/cmdline:");
    cmdline_parse(text, cmdline);
}

/* Another init of the image's: it takes over, as PID 1. Returns only where it cannot. */
static void become_init(struct cmdline *cmdline)
{
    static char *argv[CMDLINE_WORDS + 2];
    argv[0] = cmdline->init;
    memcpy(argv + 1, cmdline->args.items, (cmdline->args.count + 1) * sizeof *argv);
    execv(argv[0], argv);
    complain("init=%s:", argv[0]);
}

static void mount_extra(const struct cmdline *cmdline)
{
    if (cmdline->mount_device == NULL || !wait_for_device(cmdline->mount_device))
        return;
    if (make_directories(cmdline->mount_directory) < 0)
        complain("%s:", cmdline->mount_directory);
    else
        mount_device(cmdline->mount_device, cmdline->mount_directory, NULL, false);
}

static int run_program(const struct cmdline *cmdline, struct streams *streams, struct control *control)
{
    if (cmdline->args.count == 0) {
        complain("the command line names no program behind \"--\"");
        return STATUS_NOT_FOUND;
    }
    if (cmdline->user_is_malformed) {
        complain("the command line's urunc.user= names no user");
        return STATUS_INIT_FAILED;
    }
    supervise_prepare();
    pid_t pid = program_start(cmdline->args.items, cmdline, streams);
    return pid > 0 ? supervise(pid, streams, control) : STATUS_INIT_FAILED;
}

static int run(struct cmdline *cmdline, struct control *control)
{
    static struct streams streams;
    modules_load(cmdline->channel);
    if (root_is_elsewhere(cmdline)) {
        if (!root_switch(cmdline))
            return STATUS_INIT_FAILED;
        if (cmdline->init != NULL && !is_own_name(cmdline->init)) {
            become_init(cmdline);
            return STATUS_INIT_FAILED;
        }
    }
    mount_runtime_file_systems();
    streams_open(&streams, cmdline);
    control->fd = streams.control;
    mount_extra(cmdline);
    if (cmdline->hostname != NULL && sethostname(cmdline->hostname, strlen(cmdline->hostname)) < 0)
        complain("cannot set the host name %s:", cmdline->hostname);
    network_configure(cmdline);
    return run_program(cmdline, &streams, control);
}

int main(void)
{
    static struct cmdline cmdline;
    static struct control control = {.fd = -1};
    if (getpid() != 1) {
        complain("this is the first process of a Linux guest and nothing else");
        return STATUS_INIT_FAILED;
    }
    mount_kernel_file_systems();
    console_open();
    reboot(RB_DISABLE_CAD); /* Ctrl-Alt-Del comes as SIGINT instead of a reset */
    read_cmdline(&cmdline);
    console_set(cmdline.terminal);
    int status = run(&cmdline, &control);
    power_write_back(&cmdline);
    uint8_t payload[4];
    channel_put32(payload, (uint32_t)status);
    control_send(&control, CHANNEL_EXITED, 0, payload, sizeof payload);
    power_off(status, &cmdline);
}
