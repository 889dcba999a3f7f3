#include "runtime/process/guest/guest_pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/archive/cpio.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/contract/annotations.h"
#include "formats/contract/pairs.h"
#include "runtime/bundle/mount_tree.h"
#include "runtime/process/guest/guest_input.h"
#include "runtime/process/guest/guest_volumes.h"
#include "runtime/process/guest/virtiofsd.h"

#define NAME "the guest's files"

/* The guest's mounts while they are collected. */
struct collection {
    struct guest_mount *items;
    size_t count;
    bool needed; /* one is not optional */
};

static void collection_free(struct collection *collection)
{
    for (size_t i = 0; i < collection->count; i++)
        inode_unref(collection->items[i].tree);
    free(collection->items);
}

static void pack_free(struct guest_pack *pack)
{
    inode_unref(pack->archive);
    buffer_free(&pack->alone);
}

/* ---- the mounts ---- */

/* Disks and shares get their place among the guest's. */
static int add_volume(const struct bundle_mount *mount, struct guest_setup *setup, struct guest_mount *guest,
                      struct error *error)
{
    int place = 0;
    if (guest->way == MOUNT_WAY_DISK)
        place = guest_volume_add(setup, KEY_MOUNTS, mount, error);
    if (guest->way == MOUNT_WAY_SHARE)
        place = guest_share_add(setup, mount->fd, mount->source, mount->destination, mount->readonly,
                                mount->recursive, error);
    guest->place = (size_t)place;
    return place < 0 ? -1 : 0;
}

static int collect(const struct bundle *bundle, const struct bundle_mount *mount,
                   const struct mount_abilities *abilities, struct mount_tree_room *room,
                   struct guest_setup *setup, struct collection *collection, struct error *error)
{
    enum mount_way way;
    struct mount_source source = {.type = mount->status.st_mode & S_IFMT};
    cleanup_inode struct inode *tree = NULL;
    if (abilities->archive && mount_may_be_copied(mount)) {
        tree = mount_tree_read(mount, &bundle->namespaces, room, error);
        if (error_is_set(error))
            return -1;
        source.fits = tree != NULL;
    }
    source.holds_a_system = mount->bind && abilities->disks && guest_volume_holds_a_system(mount->fd);
    if (mount_way_choose(mount, &source, abilities, &way, error) < 0)
        return -1;
    if (way == MOUNT_WAY_OWN)
        return 0;
    bool optional = mount_is_usual(mount);
    collection->needed = collection->needed || (way == MOUNT_WAY_ARCHIVE && !optional);
    struct guest_mount *guest = &collection->items[collection->count++];
    *guest = (struct guest_mount){
        .way = way,
        .destination = mount->destination,
        .options = mount->options,
        .tree = way == MOUNT_WAY_ARCHIVE ? take_pointer(tree) : NULL,
        .readonly = mount->readonly,
        .noexec = mount->noexec,
        .optional = optional,
    };
    return add_volume(mount, setup, guest, error);
}

static int collect_device(const struct block_device *device, const struct mount_abilities *abilities,
                          struct guest_setup *setup, struct collection *collection, struct error *error)
{
    char *name = NULL;
    if (!abilities->nodes)
        return error_set(error, KEY_DEVICES ": %s: this guest can have no block device of the host",
                         device->path);
    cleanup_close int fd = block_device_open(device->number, &name, error);
    cleanup_free char *source = name;
    if (fd < 0)
        return error_prefix(error, KEY_DEVICES ": %s", device->path);
    const struct bundle_mount mount = {.destination = (char *)device->path,
                                       .source = source,
                                       .readonly = device->readonly,
                                       .fd = fd,
                                       .status = {.st_mode = S_IFBLK}};
    int place = guest_volume_add(setup, KEY_DEVICES, &mount, error);
    if (place < 0)
        return -1;
    collection->needed = true;
    collection->items[collection->count++] = (struct guest_mount){
        .way = MOUNT_WAY_NODE,
        .destination = device->path,
        .place = (size_t)place,
        .mode = device->mode,
        .uid = device->uid,
        .gid = device->gid,
        .readonly = device->readonly,
    };
    return 0;
}

static int collect_all(const struct bundle *bundle, const struct config *config,
                       const struct mount_abilities *abilities, struct guest_setup *setup,
                       struct collection *collection, struct error *error)
{
    const struct bundle_mounts *mounts = &bundle->mounts;
    struct mount_tree_room room = {.bytes = config->files_limit, .entries = MOUNT_TREE_ENTRIES};
    const struct block_devices *devices = &bundle->block_devices;
    collection->items = xcalloc(mounts->count + devices->count + 1, sizeof *collection->items);
    for (size_t i = 0; i < mounts->count; i++)
        if (collect(bundle, &mounts->items[i], abilities, &room, setup, collection, error) < 0)
            return -1;
    for (size_t i = 0; i < devices->count; i++)
        if (collect_device(&devices->items[i], abilities, setup, collection, error) < 0)
            return -1;
    return 0;
}

/* Guest and monitor can go by it, and it is there. What the guest's kernel has is seen by nobody before it
 * mounts the first one. */
static void choose_server(const struct config *config, struct guest_setup *setup)
{
    if (setup->share_count > 0 && setup->guest->virtiofs && setup->monitor->virtiofs)
        setup->virtiofsd = virtiofsd_find(config->virtiofsd);
}

/* ---- the file ---- */

/* Zeros between two archives are passed over; one must begin at a multiple of 4 (Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst). Some compressed ones end only at zeros. */
static int pad(struct sink *sink, uint64_t before, bool merged, struct error *error)
{
    static const char zeros[8];
    size_t length = (size_t)(-before % 4) + (merged || before == 0 ? 0 : 4);
    return sink_write(sink, zeros, length, error);
}

/* Where the image's initrd ends for what is added, and what it has. */
static int find_end(const struct guest_pack *pack, int initrd, struct inode *present, bool *merged,
                    uint64_t *end, struct error *error)
{
    enum cpio_kind kind = CPIO_OTHER;
    struct stat status = {0};
    if (initrd < 0)
        return 0;
    if (fstat(initrd, &status) < 0)
        return error_errno(error, errno, KEY_INITRD);
    if (pack->merged && cpio_scan(initrd, &kind, end, present, error) < 0)
        return error_prefix(error, KEY_INITRD);
    *merged = kind == CPIO_SINGLE;
    if (!*merged)
        *end = (uint64_t)status.st_size;
    return 0;
}

/* `needed`: the guest cannot go without. */
static int write_archive(const struct guest_pack *pack, bool needed, int initrd, struct guest_setup *setup,
                         struct error *error)
{
    cleanup_inode struct inode *present = inode_new(S_IFDIR | 0755);
    bool merged = false;
    if (find_end(pack, initrd, present, &merged, &setup->initrd_length, error) < 0)
        return -1;
    if (pack->needs_merging && !merged && !needed) {
        close(take_fd(setup->added));
        return 0;
    }
    if (pack->needs_merging && !merged)
        return error_set(error,
                         KEY_INITRD
                         ": %s: not one uncompressed cpio archive, so the bundle's mounts cannot be "
                         "added to it: a guest of %s reads no further one",
                         setup->unikernel.initrd, framework_name(setup->unikernel.framework));
    uint64_t copied = 0;
    cleanup_sink struct sink *sink = sink_to_fd(setup->added, NAME, &copied);
    if (pack->needs_merging && initrd >= 0) {
        if (cpio_copy_rest(initrd, pack->archive, sink, error) < 0)
            return error_prefix(error, KEY_INITRD);
        setup->initrd_length = 0; /* all of it is in the file */
    }
    if (pad(sink, setup->initrd_length + copied, merged, error) < 0)
        return -1;
    if (cpio_write_addition(pack->archive, present, sink, error) < 0)
        return error_prefix(error, NAME);
    return sink_finish(sink, error);
}

/* Sealed: who gets the descriptor later reads what was made here. */
static int seal(int fd, struct error *error)
{
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return error_errno(error, errno, NAME);
    return 0;
}

static int write_pack(const struct guest_pack *pack, bool needed, int initrd, struct guest_setup *setup,
                      struct error *error)
{
    if (pack->archive->child_count == 0 && pack->alone.length == 0)
        return 0;
    setup->added = memfd_create("urunc-files", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (setup->added < 0)
        return error_errno(error, errno, NAME);
    int status = pack->alone.length > 0
                     ? write_all(setup->added, pack->alone.data, pack->alone.length, NAME, error)
                     : write_archive(pack, needed, initrd, setup, error);
    return status < 0 || setup->added < 0 ? status : seal(setup->added, error);
}

int guest_pack_make(const struct bundle *bundle, const struct config *config, int initrd,
                    struct guest_setup *setup, struct error *error)
{
    __attribute__((cleanup(collection_free))) struct collection collection = {0};
    __attribute__((cleanup(pack_free))) struct guest_pack pack = {.archive = inode_new(S_IFDIR | 0755)};
    struct mount_abilities abilities = {0};
    struct guest_input input = guest_input_of(bundle, setup);
    const struct guest *guest = setup->guest;
    if (guest->abilities != NULL)
        guest->abilities(&input, &abilities);
    const struct pair pair = {setup->unikernel.framework, setup->unikernel.hypervisor};
    abilities.disks = abilities.disks && (pair_storage(pair) & STORAGE_BLOCK) != 0;
    abilities.nodes = abilities.nodes && abilities.disks;
    abilities.shares = abilities.shares && (pair_storage(pair) & STORAGE_9P) != 0;
    if (collect_all(bundle, config, &abilities, setup, &collection, error) < 0)
        return -1;
    choose_server(config, setup);
    if (guest->pack == NULL)
        return 0;
    input.virtiofs = setup->virtiofsd != NULL;
    for (size_t i = 0; i < collection.count; i++)
        if (collection.items[i].way == MOUNT_WAY_SHARE)
            collection.items[i].tag = setup->shares[collection.items[i].place].tag;
    input.mounts = collection.items;
    input.mount_count = collection.count;
    if (guest->pack(&input, &pack, error) < 0)
        return -1;
    return write_pack(&pack, collection.needed, initrd, setup, error);
}
