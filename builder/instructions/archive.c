/*
 * INITRD and BLOCK.
 *
 * A directory or a stage's tree is kept with the stage when the instruction is executed, and an empty file
 * takes its place in the image; when the stage is complete, the archive is made and becomes that file's
 * content. A file that already is an archive or a filesystem is copied as it is.
 */
#include "builder/instructions/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "builder/build/finished.h"
#include "builder/build/guest_init.h"
#include "builder/build/size.h"
#include "builder/instructions/guest_file.h"
#include "builder/instructions/unikernel.h"
#include "builder/spec/place.h"
#include "formats/archive/cpio.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/ext2/ext2.h"
#include "formats/stream/compress.h"

/* ---- executing the instructions ---- */

static struct inode *empty_file(const struct build *build)
{
    struct inode *file = inode_new(S_IFREG | 0644);
    file->mtime = build->options->time;
    return file;
}

static void add_archive(struct stage *stage, const struct guest_archive *archive)
{
    stage->archives = xreallocarray(stage->archives, stage->archive_count + 1, sizeof *stage->archives);
    stage->archives[stage->archive_count++] = *archive;
}

/* A finished file has nothing left that these flags could change. */
static int refuse_flags(const struct instruction *instruction, const char *source, const char *const *names,
                        struct error *error)
{
    for (; *names != NULL; names++)
        if (instruction_flag(instruction, *names) != NULL)
            return error_set(error, "%s: --%s is for trees; the file %s is taken as it is",
                             instruction->kind->name, *names, source);
    return 0;
}

static int read_compression(const struct build *build, const struct stage *stage,
                            const struct instruction *instruction, enum compression *compression,
                            struct error *error)
{
    cleanup_free char *name = NULL;
    if (build_flag(build, stage, instruction, "compress", &name, error) < 0)
        return -1;
    /* Not every guest can decompress, and the layer is compressed anyway. */
    int found = name != NULL ? compression_from_name(name) : COMPRESSION_NONE;
    if (found < 0)
        return error_set(error, "INITRD: --compress=%s: must be none, gzip or zstd", name);
    *compression = (enum compression)found;
    return 0;
}

int execute_initrd(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    static const char *const tree_flags[] = {"compress", NULL};
    cleanup_free char *source = NULL;
    cleanup_inode struct inode *inode = guest_file_load(build, stage, instruction, &source, error);
    if (inode == NULL)
        return -1;
    if (!S_ISDIR(inode->mode)) {
        if (refuse_flags(instruction, source, tree_flags, error) < 0 ||
            finished_check_initrd(inode, source, error) < 0)
            return -1;
        return guest_file_place(build, stage, instruction, "/boot/initrd", KEY_INITRD, inode, error);
    }
    struct guest_archive archive = {.instruction = instruction};
    cleanup_inode struct inode *file = empty_file(build);
    if (read_compression(build, stage, instruction, &archive.compression, error) < 0 ||
        guest_file_place(build, stage, instruction, "/boot/initrd", KEY_INITRD, file, error) < 0)
        return -1;
    archive.tree = take_pointer(inode);
    archive.file = take_pointer(file);
    add_archive(stage, &archive);
    return 0;
}

static int read_block_flags(const struct build *build, const struct stage *stage,
                            const struct instruction *instruction, struct guest_archive *archive,
                            struct error *error)
{
    enum { MAX_LABEL = 16 }; /* bytes (ext2's s_volume_name) */
    cleanup_free char *size = NULL;
    cleanup_free char *label = NULL;
    if (build_flag(build, stage, instruction, "size", &size, error) < 0 ||
        build_flag(build, stage, instruction, "label", &label, error) < 0)
        return -1;
    if (size != NULL && size_parse(size, &archive->size, &archive->size_is_extra, error) < 0)
        return error_prefix(error, "BLOCK: --size");
    if (label != NULL && strlen(label) > MAX_LABEL)
        return error_set(error, "BLOCK: --label=%s: at most %d bytes", label, MAX_LABEL);
    archive->label = take_pointer(label);
    return 0;
}

/* Sets blkMntPoint where --mount is given; without it each framework has its own default. */
static int take_mount_point(const struct build *build, struct stage *stage,
                            const struct instruction *instruction, char **mount_point, struct error *error)
{
    if (build_flag(build, stage, instruction, "mount", mount_point, error) < 0)
        return -1;
    if (*mount_point == NULL)
        return 0;
    if (unikernel_set_fact(stage, KEY_MOUNT_POINT, *mount_point, instruction->line, error) < 0)
        return error_prefix(error, "BLOCK: --mount");
    return 0;
}

static int keep_block_tree(struct build *build, struct stage *stage, const struct instruction *instruction,
                           struct guest_archive *archive, struct error *error)
{
    cleanup_inode struct inode *file = empty_file(build);
    if (read_block_flags(build, stage, instruction, archive, error) < 0 ||
        guest_file_place(build, stage, instruction, "/boot/rootfs.ext2", KEY_BLOCK, file, error) < 0)
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
        if (refuse_flags(instruction, source, tree_flags, error) < 0 ||
            finished_check_block(inode, source, error) < 0)
            return -1;
        return guest_file_place(build, stage, instruction, "/boot/rootfs.ext2", KEY_BLOCK, inode, error);
    }
    struct guest_archive archive = {.instruction = instruction};
    if (keep_block_tree(build, stage, instruction, &archive, error) < 0) {
        free(archive.label);
        return -1;
    }
    archive.tree = take_pointer(inode);
    archive.mount_point = take_pointer(mount_point);
    add_archive(stage, &archive);
    return 0;
}

/* ---- writing the archives ---- */

static int write_initrd(const struct guest_archive *archive, int fd, const char *name, struct error *error)
{
    cleanup_sink struct sink *file = sink_to_fd(fd, name, NULL);
    cleanup_sink struct sink *compressor = compress_sink(archive->compression, 0, file);
    if (cpio_write(archive->tree, compressor, error) < 0)
        return -1;
    return sink_finish(compressor, error);
}

static int write_block(const struct build *build, const struct guest_archive *archive, int fd,
                       const char *name, struct error *error)
{
    const struct ext2_options options = {
        .label = archive->label,
        .mount_point = archive->mount_point,
        .size = archive->size,
        .size_is_extra = archive->size_is_extra,
        .time = build->options->time,
    };
    return ext2_write(archive->tree, fd, name, &options, error);
}

static int write_archive(struct build *build, const struct guest_archive *archive, struct error *error)
{
    cleanup_tempfile struct tempfile file = TEMPFILE_NONE;
    const char *name = archive->instruction->kind->name;
    if (tempfile_open(&file, build->blob_directory, name, error) < 0)
        return -1;
    int result = archive->instruction->kind->id == INSTRUCTION_INITRD
                     ? write_initrd(archive, file.fd, "the archive", error)
                     : write_block(build, archive, file.fd, "the ext2 image", error);
    if (result < 0)
        return error_prefix(error, "%s", name);
    int fd = fcntl(file.fd, F_DUPFD_CLOEXEC, 0); /* outlives the file's hidden name, where it has one */
    if (fd < 0)
        return error_errno(error, errno, "%s", name);
    archive->file->content = content_of_fd(fd, name, error);
    return archive->file->content != NULL ? 0 : -1;
}

int archives_complete(struct build *build, struct stage *stage, struct error *error)
{
    for (size_t i = 0; i < stage->archive_count; i++)
        if (guest_init_add(build, stage, &stage->archives[i], error) < 0)
            return error_place(error, build->spec->file, stage->archives[i].instruction->line);
    return 0;
}

int archives_write(struct build *build, struct stage *stage, struct error *error)
{
    for (size_t i = 0; i < stage->archive_count; i++) {
        struct guest_archive *archive = &stage->archives[i];
        if (write_archive(build, archive, error) < 0)
            return error_place(error, build->spec->file, archive->instruction->line);
        inode_unref(take_pointer(archive->tree)); /* large, and done with */
    }
    return 0;
}
