#include "runtime/guests/solo5.h"

#include <string.h>

#include "formats/base/memory.h"
#include "formats/contract/annotations.h"

/* Names of one kind of device, in the order in which the container's devices get them. Borrowed. */
struct names {
    const char *items[SOLO5_MAX_DEVICES];
    size_t count;
};

static int collect_names(const struct kernel_probe *kernel, bool block, const char *first, const char *key,
                         struct names *names, struct error *error)
{
    if (first != NULL)
        names->items[names->count++] = first;
    bool declared = first == NULL;
    for (unsigned i = 0; i < kernel->solo5_device_count; i++) {
        const struct solo5_device *device = &kernel->solo5_devices[i];
        if (device->is_block != block)
            continue;
        if (first != NULL && strcmp(device->name, first) == 0)
            declared = true;
        else if (names->count < SOLO5_MAX_DEVICES)
            names->items[names->count++] = device->name;
    }
    if (!declared)
        return error_set(error, "%s: \"%s\": the kernel's Solo5 manifest declares no %s device of that name",
                         key, first, block ? "block" : "network");
    return 0;
}

static int name_nics(const struct names *names, struct boot *boot, struct error *error)
{
    if (names->count > boot->nic_count)
        return error_set(error,
                         "the kernel's Solo5 manifest declares the network device %s, for which the "
                         "container has no interface",
                         names->items[boot->nic_count]);
    for (size_t i = 0; i < names->count; i++)
        boot->nics[i].name = xstrdup(names->items[i]);
    return 0;
}

static int name_disks(const struct names *names, struct boot *boot, struct error *error)
{
    if (names->count > boot->disk_count)
        return error_set(error,
                         "the kernel's Solo5 manifest declares the block device %s, for which the image has "
                         "no block image",
                         names->items[boot->disk_count]);
    if (names->count < boot->disk_count)
        return error_set(error, KEY_BLOCK ": the kernel's Solo5 manifest declares no block device for it");
    for (size_t i = 0; i < names->count; i++)
        boot->disks[i].name = xstrdup(names->items[i]);
    return 0;
}

int guest_name_solo5_devices(const struct guest_input *input, struct boot *boot, struct error *error)
{
    struct names nics = {0}, disks = {0};
    if (collect_names(input->kernel, false, input->solo5_net_device, KEY_NET_DEVICE, &nics, error) < 0 ||
        collect_names(input->kernel, true, input->solo5_block_device, KEY_BLOCK_DEVICE, &disks, error) < 0)
        return -1;
    return name_nics(&nics, boot, error) < 0 ? -1 : name_disks(&disks, boot, error);
}
