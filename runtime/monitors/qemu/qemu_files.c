/*
 * QEMU: the host's files that it opens by itself: firmware, accelerator modules, /dev/kvm.
 *
 * QEMU looks for them beside its own program (../share/qemu, ../lib/qemu), so they are looked for there.
 */
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/monitors/qemu/qemu.h"

static const char *const data_directories[] = {"share/qemu", "share/seabios", "share/qemu-firmware"};

/* Distributions that build accelerators as modules keep them in one of these. */
static const char *const module_patterns[] = {
    "lib/*-linux-gnu/qemu/accel-*" QEMU_TARGET ".so",
    "lib64/qemu/accel-*" QEMU_TARGET ".so",
    "lib/qemu/accel-*" QEMU_TARGET ".so",
};

struct firmware {
    const char *name;
    bool required;
};

static const struct firmware firmware[] = {
#ifdef __x86_64__
    {"bios-256k.bin", true}, /* pc and q35 */
    {"kvmvapic.bin", false},
    {"linuxboot_dma.bin", false}, /* starts a bzImage */
    {"multiboot_dma.bin", false}, /* starts a multiboot ELF */
    {"pvh.bin", false},           /* starts a PVH ELF */
    {"bios-microvm.bin", false},  /* microvm with ACPI */
    {"qboot.rom", false},         /* microvm without */
#endif
    {NULL, false},
};

/* "/opt/qemu" of "/opt/qemu/bin/qemu-system-x86_64"; "/usr" where no path is configured. Owned. */
static char *find_prefix(const char *program)
{
    if (program != NULL) {
        const char *bin = strstr(program, "/bin/");
        for (const char *next = bin; next != NULL; next = strstr(next + 1, "/bin/"))
            bin = next;
        if (bin != NULL)
            return xstrndup(program, (size_t)(bin - program));
    }
    return xstrdup("/usr");
}

static bool add_firmware(const char *prefix, const char *name, struct strings *data)
{
    for (size_t i = 0; i < sizeof data_directories / sizeof *data_directories; i++) {
        cleanup_free char *path = xasprintf("%s/%s/%s", prefix, data_directories[i], name);
        struct stat status;
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
            strings_add_owned(data, take_pointer(path));
            return true;
        }
    }
    return false;
}

static void add_modules(const char *prefix, struct strings *modules)
{
    for (size_t i = 0; i < sizeof module_patterns / sizeof *module_patterns; i++) {
        cleanup_free char *pattern = xasprintf("%s/%s", prefix, module_patterns[i]);
        glob_t found = {0};
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc; j++)
                strings_add(modules, found.gl_pathv[j]);
        globfree(&found);
    }
}

int qemu_files(const struct monitor_config *config, struct monitor_files *files, struct error *error)
{
    if (qemu_machine_check(config, error) < 0)
        return -1;
    cleanup_free char *prefix = find_prefix(config->path);
    for (const struct firmware *file = firmware; file->name != NULL; file++)
        if (!add_firmware(prefix, file->name, &files->data) && file->required)
            return error_set(
                error,
                "qemu: the firmware %s is not in %s/share/qemu or %s/share/seabios: install it (Debian: "
                "seabios)",
                file->name, prefix, prefix);
    add_modules(prefix, &files->modules);
    if (qemu_uses_kvm(config))
        strings_add(&files->devices, "/dev/kvm");
    return 0;
}
