/* Layers as blobs: their compression, their digests, and bytes that are no tar. */
#include "formats/oci/descriptor.h"
#include "tests/unit/fixtures/unpack_fixture.h"

static void each_compression_is_read(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {{'f', "x", "text"}, {0}};
    static const enum compression all[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD};
    for (size_t i = 0; i < 3; i++) {
        char *message = unpack_layers(temporary, all[i], (const struct item *const[]){layer, NULL});
        assert_null(message);
        expect_text(temporary, "x", "text");
    }
}

/* One layer of these bytes; the error's text, or NULL. */
static char *unpack_bytes(const struct temporary *temporary, const void *bytes, size_t length)
{
    struct new_image image = {0};
    add_layer_bytes(&image, temporary, COMPRESSION_GZIP, bytes, length);
    write_image(&image, temporary, "oci", "layout", "web:1");
    struct error error = {0};
    struct source_image source;
    char *name = xasprintf("oci:%s/layout", temporary->path);
    assert_int_equal(source_image_open(&source, name, NULL, &error), 0);
    free(name);
    mkdirat(temporary->fd, "rootfs", 0755);
    int rootfs = openat(temporary->fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unpack_image(&source, rootfs, &error);
    close(rootfs);
    source_image_close(&source);
    return error.message;
}

static void an_empty_layer_is_fine(void **state)
{
    static const struct item layer[] = {{0}};
    unpack_good(*state, (const struct item *const[]){layer, NULL});
    /* The empty blocks at a tar's end may be missing too. */
    char *message = unpack_bytes(*state, "", 0);
    assert_null(message);
}

static void gzip_in_many_members_is_read_whole(void **state)
{
    struct temporary *temporary = *state;
    char *text = malloc(3 << 20);
    for (size_t i = 0; i + 1 < 3 << 20; i++)
        text[i] = (char)('a' + i * 7919 % 26);
    text[(3 << 20) - 1] = '\0';
    const struct item layer[] = {{'f', "x", text, 0, 0, NULL}, {'f', "y", "end", 0, 0, NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "x", text);
    expect_text(temporary, "y", "end");
    free(text);
}

static void what_is_no_tar_is_an_error(void **state)
{
    char bytes[4096];
    memset(bytes, 'x', sizeof bytes);
    char *message = unpack_bytes(*state, bytes, sizeof bytes);
    assert_non_null(message);
    assert_non_null(strstr(message, "layer 1 of 1: not a readable layer"));
    free(message);
}

static void a_cut_off_file_is_named_with_its_layer(void **state)
{
    static const struct item items[] = {{'f', "x", "some text"}, {0}};
    struct buffer tar = make_tar(items);
    char *message = unpack_bytes(*state, tar.data, 515);
    assert_non_null(strstr(message, "layout: layer 1 of 1: x: not a readable layer: "));
    free(message);
    buffer_free(&tar);
}

static void a_tar_cut_off_anywhere_is_survived(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {
        {'d', "d", NULL}, {'f', "d/x", "some text", 0, 0, "value"}, {'h', "y", "d/x"}, {0}};
    struct buffer tar = make_tar(items);
    for (size_t length = 1; length < tar.length; length += 97)
        free(unpack_bytes(temporary, tar.data, length));
    buffer_free(&tar);
}

/* Changes one byte of a layer's blob, in place. */
static void change_byte(const struct temporary *temporary, const struct descriptor *descriptor, off_t offset)
{
    char *path = xasprintf("layout/blobs/sha256/%s", digest_hex(&descriptor->digest));
    int fd = openat(temporary->fd, path, O_RDWR | O_CLOEXEC);
    char byte;
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
    free(path);
}

/* The image of that name opens, and unpacking it fails with a message that holds `message`. */
static void assert_is_refused(struct temporary *temporary, const char *image, const char *message)
{
    struct source_image source;
    struct error error = {0};
    char *name = xasprintf("%s/%s", temporary->path, image);
    assert_int_equal(source_image_open(&source, name, NULL, &error), 0);
    assert_int_equal(mkdirat(temporary->fd, "rootfs", 0755), 0);
    int rootfs = openat(temporary->fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(unpack_image(&source, rootfs, &error), -1);
    if (strstr(error.message, message) == NULL)
        print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, message));
    error_clear(&error);
    close(rootfs);
    source_image_close(&source);
    free(name);
}

static void a_layer_of_another_digest_is_an_error(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {{'f', "x", "text"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_NONE, items);
    struct descriptor descriptor = {.digest = image.layers[0].descriptor.digest};
    write_image(&image, temporary, "oci", "layout", NULL);
    change_byte(temporary, &descriptor, 512); /* in the file's text: the tar is still a good one */
    assert_is_refused(temporary, "layout", "layer 1 of 1: the digest is sha256:");
}

static void nothing_is_unpacked_of_an_image_with_a_spoiled_blob(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "x", "text"}, {0}};
    static const struct item upper[] = {{'f', "y", "text"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_NONE, lower);
    add_layer_items(&image, temporary, COMPRESSION_NONE, upper);
    struct descriptor descriptor = {.digest = image.layers[1].descriptor.digest};
    write_image(&image, temporary, "oci", "layout", NULL);
    change_byte(temporary, &descriptor, 0); /* in the entry's name: a parser would see a wrong checksum */
    assert_is_refused(temporary, "layout", "layer 2 of 2: the digest is sha256:");
    assert_int_equal(temporary_count(temporary, "rootfs"), 0);
}

static void layers_without_a_digest_are_verified_by_their_diff_id_first(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {{'f', "x", "some text of the layer"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_NONE, items);
    write_image(&image, temporary, "docker-archive", "image.tar", "web:1");
    struct error error = {0};
    struct buffer bytes = {0};
    assert_int_equal(read_file(temporary->fd, "image.tar", 1 << 24, &bytes, &error), 0);
    char *text = memmem(bytes.data, bytes.length, "some text of the layer", 22);
    assert_non_null(text);
    *text = 'S';
    temporary_write(temporary, "image.tar", bytes.data, bytes.length);
    buffer_free(&bytes);
    assert_is_refused(temporary, "image.tar", "layer 1 of 1: the diff ID is sha256:");
    assert_int_equal(temporary_count(temporary, "rootfs"), 0);
}

static void a_layer_of_another_diff_id_is_an_error(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {{'f', "x", "text"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_GZIP, items);
    memset(image.layers[0].diff_id.text + 7, 'a', 64);
    write_image(&image, temporary, "oci", "layout", NULL);
    assert_is_refused(temporary, "layout", "the diff ID is sha256:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(each_compression_is_read),
        with_temporary(an_empty_layer_is_fine),
        with_temporary(gzip_in_many_members_is_read_whole),
        with_temporary(what_is_no_tar_is_an_error),
        with_temporary(a_cut_off_file_is_named_with_its_layer),
        with_temporary(a_tar_cut_off_anywhere_is_survived),
        with_temporary(a_layer_of_another_digest_is_an_error),
        with_temporary(nothing_is_unpacked_of_an_image_with_a_spoiled_blob),
        with_temporary(layers_without_a_digest_are_verified_by_their_diff_id_first),
        with_temporary(a_layer_of_another_diff_id_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
