/*
 * BLOCK.
 *
 * A directory or a stage's tree is kept with the stage, and an empty file takes its place in the image; when
 * the stage is complete, the ext2 filesystem is made and becomes that file's content. A file that already is
 * a filesystem, or a disk of the framework's own kind, is copied as it is.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/instructions/guest_file.h"
#include "builder/instructions/handlers.h"
#include "builder/instructions/size.h"
#include "builder/stage/facts.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"
#include "formats/contract/frameworks.h"

static bool takes_any_disk(const struct stage *stage)
{
    int framework = facts_framework(stage);
    return framework >= 0 && (FRAMEWORKS_DISK_ANY & (1 << framework)) != 0;
}

/* Checks that the file is an ext2, ext3 or ext4 filesystem, by its magic number, where the framework so far
 * brings no disks of another kind. */
static int check_disk(const struct stage *stage, const struct inode *file, const char *source,
                      struct error *error)
{
    enum { MAGIC_OFFSET = 1024 + 56 }; /* s_magic of the superblock (Linux, filesystems/ext4) */
    cleanup_close int fd = guest_file_open(file, "BLOCK", source, error);
    unsigned char magic[2] = {0};
    if (fd < 0)
        return -1;
    if (takes_any_disk(stage))
        return 0;
    if (pread(fd, magic, sizeof magic, MAGIC_OFFSET) == (ssize_t)sizeof magic && magic[0] == 0x53 &&
        magic[1] == 0xef)
        return 0;
    return error_set(
        error, "BLOCK: %s: not an ext2 filesystem; give a directory, or put the file in with COPY and LABEL",
        source);
}

static int read_block_flags(struct build *build, const struct stage *stage,
                            const struct instruction *instruction, struct guest_archive *archive,
                            struct error *error)
{
    enum { MAX_LABEL = 16 }; /* bytes (ext2's s_volume_name) */
    cleanup_free char *size = NULL;
    cleanup_free char *label = NULL;
    if (scope_flag(build, stage, instruction, "size", &size, error) < 0 ||
        scope_flag(build, stage, instruction, "label", &label, error) < 0)
        return -1;
    if (size != NULL && size_parse(size, &archive->size, &archive->size_is_extra, error) < 0)
        return error_prefix(error, "BLOCK: --size");
    if (label != NULL && strlen(label) > MAX_LABEL)
        return error_set(error, "BLOCK: --label=%s: at most %d bytes", label, MAX_LABEL);
    archive->label = take_pointer(label);
    return 0;
}

/* Sets blkMntPoint where --mount is given; without it each framework has its own default. */
static int take_mount_point(struct build *build, struct stage *stage, const struct instruction *instruction,
                            char **mount_point, struct error *error)
{
    if (scope_flag(build, stage, instruction, "mount", mount_point, error) < 0)
        return -1;
    if (*mount_point == NULL)
        return 0;
    if (facts_set(stage, KEY_MOUNT_POINT, *mount_point, instruction->line, error) < 0)
        return error_prefix(error, "BLOCK: --mount");
    return 0;
}

static int keep_block_tree(struct build *build, struct stage *stage, const struct instruction *instruction,
                           struct guest_archive *archive, struct error *error)
{
    cleanup_inode struct inode *file = guest_file_empty(build);
    if (read_block_flags(build, stage, instruction, archive, error) < 0 ||
        guest_file_add(build, stage, instruction, "/boot/rootfs.ext2", KEY_BLOCK, file, error) < 0)
        return -1;
    archive->file = take_pointer(file);
    return 0;
}

int execute_block(struct build *build, struct stage *stage, const struct instruction *instruction,
                  struct error *error)
{
    static const char *const tree_flags[] = {"size", "label", NULL};
    cleanup_free char *source = NULL;
    cleanup_free char *mount_point = NULL;
    cleanup_inode struct inode *inode = guest_file_load(build, stage, instruction, &source, error);
    if (inode == NULL || take_mount_point(build, stage, instruction, &mount_point, error) < 0)
        return -1;
    if (!S_ISDIR(inode->mode)) {
        if (guest_file_refuse_flags(instruction, source, tree_flags, error) < 0 ||
            check_disk(stage, inode, source, error) < 0)
            return -1;
        return guest_file_add(build, stage, instruction, "/boot/rootfs.ext2", KEY_BLOCK, inode, error);
    }
    struct guest_archive archive = {.instruction = instruction};
    if (keep_block_tree(build, stage, instruction, &archive, error) < 0) {
        free(archive.label);
        return -1;
    }
    archive.tree = take_pointer(inode);
    archive.mount_point = take_pointer(mount_point);
    stage_add_archive(stage, &archive);
    return 0;
}
