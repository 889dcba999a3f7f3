/* The newc writer: one header, name and body after another, each aligned to 4 bytes. */
#include "formats/archive/cpio.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/tree/content.h"
#include "formats/tree/inode_map.h"

enum {
    HEADER_SIZE = 110,
    ARCHIVE_BLOCK = 512, /* bytes; GNU cpio pads the whole archive to it */
};

static const char trailer[] = "TRAILER!!!";

/* An inode that may have several names. */
struct link {
    uint32_t number; /* its inode number in the archive; 0 until its first name is written */
    uint32_t total;  /* names */
    uint32_t left;   /* names that are still to be written */
};

struct cpio {
    struct sink *sink;
    uint64_t written; /* bytes */
    uint32_t next_inode;
    struct inode_map
        *map; /* of inodes with several references (the others have one name): index in links + 1 */
    struct link *links;
    size_t link_count;
    size_t link_capacity;
    bool addition;               /* no root, and no directory that is present */
    const struct inode *present; /* or NULL */
};

/* The fields of a newc header, in their order behind the magic; each is eight hexadecimal digits. */
struct entry {
    uint32_t inode, mode, uid, gid, links, mtime, size;
    uint32_t device_major, device_minor; /* of the device that the inode is */
};

static int emit(struct cpio *cpio, const void *bytes, size_t length, struct error *error)
{
    cpio->written += length;
    return sink_write(cpio->sink, bytes, length, error);
}

static int pad(struct cpio *cpio, unsigned alignment, struct error *error)
{
    static const char zeros[ARCHIVE_BLOCK];
    size_t over = cpio->written % alignment;
    return over == 0 ? 0 : emit(cpio, zeros, alignment - over, error);
}

/* Header, name and padding, in one piece. */
static int write_header(struct cpio *cpio, const char *name, const struct entry *entry, struct error *error)
{
    char header[HEADER_SIZE + PATH_MAX + 4];
    size_t name_size = strlen(name) + 1;
    int length =
        snprintf(header, HEADER_SIZE + 1,
                 "070701%08" PRIX32 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32
                 "%08" PRIX32 "%08X%08X%08" PRIX32 "%08" PRIX32 "%08" PRIX32 "%08X",
                 entry->inode, entry->mode, entry->uid, entry->gid, entry->links, entry->mtime, entry->size,
                 0U, 0U, entry->device_major, entry->device_minor, (uint32_t)name_size, 0U);
    if (length != HEADER_SIZE)
        return error_set(error, "%s: cpio header of %d bytes", name, length);
    memcpy(header + HEADER_SIZE, name, name_size);
    size_t total = HEADER_SIZE + name_size;
    memset(header + total, 0, -total % 4);
    return emit(cpio, header, total + -total % 4, error);
}

static uint32_t directory_links(const struct inode *directory)
{
    uint32_t links = 2;
    for (size_t i = 0; i < directory->child_count; i++)
        links += S_ISDIR(directory->children[i].inode->mode);
    return links;
}

static struct link *link_of(struct cpio *cpio, const struct inode *inode)
{
    uint64_t *index = inode_map_at(cpio->map, inode);
    if (*index == 0) {
        if (cpio->link_count == cpio->link_capacity) {
            cpio->link_capacity = cpio->link_capacity * 2 + 16;
            cpio->links = xreallocarray(cpio->links, cpio->link_capacity, sizeof *cpio->links);
        }
        cpio->links[cpio->link_count++] = (struct link){0};
        *index = cpio->link_count;
    }
    return &cpio->links[*index - 1];
}

static bool may_have_links(const struct inode *inode)
{
    return inode->references > 1 && !S_ISDIR(inode->mode);
}

static int count_link(const char *path, struct inode *inode, void *data, struct error *error)
{
    (void)path, (void)error;
    struct cpio *cpio = data;
    if (may_have_links(inode)) {
        struct link *link = link_of(cpio, inode);
        link->total++;
        link->left++;
    }
    return 0;
}

/* Sets number and link count; returns whether this is the last name, which carries the data. */
static bool number_inode(struct cpio *cpio, const struct inode *inode, struct entry *entry)
{
    if (!may_have_links(inode)) {
        entry->inode = cpio->next_inode++;
        entry->links = S_ISDIR(inode->mode) ? directory_links(inode) : 1;
        return true;
    }
    struct link *link = link_of(cpio, inode);
    if (link->number == 0)
        link->number = cpio->next_inode++;
    entry->inode = link->number;
    entry->links = link->total;
    return --link->left == 0;
}

static uint64_t body_size(const struct inode *inode)
{
    if (S_ISLNK(inode->mode))
        return strlen(inode->target);
    return inode->content != NULL ? content_size(inode->content) : 0;
}

/* Refuses what newc has no room for, and what Linux would skip without a word (init/initramfs.c, do_header).
 */
static int check(const char *name, const struct inode *inode, struct error *error)
{
    if (strcmp(name, trailer) == 0)
        return error_set(error, "%s: a file of this name would end the cpio archive", name);
    if (strlen(name) >= PATH_MAX)
        return error_set(error, "%s: a path of %zu bytes; cpio holds at most %d", name, strlen(name),
                         PATH_MAX - 1);
    if (inode->mtime < 0 || inode->mtime > UINT32_MAX)
        return error_set(error, "%s: its time, %" PRId64 ", does not fit into the 32 bits of a cpio archive",
                         name, inode->mtime);
    uint64_t size = body_size(inode);
    if (size > UINT32_MAX)
        return error_set(error, "%s: %" PRIu64 " bytes; a cpio archive holds files below 4 GiB", name, size);
    if (S_ISLNK(inode->mode) && size >= PATH_MAX)
        return error_set(error, "%s: a symlink to a path of %" PRIu64 " bytes; Linux reads at most %d", name,
                         size, PATH_MAX - 1);
    return 0;
}

static int write_body(struct cpio *cpio, const struct inode *inode, uint32_t size, struct error *error)
{
    if (S_ISLNK(inode->mode)) {
        if (emit(cpio, inode->target, size, error) < 0)
            return -1;
    } else {
        cpio->written += size;
        if (content_write_to(inode->content, cpio->sink, error) < 0)
            return -1;
    }
    return pad(cpio, 4, error);
}

/* True for a directory that the archive before has as well. */
static bool is_present(const struct cpio *cpio, const char *path, const struct inode *inode)
{
    const struct inode *found = cpio->present;
    if (!cpio->addition || !S_ISDIR(inode->mode))
        return false;
    if (*path == '\0')
        return true;
    cleanup_free char *copy = xstrdup(path);
    char *rest = copy;
    for (char *name = strsep(&rest, "/"); name != NULL && found != NULL; name = strsep(&rest, "/"))
        found = S_ISDIR(found->mode) ? tree_child(found, name) : NULL;
    return found != NULL;
}

static int write_entry(const char *path, struct inode *inode, void *data, struct error *error)
{
    struct cpio *cpio = data;
    if (is_present(cpio, path, inode))
        return 0;
    const char *name = *path != '\0' ? path : ".";
    if (check(name, inode, error) < 0)
        return -1;
    struct entry entry = {
        .mode = inode->mode,
        .uid = inode->uid,
        .gid = inode->gid,
        .mtime = (uint32_t)inode->mtime,
    };
    if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) {
        entry.device_major = major(inode->device);
        entry.device_minor = minor(inode->device);
    }
    bool last_name = number_inode(cpio, inode, &entry);
    /* A symlink's names each carry the target: Linux makes each a symlink of its own. */
    if (last_name || S_ISLNK(inode->mode))
        entry.size = (uint32_t)body_size(inode);
    if (write_header(cpio, name, &entry, error) < 0)
        return -1;
    if (entry.size > 0 && write_body(cpio, inode, entry.size, error) < 0)
        return error_prefix(error, "%s", name);
    return 0;
}

static void cpio_free(struct cpio *cpio)
{
    inode_map_free(cpio->map);
    free(cpio->links);
}

static int write_archive(struct cpio *cpio, struct inode *root, struct error *error)
{
    cpio->next_inode = 1;
    cpio->map = inode_map_new();
    if (tree_walk(root, count_link, cpio, error) < 0 || tree_walk(root, write_entry, cpio, error) < 0)
        return -1;
    if (write_header(cpio, trailer, &(struct entry){.links = 1}, error) < 0)
        return -1;
    return pad(cpio, ARCHIVE_BLOCK, error);
}

int cpio_write(struct inode *root, struct sink *sink, struct error *error)
{
    __attribute__((cleanup(cpio_free))) struct cpio cpio = {.sink = sink};
    return write_archive(&cpio, root, error);
}

int cpio_write_addition(struct inode *root, const struct inode *present, struct sink *sink,
                        struct error *error)
{
    __attribute__((cleanup(cpio_free))) struct cpio cpio = {
        .sink = sink, .addition = true, .present = present};
    return write_archive(&cpio, root, error);
}
