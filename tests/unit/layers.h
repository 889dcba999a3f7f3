/* Images made of hand-written layers, for the unit tests of the builder. */
#ifndef TESTS_UNIT_LAYERS_H
#define TESTS_UNIT_LAYERS_H

#include "tests/unit/temporary.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "builder/output/output.h"
#include "formats/memory.h"

/* Lists of items leave out what is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* One entry of a tar. */
struct item {
    char type; /* 'f' file, 'd' directory, 'l' symlink, 'h' hard link, 'c' character device, 'p' FIFO; 0 ends
                  a list */
    const char *path;
    const char *text; /* a file's content, a link's target */
    unsigned mode;    /* 0: 0644, directories 0755 */
    long long uid;
    const char *xattr; /* user.test, or NULL */
};

static inline void add_item(struct archive *tar, const struct item *item)
{
    static const struct {
        char letter;
        unsigned type;
    } types[] = {{'f', AE_IFREG}, {'d', AE_IFDIR}, {'l', AE_IFLNK},
                 {'h', AE_IFREG}, {'c', AE_IFCHR}, {'p', AE_IFIFO}};
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, item->path);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].letter == item->type)
            archive_entry_set_filetype(entry, types[i].type);
    archive_entry_set_perm(entry, item->mode != 0 ? item->mode : item->type == 'd' ? 0755 : 0644);
    archive_entry_set_mtime(entry, 1000000000, 0);
    archive_entry_set_uid(entry, item->uid);
    archive_entry_set_size(entry,
                           item->type == 'f' && item->text != NULL ? (la_int64_t)strlen(item->text) : 0);
    if (item->type == 'l')
        archive_entry_set_symlink(entry, item->text);
    if (item->type == 'h')
        archive_entry_set_hardlink(entry, item->text);
    if (item->type == 'c') {
        archive_entry_set_rdevmajor(entry, 1);
        archive_entry_set_rdevminor(entry, 3);
    }
    if (item->xattr != NULL)
        archive_entry_xattr_add_entry(entry, "user.test", item->xattr, strlen(item->xattr));
    assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
    if (item->type == 'f' && item->text != NULL)
        assert_int_equal(archive_write_data(tar, item->text, strlen(item->text)),
                         (la_ssize_t)strlen(item->text));
    archive_entry_free(entry);
}

static inline la_ssize_t collect_tar(struct archive *tar, void *data, const void *bytes, size_t length)
{
    (void)tar;
    buffer_add(data, bytes, length);
    return (la_ssize_t)length;
}

/* The tar of a list of items. */
static inline struct buffer make_tar(const struct item *items)
{
    struct buffer out = {0};
    /* So that libarchive writes names that are not ASCII as pax has them, in UTF-8. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = uselocale(utf8);
    struct archive *tar = archive_write_new();
    archive_write_set_format_pax_restricted(tar);
    assert_int_equal(archive_write_open(tar, &out, NULL, collect_tar, NULL), ARCHIVE_OK);
    for (; items->type != 0; items++)
        add_item(tar, items);
    assert_int_equal(archive_write_close(tar), ARCHIVE_OK);
    archive_write_free(tar);
    uselocale(before);
    freelocale(utf8);
    return out;
}

/* Adds bytes as a layer. */
static inline void add_layer_bytes(struct image *image, const struct temporary *temporary,
                                   enum compression compression, const void *bytes, size_t length)
{
    struct error error = {0};
    struct tempfile blob;
    struct layer_result result;
    assert_int_equal(tempfile_open(&blob, temporary->fd, "blob", &error), 0);
    struct sink *file = sink_to_fd(blob.fd, "blob", NULL);
    struct sink *digest = digest_sink(file, &result.digest, &result.size);
    struct sink *compress = compress_sink(compression, 0, digest);
    struct sink *diff_id = digest_sink(compress, &result.diff_id, NULL);
    assert_int_equal(sink_write(diff_id, bytes, length, &error), 0);
    assert_int_equal(sink_finish(diff_id, &error), 0);
    sink_free(&diff_id);
    sink_free(&compress);
    sink_free(&digest);
    sink_free(&file);
    image_add_layer(image, &blob, compression, &result);
}

static inline void add_layer_items(struct image *image, const struct temporary *temporary,
                                   enum compression compression, const struct item *items)
{
    struct buffer tar = make_tar(items);
    add_layer_bytes(image, temporary, compression, tar.data, tar.length);
    buffer_free(&tar);
}

/* Writes the image (and frees it) as "type=TYPE,dest=DIR/NAME". */
static inline void write_image(struct image *image, const struct temporary *temporary, const char *type,
                               const char *name, const char *tag)
{
    struct error error = {0};
    struct image_config config = {.architecture = xstrdup("amd64")};
    struct output_options options = {output_find(type), xasprintf("%s/%s", temporary->path, name)};
    struct strings names = {0};
    if (tag != NULL)
        strings_add(&names, tag);
    assert_int_equal(image_assemble(image, &config, NULL, &error), 0);
    int result = options.output->write(&options, image, &names, &error);
    if (result < 0)
        print_message("%s\n", error.message);
    assert_int_equal(result, 0);
    strings_free(&names);
    output_options_free(&options);
    image_config_free(&config);
    image_free(image);
}

#endif
