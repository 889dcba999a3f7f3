/*
 * INITRD.
 *
 * A directory or a stage's tree is kept with the stage, and an empty file takes its place in the image; when
 * the stage is complete, the archive is made and becomes that file's content. A file that already is an
 * archive is copied as it is, and so is an ELF file, which is the application of some frameworks
 * (framework_check_initrd, when the stage is complete).
 */
#include <archive.h>
#include <archive_entry.h>

#include "builder/instructions/guest_file.h"
#include "builder/instructions/handlers.h"
#include "builder/stage/facts.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"
#include "formats/kernel/probe.h"
#include "formats/stream/compress.h"

static void free_archive(struct archive **archive)
{
    archive_read_free(*archive);
}

/* Checks that the file is a cpio archive, plain or compressed in a way that Linux can unpack (Linux,
 * driver-api/early-userspace/buffer-format.rst), or an ELF file. `source` stands in the error. */
static int check_archive(const struct inode *file, const char *source, struct error *error)
{
    enum { BLOCK_SIZE = 64 << 10 };
    cleanup_close int fd = guest_file_open(file, "INITRD", source, error);
    if (fd < 0)
        return -1;
    struct kernel_probe probe;
    if (kernel_probe(fd, source, &probe, error) < 0)
        return error_prefix(error, "INITRD");
    if (probe.formats & KERNEL_ELF)
        return 0;
    __attribute__((cleanup(free_archive))) struct archive *reader = archive_read_new();
    /* Only filters that are built into the library: others would start programs. */
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_lzma(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_lz4(reader);
    archive_read_support_format_cpio(reader);
    struct archive_entry *entry;
    int result = archive_read_open_fd(reader, fd, BLOCK_SIZE);
    if (result == ARCHIVE_OK)
        result = archive_read_next_header(reader, &entry);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN || result == ARCHIVE_EOF)
        return 0;
    return error_set(
        error, "INITRD: %s: not a cpio archive; give a directory, or put the file in with COPY and LABEL",
        source);
}

static int read_compression(struct build *build, const struct stage *stage,
                            const struct instruction *instruction, enum compression *compression,
                            struct error *error)
{
    cleanup_free char *name = NULL;
    if (scope_flag(build, stage, instruction, "compress", &name, error) < 0)
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
        if (guest_file_refuse_flags(instruction, source, tree_flags, error) < 0 ||
            check_archive(inode, source, error) < 0)
            return -1;
        return guest_file_add(build, stage, instruction, "/boot/initrd", KEY_INITRD, inode, error);
    }
    struct guest_archive archive = {.instruction = instruction};
    cleanup_inode struct inode *file = guest_file_empty(build);
    if (read_compression(build, stage, instruction, &archive.compression, error) < 0 ||
        guest_file_add(build, stage, instruction, "/boot/initrd", KEY_INITRD, file, error) < 0)
        return -1;
    archive.tree = take_pointer(inode);
    archive.file = take_pointer(file);
    stage_add_archive(stage, &archive);
    return 0;
}
