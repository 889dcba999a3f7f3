/* The documents of an image, and opening images that exist. */
#include "formats/oci/descriptor.h"
#include "formats/oci/media_types.h"
#include "tests/unit/fixtures/layers.h"

#include "builder/image/choose_platform.h"
#include "builder/image/source_image.h"
#include "formats/oci/platform.h"

#define SUM_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void add_made_up_layer(struct new_image *image)
{
    struct layer_result result = {.size = 5};
    struct tempfile none = TEMPFILE_NONE;
    memcpy(result.diff_id.text, SUM_A, DIGEST_TEXT_SIZE);
    memcpy(result.digest.text, SUM_B, DIGEST_TEXT_SIZE);
    new_image_add_layer(image, &none, COMPRESSION_GZIP, &result);
}

static void documents_have_everything_in_a_fixed_order(void **state)
{
    (void)state;
    struct new_image image = {0};
    struct error error = {0};
    struct image_config config = {
        .architecture = xstrdup("arm64"),
        .variant = xstrdup("v8"),
        .author = xstrdup("me"),
        .created = 1700000000,
        .user = xstrdup("1:2"),
        .working_dir = xstrdup("/srv"),
        .stop_signal = xstrdup("SIGINT"),
        .labels = json_pack("{s:s,s:s}", "z", "1", "a", "2"),
    };
    strings_add(&config.env, "B=1");
    strings_add(&config.env, "A=2");
    strings_add(&config.entrypoint, "/init");
    strings_add(&config.cmd, "x");
    strings_add(&config.ports, "80/tcp");
    strings_add(&config.ports, "443/tcp");
    strings_add(&config.ports, "80/tcp");
    strings_add(&config.volumes, "/data");
    image_config_add_history(&config, "COPY . /", NULL, false);
    image_config_add_history(&config, "CMD [\"x\"]", "note", true);
    add_made_up_layer(&image);
    json_t *annotations = json_pack("{s:s,s:s}", "k.b", "2", "k.a", "1");
    assert_int_equal(new_image_assemble(&image, &config, annotations, &error), 0);
    assert_string_equal(
        image.config,
        "{\"created\":\"2023-11-14T22:13:20Z\",\"author\":\"me\",\"architecture\":\"arm64\",\"os\":\"linux\","
        "\"variant\":\"v8\",\"config\":{\"User\":\"1:2\",\"ExposedPorts\":{\"443/tcp\":{},\"80/tcp\":{}},"
        "\"Env\":[\"B=1\",\"A=2\"],\"Entrypoint\":[\"/init\"],\"Cmd\":[\"x\"],\"Volumes\":{\"/data\":{}},"
        "\"WorkingDir\":\"/srv\",\"Labels\":{\"a\":\"2\",\"z\":\"1\"},\"StopSignal\":\"SIGINT\"},"
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" SUM_A "\"]},"
        "\"history\":[{\"created\":\"2023-11-14T22:13:20Z\",\"created_by\":\"COPY . /\"},"
        "{\"created\":\"2023-11-14T22:13:20Z\",\"created_by\":\"CMD [\\\"x\\\"]\",\"comment\":\"note\","
        "\"empty_layer\":true}]}");
    char *expected = xasprintf(
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_TYPE_MANIFEST "\",\"config\":{\"mediaType\":"
        "\"" OCI_MEDIA_TYPE_CONFIG "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
        "\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" SUM_B "\",\"size\":5}],"
        "\"annotations\":{\"k.a\":\"1\",\"k.b\":\"2\"}}",
        image.config_descriptor.digest.text, strlen(image.config));
    assert_string_equal(image.manifest, expected);
    struct digest digest;
    digest_of(image.manifest, strlen(image.manifest), &digest);
    assert_string_equal(image.manifest_descriptor.digest.text, digest.text);
    assert_string_equal(json_string_value(json_object_get(image.platform, "variant")), "v8");
    free(expected);
    json_decref(annotations);
    image_config_free(&config);
    new_image_free(&image);
}

static void what_is_absent_is_left_out(void **state)
{
    (void)state;
    struct new_image image = {0};
    struct error error = {0};
    struct image_config config = {.architecture = xstrdup("amd64")};
    assert_int_equal(new_image_assemble(&image, &config, NULL, &error), 0);
    assert_int_equal(new_image_assemble(&image, &config, NULL, &error), 0); /* again replaces */
    assert_string_equal(image.config,
                        "{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":\"linux\","
                        "\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
    image_config_free(&config);
    new_image_free(&image);
}

static void expect_assemble_error(struct image_config *config, const json_t *annotations, const char *message)
{
    struct new_image image = {0};
    struct error error = {0};
    assert_int_equal(new_image_assemble(&image, config, annotations, &error), -1);
    assert_string_equal(error.message, message);
    error_clear(&error);
    new_image_free(&image);
    image_config_free(config);
}

static void contradictions_are_errors(void **state)
{
    (void)state;
    struct image_config config = {0};
    expect_assemble_error(&config, NULL, "image config: no architecture");
    config.architecture = xstrdup("amd64");
    image_config_add_history(&config, "COPY", NULL, false);
    expect_assemble_error(&config, NULL, "image config: the history tells of 1 layers, there are 0");
    config.architecture = xstrdup("amd64");
    config.created = INT64_MAX;
    expect_assemble_error(&config, NULL,
                          "image config: time 9223372036854775807: must lie in the years 0 to 9999");
    config.architecture = xstrdup("amd64");
    config.labels = json_pack("{s:i}", "a", 1);
    expect_assemble_error(&config, NULL, "label a: must be a string");
}

static void text_that_is_not_utf8_is_an_error(void **state)
{
    (void)state;
    struct image_config config = {.architecture = xstrdup("amd64")};
    strings_add(&config.env, "A=1");
    strings_add(&config.env, "B=\xff");
    expect_assemble_error(&config, NULL, "image config: Env: \"B=\\xff\" is not UTF-8");
    config.architecture = xstrdup("amd64");
    config.author = xstrdup("\xc3");
    expect_assemble_error(&config, NULL, "image config: Author: \"\\xc3\" is not UTF-8");
    config.architecture = xstrdup("amd64");
    strings_add(&config.volumes, "/\xed\xa0\x80");
    expect_assemble_error(&config, NULL, "image config: Volumes: \"/\\xed\\xa0\\x80\" is not UTF-8");
    config.architecture = xstrdup("amd64");
    image_config_add_history(&config, "ENV \xff", NULL, true);
    expect_assemble_error(&config, NULL, "image config: history: \"ENV \\xff\" is not UTF-8");
}

static void times_are_rfc_3339_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t time;
        const char *text;
    } times[] = {{0, "1970-01-01T00:00:00Z"},
                 {-1, "1969-12-31T23:59:59Z"},
                 {951782400, "2000-02-29T00:00:00Z"},
                 {253402300799, "9999-12-31T23:59:59Z"},
                 {-62167219200, "0000-01-01T00:00:00Z"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char *text = image_rfc3339(times[i].time);
        assert_string_equal(text, times[i].text);
        free(text);
    }
    assert_null(image_rfc3339(253402300800));
    assert_null(image_rfc3339(-62167219201));
    assert_null(image_rfc3339(INT64_MIN));
}

static const struct item hello[] = {{'f', "hello", "world"}, {0}};

static void make_image(const struct temporary *temporary, const char *type, const char *name, const char *tag)
{
    struct new_image image = {0};
    add_layer_items(&image, temporary,
                    strcmp(type, "docker-archive") == 0 ? COMPRESSION_NONE : COMPRESSION_GZIP, hello);
    write_image(&image, temporary, type, name, tag);
}

static void expect_open(const struct temporary *temporary, const char *prefix, const char *name)
{
    struct source_image image;
    struct error error = {0};
    char *path = xasprintf("%s%s/%s", prefix, temporary->path, name);
    int result = source_image_open(&image, path, "linux/amd64", &error);
    if (result < 0)
        print_message("%s\n", error.message);
    assert_int_equal(result, 0);
    assert_int_equal(image.layer_count, 1);
    assert_string_equal(json_string_value(json_object_get(image.config, "architecture")), "amd64");
    source_image_close(&image);
    free(path);
}

static void expect_no_open(const struct temporary *temporary, const char *prefix, const char *name,
                           const char *message)
{
    struct source_image image;
    struct error error = {0};
    char *path = xasprintf("%s%s/%s", prefix, temporary->path, name);
    assert_int_equal(source_image_open(&image, path, NULL, &error), -1);
    if (strstr(error.message, message) == NULL)
        print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, message));
    error_clear(&error);
    free(path);
}

static void images_are_opened_by_all_their_names(void **state)
{
    struct temporary *temporary = *state;
    make_image(temporary, "oci", "layout", "docker.io/library/web:1");
    make_image(temporary, "oci-archive", "oci.tar", "docker.io/library/web:1");
    make_image(temporary, "docker-archive", "docker.tar", "docker.io/library/web:1");
    expect_open(temporary, "", "layout");
    expect_open(temporary, "", "layout:1");
    expect_open(temporary, "oci:", "layout:web:1");
    expect_open(temporary, "", "oci.tar");
    expect_open(temporary, "oci-archive:", "oci.tar:1");
    expect_open(temporary, "", "docker.tar");
    expect_open(temporary, "docker-archive:", "docker.tar:web:1");
    expect_open(temporary, "", "docker.tar:docker.io/library/web:1");
}

static void what_is_not_there_is_named(void **state)
{
    struct temporary *temporary = *state;
    make_image(temporary, "oci", "layout", "docker.io/library/web:1");
    make_image(temporary, "docker-archive", "docker.tar", "docker.io/library/web:1");
    expect_no_open(temporary, "", "nothing", "nothing: no such layout directory or archive");
    expect_no_open(temporary, "", "layout:2", "no image \"2\"; there are: 1");
    expect_no_open(temporary, "", "docker.tar:web:2", "no image \"web:2\"");
    expect_no_open(temporary, "oci-archive:", "docker.tar", "not an image archive: it has no index.json");
    expect_no_open(temporary, "docker-archive:", "layout", "a directory, not an archive");
    expect_no_open(temporary, "", ".", "not an OCI image layout");
}

static void what_is_no_archive_is_an_error(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "text", "hello, this is no archive\n");
    temporary_write_text(temporary, "empty", "");
    expect_no_open(temporary, "", "text", "not an image archive");
    expect_no_open(temporary, "", "empty", "not an image archive");
}

static void compressed_archives_are_opened(void **state)
{
    struct temporary *temporary = *state;
    make_image(temporary, "oci-archive", "oci.tar", "web:1");
    int in = openat(temporary->fd, "oci.tar", O_RDONLY | O_CLOEXEC);
    int out = openat(temporary->fd, "oci.tar.gz", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    struct error error = {0};
    struct buffer bytes = {0};
    assert_int_equal(read_all(in, 1 << 24, &bytes, "oci.tar", &error), 0);
    struct sink *file = sink_to_fd(out, "gz", NULL);
    struct sink *gzip = compress_sink(COMPRESSION_GZIP, 0, file);
    assert_int_equal(sink_write(gzip, bytes.data, bytes.length, &error), 0);
    assert_int_equal(sink_finish(gzip, &error), 0);
    sink_free(&gzip);
    sink_free(&file);
    buffer_free(&bytes);
    close(in);
    close(out);
    expect_open(temporary, "", "oci.tar.gz");
}

static void archives_cut_off_or_changed_are_survived(void **state)
{
    struct temporary *temporary = *state;
    make_image(temporary, "oci-archive", "good.tar", "web:1");
    struct error error = {0};
    struct buffer bytes = {0};
    assert_int_equal(read_file(temporary->fd, "good.tar", 1 << 24, &bytes, &error), 0);
    char *path = xasprintf("%s/bad.tar", temporary->path);
    for (size_t at = 0; at < bytes.length; at += 61) {
        struct source_image image;
        temporary_write(temporary, "bad.tar", bytes.data, at);
        source_image_open(&image, path, NULL, &error);
        source_image_close(&image);
        error_clear(&error);
        bytes.data[at] ^= 0x15;
        temporary_write(temporary, "bad.tar", bytes.data, bytes.length);
        source_image_open(&image, path, NULL, &error);
        source_image_close(&image);
        error_clear(&error);
        bytes.data[at] ^= 0x15;
    }
    free(path);
    buffer_free(&bytes);
}

/* Writes a document as a blob of "layout"; its descriptor as JSON, which the caller frees. */
static char *write_blob(const struct temporary *temporary, const char *media_type, const char *text)
{
    struct digest digest;
    digest_of(text, strlen(text), &digest);
    char *path = xasprintf("layout/blobs/sha256/%s", digest_hex(&digest));
    temporary_write_text(temporary, path, text);
    free(path);
    return xasprintf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}", media_type, digest.text,
                     strlen(text));
}

/* Makes a document the only image of index.json. */
static void write_manifest(const struct temporary *temporary, const char *media_type, const char *text)
{
    char *descriptor = write_blob(temporary, media_type, text);
    char *index = xasprintf("{\"manifests\":[%s]}", descriptor);
    temporary_write_text(temporary, "layout/index.json", index);
    free(index);
    free(descriptor);
}

static void layers_that_are_no_layers_are_refused(void **state)
{
    make_image(*state, "oci", "layout", "web:1");
    char *config = write_blob(*state, OCI_MEDIA_TYPE_CONFIG, "{\"rootfs\":{\"diff_ids\":[\"" SUM_A "\"]}}");
    char *manifest = xasprintf("{\"config\":%s,\"layers\":[%s]}", config, config);
    write_manifest(*state, OCI_MEDIA_TYPE_MANIFEST, manifest);
    expect_no_open(*state, "", "layout", "layer 1 of 1: media type " OCI_MEDIA_TYPE_CONFIG ": not a layer");
    free(manifest);
    struct buffer many = {0};
    buffer_format(&many, "{\"config\":%s,\"layers\":[{}", config);
    for (int i = 0; i < 512; i++)
        buffer_add_string(&many, ",{}");
    buffer_add_string(&many, "]}");
    write_manifest(*state, OCI_MEDIA_TYPE_MANIFEST, many.data);
    expect_no_open(*state, "", "layout", "no list of layers, or one of more than 512");
    buffer_free(&many);
    free(config);
}

static void indexes_are_followed_a_few_times_only(void **state)
{
    make_image(*state, "oci", "layout", "web:1");
    char *index = xstrdup("{\"manifests\":[]}");
    for (int i = 0; i < 6; i++) {
        char *descriptor = write_blob(*state, OCI_MEDIA_TYPE_INDEX, index);
        free(index);
        index = xasprintf("{\"manifests\":[%s]}", descriptor);
        free(descriptor);
    }
    temporary_write_text(*state, "layout/index.json", index);
    expect_no_open(*state, "", "layout", "indexes nested too deeply");
    free(index);
}

static void sizes_of_an_archives_members_are_compared(void **state)
{
    struct temporary *temporary = *state;
    make_image(temporary, "oci-archive", "oci.tar", "web:1");
    struct error error = {0};
    struct buffer bytes = {0};
    assert_int_equal(read_file(temporary->fd, "oci.tar", 1 << 24, &bytes, &error), 0);
    char *index = memmem(bytes.data, bytes.length, "\"manifests\":[", 13);
    assert_non_null(index);
    char *size = strstr(index, "\"size\":");
    assert_non_null(size);
    size[7] = '9';
    temporary_write(temporary, "oci.tar", bytes.data, bytes.length);
    buffer_free(&bytes);
    expect_no_open(temporary, "", "oci.tar", "bytes; its descriptor says 9");
}

static void documents_that_are_two_things_are_refused(void **state)
{
    static const struct {
        const char *media_type;
        const char *text;
        const char *message;
    } cases[] = {
        {OCI_MEDIA_TYPE_MANIFEST, "{\"manifests\":[]}", "a manifest with the manifests of an index"},
        {OCI_MEDIA_TYPE_INDEX, "{\"manifests\":[],\"layers\":[]}", "an index with the layers or the config"},
        {OCI_MEDIA_TYPE_INDEX, "{\"manifests\":[],\"config\":{}}", "an index with the layers or the config"},
        {OCI_MEDIA_TYPE_MANIFEST, "{\"mediaType\":\"" OCI_MEDIA_TYPE_INDEX "\"}",
         "mediaType: must be the descriptor's, " OCI_MEDIA_TYPE_MANIFEST},
        {DOCKER_MEDIA_TYPE_LIST, "{\"mediaType\":7}", "mediaType: must be the descriptor's"},
        {"application/x", "{}", "not an image: its media type is application/x"},
    };
    make_image(*state, "oci", "layout", "web:1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_manifest(*state, cases[i].media_type, cases[i].text);
        expect_no_open(*state, "", "layout", cases[i].message);
    }
}

#define CONFIG_OF(media_type)                                                                                \
    "{\"config\":{\"mediaType\":\"" media_type "\",\"digest\":\"" SUM_A "\",\"size\":1}}"

static void a_config_that_is_no_images_is_refused(void **state)
{
    make_image(*state, "oci", "layout", "web:1");
    write_manifest(*state, OCI_MEDIA_TYPE_MANIFEST, CONFIG_OF("application/vnd.oci.empty.v1+json"));
    expect_no_open(*state, "", "layout",
                   "config of media type application/vnd.oci.empty.v1+json: not an image");
    write_manifest(*state, OCI_MEDIA_TYPE_MANIFEST, CONFIG_OF(DOCKER_MEDIA_TYPE_CONFIG));
    expect_no_open(*state, "", "layout", "No such file or directory"); /* it is looked for */
    write_manifest(*state, OCI_MEDIA_TYPE_MANIFEST, "{}");
    expect_no_open(*state, "", "layout", "descriptor without a media type");
}

static void types_of_layers_are_known(void **state)
{
    (void)state;
    assert_true(oci_is_layer("application/vnd.oci.image.layer.v1.tar"));
    assert_true(oci_is_layer("application/vnd.oci.image.layer.v1.tar+zstd"));
    assert_true(oci_is_layer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"));
    assert_true(oci_is_layer("application/vnd.docker.image.rootfs.diff.tar.gzip"));
    assert_true(oci_is_layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
    assert_false(oci_is_layer("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"));
    assert_false(oci_is_layer("application/vnd.cncf.helm.chart.content.v1.tar+gzip"));
    assert_false(oci_is_layer(OCI_MEDIA_TYPE_CONFIG));
    assert_false(oci_is_layer(""));
}

static void only_regular_files_are_archives(void **state)
{
    struct temporary *temporary = *state;
    assert_int_equal(mkfifoat(temporary->fd, "fifo", 0600), 0);
    expect_no_open(temporary, "", "fifo", "fifo: not a regular file");
    expect_no_open(temporary, "oci-archive:", "fifo", "fifo: not a regular file");
    expect_no_open(temporary, "oci:", "fifo", "Not a directory");
    assert_int_equal(symlinkat("/dev/zero", temporary->fd, "zero"), 0);
    expect_no_open(temporary, "docker-archive:", "zero", "zero: not a regular file");
}

static json_t *index_of_platforms(void)
{
    return json_pack("{s:[{s:s,s:s,s:i,s:{s:s,s:s}},{s:s,s:s,s:i,s:{s:s,s:s,s:s}}]}", "manifests",
                     "mediaType", OCI_MEDIA_TYPE_MANIFEST, "digest", SUM_A, "size", 1, "platform", "os",
                     "linux", "architecture", platform_host_architecture(), "mediaType",
                     OCI_MEDIA_TYPE_MANIFEST, "digest", SUM_B, "size", 1, "platform", "os", "linux",
                     "architecture", "mips", "variant", "v1");
}

static void a_platform_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *platform;
        const char *digest;
    } choices[] = {{NULL, SUM_A}, {"mips", SUM_B}, {"linux/mips", SUM_B}, {"linux/mips/v1", SUM_B}};
    json_t *index = index_of_platforms();
    struct error error = {0};
    struct descriptor found;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        assert_int_equal(platform_choose(index, choices[i].platform, "x", &found, &error), 0);
        assert_string_equal(found.digest.text, choices[i].digest);
        descriptor_free(&found);
    }
    assert_int_equal(platform_choose(index, "linux/mip", "x", &found, &error), -1);
    assert_non_null(strstr(error.message, "x: no image for linux/mip; there are: linux/"));
    assert_non_null(strstr(error.message, ", linux/mips/v1"));
    error_clear(&error);
    json_decref(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_have_everything_in_a_fixed_order),
        cmocka_unit_test(what_is_absent_is_left_out),
        cmocka_unit_test(contradictions_are_errors),
        cmocka_unit_test(text_that_is_not_utf8_is_an_error),
        cmocka_unit_test(times_are_rfc_3339_in_utc),
        with_temporary(images_are_opened_by_all_their_names),
        with_temporary(what_is_not_there_is_named),
        with_temporary(what_is_no_archive_is_an_error),
        with_temporary(compressed_archives_are_opened),
        with_temporary(archives_cut_off_or_changed_are_survived),
        with_temporary(documents_that_are_two_things_are_refused),
        with_temporary(a_config_that_is_no_images_is_refused),
        cmocka_unit_test(types_of_layers_are_known),
        with_temporary(layers_that_are_no_layers_are_refused),
        with_temporary(indexes_are_followed_a_few_times_only),
        with_temporary(sizes_of_an_archives_members_are_compared),
        with_temporary(only_regular_files_are_archives),
        cmocka_unit_test(a_platform_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
