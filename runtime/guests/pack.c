#include "runtime/guests/pack.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/tree/symlinks.h"

enum { PLAIN_BYTES_MAX = 256 << 20 };

/* The directory of that name, which is made where there is none; NULL where something else stands there. */
static struct inode *enter(struct inode *directory, const char *name)
{
    struct inode *child = tree_child(directory, name);
    if (child != NULL)
        return S_ISDIR(child->mode) ? child : NULL;
    cleanup_inode struct inode *made = inode_new(S_IFDIR | 0755);
    tree_put(directory, name, made);
    return tree_child(directory, name);
}

static int put(struct inode *root, const struct guest_mount *mount, struct inode *tree, struct error *error)
{
    cleanup_free char *path = xstrdup(mount->destination + 1);
    struct inode *directory = root;
    char *name = path;
    for (char *slash; (slash = strchr(name, '/')) != NULL; name = slash + 1) {
        *slash = '\0';
        directory = enter(directory, name);
        if (directory == NULL)
            return error_set(error, "config.json: mounts: %s: another mount is a file above it",
                             mount->destination);
    }
    tree_put(directory, name, tree);
    return 0;
}

/* With files in place of symlinks. */
static int put_plain(struct inode *root, const struct guest_mount *mount, struct error *error)
{
    cleanup_inode struct inode *plain =
        S_ISDIR(mount->tree->mode) ? symlinks_resolve(mount->tree, PLAIN_BYTES_MAX) : inode_ref(mount->tree);
    if (plain == NULL)
        return error_set(error,
                         "config.json: mounts: %s: this guest knows no symlinks, and with files in their "
                         "place it would be more than %d MiB or %d entries",
                         mount->destination, PLAIN_BYTES_MAX >> 20, SYMLINKS_ENTRIES_MAX);
    return put(root, mount, plain, error);
}

int guest_pack_mounts(const struct guest_input *input, struct guest_pack *pack, struct error *error)
{
    for (size_t i = 0; i < input->mount_count; i++) {
        const struct guest_mount *mount = &input->mounts[i];
        if (mount->way != MOUNT_WAY_ARCHIVE)
            continue;
        int status = pack->no_symlinks ? put_plain(pack->archive, mount, error)
                                       : put(pack->archive, mount, mount->tree, error);
        if (status < 0)
            return -1;
    }
    return 0;
}
