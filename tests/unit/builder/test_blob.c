/* Blobs: a part of a file, which may lie about its size. */
#include "tests/unit/fixtures/temporary.h"

#include "builder/image/blob.h"
#include "formats/base/cleanup.h"

static struct blob open_blob(const struct temporary *temporary, const char *text, uint64_t offset,
                             uint64_t size)
{
    temporary_write_text(temporary, "file", text);
    return (struct blob){
        .fd = openat(temporary->fd, "file", O_RDONLY | O_CLOEXEC), .offset = offset, .size = size};
}

static void a_blob_is_its_part_of_the_file(void **state)
{
    struct blob blob = open_blob(*state, "0123456789", 2, 5);
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer out = {0};
    char bytes[16];
    assert_int_equal(blob_read_all(&blob, 5, &out, "b", &error), 0);
    assert_string_equal(out.data, "23456");
    assert_int_equal(blob_read(&blob, 4, bytes, sizeof bytes, &error), 1);
    assert_int_equal(blob_read(&blob, 5, bytes, sizeof bytes, &error), 0);
    close(blob.fd);
}

static void a_blob_larger_than_the_limit_is_an_error(void **state)
{
    struct blob blob = open_blob(*state, "0123456789", 0, 10);
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer out = {0};
    assert_int_equal(blob_read_all(&blob, 9, &out, "b", &error), -1);
    assert_string_equal(error.message, "b: larger than 9 bytes");
    close(blob.fd);
}

static void a_file_that_ends_within_the_blob_is_an_error(void **state)
{
    struct blob blob = open_blob(*state, "0123456789", 5, 10);
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer out = {0};
    assert_int_equal(blob_read_all(&blob, 100, &out, "b", &error), -1);
    assert_string_equal(error.message, "b: the file became shorter");
    close(blob.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_blob_is_its_part_of_the_file),
        with_temporary(a_blob_larger_than_the_limit_is_an_error),
        with_temporary(a_file_that_ends_within_the_blob_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
