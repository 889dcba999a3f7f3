#include "formats/contract/frameworks.h"

#include <string.h>

#include "formats/base/cleanup.h"

#define HYPERVISOR_DRIVEN(enumeration, identifier, ...) {true, __VA_ARGS__},
#define HYPERVISOR_KNOWN(enumeration, identifier, ...)  {false, __VA_ARGS__},

static const struct {
    bool driven;
    const char *name;
    unsigned amd64;
    unsigned arm64;
    unsigned never;
    enum solo5_target solo5;
    unsigned storage;
    unsigned architectures;
} hypervisors[HYPERVISOR_COUNT] = {HYPERVISORS(HYPERVISOR_DRIVEN, HYPERVISOR_KNOWN)};

#define FRAMEWORK_BOOTED(enumeration, identifier, ...) {true, __VA_ARGS__},
#define FRAMEWORK_KNOWN(enumeration, identifier, ...)  {false, __VA_ARGS__},

static const struct {
    bool booted;
    const char *name;
    unsigned hypervisors;
    unsigned storage;
    bool network;
    unsigned architectures;
} frameworks[FRAMEWORK_COUNT] = {FRAMEWORKS(FRAMEWORK_BOOTED, FRAMEWORK_KNOWN)};

const char *framework_name(enum framework framework)
{
    return frameworks[framework].name;
}

const char *hypervisor_name(enum hypervisor hypervisor)
{
    return hypervisors[hypervisor].name;
}

unsigned framework_storage(enum framework framework)
{
    return frameworks[framework].storage;
}

unsigned hypervisor_storage(enum hypervisor hypervisor)
{
    return hypervisors[hypervisor].storage;
}

bool framework_has_network(enum framework framework)
{
    return frameworks[framework].network;
}

int framework_check_initrd(enum framework framework, bool is_elf, struct error *error)
{
    bool wants_elf = (FRAMEWORKS_INITRD_PROGRAM & (1 << framework)) != 0;
    if ((FRAMEWORKS_INITRD_ANY & (1 << framework)) || is_elf == wants_elf)
        return 0;
    if (wants_elf)
        return error_set(error, "the initrd of %s is its application, an ELF file",
                         frameworks[framework].name);
    return error_set(error, "an ELF file, but the initrd of %s is an archive", frameworks[framework].name);
}

bool framework_is_booted(enum framework framework)
{
    return frameworks[framework].booted;
}

bool hypervisor_is_driven(enum hypervisor hypervisor)
{
    return hypervisors[hypervisor].driven;
}

unsigned framework_hypervisors(enum framework framework)
{
    return frameworks[framework].hypervisors;
}

unsigned framework_architectures(enum framework framework)
{
    return frameworks[framework].architectures;
}

unsigned hypervisor_architectures(enum hypervisor hypervisor)
{
    return hypervisors[hypervisor].architectures;
}

int framework_from_name(const char *name)
{
    for (int i = 0; i < FRAMEWORK_COUNT; i++)
        if (strcmp(frameworks[i].name, name) == 0)
            return i;
    return -1;
}

int hypervisor_from_name(const char *name)
{
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        if (strcmp(hypervisors[i].name, name) == 0)
            return i;
    return -1;
}

static int check_solo5(enum hypervisor hypervisor, const struct kernel_probe *kernel, const char *name,
                       struct error *error)
{
    const char *runner = hypervisors[hypervisor].name;
    bool is_solo5 = (kernel->formats & KERNEL_SOLO5) != 0;
    if (hypervisors[hypervisor].amd64 == KERNEL_SOLO5 && !is_solo5) {
        cleanup_free char *found = kernel_probe_describe(kernel);
        return error_set(error, "%s: %s runs Solo5 kernels, and this one carries no Solo5 note (%s)", name,
                         runner, found);
    }
    if (is_solo5 && kernel->solo5_target != hypervisors[hypervisor].solo5)
        return error_set(error, "%s: a Solo5 kernel for %s, which %s does not run", name,
                         solo5_target_name(kernel->solo5_target), runner);
    return 0;
}

/* The formats of which a kernel of this architecture needs one; 0: not known. A kernel that does not tell is
 * taken for the most common one. */
static unsigned loaded_formats(enum hypervisor hypervisor, const struct kernel_probe *kernel)
{
    if (kernel->architecture == NULL || strcmp(kernel->architecture, "amd64") == 0)
        return hypervisors[hypervisor].amd64;
    return strcmp(kernel->architecture, "arm64") == 0 ? hypervisors[hypervisor].arm64 : 0;
}

enum kernel_fit hypervisor_check_kernel(enum hypervisor hypervisor, const struct kernel_probe *kernel,
                                        const char *name, struct error *error)
{
    if (check_solo5(hypervisor, kernel, name, error) < 0)
        return KERNEL_REFUSED;
    unsigned loaded = loaded_formats(hypervisor, kernel);
    bool never = (kernel->formats & hypervisors[hypervisor].never) != 0;
    if (!never && (loaded == 0 || (kernel->formats & loaded) != 0))
        return KERNEL_LOADS;
    cleanup_free char *found = kernel_probe_describe(kernel);
    cleanup_free char *formats = kernel_formats_text(loaded);
    if (kernel->formats & hypervisors[hypervisor].never & KERNEL_ELF32)
        error_set(error, "%s is %s, but %s loads no ELF of 32 bits", name, found,
                  hypervisors[hypervisor].name);
    else
        error_set(error, "%s is %s, but %s loads %s", name, found, hypervisors[hypervisor].name, formats);
    /* A Solo5 kernel's build is known: one that its format does not fit was built for something else. */
    return never || (kernel->formats & KERNEL_SOLO5) ? KERNEL_REFUSED : KERNEL_DOUBTFUL;
}
