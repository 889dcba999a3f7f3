#include "runtime/guests/pack.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

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

static int put(struct inode *root, const struct guest_mount *mount, struct error *error)
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
    tree_put(directory, name, mount->tree);
    return 0;
}

int guest_pack_mounts(const struct guest_input *input, struct guest_pack *pack, struct error *error)
{
    for (size_t i = 0; i < input->mount_count; i++)
        if (input->mounts[i].way == MOUNT_WAY_ARCHIVE && put(pack->archive, &input->mounts[i], error) < 0)
            return -1;
    return 0;
}
