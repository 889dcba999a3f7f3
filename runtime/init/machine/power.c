#include "runtime/init/machine/power.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "runtime/boot.h"
#include "runtime/init/files.h"

#ifdef __x86_64__
#include <sys/io.h>

static void write_byte(uint16_t port, uint8_t value)
{
    int fd = open("/dev/port", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t written = pwrite(fd, &value, 1, port);
    (void)written; /* nobody is left to be told */
    close(fd);
}

/* By one byte 255 would say BOOT_EXIT_BYTE_ZERO. */
static uint8_t in_one_byte(int status)
{
    return status == 0 ? BOOT_EXIT_BYTE_ZERO : status < BOOT_EXIT_BYTE_ZERO ? (uint8_t)status : 254;
}

static void report(int status)
{
    if (ioperm(BOOT_EXIT_PORT, 2, 1) == 0)
        outw((uint16_t)(BOOT_EXIT_REPORTED | status), BOOT_EXIT_PORT);
    else
        write_byte(BOOT_EXIT_PORT, in_one_byte(status)); /* a kernel without CONFIG_X86_IOPL_IOPERM */
}
#else
static void report(int status)
{
    (void)status;
}
#endif

/* Makes all file systems read-only: one that nobody wrote to since is clean. */
void power_write_back(const struct cmdline *cmdline)
{
    sync();
    for (size_t i = cmdline->mount_count; i > 0; i--)
        umount2(cmdline->mounts[i - 1].directory, 0);
    mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
}

/* True if the monitor has a device that tells it of a panic, and the driver has found it. */
static bool monitor_hears_panics(void)
{
    static const char *const drivers[] = {"/sys/bus/pci/drivers/pvpanic-pci",
                                          "/sys/bus/platform/drivers/pvpanic-mmio"};
    bool found = false;
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        DIR *directory = opendir(drivers[i]);
        for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
            found = found || strchr(entry->d_name, ':') != NULL; /* a device: "0000:00:03.0", "QEMU0001:00" */
        if (directory != NULL)
            closedir(directory);
    }
    return found;
}

/* Without the exit port, a failure is a panic on purpose: it ends the monitor with a failure, a power-off
 * does not. Everything is written back by now. */
static void fail(void)
{
    write_text("/proc/sys/kernel/sysrq", "1\n");
    write_text("/proc/sysrq-trigger", "c");
}

_Noreturn void power_off(int status, const struct cmdline *cmdline)
{
    /* A host that does not understand reports takes each for a failure. */
    if (cmdline->exit_port && (cmdline->exit_report || status != 0))
        report(status & 0xff);
    /* The kernel says "Power down" at its most urgent level, and the console is the program's output. */
    write_text("/proc/sys/kernel/printk", "0\n");
    if (!cmdline->exit_port && status != 0 && monitor_hears_panics())
        fail();
    /* A kernel without a power-off would halt, and its monitor stay for ever. */
    if (!cmdline->reset)
        reboot(RB_POWER_OFF);
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}
