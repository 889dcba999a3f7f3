/*
 * urunc-spt: runs a Solo5 kernel of the spt target in its own process.
 *
 * Theory of operation. An spt kernel needs no virtual machine: it is an executable with fixed addresses that
 * knows a dozen system calls. The tender maps the guest's memory at the addresses that the kernel was linked
 * for, copies the kernel there, writes down what the guest asks for (memory, command line, devices), forbids
 * itself every system call that is not the guest's, and jumps. Kernel, disks and taps are descriptors that
 * the caller opened: the tender opens no file and can be started where there are none. The kernel file is
 * hostile until spt_image_read and kernel_probe have checked it; the guest is hostile and held by the filter.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "runtime/monitors/spt/devices.h"
#include "runtime/monitors/spt/enter.h"
#include "runtime/monitors/spt/events.h"
#include "runtime/monitors/spt/filter.h"
#include "runtime/monitors/spt/image.h"
#include "runtime/monitors/spt/memory.h"
#include "runtime/monitors/spt/options.h"

#define KERNEL_NAME "kernel" /* in messages */

static void print_help(void)
{
    printf("Usage: urunc-spt --mem=MIB --kernel=@FD [DEVICES] [-- ARGUMENT...]\n\n"
           "Runs a Solo5 unikernel of the spt target, ABI version %d. Each FD is the number of an open "
           "descriptor.\n\n"
           "  --mem=MIB                     the guest's memory\n"
           "  --kernel=@FD                  the unikernel\n"
           "  --net:NAME=@FD                a network device: a tap without vnet header\n"
           "  --net-mac:NAME=MAC            its address; by chance where there is none\n"
           "  --net-mtu:NAME=BYTES          its MTU, 1500 where there is none\n"
           "  --block:NAME=@FD              a block device: a file or a block device\n"
           "  --block-sector-size:NAME=N    bytes of its blocks, 512 where there is none\n"
           "  --version, --help\n",
           SPT_ABI_VERSION);
}

static void print_version(void)
{
    printf("urunc-spt version %s\nABI version %d\n", URUNC_VERSION, SPT_ABI_VERSION);
}

static int probe(int fd, struct kernel_probe *kernel, struct error *error)
{
    if (kernel_probe(fd, KERNEL_NAME, kernel, error) < 0)
        return -1;
    if (!(kernel->formats & KERNEL_SOLO5))
        return error_set(error, KERNEL_NAME ": no Solo5 unikernel: it has no ABI note");
    if (kernel->solo5_target != SOLO5_TARGET_SPT)
        return error_set(error, KERNEL_NAME ": a Solo5 unikernel for %s, not for spt",
                         solo5_target_name(kernel->solo5_target));
    if (kernel->solo5_abi_version != SPT_ABI_VERSION)
        return error_set(error, KERNEL_NAME ": built for version %u of Solo5's spt ABI: must be %d",
                         kernel->solo5_abi_version, SPT_ABI_VERSION);
    if (!kernel->has_solo5_manifest)
        return error_set(error, KERNEL_NAME ": no Solo5 manifest");
    return 0;
}

/* Puts the kernel into the guest's memory; nothing is mapped before all of it was checked. */
static int load(int fd, uint64_t memory, uint64_t *entry, uint64_t *end, struct error *error)
{
    struct stat status;
    cleanup_spt_image struct spt_image image = {0};
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, KERNEL_NAME);
    const struct kernel_file file = {fd, (uint64_t)status.st_size, KERNEL_NAME};
    if (spt_image_read(&file, memory, (uint64_t)sysconf(_SC_PAGESIZE), &image, error) < 0 ||
        spt_memory_map(memory, error) < 0 || spt_image_load(&file, &image, 0, error) < 0 ||
        spt_image_protect(&image, 0, error) < 0)
        return -1;
    *entry = image.entry;
    *end = image.end;
    return 0;
}

/* Returns only on failure. */
static int run(struct spt_options *options, struct error *error)
{
    struct kernel_probe kernel;
    struct spt_manifest manifest;
    struct spt_boot_info info = {.memory = options->memory};
    cleanup_spt_filter struct sock_fprog filter = {0};
    uint64_t entry;
    if (spt_memory_check_personality(error) < 0 || probe(options->kernel, &kernel, error) < 0 ||
        spt_devices_check(options, error) < 0 || spt_devices_attach(options, &kernel, &manifest, error) < 0 ||
        load(options->kernel, options->memory, &entry, &info.kernel_end, error) < 0 ||
        spt_events_open(&manifest, &info, error) < 0 ||
        spt_memory_write_boot_info(0, &info, &manifest, options->arguments, error) < 0 ||
        spt_filter_compile(&info, &manifest, &filter, error) < 0 || spt_end_by_signals(error) < 0)
        return -1;
    close(options->kernel);
    return spt_enter(&filter, options->memory, entry, error);
}

int main(int argc, char **argv)
{
    (void)argc;
    cleanup_error struct error error = {0};
    struct spt_options options;
    if (spt_options_parse((const char *const *)argv, &options, &error) == 0) {
        if (options.help || options.version) {
            (options.help ? print_help : print_version)();
            return fflush(stdout) == 0 ? 0 : 1;
        }
        run(&options, &error);
    }
    cleanup_free char *line = xasprintf("urunc-spt: %s", error.message);
    text_print_line(stderr, line);
    return 1;
}
