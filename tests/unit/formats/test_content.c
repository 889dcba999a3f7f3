/* The bytes of files, from memory, descriptors and paths. */
#include "tests/unit/fixtures/formats_fixture.h"

/* A sink that keeps what it is given. */
struct keeping {
    struct sink sink;
    struct buffer bytes;
};

static int keep(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    (void)error;
    buffer_add(&((struct keeping *)sink)->bytes, bytes, length);
    return 0;
}

static struct keeping keeping_sink(void)
{
    return (struct keeping){.sink = {.write = keep}};
}

static void write_file(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static void assert_bytes(const struct content *content, const char *expected)
{
    cleanup_error struct error error = {0};
    struct keeping sink = keeping_sink();
    assert_int_equal(content_write_to(content, &sink.sink, &error), 0);
    assert_int_equal(sink.bytes.length, strlen(expected));
    assert_memory_equal(sink.bytes.data, expected, strlen(expected));
    buffer_free(&sink.bytes);
    cleanup_close int fd = content_open(content, &error);
    assert_true(fd >= 0);
    char text[64] = "";
    assert_int_equal(read(fd, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(content_size(content), strlen(expected));
}

static void assert_unreadable(const struct content *content, const char *expected)
{
    cleanup_error struct error error = {0};
    struct keeping sink = keeping_sink();
    assert_int_equal(content_write_to(content, &sink.sink, &error), -1);
    assert_error(&error, expected);
    buffer_free(&sink.bytes);
}

static int open_root(void)
{
    int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void memory_is_copied(void **state)
{
    (void)state;
    char text[] = "abc";
    struct content *content = content_of_memory(text, 3);
    text[0] = 'x';
    assert_bytes(content, "abc");
    assert_memory_equal(content_memory(content), "abc", 3);
    assert_ptr_equal(content_ref(content), content);
    content_unref(content);
    assert_bytes(content, "abc");
    content_unref(content);
}

static void a_descriptor_outlives_the_name_and_readers_share_no_offset(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    write_file("f", "hello");
    struct content *content = content_of_fd(open("f", O_RDONLY | O_CLOEXEC), "f", &error);
    assert_non_null(content);
    assert_int_equal(unlink("f"), 0);
    cleanup_close int first = content_open(content, &error);
    char text[6] = "";
    assert_int_equal(read(first, text, 3), 3);
    assert_bytes(content, "hello");
    assert_int_equal(read(first, text, 5), 2);
    assert_null(content_memory(content));
    content_unref(content);
}

static void a_path_is_opened_when_it_is_read(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_close int root = open_root();
    write_file("f", "hello");
    struct content *content = content_of_path(root, "f", &error);
    assert_non_null(content);
    assert_bytes(content, "hello");
    assert_string_equal(content_name(content), "f");
    content_unref(content);
}

static void a_file_that_changed_is_an_error(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "printf longer >> f",                                      /* another size */
        "truncate -s 2 f",                                         /* another size */
        "touch -d @12345 f",                                       /* another time */
        "cp -p f g && printf HELLO > g && touch -r f g && mv g f", /* another file of the same size and time
                                                                    */
    };
    cleanup_close int root = open_root();
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        cleanup_error struct error error = {0};
        write_file("f", "hello");
        struct content *content = content_of_path(root, "f", &error);
        assert_int_equal(run("%s", changes[i]), 0);
        assert_unreadable(content, "f: changed while it was being read");
        content_unref(content);
    }
}

static void a_file_that_is_gone_is_an_error(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_close int root = open_root();
    write_file("f", "hello");
    struct content *content = content_of_path(root, "f", &error);
    assert_int_equal(unlink("f"), 0);
    assert_unreadable(content, "f: No such file");
    content_unref(content);
}

static void only_regular_files_beneath_the_root_are_content(void **state)
{
    (void)state;
    assert_int_equal(run("mkdir root && ln -s ../secret root/out && ln -s /etc/passwd root/absolute && "
                         "mkfifo root/fifo && mkdir root/directory && echo s > secret"),
                     0);
    cleanup_close int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    static const struct {
        const char *path, *message;
    } cases[] = {
        {"out", "leaves its root"},     {"absolute", "leaves its root"},     {"../secret", "leaves its root"},
        {"fifo", "not a regular file"}, {"directory", "not a regular file"}, {"missing", "No such file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_error struct error error = {0};
        assert_null(content_of_path(root, cases[i].path, &error));
        assert_error(&error, cases[i].message);
    }
}

static void a_file_that_became_a_symlink_is_not_followed_out(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(run("mkdir root && echo hello > root/f && echo hello > secret"), 0);
    cleanup_close int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct content *content = content_of_path(root, "f", &error);
    assert_int_equal(run("ln -sf ../secret root/f"), 0);
    assert_unreadable(content, "leaves its root");
    content_unref(content);
}

static void a_descriptor_of_a_directory_is_refused_and_closed(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_null(content_of_fd(fd, "here", &error));
    assert_error(&error, "here: not a regular file");
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_large_file_comes_through_whole(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct keeping sink = keeping_sink();
    assert_int_equal(run("head -c 3000001 /dev/urandom > f"), 0);
    cleanup_close int root = open_root();
    struct content *content = content_of_path(root, "f", &error);
    assert_int_equal(content_write_to(content, &sink.sink, &error), 0);
    assert_int_equal(sink.bytes.length, 3000001);
    write_bytes("g", sink.bytes.data, sink.bytes.length);
    assert_same_file("f", "g");
    buffer_free(&sink.bytes);
    content_unref(content);
}

static void exactly_what_was_asked_for_is_read(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_close int root = open_root();
    write_file("f", "hello");
    struct content *content = content_of_path(root, "f", &error);
    cleanup_close int fd = content_open(content, &error);
    char bytes[5];
    assert_int_equal(content_read(content, fd, bytes, 3, 2, &error), 0);
    assert_memory_equal(bytes, "llo", 3);
    assert_int_equal(content_read(content, fd, bytes, 4, 2, &error), -1);
    assert_error(&error, "f: changed while it was being read");
    content_unref(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_copied),
        temporary_test(a_descriptor_outlives_the_name_and_readers_share_no_offset),
        temporary_test(a_path_is_opened_when_it_is_read),
        temporary_test(a_file_that_changed_is_an_error),
        temporary_test(a_file_that_is_gone_is_an_error),
        temporary_test(only_regular_files_beneath_the_root_are_content),
        temporary_test(a_file_that_became_a_symlink_is_not_followed_out),
        temporary_test(a_descriptor_of_a_directory_is_refused_and_closed),
        temporary_test(a_large_file_comes_through_whole),
        temporary_test(exactly_what_was_asked_for_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
