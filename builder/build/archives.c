#include "builder/build/archives.h"

#include <errno.h>
#include <fcntl.h>

#include "builder/build/guest_init.h"
#include "builder/spec/location.h"
#include "formats/archive/cpio.h"
#include "formats/base/cleanup.h"
#include "formats/ext2/ext2.h"
#include "formats/stream/compress.h"

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
        .time = build->time,
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
            return error_locate(error, build->spec->file, stage->archives[i].instruction->line);
    return 0;
}

int archives_write(struct build *build, struct stage *stage, struct error *error)
{
    for (size_t i = 0; i < stage->archive_count; i++) {
        struct guest_archive *archive = &stage->archives[i];
        if (write_archive(build, archive, error) < 0)
            return error_locate(error, build->spec->file, archive->instruction->line);
        inode_unref(take_pointer(archive->tree)); /* large, and done with */
    }
    return 0;
}
