/* Unpacking layers: one entry after the other, each made anew under its parent's descriptor. */
#include "builder/bundle/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "builder/bundle/remove_tree.h"
#include "builder/bundle/unpack_state.h"
#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

#define WHITEOUT        ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define WHITEOUT_META   ".wh..wh." /* aufs's own files */

static void place_free(struct place *place)
{
    free(place->path);
    *place = (struct place){.parent = -1};
}
#define cleanup_place __attribute__((cleanup(place_free)))

/* "/a/./b/" becomes "a/b"; NULL with an error where a component is "..". */
static char *clean_path(const char *path, struct error *error)
{
    cleanup_buffer struct buffer clean = {0};
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0) {
            error_set(error, "leaves the image through \"..\"");
            return NULL;
        }
        if (length > 0 && !(length == 1 && *path == '.')) {
            if (clean.length > 0)
                buffer_add_char(&clean, '/');
            buffer_add(&clean, path, length);
        }
        path += length + strspn(path + length, "/");
    }
    return buffer_take(&clean);
}

static void forget_parent(struct unpacker *unpacker)
{
    free(take_pointer(unpacker->parent_path));
    if (unpacker->parent >= 0)
        close(unpacker->parent);
    unpacker->parent = -1;
}

/* The directory of a path, which is made where it is missing and `make` says so. The last one is kept, for
 * entries come in groups. -1 with number ENOENT where it is missing. */
static int parent_of(struct unpacker *unpacker, const char *path, size_t length, bool make,
                     struct error *error)
{
    if (unpacker->parent_path != NULL && strlen(unpacker->parent_path) == length &&
        strncmp(unpacker->parent_path, path, length) == 0)
        return unpacker->parent;
    forget_parent(unpacker);
    cleanup_free char *directory = xstrndup(path, length);
    int fd = beneath_open(unpacker->root, directory, O_PATH | O_DIRECTORY, 0, BENEATH_IN_ROOT, error);
    if (fd < 0 && error->number == ENOENT && make) {
        error_clear(error);
        fd = beneath_mkdirs(unpacker->root, directory, error);
    }
    if (fd < 0)
        return -1;
    unpacker->parent = fd;
    unpacker->parent_path = take_pointer(directory);
    return fd;
}

/* Finds the parent of an entry or of a hard link's target. */
static int place_of(struct unpacker *unpacker, const char *path, bool make, struct place *place,
                    struct error *error)
{
    *place = (struct place){.parent = -1};
    place->path = clean_path(path, error);
    if (place->path == NULL)
        return -1;
    char *slash = strrchr(place->path, '/');
    place->name = slash != NULL ? slash + 1 : place->path;
    place->parent =
        parent_of(unpacker, place->path, slash != NULL ? (size_t)(slash - place->path) : 0, make, error);
    return place->parent >= 0 ? 0 : -1;
}

static int remember(struct unpacker *unpacker, int fd, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "status");
    inode_set_add(&unpacker->made, status.st_ino);
    return 0;
}

static int remember_at(struct unpacker *unpacker, const struct place *place, struct error *error)
{
    struct stat status;
    if (fstatat(place->parent, place->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "status");
    inode_set_add(&unpacker->made, status.st_ino);
    return 0;
}

static int write_data(struct layer_reader *reader, int fd, struct archive_entry *entry, struct error *error)
{
    const void *bytes;
    size_t length;
    int64_t offset;
    int result;
    while ((result = layer_reader_data(reader, &bytes, &length, &offset, error)) > 0)
        if (pwrite_all(fd, bytes, length, (off_t)offset, "data", error) < 0)
            return -1;
    if (result < 0)
        return -1;
    /* A hole at the end has no data block. */
    struct stat status;
    la_int64_t size = archive_entry_size(entry);
    if (fstat(fd, &status) == 0 && status.st_size < size && ftruncate(fd, size) < 0)
        return error_errno(error, errno, "size");
    return 0;
}

static int make_file(struct unpacker *unpacker, struct layer_reader *reader, struct archive_entry *entry,
                     const struct place *place, struct error *error)
{
    cleanup_close int fd =
        openat(place->parent, place->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(error, errno, "create");
    if (write_data(reader, fd, entry, error) < 0 || remember(unpacker, fd, error) < 0)
        return -1;
    return unpack_set_metadata(unpacker, fd, entry, archive_entry_perm(entry) & 07777, error);
}

static void record_directory(struct unpacker *unpacker, const char *path, ino_t inode,
                             struct archive_entry *entry)
{
    if (unpacker->directory_count == unpacker->directory_capacity) {
        unpacker->directory_capacity =
            unpacker->directory_capacity > 0 ? unpacker->directory_capacity * 2 : 64;
        unpacker->directories =
            xreallocarray(unpacker->directories, unpacker->directory_capacity, sizeof *unpacker->directories);
    }
    unpacker->directories[unpacker->directory_count++] = (struct directory_record){
        .path = xstrdup(path),
        .inode = inode,
        .mode = archive_entry_perm(entry) & 07777,
        .mtime = unpack_mtime(entry),
    };
}

/* A directory that stands already stays, with what is in it; only its metadata is this layer's. */
static int make_directory(struct unpacker *unpacker, struct archive_entry *entry, const struct place *place,
                          struct error *error)
{
    const char *name = *place->name != '\0' ? place->name : ".";
    struct stat status;
    if (fstatat(place->parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode)) {
        if (remove_tree(place->parent, place->name, error) < 0)
            return -1;
        if (mkdirat(place->parent, name, 0700) < 0)
            return error_errno(error, errno, "create");
    }
    cleanup_close int fd = openat(place->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "open");
    inode_set_add(&unpacker->made, status.st_ino);
    record_directory(unpacker, place->path, status.st_ino, entry);
    return unpack_set_metadata(unpacker, fd, entry, (archive_entry_perm(entry) & 07777) | 0700, error);
}

static int make_symlink(struct unpacker *unpacker, struct archive_entry *entry, const struct place *place,
                        struct error *error)
{
    const char *target = archive_entry_symlink(entry);
    if (target == NULL || *target == '\0')
        return error_set(error, "a symbolic link without a target");
    if (symlinkat(target, place->parent, place->name) < 0)
        return error_errno(error, errno, "symbolic link");
    if (unpack_set_owner(unpacker, place->parent, place->name, entry, error) < 0)
        return -1;
    struct timespec times[2] = {unpack_mtime(entry), unpack_mtime(entry)};
    utimensat(place->parent, place->name, times, AT_SYMLINK_NOFOLLOW);
    return remember_at(unpacker, place, error);
}

/* The target is found like any other path, and its last component is not followed. */
static int make_hard_link(struct unpacker *unpacker, const char *target_path, const struct place *place,
                          struct error *error)
{
    cleanup_close int parent = fcntl(place->parent, F_DUPFD_CLOEXEC, 0);
    cleanup_place struct place target = {.parent = -1};
    if (parent < 0 || place_of(unpacker, target_path, false, &target, error) < 0)
        return error_prefix(error, "hard link to %s", target_path);
    struct stat status;
    if (fstatat(target.parent, target.name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "hard link to %s", target_path);
    struct stat own;
    if (fstatat(parent, place->name, &own, AT_SYMLINK_NOFOLLOW) == 0) {
        if (own.st_ino == status.st_ino)
            return 0; /* to itself */
        if (remove_tree(parent, place->name, error) < 0)
            return -1;
    }
    if (linkat(target.parent, target.name, parent, place->name, 0) < 0)
        return error_errno(error, errno, "hard link to %s", target_path);
    inode_set_add(&unpacker->made, status.st_ino);
    return 0;
}

static int make_node(struct unpacker *unpacker, struct archive_entry *entry, const struct place *place,
                     struct error *error)
{
    mode_t type = archive_entry_filetype(entry);
    bool is_device = type == AE_IFCHR || type == AE_IFBLK;
    dev_t device = is_device ? makedev((unsigned)archive_entry_rdevmajor(entry),
                                       (unsigned)archive_entry_rdevminor(entry))
                             : 0;
    mode_t mode = archive_entry_perm(entry) & 07777;
    if (is_device && !unpacker->privileged) {
        unpacker->devices_left_out++;
        return 0;
    }
    if (mknodat(place->parent, place->name, (is_device ? type : S_IFIFO) | 0600, device) < 0) {
        if (!is_device || errno != EPERM)
            return error_errno(error, errno, "create");
        unpacker->devices_left_out++; /* root in a user namespace */
        return 0;
    }
    if (unpack_set_owner(unpacker, place->parent, place->name, entry, error) < 0)
        return -1;
    /* We made it a moment ago under a directory of ours: it is no symlink. */
    if (fchmodat(place->parent, place->name, mode, 0) < 0)
        return error_errno(error, errno, "mode");
    struct timespec times[2] = {unpack_mtime(entry), unpack_mtime(entry)};
    utimensat(place->parent, place->name, times, AT_SYMLINK_NOFOLLOW);
    return remember_at(unpacker, place, error);
}

static int make_entry(struct unpacker *unpacker, struct layer_reader *reader, struct archive_entry *entry,
                      const struct place *place, struct error *error)
{
    if (archive_entry_hardlink(entry) != NULL)
        return make_hard_link(unpacker, archive_entry_hardlink(entry), place, error);
    mode_t type = archive_entry_filetype(entry);
    if (type == AE_IFDIR)
        return make_directory(unpacker, entry, place, error);
    /* What stands there goes, so that nothing is written through it. */
    if (remove_tree(place->parent, place->name, error) < 0)
        return -1;
    switch (type) {
    case AE_IFREG:
        return make_file(unpacker, reader, entry, place, error);
    case AE_IFLNK:
        return make_symlink(unpacker, entry, place, error);
    case AE_IFCHR:
    case AE_IFBLK:
    case AE_IFIFO:
        return make_node(unpacker, entry, place, error);
    default:
        return error_set(error, "an entry of unknown type");
    }
}

static int apply_whiteout(struct unpacker *unpacker, const struct place *place, struct error *error)
{
    if (strcmp(place->name, WHITEOUT_OPAQUE) == 0)
        return unpack_hide_children(unpacker, place->parent, error);
    if (strncmp(place->name, WHITEOUT_META, strlen(WHITEOUT_META)) == 0)
        return 0;
    const char *name = place->name + strlen(WHITEOUT);
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return error_set(error, "a whiteout of nothing");
    return unpack_hide(unpacker, place->parent, name, error);
}

static bool is_whiteout(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strncmp(slash != NULL ? slash + 1 : path, WHITEOUT, strlen(WHITEOUT)) == 0;
}

static int apply_entry(struct unpacker *unpacker, struct layer_reader *reader, struct archive_entry *entry,
                       const char *path, struct error *error)
{
    bool whiteout = is_whiteout(path);
    cleanup_place struct place place = {.parent = -1};
    if (place_of(unpacker, path, !whiteout, &place, error) < 0) {
        if (!whiteout || (error->number != ENOENT && error->number != ENOTDIR))
            return -1;
        error_clear(error); /* it hides what is not there */
        return 0;
    }
    if (whiteout)
        return apply_whiteout(unpacker, &place, error);
    if (*place.name == '\0' && archive_entry_filetype(entry) != AE_IFDIR)
        return error_set(error, "the root is no directory");
    return make_entry(unpacker, reader, entry, &place, error);
}

static int apply_layer(struct unpacker *unpacker, const struct source_layer *layer, struct error *error)
{
    cleanup_layer_reader struct layer_reader *reader = layer_reader_open(layer, error);
    if (reader == NULL)
        return -1;
    for (;;) {
        struct archive_entry *entry;
        int result = layer_reader_next(reader, &entry, error);
        if (result == 0)
            return layer_reader_finish(reader, error);
        if (result < 0)
            return -1;
        const char *path = archive_entry_pathname(entry);
        if (path == NULL)
            return error_set(error, "%s: an entry without a name", layer->name);
        if (apply_entry(unpacker, reader, entry, path, error) < 0) {
            if (!error_is_set(error))
                error_set(error, "failed");
            if (strncmp(error->message, layer->name, strlen(layer->name)) == 0)
                return -1; /* the reader's, which is about the layer and no entry */
            return error_prefix(error, "%s: %s", layer->name, path);
        }
        /* A directory that was moved out of the way must not be found again by its old path. */
        if (archive_entry_filetype(entry) != AE_IFREG)
            forget_parent(unpacker);
    }
}

/* Last first: what is nearest to the root loses its permissions last, and the topmost layer decides. */
static int finish_directories(struct unpacker *unpacker, struct error *error)
{
    cleanup_inode_set struct inode_set done = {0};
    for (size_t i = unpacker->directory_count; i > 0; i--) {
        const struct directory_record *record = &unpacker->directories[i - 1];
        cleanup_error struct error ignored = {0};
        cleanup_close int fd = beneath_open(unpacker->root, record->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                                            0, BENEATH_IN_ROOT, &ignored);
        struct stat status;
        /* Gone, or another one by now: a later entry or layer replaced it. */
        if (fd < 0 || fstat(fd, &status) < 0 || status.st_ino != record->inode ||
            !inode_set_add(&done, record->inode))
            continue;
        struct timespec times[2] = {record->mtime, record->mtime};
        if (fchmod(fd, record->mode) < 0 || futimens(fd, times) < 0)
            return error_errno(error, errno, "%s", record->path);
    }
    return 0;
}

static void unpacker_free(struct unpacker *unpacker)
{
    forget_parent(unpacker);
    inode_set_free(&unpacker->made);
    for (size_t i = 0; i < unpacker->directory_count; i++)
        free(unpacker->directories[i].path);
    free(unpacker->directories);
}

static void warn(const struct source_image *image, unsigned count, const char *what)
{
    if (count == 0)
        return;
    cleanup_free char *line = xasprintf("warning: %s: %u %s", image->name, count, what);
    text_print_line(stderr, line);
}

static void warn_left_out(const struct source_image *image, const struct unpacker *unpacker)
{
    warn(image, unpacker->devices_left_out, "device nodes left out: only root can make them");
    warn(image, unpacker->xattrs_left_out,
         "extended attributes left out: the filesystem or the user cannot have them");
}

static int apply_layers(struct unpacker *unpacker, const struct source_image *image, struct error *error)
{
    for (size_t i = 0; i < image->layer_count; i++) {
        inode_set_free(&unpacker->made);
        if (apply_layer(unpacker, &image->layers[i], error) < 0)
            return -1;
    }
    return finish_directories(unpacker, error);
}

int unpack_image(const struct source_image *image, int rootfd, struct error *error)
{
    /* libarchive turns the UTF-8 of pax headers into the locale's encoding. File names are bytes, so it must
     * be UTF-8 as well, for this thread and this time. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    struct unpacker unpacker = {.root = rootfd, .privileged = geteuid() == 0, .parent = -1};
    int result = apply_layers(&unpacker, image, error);
    if (result == 0)
        warn_left_out(image, &unpacker);
    unpacker_free(&unpacker);
    if (utf8 != (locale_t)0) {
        uselocale(before);
        freelocale(utf8);
    }
    return result;
}
