#include "runtime/init/power.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/boot.h"
#include "runtime/init/files.h"

#ifdef __x86_64__
#include <sys/io.h>

static void write_port_device(uint16_t port, uint8_t value)
{
    int fd = open("/dev/port", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t written = pwrite(fd, &value, 1, port);
    (void)written; /* nobody is left to be told */
    close(fd);
}

static void write_port(uint16_t port, uint8_t value)
{
    if (ioperm(port, 1, 1) == 0)
        outb(value, port);
    else
        write_port_device(port, value); /* a kernel without CONFIG_X86_IOPL_IOPERM */
}
#else
static void write_port(uint16_t port, uint8_t value)
{
    (void)port;
    (void)value;
}
#endif

/* Makes all file systems read-only: one that nobody wrote to since is clean. */
static void write_back(const struct cmdline *cmdline)
{
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    sync();
    if (cmdline->mount_directory != NULL)
        umount2(cmdline->mount_directory, 0);
    mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
}

_Noreturn void power_off(int status, const struct cmdline *cmdline)
{
    if (cmdline->exit_ports)
        write_port(BOOT_STATUS_PORT, (uint8_t)status);
    write_back(cmdline);
    /* Never 0 on the host's side; which status it was, the status port has said. */
    if (cmdline->exit_ports && status != 0)
        write_port(BOOT_EXIT_PORT, (uint8_t)(status & 0x7f));
    /* The kernel says "Power down" at its most urgent level, and the console is the program's output. */
    write_text("/proc/sys/kernel/printk", "0\n");
    reboot(RB_POWER_OFF);
    /* No ACPI: monitors stop at a reset as well, as they are told not to reboot. */
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}
