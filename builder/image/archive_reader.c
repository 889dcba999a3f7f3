/* libarchive tells where each member's bytes begin; after that they are read with pread. */
#include "builder/image/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/path.h"

enum {
    MAX_MEMBERS = 100000,
    MAX_LINKS = 8, /* from one member to the next */
    BLOCK = 64 * 1024,
};

static inline void free_reader(struct archive **reader)
{
    archive_read_free(*reader);
}
#define cleanup_reader __attribute__((cleanup(free_reader)))

static int archive_failed(struct archive *reader, const char *path, struct error *error)
{
    const char *text = archive_error_string(reader);
    return error_set(error, "%s: not an image archive: %s", path, text != NULL ? text : "cannot be read");
}

/* The member that a symbolic link in `name` means, by the text alone. */
static char *resolve_link(const char *name, const char *target)
{
    cleanup_free char *directory = NULL;
    path_split(name, &directory, NULL);
    cleanup_free char *path = path_join(target[0] == '/' ? "" : directory, target);
    return path_clean(path, PATH_DOTS_POP);
}

static void add_member(struct image_archive *archive, struct archive *reader, struct archive_entry *entry)
{
    const char *raw_name = archive_entry_pathname(entry);
    const char *symlink = archive_entry_symlink(entry);
    const char *hardlink = archive_entry_hardlink(entry);
    if (raw_name == NULL)
        return;
    cleanup_free char *name = path_clean(raw_name, PATH_DOTS_POP);
    struct archive_member member = {.name = NULL};
    if (hardlink != NULL)
        member.link = path_clean(hardlink, PATH_DOTS_POP);
    else if (archive_entry_filetype(entry) == AE_IFLNK && symlink != NULL)
        member.link = resolve_link(name, symlink);
    else if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_sparse_count(entry) > 0)
        return;
    member.name = take_pointer(name);
    member.offset = (uint64_t)archive_filter_bytes(reader, 0);
    member.size = (uint64_t)archive_entry_size(entry);
    if ((archive->count & (archive->count + 1)) == 0)
        archive->members =
            xreallocarray(archive->members, (archive->count + 1) * 2, sizeof *archive->members);
    archive->members[archive->count++] = member;
}

static int read_members(struct image_archive *archive, struct error *error)
{
    cleanup_reader struct archive *reader = archive_read_new();
    archive_read_support_format_tar(reader);
    if (lseek(archive->fd, 0, SEEK_SET) < 0)
        return error_errno(error, errno, "%s", archive->path);
    if (archive_read_open_fd(reader, archive->fd, BLOCK) != ARCHIVE_OK)
        return archive_failed(reader, archive->path, error);
    for (;;) {
        struct archive_entry *entry;
        int result = archive_read_next_header(reader, &entry);
        if (result == ARCHIVE_EOF)
            return 0;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return archive_failed(reader, archive->path, error);
        if (archive->count >= MAX_MEMBERS)
            return error_set(error, "%s: not an image archive: more than %d members", archive->path,
                             MAX_MEMBERS);
        add_member(archive, reader, entry);
    }
}

static int compare_members(const void *left, const void *right)
{
    const struct archive_member *a = left;
    const struct archive_member *b = right;
    int order = strcmp(a->name, b->name);
    if (order != 0)
        return order;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int copy_data(struct archive *reader, int fd, const char *path, struct error *error)
{
    for (;;) {
        const void *bytes;
        size_t length;
        la_int64_t offset;
        int result = archive_read_data_block(reader, &bytes, &length, &offset);
        if (result == ARCHIVE_EOF)
            return 0;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return archive_failed(reader, path, error);
        if (pwrite_all(fd, bytes, length, (off_t)offset, path, error) < 0)
            return -1;
    }
}

/* A compressed archive is unpacked once into an unnamed file beside TMPDIR's other files, for members are
 * read in an order that is not theirs. */
static int decompress(struct image_archive *archive, struct archive *reader, struct error *error)
{
    const char *directory = getenv("TMPDIR");
    if (directory == NULL || *directory == '\0')
        directory = "/var/tmp";
    cleanup_close int parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return error_errno(error, errno, "%s", directory);
    cleanup_tempfile struct tempfile file = TEMPFILE_NONE;
    if (tempfile_open(&file, parent, directory, error) < 0 ||
        copy_data(reader, file.fd, archive->path, error) < 0)
        return -1;
    close(archive->fd);
    archive->fd = fcntl(file.fd, F_DUPFD_CLOEXEC, 0);
    return archive->fd >= 0 ? 0 : error_errno(error, errno, "%s", archive->path);
}

static int uncompress_if_needed(struct image_archive *archive, struct error *error)
{
    cleanup_reader struct archive *reader = archive_read_new();
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_format_raw(reader);
    struct archive_entry *entry;
    if (archive_read_open_fd(reader, archive->fd, BLOCK) != ARCHIVE_OK ||
        archive_read_next_header(reader, &entry) != ARCHIVE_OK)
        return archive_failed(reader, archive->path, error);
    if (archive_filter_code(reader, 0) == ARCHIVE_FILTER_NONE)
        return 0;
    return decompress(archive, reader, error);
}

static int open_archive(struct image_archive *archive, const char *path, struct error *error)
{
    archive->path = xstrdup(path);
    archive->fd = open_regular(AT_FDCWD, path, O_RDONLY, error);
    if (archive->fd < 0)
        return -1;
    if (uncompress_if_needed(archive, error) < 0 || read_members(archive, error) < 0)
        return -1;
    if (archive->count > 0)
        qsort(archive->members, archive->count, sizeof *archive->members, compare_members);
    return 0;
}

int image_archive_open(struct image_archive *archive, const char *path, struct error *error)
{
    *archive = IMAGE_ARCHIVE_NONE;
    if (open_archive(archive, path, error) == 0)
        return 0;
    image_archive_close(archive);
    return -1;
}

void image_archive_close(struct image_archive *archive)
{
    for (size_t i = 0; i < archive->count; i++) {
        free(archive->members[i].name);
        free(archive->members[i].link);
    }
    free(archive->members);
    free(archive->path);
    if (archive->fd >= 0)
        close(archive->fd);
    *archive = IMAGE_ARCHIVE_NONE;
}

/* The last member of a name is the one that counts, as for tar. */
static const struct archive_member *find(const struct image_archive *archive, const char *name)
{
    size_t low = 0;
    size_t high = archive->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(archive->members[middle].name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(archive->members[low - 1].name, name) == 0 ? &archive->members[low - 1] : NULL;
}

bool image_archive_find(const struct image_archive *archive, const char *name, struct blob *blob)
{
    cleanup_free char *clean = path_clean(name, PATH_DOTS_POP);
    const struct archive_member *member = find(archive, clean);
    for (int links = 0; member != NULL && member->link != NULL; links++)
        member = links < MAX_LINKS ? find(archive, member->link) : NULL;
    if (member == NULL)
        return false;
    *blob = (struct blob){archive->fd, member->offset, member->size};
    return true;
}
