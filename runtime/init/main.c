/*
 * urunc-init: PID 1 of a Linux guest.
 *
 * It does what a container's runtime does around the container's process: modules, mounts, network, user,
 * directory, environment; then it waits, powers the machine off, and lets the exit status reach the host. It
 * starts from an initramfs or from a block device. docs/linux-guests.md tells how an image uses it.
 */
#include <errno.h>
#include <fcntl.h>
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
#include "runtime/init/machine/volumes.h"
#include "runtime/init/program/control.h"
#include "runtime/init/program/program.h"
#include "runtime/init/program/streams.h"
#include "runtime/init/program/supervise.h"
#include "runtime/init/settings.h"

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

/* They are the initramfs's, so they are read before the root changes; the names go, which the program needs
 * not see. Another host than urunc in C has none. */
static void read_settings(struct cmdline *cmdline)
{
    size_t size = 0;
    char *bytes = read_whole(SETTINGS_FILE, &size);
    if (bytes != NULL)
        settings_parse(bytes, size, cmdline); /* it keeps the bytes */
    else if (errno != ENOENT)
        complain(SETTINGS_FILE ":");
    unlink(SETTINGS_FILE);
    unlink(SETTINGS_INIT);
}

/* Another init of the image's: it takes over, as PID 1. Returns only where it cannot. */
static void become_init(const struct cmdline *cmdline)
{
    struct words argv = {0};
    words_add(&argv, cmdline->init);
    for (size_t i = 0; i < cmdline->args.count; i++)
        words_add(&argv, cmdline->args.items[i]);
    execv(argv.items[0], argv.items);
    complain("init=%s:", argv.items[0]);
}

static int run_program(const struct cmdline *cmdline, struct streams *streams, struct control *control)
{
    if (cmdline->args.count == 0) {
        complain("neither " SETTINGS_FILE " nor the command line behind \"--\" names a program");
        return STATUS_NOT_FOUND;
    }
    if (cmdline->user_is_malformed) {
        complain(SETTINGS_FILE ": user= names no user");
        return STATUS_INIT_FAILED;
    }
    supervise_prepare();
    pid_t pid = program_start(cmdline->args.items, cmdline, streams);
    return pid > 0 ? supervise(pid, streams, control) : STATUS_INIT_FAILED;
}

/* False: complained. */
static bool enter_root(const struct cmdline *cmdline)
{
    modules_load(cmdline);
    if (!root_is_elsewhere(cmdline))
        return true;
    bool has_modules = access("/lib/modules", F_OK) == 0;
    if (!root_switch(cmdline))
        return false;
    if (cmdline->init != NULL && !is_own_name(cmdline->init)) {
        become_init(cmdline);
        return false;
    }
    if (!has_modules) /* the initramfs is the host's own, so the disk has the other drivers */
        modules_load(cmdline);
    return true;
}

static int run(struct cmdline *cmdline, struct control *control)
{
    static struct streams streams;
    int trees = open(SETTINGS_TREES, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!enter_root(cmdline))
        return STATUS_INIT_FAILED;
    mount_runtime_file_systems();
    streams_open(&streams, cmdline);
    control->fd = streams.control;
    if (!mount_settings(cmdline, trees))
        return STATUS_INIT_FAILED;
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
    read_settings(&cmdline);
    console_set(cmdline.terminal);
    int status = run(&cmdline, &control);
    power_write_back(&cmdline);
    uint8_t payload[4];
    channel_put32(payload, (uint32_t)status);
    control_send(&control, CHANNEL_EXITED, 0, payload, sizeof payload);
    power_off(status, &cmdline);
}
