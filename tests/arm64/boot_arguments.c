/*
 * boot_arguments FRAMEWORK KERNEL INITRD|- MEBIBYTES [ARGUMENT...]: prints the QEMU command line that urunc
 * gives such a container, each argument ended by a NUL. boot.sh runs this program, built for arm64, under
 * user emulation and starts the host's QEMU with what it prints: urunc itself boots kernels of its own host's
 * architecture only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/archive/cpio.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/kernel/probe.h"
#include "runtime/guests/guest.h"
#include "runtime/monitors/monitor.h"

enum { INITRD_MAX = 1 << 30 };

/* As `create` does (runtime/process/guest/guest_pack.c): a copy with the guest's other files behind it,
 * beside the initrd. Static, because the boot borrows it. */
static int pack(const struct guest *guest, const struct guest_input *input, struct boot *boot,
                struct error *error)
{
    static char path[4096];
    cleanup_buffer struct buffer bytes = {0};
    cleanup_inode struct inode *archive = inode_new(S_IFDIR | 0755);
    struct guest_pack pack = {.archive = archive};
    if (guest->pack == NULL || boot->initrd == NULL)
        return 0;
    snprintf(path, sizeof path, "%s.packed", boot->initrd);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    /* User emulation has no openat2(2), which read_file stands on. */
    cleanup_close int initrd = open(boot->initrd, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || initrd < 0)
        return error_set(error, "%s: cannot be copied", boot->initrd);
    if (guest->pack(input, &pack, error) < 0 || read_all(initrd, INITRD_MAX, &bytes, boot->initrd, error) < 0)
        return -1;
    buffer_add(&bytes, "\0\0\0", -bytes.length % 4);
    cleanup_sink struct sink *sink = sink_to_fd(fd, path, NULL);
    if (sink_write(sink, bytes.data, bytes.length, error) < 0 ||
        cpio_write_addition(archive, NULL, sink, error) < 0 || sink_finish(sink, error) < 0)
        return -1;
    boot->initrd = path;
    return 0;
}

static int plan(char **argv, struct boot *boot, struct error *error)
{
    struct kernel_probe probe = {0};
    cleanup_close int kernel = open(argv[2], O_RDONLY | O_CLOEXEC);
    int framework = framework_from_name(argv[1]);
    if (kernel < 0 || framework < 0 || guest_find((enum framework)framework) == NULL)
        return error_set(error, "%s %s: no such framework or kernel", argv[1], argv[2]);
    if (kernel_probe(kernel, argv[2], &probe, error) < 0)
        return -1;
    cleanup_strings struct strings args = {0}, env = {0};
    for (char **argument = argv + 5; *argument != NULL; argument++)
        strings_add(&args, *argument);
    strings_add(&env, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
    struct guest_input input = {.args = &args, .env = &env, .cwd = "/", .kernel = &probe};
    boot->kernel = argv[2];
    boot->memory = strtoull(argv[4], NULL, 10) << 20;
    boot->vcpus = 1;
    if (strcmp(argv[3], "-") != 0)
        boot->initrd = argv[3];
    input.has_initrd = boot->initrd != NULL;
    const struct guest *guest = guest_find((enum framework)framework);
    return guest->plan(&input, boot, error) < 0 ? -1 : pack(guest, &input, boot, error);
}

int main(int argc, char **argv)
{
    static const struct monitor_config config = {.acceleration = ACCELERATION_TCG};
    cleanup_error struct error error = {0};
    cleanup_boot struct boot boot = BOOT_NONE;
    cleanup_monitor_command struct monitor_command command = {0};
    const struct monitor *qemu = monitor_find(HYPERVISOR_QEMU);
    if (argc < 5) {
        fprintf(stderr, "usage: boot_arguments FRAMEWORK KERNEL INITRD|- MEBIBYTES [ARGUMENT...]\n");
        return 2;
    }
    if (plan(argv, &boot, &error) < 0 || qemu->command(&boot, &config, qemu->program, &command, &error) < 0) {
        fprintf(stderr, "boot_arguments: %s\n", error.message);
        return 1;
    }
    for (size_t i = 0; i < command.argv.count; i++)
        fwrite(command.argv.items[i], 1, strlen(command.argv.items[i]) + 1, stdout);
    return 0;
}
