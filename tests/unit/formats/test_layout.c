/* The image layout on disk, and its index. */
#include "tests/unit/fixtures/temporary.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "formats/base/buffer.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/oci/layout.h"
#include "formats/oci/media_types.h"

#define SUM_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct descriptor descriptor(const char *digest)
{
    struct descriptor result = {.media_type = xstrdup(OCI_MEDIA_TYPE_MANIFEST), .size = 7};
    memcpy(result.digest.text, digest, DIGEST_TEXT_SIZE);
    return result;
}

static char *layout_path(const struct temporary *temporary)
{
    return xasprintf("%s/layout", temporary->path);
}

static struct oci_layout make_layout(const struct temporary *temporary)
{
    struct oci_layout layout;
    struct error error = {0};
    char *path = layout_path(temporary);
    assert_int_equal(oci_layout_create(&layout, path, &error), 0);
    free(path);
    return layout;
}

static void tag(const struct oci_layout *layout, const char *digest, const char *name, const char *full)
{
    struct error error = {0};
    struct descriptor manifest = descriptor(digest);
    assert_int_equal(oci_layout_tag(layout, &manifest, NULL, name, full, (struct oci_annotations){0}, &error),
                     0);
    descriptor_free(&manifest);
}

static void expect_found(const struct oci_layout *layout, const char *ref, const char *digest)
{
    struct error error = {0};
    struct descriptor found;
    int result = oci_layout_find(layout, ref, &found, &error);
    if (result < 0)
        print_message("%s\n", error.message);
    assert_int_equal(result, 0);
    assert_string_equal(found.digest.text, digest);
    descriptor_free(&found);
}

static void expect_missing(const struct oci_layout *layout, const char *ref, const char *message)
{
    struct error error = {0};
    struct descriptor found;
    assert_int_equal(oci_layout_find(layout, ref, &found, &error), -1);
    assert_non_null(strstr(error.message, message));
    error_clear(&error);
}

static void a_new_layout_has_its_files_but_no_index(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout = make_layout(temporary);
    char *text = temporary_read(temporary, "layout/oci-layout");
    assert_string_equal(text, "{\"imageLayoutVersion\":\"1.0.0\"}");
    free(text);
    assert_int_equal(faccessat(temporary->fd, "layout/blobs/sha256", F_OK, 0), 0);
    assert_int_equal(faccessat(temporary->fd, "layout/index.json", F_OK, 0), -1);
    oci_layout_close(&layout);
    layout = make_layout(temporary); /* again is fine */
    oci_layout_close(&layout);
}

static void a_layout_that_cannot_be_made_leaves_nothing(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout;
    struct error error = {0};
    struct rlimit before;
    char *path = layout_path(temporary);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, before.rlim_max}); /* stands in for a full disk */
    int result = oci_layout_create(&layout, path, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(result, -1);
    assert_non_null(strstr(error.message, "/layout: oci-layout: write: File too large"));
    error_clear(&error);
    assert_int_equal(temporary_count(temporary, "."), 0);
    free(path);
}

static void a_directory_with_something_else_is_left_alone(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout;
    struct error error = {0};
    temporary_write_text(temporary, "mine", "x");
    assert_int_equal(oci_layout_create(&layout, temporary->path, &error), -1);
    assert_non_null(strstr(error.message, "not empty and no OCI image layout"));
    error_clear(&error);
    assert_int_equal(oci_layout_open(&layout, temporary->path, &error), -1);
    assert_non_null(strstr(error.message, "not an OCI image layout"));
    error_clear(&error);
    assert_int_equal(temporary_count(temporary, "."), 1);
}

static void another_version_is_refused(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout;
    struct error error = {0};
    temporary_write_text(temporary, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
    assert_int_equal(oci_layout_open(&layout, temporary->path, &error), -1);
    assert_non_null(strstr(error.message, "imageLayoutVersion \"2.0.0\": must be 1.x"));
    error_clear(&error);
}

static void an_index_entry_has_tag_name_and_platform(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout = make_layout(temporary);
    struct descriptor manifest = descriptor(SUM_A);
    struct error error = {0};
    json_t *platform = json_pack("{s:s,s:s}", "architecture", "amd64", "os", "linux");
    assert_int_equal(oci_layout_tag(&layout, &manifest, platform, "1", "docker.io/library/web:1",
                                    (struct oci_annotations){0}, &error),
                     0);
    char *text = temporary_read(temporary, "layout/index.json");
    assert_string_equal(text,
                        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_TYPE_INDEX "\",\"manifests\":["
                        "{\"mediaType\":\"" OCI_MEDIA_TYPE_MANIFEST "\",\"digest\":\"" SUM_A "\",\"size\":7,"
                        "\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"},\"annotations\":{"
                        "\"io.containerd.image.name\":\"docker.io/library/web:1\","
                        "\"org.opencontainers.image.ref.name\":\"1\"}}]}");
    free(text);
    json_decref(platform);
    descriptor_free(&manifest);
    oci_layout_close(&layout);
}

static void images_are_found_by_tag_and_by_name(void **state)
{
    struct oci_layout layout = make_layout(*state);
    tag(&layout, SUM_A, "1", "docker.io/library/web:1");
    expect_found(&layout, NULL, SUM_A);
    tag(&layout, SUM_B, "2", "docker.io/library/web:2");
    expect_found(&layout, "1", SUM_A);
    expect_found(&layout, "2", SUM_B);
    expect_found(&layout, "web:2", SUM_B);
    expect_found(&layout, "docker.io/library/web:1", SUM_A);
    expect_missing(&layout, "3", "no image \"3\"; there are: 1, 2");
    expect_missing(&layout, NULL, "holds 2 images; name one of: 1, 2");
    oci_layout_close(&layout);
}

static void two_names_of_one_image_are_one_image(void **state)
{
    struct oci_layout layout = make_layout(*state);
    tag(&layout, SUM_A, "1", "docker.io/library/web:1");
    tag(&layout, SUM_A, NULL, "docker.io/library/db:1");
    expect_found(&layout, NULL, SUM_A);
    expect_found(&layout, "db:1", SUM_A);
    oci_layout_close(&layout);
}

static void a_tag_moves(void **state)
{
    struct oci_layout layout = make_layout(*state);
    tag(&layout, SUM_A, "1", "docker.io/library/web:1");
    tag(&layout, SUM_B, "1", "docker.io/library/web:1");
    expect_found(&layout, NULL, SUM_B);
    tag(&layout, SUM_A, "1", "docker.io/library/db:1"); /* tags in a layout are unambiguous */
    expect_found(&layout, NULL, SUM_A);
    oci_layout_close(&layout);
}

static void an_image_without_a_name_replaces_the_other_one(void **state)
{
    struct oci_layout layout = make_layout(*state);
    tag(&layout, SUM_A, NULL, NULL);
    tag(&layout, SUM_B, NULL, NULL);
    expect_found(&layout, NULL, SUM_B);
    oci_layout_close(&layout);
}

static void an_index_that_is_broken_is_not_replaced(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout = make_layout(temporary);
    temporary_write_text(temporary, "layout/index.json", "{\"manifests\":");
    struct descriptor manifest = descriptor(SUM_A);
    struct error error = {0};
    assert_int_equal(oci_layout_tag(&layout, &manifest, NULL, "1", NULL, (struct oci_annotations){0}, &error),
                     -1);
    assert_non_null(strstr(error.message, "layout/index.json:1: "));
    error_clear(&error);
    char *text = temporary_read(temporary, "layout/index.json");
    assert_string_equal(text, "{\"manifests\":");
    free(text);
    descriptor_free(&manifest);
    oci_layout_close(&layout);
}

/* Without the lock some would be lost. */
static void writers_at_the_same_time_lose_nothing(void **state)
{
    struct oci_layout layout = make_layout(*state);
    enum { WRITERS = 8, ENTRIES = 12 };
    for (int i = 0; i < WRITERS; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
            continue;
        int failures = 0;
        for (int j = 0; j < ENTRIES; j++) {
            struct error error = {0};
            struct descriptor manifest = descriptor(SUM_A);
            char name[32];
            snprintf(name, sizeof name, "%d.%d", i, j);
            failures +=
                oci_layout_tag(&layout, &manifest, NULL, name, NULL, (struct oci_annotations){0}, &error) < 0;
        }
        _exit(failures);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.%d", i, ENTRIES - 1);
        expect_found(&layout, name, SUM_A);
    }
    char *text = temporary_read(*state, "layout/index.json");
    json_t *index = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(index, "manifests")), WRITERS * ENTRIES);
    json_decref(index);
    free(text);
    oci_layout_close(&layout);
}

static struct descriptor put_blob(const struct oci_layout *layout, const char *text)
{
    struct descriptor result = {.media_type = xstrdup("text/plain"), .size = strlen(text)};
    struct error error = {0};
    digest_of(text, strlen(text), &result.digest);
    int blobs = oci_layout_blobs(layout, &error);
    assert_int_equal(file_replace(blobs, digest_hex(&result.digest), text, strlen(text), &error), 0);
    close(blobs);
    return result;
}

static void documents_are_verified(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout = make_layout(temporary);
    struct descriptor good = put_blob(&layout, "{\"a\":1}");
    struct error error = {0};
    json_t *json = oci_layout_read_json(&layout, &good, &error);
    assert_int_equal(json_integer_value(json_object_get(json, "a")), 1);
    json_decref(json);

    char *path = xasprintf("layout/blobs/sha256/%s", digest_hex(&good.digest));
    temporary_write_text(temporary, path, "{\"a\":2}");
    assert_null(oci_layout_read_json(&layout, &good, &error));
    assert_non_null(strstr(error.message, "the content's digest is sha256:"));
    error_clear(&error);
    temporary_write_text(temporary, path, "{}");
    assert_null(oci_layout_read_json(&layout, &good, &error));
    assert_non_null(strstr(error.message, "2 bytes; its descriptor says 7"));
    error_clear(&error);
    free(path);
    descriptor_free(&good);
    oci_layout_close(&layout);
}

static void blobs_are_files_inside_of_the_layout(void **state)
{
    struct temporary *temporary = *state;
    struct oci_layout layout = make_layout(temporary);
    struct descriptor wanted = descriptor(SUM_A);
    struct error error = {0};
    temporary_write_text(temporary, "secret", "1234567");
    assert_int_equal(symlinkat("../../../secret", temporary->fd,
                               "layout/blobs/sha256/"
                               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                     0);
    assert_int_equal(oci_layout_open_blob(&layout, &wanted, &error), -1);
    assert_non_null(strstr(error.message, "leaves its root"));
    error_clear(&error);
    descriptor_free(&wanted);
    oci_layout_close(&layout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_new_layout_has_its_files_but_no_index),
        with_temporary(a_layout_that_cannot_be_made_leaves_nothing),
        with_temporary(a_directory_with_something_else_is_left_alone),
        with_temporary(another_version_is_refused),
        with_temporary(an_index_entry_has_tag_name_and_platform),
        with_temporary(images_are_found_by_tag_and_by_name),
        with_temporary(two_names_of_one_image_are_one_image),
        with_temporary(a_tag_moves),
        with_temporary(an_image_without_a_name_replaces_the_other_one),
        with_temporary(an_index_that_is_broken_is_not_replaced),
        with_temporary(writers_at_the_same_time_lose_nothing),
        with_temporary(documents_are_verified),
        with_temporary(blobs_are_files_inside_of_the_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
