#include <inttypes.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/monitors/qemu/qemu.h"

enum {
    MEBIBYTE = 1024 * 1024,
    MEMORY_MIN = 2, /* MiB: below it the firmware does not start */
    /* MiB that translated code may take. QEMU's own default is 1 GiB, which would take a container over its
     * memory limit long after it started; an ordinary guest boots in half of this. */
    TCG_CODE_SIZE = 64,
};

static const struct qemu_machine machines[] = {
    {.name = "pc", .target = "x86_64", .pci = true, .isa = true},
    {.name = "q35", .target = "x86_64", .pci = true, .isa = true},
    {.name = "microvm", .target = "x86_64", .pci = false, .isa = true},
    {.name = "virt", .target = "aarch64", .pci = true, .isa = false},
};

/* "pc" is also the kind of "pc-q35-7.2". */
static bool is_of_kind(const char *name, const char *kind)
{
    size_t length = strlen(kind);
    return strncmp(name, kind, length) == 0 && (name[length] == '\0' || name[length] == '-');
}

const struct qemu_machine *qemu_machine_find(const struct monitor_config *config, struct error *error)
{
    const char *name = config->machine != NULL ? config->machine : QEMU_MACHINE;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (is_of_kind(name, machines[i].name))
            return &machines[i];
    error_set(error,
              "urunc's configuration: monitors.qemu.machine: \"%s\" is not a machine that urunc drives; they "
              "are pc, q35 and microvm (x86-64) and virt (arm64)",
              name);
    return NULL;
}

int qemu_machine_check(const struct monitor_config *config, struct error *error)
{
    const struct qemu_machine *machine = qemu_machine_find(config, error);
    if (machine == NULL)
        return -1;
    if (strcmp(machine->target, QEMU_TARGET) == 0)
        return 0;
    return error_set(error,
                     "urunc's configuration: monitors.qemu.machine: \"%s\" is a machine of %s, this host's "
                     "is " QEMU_TARGET,
                     config->machine, machine->target);
}

bool qemu_uses_kvm(const struct monitor_config *config)
{
    return config->acceleration == ACCELERATION_KVM;
}

static int add_memory(struct qemu_argv *argv, struct error *error)
{
    const struct boot *boot = argv->boot;
    uint64_t mebibytes = boot->memory / MEBIBYTE;
    if (mebibytes < MEMORY_MIN)
        return error_set(error, "qemu: %" PRIu64 " bytes of memory for the guest: it needs %d MiB at least",
                         boot->memory, MEMORY_MIN);
    qemu_format(argv, "-m", "size=%" PRIu64 "M", mebibytes);
    qemu_format(argv, "-smp", "cpus=%u", boot->vcpus > 0 ? boot->vcpus : 1);
    return 0;
}

/* A program that serves a share by virtiofs reads and writes the guest's memory. */
static bool shares_memory(const struct boot *boot)
{
    for (size_t i = 0; i < boot->share_count; i++)
        if (boot->shares[i].server >= 0)
            return true;
    return false;
}

/* The operator's, whatever the guest would like. */
static const char *choose_machine(const struct qemu_argv *argv)
{
    if (argv->config->machine != NULL)
        return argv->config->machine;
    return (argv->boot->quirks & BOOT_QUIRK_OLD_PC) ? QEMU_OLD_PC : QEMU_MACHINE;
}

int qemu_add_machine(struct qemu_argv *argv, struct error *error)
{
    const struct monitor_config *config = argv->config;
    bool kvm = qemu_uses_kvm(config);
    cleanup_buffer struct buffer machine = {0};
    buffer_add_string(&machine, choose_machine(argv));
    if (config->machine_options != NULL)
        buffer_format(&machine, ",%s", config->machine_options);
    bool shared = shares_memory(argv->boot);
    if (shared)
        buffer_add_string(&machine, ",memory-backend=memory");
    qemu_add(argv, "-machine", machine.data);
    if (shared)
        qemu_format(argv, "-object", "memory-backend-memfd,id=memory,share=on,size=%" PRIu64 "M",
                    argv->boot->memory / MEBIBYTE);
    if (kvm)
        qemu_add(argv, "-accel", "kvm");
    else
        qemu_format(argv, "-accel", "tcg,tb-size=%d", TCG_CODE_SIZE);
    const char *cpu = kvm ? "host" : QEMU_EMULATED_CPU;
    qemu_add(argv, "-cpu", config->cpu != NULL ? config->cpu : cpu);
    return add_memory(argv, error);
}
