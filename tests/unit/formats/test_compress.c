/* Compressing sinks: read by the usual tools, and the same bytes however they are fed. */
#include "tests/unit/fixtures/formats_fixture.h"

#include <zlib.h>

#include "formats/stream/compress.h"

enum { SAMPLE_SIZE = 3 * 1024 * 1024 + 17 };

typedef struct sink *make_sink(enum compression compression, int level, struct sink *next);

/* Half noise, half repetition, always the same. */
static char *sample(void)
{
    char *bytes = xcalloc(1, SAMPLE_SIZE);
    uint32_t random = 1;
    for (size_t i = 0; i < SAMPLE_SIZE; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (char)(i / 4096 % 2 ? random >> 24 : i % 61);
    }
    return bytes;
}

/* Writes the bytes to `path`, `step` at a time. */
static void compress_to(const char *path, make_sink *make, enum compression compression, const char *bytes,
                        size_t length, size_t step)
{
    struct error error = {0};
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    cleanup_sink struct sink *file = sink_to_fd(fd, path, NULL);
    cleanup_sink struct sink *sink = make(compression, 0, file);
    for (size_t at = 0; at < length; at += step)
        assert_int_equal(sink_write(sink, bytes + at, length - at < step ? length - at : step, &error), 0);
    assert_int_equal(sink_finish(sink, &error), 0);
}

static void names_are_words_of_the_spec(void **state)
{
    (void)state;
    assert_int_equal(compression_from_name("none"), COMPRESSION_NONE);
    assert_int_equal(compression_from_name("gzip"), COMPRESSION_GZIP);
    assert_int_equal(compression_from_name("zstd"), COMPRESSION_ZSTD);
    assert_int_equal(compression_from_name("xz"), -1);
    assert_int_equal(compression_from_name(""), -1);
    assert_int_equal(compression_from_name("GZIP"), -1);
}

static void everything_comes_back(void **state)
{
    (void)state;
    cleanup_free char *bytes = sample();
    write_bytes("plain", bytes, SAMPLE_SIZE);
    make_sink *const makers[] = {compress_sink, compress_layer_sink};
    for (size_t i = 0; i < 2; i++) {
        compress_to("none", makers[i], COMPRESSION_NONE, bytes, SAMPLE_SIZE, 100000);
        compress_to("gz", makers[i], COMPRESSION_GZIP, bytes, SAMPLE_SIZE, 100000);
        compress_to("zst", makers[i], COMPRESSION_ZSTD, bytes, SAMPLE_SIZE, 100000);
        assert_same_file("none", "plain");
        assert_int_equal(run("gzip -dc < gz | cmp - plain"), 0);
        assert_int_equal(run("! command -v zstd > /dev/null || zstd -qdc < zst | cmp - plain"), 0);
        assert_int_equal(run("test $(stat -c %%s gz) -lt %d && test $(stat -c %%s zst) -lt %d",
                             SAMPLE_SIZE * 3 / 4, SAMPLE_SIZE * 3 / 4),
                         0);
    }
}

static void output_does_not_depend_on_the_size_of_writes(void **state)
{
    (void)state;
    cleanup_free char *bytes = sample();
    static const size_t steps[] = {SAMPLE_SIZE, 1 << 20, 4096, 977};
    make_sink *const makers[] = {compress_sink, compress_layer_sink};
    for (size_t maker = 0; maker < 2; maker++) {
        for (enum compression kind = COMPRESSION_GZIP; kind <= COMPRESSION_ZSTD; kind++) {
            compress_to("first", makers[maker], kind, bytes, SAMPLE_SIZE, SAMPLE_SIZE);
            for (size_t i = 1; i < sizeof steps / sizeof *steps; i++) {
                compress_to("other", makers[maker], kind, bytes, SAMPLE_SIZE, steps[i]);
                assert_same_file("first", "other");
            }
        }
    }
}

/* Members in a gzip file; fails where one is broken. */
static unsigned count_members(const char *path)
{
    struct error error = {0};
    cleanup_buffer struct buffer bytes = {0};
    assert_int_equal(read_file(AT_FDCWD, path, 64 << 20, &bytes, &error), 0);
    unsigned members = 0;
    static unsigned char out[65536];
    z_stream stream = {.next_in = (Bytef *)bytes.data, .avail_in = (uInt)bytes.length};
    while (stream.avail_in > 0) {
        assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
        int result;
        do {
            stream.next_out = out;
            stream.avail_out = sizeof out;
            result = inflate(&stream, Z_NO_FLUSH);
        } while (result == Z_OK);
        assert_int_equal(result, Z_STREAM_END);
        inflateEnd(&stream);
        members++;
    }
    return members;
}

static void gzip_for_linux_is_one_member_and_for_layers_one_a_mebibyte(void **state)
{
    (void)state;
    cleanup_free char *bytes = sample();
    compress_to("one", compress_sink, COMPRESSION_GZIP, bytes, SAMPLE_SIZE, 100000);
    assert_int_equal(count_members("one"), 1);
    compress_to("several", compress_layer_sink, COMPRESSION_GZIP, bytes, SAMPLE_SIZE, 100000);
    assert_int_equal(count_members("several"), 4);
    compress_to("exact", compress_layer_sink, COMPRESSION_GZIP, bytes, 2 << 20, 100000);
    assert_int_equal(count_members("exact"), 2);
}

static void an_empty_stream_is_still_a_valid_file(void **state)
{
    (void)state;
    make_sink *const makers[] = {compress_sink, compress_layer_sink};
    for (size_t i = 0; i < 2; i++) {
        compress_to("gz", makers[i], COMPRESSION_GZIP, "", 0, 1);
        assert_int_equal(count_members("gz"), 1);
        compress_to("zst", makers[i], COMPRESSION_ZSTD, "", 0, 1);
        assert_int_equal(run("! command -v zstd > /dev/null || test $(zstd -qdc < zst | wc -c) = 0"), 0);
    }
}

static void headers_hold_no_time_and_no_name(void **state)
{
    (void)state;
    make_sink *const makers[] = {compress_sink, compress_layer_sink};
    for (size_t i = 0; i < 2; i++) {
        struct error error = {0};
        cleanup_buffer struct buffer bytes = {0};
        compress_to("gz", makers[i], COMPRESSION_GZIP, "abc", 3, 3);
        assert_int_equal(read_file(AT_FDCWD, "gz", 1024, &bytes, &error), 0);
        assert_memory_equal(bytes.data, "\x1f\x8b\x08\0\0\0\0\0", 8);
    }
}

static int refuse(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    (void)sink, (void)bytes, (void)length;
    return error_set(error, "disk full");
}

static void an_error_of_the_next_sink_comes_through(void **state)
{
    (void)state;
    cleanup_free char *bytes = sample();
    struct sink next = {.write = refuse};
    for (enum compression kind = COMPRESSION_NONE; kind <= COMPRESSION_ZSTD; kind++) {
        cleanup_error struct error error = {0};
        cleanup_sink struct sink *sink = compress_layer_sink(kind, 0, &next);
        assert_int_equal(sink_write(sink, bytes, SAMPLE_SIZE, &error), -1);
        assert_error(&error, "disk full");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_words_of_the_spec),
        temporary_test(everything_comes_back),
        temporary_test(output_does_not_depend_on_the_size_of_writes),
        temporary_test(gzip_for_linux_is_one_member_and_for_layers_one_a_mebibyte),
        temporary_test(an_empty_stream_is_still_a_valid_file),
        temporary_test(headers_hold_no_time_and_no_name),
        cmocka_unit_test(an_error_of_the_next_sink_comes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
