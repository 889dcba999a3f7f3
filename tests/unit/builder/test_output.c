/* The outputs: the option that chooses one, and that what they write is whole, atomic and the same each time.
 */
#include "formats/oci/descriptor.h"
#include "formats/oci/layout.h"
#include "tests/unit/fixtures/layers.h"

#include "builder/output/names.h"

static void expect_options(const char *text, const char *type, const char *dest)
{
    struct output_options options;
    struct error error = {0};
    int result = output_options_parse(text, &options, &error);
    if (result < 0)
        print_message("%s\n", error.message);
    assert_int_equal(result, 0);
    assert_string_equal(options.output->type, type);
    assert_string_equal(options.dest, dest);
    output_options_free(&options);
}

static void expect_no_options(const char *text, const char *message)
{
    struct output_options options;
    struct error error = {0};
    assert_int_equal(output_options_parse(text, &options, &error), -1);
    assert_non_null(strstr(error.message, message));
    assert_null(options.dest);
    error_clear(&error);
}

static void options_are_parsed_as_buildx_has_them(void **state)
{
    (void)state;
    expect_options("type=oci,dest=out", "oci", "out");
    expect_options("dest=a b,type=oci-archive", "oci-archive", "a b");
    expect_options("type=docker-archive,dest=-", "docker-archive", "-");
    expect_options("out/dir", "oci", "out/dir");
    expect_options("-", "oci-archive", "-");
    expect_options("type=oci,\"dest=a,b\"", "oci", "a,b");
    expect_options("type=oci,\"dest=a\"\"b\"", "oci", "a\"b");
    expect_options("type=oci,dest=a=b", "oci", "a=b");
}

static void wrong_options_are_errors(void **state)
{
    (void)state;
    expect_no_options("type=tar,dest=x", "unknown type \"tar\"; there are: oci, oci-archive, docker-archive");
    expect_no_options("type=oci-archiv,dest=x", "unknown type \"oci-archiv\"; did you mean \"oci-archive\"?");
    expect_no_options("type=oci", "no dest");
    expect_no_options("dest=x", "no type");
    expect_no_options("type=oci,dest=", "no dest");
    expect_no_options("type=oci,dest=-", "type oci cannot go to standard output");
    expect_no_options("type=oci,name=x,dest=y", "unknown key \"name\"");
    expect_no_options("type=oci,dest=x,y", "\"y\": must be KEY=VALUE");
    expect_no_options("type=oci,\"dest=x", "a double quote is not closed");
    expect_no_options("", "no dest");
}

static const struct item one[] = {{'f', "one", "1"}, {0}};
static const struct item two[] = {{'f', "two", "2"}, {0}};

static struct new_image make_image(const struct temporary *temporary, enum compression compression)
{
    struct new_image image = {0};
    add_layer_items(&image, temporary, compression, one);
    add_layer_items(&image, temporary, compression, two);
    add_layer_items(&image, temporary, compression, one); /* the same blob twice */
    return image;
}

static void a_layout_has_all_blobs_and_an_index(void **state)
{
    struct temporary *temporary = *state;
    struct new_image image = make_image(temporary, COMPRESSION_GZIP);
    write_image(&image, temporary, "oci", "layout", "web:1");
    assert_int_equal(temporary_count(temporary, "layout/blobs/sha256"), 4);
    assert_int_equal(temporary_count(temporary, "layout"), 3);
    struct oci_layout layout;
    struct descriptor manifest;
    struct error error = {0};
    char *path = xasprintf("%s/layout", temporary->path);
    assert_int_equal(oci_layout_open(&layout, path, &error), 0);
    assert_int_equal(oci_layout_find(&layout, "1", &manifest, &error), 0);
    json_t *document = oci_layout_read_json(&layout, &manifest, &error);
    json_t *layers = json_object_get(document, "layers");
    assert_int_equal(json_array_size(layers), 3);
    for (size_t i = 0; i < 3; i++) {
        struct descriptor blob;
        assert_int_equal(descriptor_from_json(json_array_get(layers, i), "x", &blob, &error), 0);
        int fd = oci_layout_open_blob(&layout, &blob, &error);
        struct buffer bytes = {0};
        struct digest digest;
        assert_int_equal(read_all(fd, 1 << 20, &bytes, "blob", &error), 0);
        digest_of(bytes.data, bytes.length, &digest);
        assert_string_equal(digest.text, blob.digest.text);
        buffer_free(&bytes);
        close(fd);
        descriptor_free(&blob);
    }
    json_decref(document);
    descriptor_free(&manifest);
    oci_layout_close(&layout);
    free(path);
}

static void images_stand_side_by_side_in_a_layout(void **state)
{
    struct temporary *temporary = *state;
    struct new_image image = make_image(temporary, COMPRESSION_GZIP);
    write_image(&image, temporary, "oci", "layout", "web:1");
    add_layer_items(&image, temporary, COMPRESSION_GZIP, one);
    write_image(&image, temporary, "oci", "layout", "web:2");
    assert_int_equal(temporary_count(temporary, "layout/blobs/sha256"), 6);
    struct oci_layout layout;
    struct descriptor first;
    struct descriptor second;
    struct error error = {0};
    char *path = xasprintf("%s/layout", temporary->path);
    assert_int_equal(oci_layout_open(&layout, path, &error), 0);
    assert_int_equal(oci_layout_find(&layout, "1", &first, &error), 0);
    assert_int_equal(oci_layout_find(&layout, "2", &second, &error), 0);
    assert_string_not_equal(first.digest.text, second.digest.text);
    descriptor_free(&first);
    descriptor_free(&second);
    oci_layout_close(&layout);
    free(path);
}

static void blobs_from_another_filesystem_are_copied(void **state)
{
    struct temporary *temporary = *state;
    struct temporary elsewhere = {.path = "/dev/shm"};
    elsewhere.fd = open(elsewhere.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (elsewhere.fd < 0)
        skip_because("there is no /dev/shm");
    struct new_image image = {0};
    add_layer_items(&image, &elsewhere, COMPRESSION_GZIP, one);
    write_image(&image, temporary, "oci", "layout", "web:1");
    assert_int_equal(temporary_count(temporary, "layout/blobs/sha256"), 3);
    close(elsewhere.fd);
}

static void the_same_image_gives_the_same_archive(void **state)
{
    struct temporary *temporary = *state;
    static const char *const types[] = {"oci-archive", "docker-archive"};
    for (size_t i = 0; i < 2; i++) {
        enum compression compression = output_find(types[i])->compression;
        struct new_image image = make_image(temporary, compression);
        write_image(&image, temporary, types[i], "a", "web:1");
        image = make_image(temporary, compression);
        mode_t before = umask(077);
        write_image(&image, temporary, types[i], "b", "web:1");
        umask(before);
        struct error error = {0};
        struct buffer a = {0};
        struct buffer b = {0};
        assert_int_equal(read_file(temporary->fd, "a", 1 << 24, &a, &error), 0);
        assert_int_equal(read_file(temporary->fd, "b", 1 << 24, &b, &error), 0);
        assert_int_equal(a.length, b.length);
        assert_memory_equal(a.data, b.data, a.length);
        struct stat status;
        assert_int_equal(fstatat(temporary->fd, "b", &status, 0), 0);
        assert_int_equal(status.st_mode & 0777, 0644);
        buffer_free(&a);
        buffer_free(&b);
    }
}

/* The members of a tar, one a line: mode, owner, time, name. */
static char *list_archive(const struct temporary *temporary, const char *name)
{
    struct buffer list = {0};
    struct archive *tar = archive_read_new();
    struct archive_entry *entry;
    char *path = xasprintf("%s/%s", temporary->path, name);
    archive_read_support_format_tar(tar);
    assert_int_equal(archive_read_open_filename(tar, path, 10240), ARCHIVE_OK);
    while (archive_read_next_header(tar, &entry) == ARCHIVE_OK)
        buffer_format(&list, "%o %d:%d %ld %s\n", archive_entry_mode(entry), (int)archive_entry_uid(entry),
                      (int)archive_entry_gid(entry), (long)archive_entry_mtime(entry),
                      archive_entry_pathname(entry));
    archive_read_free(tar);
    free(path);
    return buffer_take(&list);
}

static void archives_are_sorted_and_of_nobody(void **state)
{
    struct temporary *temporary = *state;
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_NONE, one);
    struct image_config config = {.architecture = xstrdup("amd64")};
    struct error error = {0};
    assert_int_equal(new_image_assemble(&image, &config, NULL, &error), 0);
    char *expected =
        xasprintf("100644 0:0 0 %s.json\n100644 0:0 0 %s.tar\n100644 0:0 0 manifest.json\n",
                  digest_hex(&image.config_descriptor.digest), digest_hex(&image.layers[0].diff_id));
    if (strcmp(digest_hex(&image.config_descriptor.digest), digest_hex(&image.layers[0].diff_id)) > 0) {
        free(expected);
        expected =
            xasprintf("100644 0:0 0 %s.tar\n100644 0:0 0 %s.json\n100644 0:0 0 manifest.json\n",
                      digest_hex(&image.layers[0].diff_id), digest_hex(&image.config_descriptor.digest));
    }
    write_image(&image, temporary, "docker-archive", "docker.tar", "web:1");
    char *list = list_archive(temporary, "docker.tar");
    assert_string_equal(list, expected);
    free(list);
    free(expected);
    image_config_free(&config);
}

static void an_oci_archive_has_a_layouts_members(void **state)
{
    struct temporary *temporary = *state;
    struct new_image image = make_image(temporary, COMPRESSION_ZSTD);
    write_image(&image, temporary, "oci-archive", "oci.tar", NULL);
    char *list = list_archive(temporary, "oci.tar");
    assert_ptr_equal(
        strstr(list, "40755 0:0 0 blobs/\n40755 0:0 0 blobs/sha256/\n100644 0:0 0 blobs/sha256/"), list);
    assert_non_null(strstr(list, "\n100644 0:0 0 index.json\n100644 0:0 0 oci-layout\n"));
    size_t lines = 0;
    for (const char *c = list; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 2 + 4 + 2); /* four blobs: a layer that comes twice is written once */
    free(list);
}

static json_t *set_text(const char *key, const char *value)
{
    return json_pack("{s:s}", key, value);
}

/* Writes an image with an annotation of each document; its index, which the caller owns. */
static json_t *annotated_index(const struct temporary *temporary, const char *type, const char *key,
                               const char *tag)
{
    struct error error = {0};
    struct document_annotations annotations = {.descriptor = set_text(key, "entry"),
                                               .index = set_text(key, "index")};
    struct image_config config = {.architecture = xstrdup("amd64")};
    struct output_options options = {output_find(type), xasprintf("%s/%s", temporary->path, type),
                                     &annotations};
    struct new_image image = make_image(temporary, COMPRESSION_GZIP);
    struct strings names = {0};
    strings_add(&names, tag);
    assert_int_equal(new_image_assemble(&image, &config, NULL, &error), 0);
    assert_int_equal(options.output->write(&options, &image, &names, &error), 0);
    char *command = xasprintf("%s/%s/index.json", temporary->path, type);
    struct buffer text = {0};
    if (strcmp(type, "oci") == 0) {
        assert_int_equal(read_file(AT_FDCWD, command, 1 << 20, &text, &error), 0);
    } else {
        char *tar = xasprintf("tar -C %s -xf %s index.json", temporary->path, options.dest);
        assert_int_equal(system(tar), 0);
        free(tar);
        assert_int_equal(read_file(temporary->fd, "index.json", 1 << 20, &text, &error), 0);
    }
    json_t *index = json_loads(text.data, 0, NULL);
    assert_non_null(index);
    buffer_free(&text);
    free(command);
    strings_free(&names);
    output_options_free(&options);
    document_annotations_free(&annotations);
    image_config_free(&config);
    new_image_free(&image);
    return index;
}

static const char *annotation_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(json_object_get(object, "annotations"), key));
}

static void the_index_and_its_entry_get_annotations(void **state)
{
    struct temporary *temporary = *state;
    static const char *const types[] = {"oci", "oci-archive"};
    for (size_t i = 0; i < 2; i++) {
        json_t *index = annotated_index(temporary, types[i], "k", "docker.io/library/web:1");
        const json_t *entry = json_array_get(json_object_get(index, "manifests"), 0);
        assert_string_equal(annotation_of(index, "k"), "index");
        assert_string_equal(annotation_of(entry, "k"), "entry");
        assert_string_equal(annotation_of(entry, "org.opencontainers.image.ref.name"), "1");
        json_decref(index);
    }
}

static void an_index_keeps_the_annotations_that_it_has(void **state)
{
    struct temporary *temporary = *state;
    json_decref(annotated_index(temporary, "oci", "first", "docker.io/library/web:1"));
    json_t *index = annotated_index(temporary, "oci", "second", "docker.io/library/web:2");
    assert_string_equal(annotation_of(index, "first"), "index");
    assert_string_equal(annotation_of(index, "second"), "index");
    const json_t *manifests = json_object_get(index, "manifests");
    assert_string_equal(annotation_of(json_array_get(manifests, 0), "first"), "entry");
    assert_null(annotation_of(json_array_get(manifests, 1), "first"));
    assert_string_equal(annotation_of(json_array_get(manifests, 1), "second"), "entry");
    json_decref(index);
}

static void docker_archives_take_no_compressed_layers(void **state)
{
    struct temporary *temporary = *state;
    struct new_image image = make_image(temporary, COMPRESSION_GZIP);
    struct image_config config = {.architecture = xstrdup("amd64")};
    struct output_options options = {output_find("docker-archive"), xasprintf("%s/x.tar", temporary->path),
                                     NULL};
    struct strings names = {0};
    struct error error = {0};
    assert_int_equal(new_image_assemble(&image, &config, NULL, &error), 0);
    assert_int_equal(options.output->write(&options, &image, &names, &error), -1);
    assert_non_null(strstr(error.message, "uncompressed layers only"));
    assert_int_equal(temporary_count(temporary, "."), 0);
    error_clear(&error);
    output_options_free(&options);
    image_config_free(&config);
    new_image_free(&image);
}

static void a_failed_write_leaves_the_old_archive(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "x.tar", "old");
    struct new_image image = make_image(temporary, COMPRESSION_GZIP);
    image.layers[1].descriptor.size += 1; /* the blob is shorter than it says */
    struct image_config config = {.architecture = xstrdup("amd64")};
    struct output_options options = {output_find("oci-archive"), xasprintf("%s/x.tar", temporary->path),
                                     NULL};
    struct strings names = {0};
    struct error error = {0};
    assert_int_equal(new_image_assemble(&image, &config, NULL, &error), 0);
    assert_int_equal(options.output->write(&options, &image, &names, &error), -1);
    assert_non_null(strstr(error.message, "became shorter"));
    char *text = temporary_read(temporary, "x.tar");
    assert_string_equal(text, "old");
    assert_int_equal(temporary_count(temporary, "."), 1);
    free(text);
    error_clear(&error);
    output_options_free(&options);
    image_config_free(&config);
    new_image_free(&image);
}

static void blob_directories_show_nothing(void **state)
{
    struct temporary *temporary = *state;
    static const char *const types[] = {"oci", "oci-archive", "docker-archive"};
    for (size_t i = 0; i < 3; i++) {
        struct output_options options = {output_find(types[i]), xasprintf("%s/new", temporary->path), NULL};
        struct error error = {0};
        int fd = options.output->blob_directory(&options, &error);
        assert_true(fd >= 0);
        struct stat own;
        struct stat parent;
        assert_int_equal(fstat(fd, &own), 0);
        assert_int_equal(fstat(temporary->fd, &parent), 0);
        assert_int_equal(own.st_ino, parent.st_ino);
        close(fd);
        output_options_free(&options);
    }
    assert_int_equal(temporary_count(temporary, "."), 0);
}

static void a_missing_parent_directory_is_named(void **state)
{
    struct temporary *temporary = *state;
    struct output_options options = {output_find("oci"), xasprintf("%s/missing/new", temporary->path), NULL};
    struct error error = {0};
    assert_int_equal(options.output->blob_directory(&options, &error), -1);
    assert_non_null(strstr(error.message, "/missing: No such file or directory"));
    error_clear(&error);
    output_options_free(&options);
}

static void each_tag_comes_once(void **state)
{
    (void)state;
    struct strings names = {0};
    struct index_names entries;
    struct error error = {0};
    strings_add(&names, "docker.io/library/web:1");
    strings_add(&names, "db:1");
    strings_add(&names, "web:1");
    strings_add(&names, "localhost/web:2");
    assert_int_equal(index_names_of(&names, &entries, &error), 0);
    assert_int_equal(entries.count, 3);
    assert_string_equal(entries.items[0].tag, "1");
    assert_null(entries.items[1].tag);
    assert_string_equal(entries.items[1].image_name, "docker.io/library/db:1");
    assert_string_equal(entries.items[2].tag, "2");
    index_names_free(&entries);
    strings_add(&names, "web@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(index_names_of(&names, &entries, &error), -1);
    assert_non_null(strstr(error.message, "named by a tag, not by a digest"));
    error_clear(&error);
    strings_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_parsed_as_buildx_has_them),
        cmocka_unit_test(wrong_options_are_errors),
        with_temporary(a_layout_has_all_blobs_and_an_index),
        with_temporary(images_stand_side_by_side_in_a_layout),
        with_temporary(blobs_from_another_filesystem_are_copied),
        with_temporary(the_same_image_gives_the_same_archive),
        with_temporary(archives_are_sorted_and_of_nobody),
        with_temporary(an_oci_archive_has_a_layouts_members),
        with_temporary(the_index_and_its_entry_get_annotations),
        with_temporary(an_index_keeps_the_annotations_that_it_has),
        with_temporary(docker_archives_take_no_compressed_layers),
        with_temporary(a_failed_write_leaves_the_old_archive),
        with_temporary(blob_directories_show_nothing),
        with_temporary(a_missing_parent_directory_is_named),
        cmocka_unit_test(each_tag_comes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
