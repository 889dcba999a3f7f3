#include "runtime/init/power.h"

#include <fcntl.h>
#include <stdint.h>
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
    if (cmdline->mount_directory != NULL)
        umount2(cmdline->mount_directory, 0);
    mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
}

_Noreturn void power_off(int status, const struct cmdline *cmdline)
{
    /* A host that does not understand reports takes each for a failure. */
    if (cmdline->exit_port && (cmdline->exit_report || status != 0))
        report(status & 0xff);
    /* The kernel says "Power down" at its most urgent level, and the console is the program's output. */
    write_text("/proc/sys/kernel/printk", "0\n");
    reboot(RB_POWER_OFF);
    /* No ACPI: monitors stop at a reset as well, as they are told not to reboot. */
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}
