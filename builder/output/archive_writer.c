#include "builder/output/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

enum { CHUNK = 256 * 1024 };

static void add(struct members *members, struct member member)
{
    members->items = xreallocarray(members->items, members->count + 1, sizeof *members->items);
    members->items[members->count++] = member;
}

void members_add_text(struct members *members, const char *name, const char *text)
{
    add(members, (struct member){.name = xstrdup(name), .text = text, .fd = -1, .size = strlen(text)});
}

void members_add_file(struct members *members, const char *name, int fd, uint64_t size)
{
    add(members, (struct member){.name = xstrdup(name), .fd = fd, .size = size});
}

void members_add_directory(struct members *members, const char *name)
{
    add(members, (struct member){.name = xstrdup(name), .text = "", .fd = -1});
}

void members_free(struct members *members)
{
    for (size_t i = 0; i < members->count; i++)
        free(members->items[i].name);
    free(members->items);
    *members = (struct members){0};
}

int archive_blob_directory(const struct output_options *options, struct error *error)
{
    cleanup_free char *path = NULL;
    if (strcmp(options->dest, "-") == 0) {
        if (isatty(STDOUT_FILENO))
            return error_set(error, "an archive is not written to a terminal; name a file with dest=");
        const char *temporary = getenv("TMPDIR");
        path = xstrdup(temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp");
    } else {
        struct stat status;
        if (*path_base(options->dest) == '\0' ||
            (stat(options->dest, &status) == 0 && S_ISDIR(status.st_mode)))
            return error_set(error, "%s: the name of a directory; an archive is a file", options->dest);
        path_split(options->dest, &path, NULL);
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", path);
}

static int compare_members(const void *left, const void *right)
{
    return strcmp(((const struct member *)left)->name, ((const struct member *)right)->name);
}

struct writer {
    struct archive *archive;
    int fd;
    const char *name;
    struct error *error; /* set by write_bytes, which libarchive calls */
};

static la_ssize_t write_bytes(struct archive *archive, void *data, const void *bytes, size_t length)
{
    struct writer *writer = data;
    if (write_all(writer->fd, bytes, length, writer->name, writer->error) == 0)
        return (la_ssize_t)length;
    archive_set_error(archive, EIO, "%s", "write");
    return -1;
}

static int failed(struct writer *writer)
{
    if (error_is_set(writer->error))
        return -1;
    return error_set(writer->error, "%s: %s", writer->name, archive_error_string(writer->archive));
}

static int write_header(struct writer *writer, const struct member *member)
{
    struct archive_entry *entry = archive_entry_new();
    bool is_directory = member->name[strlen(member->name) - 1] == '/';
    archive_entry_set_pathname(entry, member->name);
    archive_entry_set_filetype(entry, is_directory ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, is_directory ? 0755 : 0644);
    archive_entry_set_size(entry, (la_int64_t)member->size);
    archive_entry_set_mtime(entry, 0, 0);
    int result = archive_write_header(writer->archive, entry);
    archive_entry_free(entry);
    return result == ARCHIVE_OK ? 0 : failed(writer);
}

static int write_data(struct writer *writer, const void *bytes, size_t length)
{
    return archive_write_data(writer->archive, bytes, length) == (la_ssize_t)length ? 0 : failed(writer);
}

static int write_file(struct writer *writer, const struct member *member)
{
    cleanup_free char *chunk = xcalloc(1, CHUNK);
    for (uint64_t offset = 0; offset < member->size;) {
        size_t want = member->size - offset < CHUNK ? (size_t)(member->size - offset) : CHUNK;
        ssize_t got = pread(member->fd, chunk, want, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(writer->error, errno, "%s: read", member->name);
        if (got == 0)
            return error_set(writer->error, "%s: became shorter while it was being read", member->name);
        if (write_data(writer, chunk, (size_t)got) < 0)
            return -1;
        offset += (uint64_t)got;
    }
    return 0;
}

static int write_members(struct writer *writer, const struct members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];
        if (i > 0 && strcmp(member->name, members->items[i - 1].name) == 0)
            continue;
        if (write_header(writer, member) < 0)
            return -1;
        int result = member->text != NULL ? write_data(writer, member->text, (size_t)member->size)
                                          : write_file(writer, member);
        if (result < 0)
            return -1;
    }
    return archive_write_close(writer->archive) == ARCHIVE_OK ? 0 : failed(writer);
}

static int write_tar(int fd, const char *name, struct members *members, struct error *error)
{
    qsort(members->items, members->count, sizeof *members->items, compare_members);
    struct writer writer = {.archive = archive_write_new(), .fd = fd, .name = name, .error = error};
    if (writer.archive == NULL)
        return error_set(error, "out of memory");
    archive_write_set_format_pax_restricted(writer.archive); /* plain ustar up to 8 GiB a member */
    archive_write_add_filter_none(writer.archive);
    archive_write_set_bytes_per_block(writer.archive, CHUNK);
    archive_write_set_bytes_in_last_block(writer.archive, 1);
    int result = archive_write_open(writer.archive, &writer, NULL, write_bytes, NULL) == ARCHIVE_OK
                     ? write_members(&writer, members)
                     : failed(&writer);
    archive_write_free(writer.archive);
    return result;
}

int archive_write_members(const char *dest, struct members *members, struct error *error)
{
    if (strcmp(dest, "-") == 0)
        return write_tar(STDOUT_FILENO, "standard output", members, error);
    cleanup_free char *path = NULL;
    path_split(dest, &path, NULL);
    cleanup_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno(error, errno, "%s", path);
    cleanup_tempfile struct tempfile file = TEMPFILE_NONE;
    if (tempfile_open(&file, directory, path, error) < 0 || write_tar(file.fd, dest, members, error) < 0)
        return -1;
    if (tempfile_commit(&file, path_base(dest), error) < 0)
        return error_prefix(error, "%s", path);
    return 0;
}
