/*
 * Layers: whatever entries an archive has, nothing is written outside of the directory that it is unpacked
 * into.
 *
 * The input is a list of lines, "TYPE PATH" or "TYPE PATH TARGET", made into a tar: so mutations are in names
 * and links and not in checksums. "-" begins another layer.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <sys/mman.h>

#include "builder/bundle/unpack.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/fuzz/directory.h"

enum { MAX_LAYERS = 3 };
#define SECRET "outside"

static la_ssize_t collect(struct archive *tar, void *out, const void *bytes, size_t length)
{
    (void)tar;
    buffer_add(out, bytes, length);
    return (la_ssize_t)length;
}

static void add_entry(struct archive *tar, char *line)
{
    static const struct {
        char letter;
        unsigned type;
    } types[] = {{'f', AE_IFREG}, {'d', AE_IFDIR}, {'l', AE_IFLNK}, {'h', AE_IFREG}, {'p', AE_IFIFO}};
    char *path = line[0] != '\0' && line[1] == ' ' ? line + 2 : NULL;
    char *target = path != NULL ? strchr(path, ' ') : NULL;
    if (path == NULL || *path == '\0')
        return;
    if (target != NULL)
        *target++ = '\0';
    struct archive_entry *entry = archive_entry_new();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].letter == line[0])
            archive_entry_set_filetype(entry, types[i].type);
    archive_entry_set_pathname(entry, path);
    archive_entry_set_perm(entry, 0755);
    if (line[0] == 'l' && target != NULL)
        archive_entry_set_symlink(entry, target);
    if (line[0] == 'h' && target != NULL)
        archive_entry_set_hardlink(entry, target);
    bool content = line[0] == 'f' && target != NULL;
    archive_entry_set_size(entry, content ? (la_int64_t)strlen(target) : 0);
    if (archive_write_header(tar, entry) == ARCHIVE_OK && content)
        archive_write_data(tar, target, strlen(target));
    archive_entry_free(entry);
}

/* Adds a layer of the lines up to "-"; returns the rest of them, or NULL. */
static char *add_layer(char *lines, struct source_image *image)
{
    struct buffer bytes = {0};
    struct archive *tar = archive_write_new();
    archive_write_set_format_pax_restricted(tar);
    archive_write_open(tar, &bytes, NULL, collect, NULL);
    char *line;
    while ((line = strsep(&lines, "\n")) != NULL && strcmp(line, "-") != 0)
        add_entry(tar, line);
    archive_write_free(tar);

    struct source_layer *layer = &image->layers[image->layer_count++];
    *layer = (struct source_layer){.name = xstrdup("layer"), .blob = {.size = bytes.length}};
    layer->blob.fd = memfd_create("layer", MFD_CLOEXEC);
    CHECK(write(layer->blob.fd, bytes.data, bytes.length) == (ssize_t)bytes.length);
    digest_of(bytes.data, bytes.length, &layer->digest);
    layer->diff_id = layer->digest;
    buffer_free(&bytes);
    return lines;
}

/* Beside the directory stands what was there before, as it was. */
static void check_outside(int directory)
{
    char text[sizeof SECRET] = "";
    int fd = openat(directory, "secret", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    CHECK(fd >= 0 && read(fd, text, sizeof text) == sizeof SECRET - 1 && strcmp(text, SECRET) == 0);
    CHECK(fstat(fd, &status) == 0 && status.st_nlink == 1 && (status.st_mode & 07777) == 0644);
    close(fd);
    cleanup_closedir DIR *entries = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int count = 0;
    while (readdir(entries) != NULL)
        count++;
    CHECK(count == 4); /* ".", "..", "secret" and "rootfs" */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    int directory = directory_open();
    directory_write(directory, "secret", SECRET, sizeof SECRET - 1);
    CHECK(mkdirat(directory, "rootfs", 0755) == 0);
    int rootfs = openat(directory, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *text = xstrndup((const char *)data, size);
    struct source_layer layers[MAX_LAYERS];
    struct source_image image = SOURCE_IMAGE_NONE;
    image.layers = layers;
    for (char *rest = text; rest != NULL && image.layer_count < MAX_LAYERS;)
        rest = add_layer(rest, &image);
    CHECK((unpack_image(&image, rootfs, &error) < 0) == (error.message != NULL));
    error_clear(&error);
    check_outside(directory);
    for (size_t i = 0; i < image.layer_count; i++) {
        close(layers[i].blob.fd);
        free(layers[i].name);
    }
    close(rootfs);
    CHECK(remove_tree(directory, "rootfs", &error) == 0);
    return 0;
}
