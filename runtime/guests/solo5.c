#include "runtime/guests/solo5.h"

#include <string.h>

#include "formats/base/memory.h"
#include "formats/contract/annotations.h"

/* One kind of device of a manifest, which names are still to be given, and which annotation names the first.
 */
struct naming {
    const struct kernel_probe *kernel;
    bool block;
    const char *first; /* or NULL */
    const char *first_key;
    bool taken[SOLO5_MAX_DEVICES];
};

static const char *kind_of(const struct naming *naming)
{
    return naming->block ? "block" : "network";
}

/* The device's number in the manifest, -1 where it has none of that kind and name. */
static int find_device(const struct naming *naming, const char *name)
{
    for (unsigned i = 0; i < naming->kernel->solo5_device_count; i++) {
        const struct solo5_device *device = &naming->kernel->solo5_devices[i];
        if (device->is_block == naming->block && strcmp(device->name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* The first device of that kind whose name nobody has yet, -1 where there is none. */
static int next_device(const struct naming *naming)
{
    for (unsigned i = 0; i < naming->kernel->solo5_device_count; i++)
        if (naming->kernel->solo5_devices[i].is_block == naming->block && !naming->taken[i])
            return (int)i;
    return -1;
}

static int take_named(struct naming *naming, const char *key, const char *name, int *number,
                      struct error *error)
{
    *number = find_device(naming, name);
    if (*number < 0)
        return error_set(error, "%s: \"%s\": the kernel's Solo5 manifest declares no %s device of that name",
                         key, name, kind_of(naming));
    if (naming->taken[*number])
        return error_set(error, "%s: \"%s\": another disk is named so already", key, name);
    naming->taken[*number] = true;
    return 0;
}

/* The number of the name that the next unnamed device gets, -1 where the manifest has no more. */
static int next_to_give(const struct naming *naming)
{
    return naming->first != NULL ? find_device(naming, naming->first) : next_device(naming);
}

static int give_next(struct naming *naming)
{
    int number = next_to_give(naming);
    naming->first = NULL;
    if (number >= 0)
        naming->taken[number] = true;
    return number;
}

static int check_all_given(const struct naming *naming, const char *lacks, struct error *error)
{
    int number = next_to_give(naming);
    if (number < 0)
        return 0;
    return error_set(error, "the kernel's Solo5 manifest declares the %s device %s, for which %s",
                     kind_of(naming), naming->kernel->solo5_devices[number].name, lacks);
}

/* The name that an annotation gives to the first device is nobody else's. */
static int reserve_first(struct naming *naming, struct error *error)
{
    int number = 0;
    return naming->first == NULL ? 0 : take_named(naming, naming->first_key, naming->first, &number, error);
}

static unsigned position_of(int number)
{
    return (unsigned)number + 1;
}

static int name_nics(struct naming *naming, struct boot *boot, struct error *error)
{
    if (reserve_first(naming, error) < 0)
        return -1;
    for (size_t i = 0; i < boot->nic_count; i++) {
        int number = give_next(naming);
        if (number < 0)
            break;
        boot->nics[i].name = xstrdup(naming->kernel->solo5_devices[number].name);
        boot->nics[i].position = position_of(number);
    }
    return check_all_given(naming, "the container has no interface", error);
}

/* Names that disks have by annotation are theirs before the others are given in order. */
static int keep_disk_names(struct naming *naming, struct boot *boot, struct error *error)
{
    for (size_t i = 0; i < boot->disk_count; i++) {
        int number = 0;
        if (boot->disks[i].name == NULL)
            continue;
        if (take_named(naming, KEY_BLOCK ".NAME", boot->disks[i].name, &number, error) < 0)
            return -1;
        boot->disks[i].position = position_of(number);
    }
    return 0;
}

static int name_disks(struct naming *naming, struct boot *boot, struct error *error)
{
    if (reserve_first(naming, error) < 0 || keep_disk_names(naming, boot, error) < 0)
        return -1;
    for (size_t i = 0; i < boot->disk_count; i++) {
        struct boot_disk *disk = &boot->disks[i];
        if (disk->name != NULL)
            continue;
        int number = give_next(naming);
        if (number < 0)
            return error_set(error,
                             KEY_BLOCK ": the kernel's Solo5 manifest declares no block device for it");
        disk->name = xstrdup(naming->kernel->solo5_devices[number].name);
        disk->position = position_of(number);
    }
    return check_all_given(naming, "the image has no block image", error);
}

int guest_name_solo5_devices(const struct guest_input *input, struct boot *boot, struct error *error)
{
    if (!(input->kernel->formats & KERNEL_SOLO5))
        return 0;
    if (!input->kernel->has_solo5_manifest)
        return error_set(
            error, "the Solo5 kernel has no manifest of its devices, without which it cannot be started");
    struct naming nics = {
        .kernel = input->kernel, .first = input->solo5_net_device, .first_key = KEY_NET_DEVICE};
    struct naming disks = {.kernel = input->kernel,
                           .block = true,
                           .first = input->solo5_block_device,
                           .first_key = KEY_BLOCK_DEVICE};
    return name_nics(&nics, boot, error) < 0 ? -1 : name_disks(&disks, boot, error);
}

int guest_check_solo5_line(const struct kernel_probe *kernel, size_t length, struct error *error)
{
    if (!(kernel->formats & KERNEL_SOLO5) || length <= SOLO5_COMMAND_LINE_MAX)
        return 0;
    return error_set(error, "the guest's command line would have %zu bytes, Solo5's has %d at most", length,
                     SOLO5_COMMAND_LINE_MAX);
}
