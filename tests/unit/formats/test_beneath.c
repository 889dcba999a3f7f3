/* Nothing outside of a root is opened, whatever stands in it. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>

#include "formats/base/beneath.h"

/* dir/secret is outside of the root dir/root. */
static int make_root(const struct temporary *temporary)
{
    temporary_write_text(temporary, "secret", "secret");
    assert_int_equal(mkdirat(temporary->fd, "root", 0755), 0);
    temporary_write_text(temporary, "root/file", "file");
    assert_int_equal(mkdirat(temporary->fd, "root/dir", 0755), 0);
    int fd = openat(temporary->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void expect_text(int root, const char *path, enum beneath_policy policy, const char *expected)
{
    struct error error = {0};
    int fd = beneath_open_file(root, path, O_RDONLY, policy, &error);
    if (fd < 0)
        print_message("%s\n", error.message);
    assert_true(fd >= 0);
    char text[16] = "";
    assert_true(read(fd, text, sizeof text - 1) >= 0);
    assert_string_equal(text, expected);
    close(fd);
}

static void expect_number(int root, const char *path, enum beneath_policy policy, int number)
{
    struct error error = {0};
    assert_int_equal(beneath_open_file(root, path, O_RDONLY, policy, &error), -1);
    assert_int_equal(error.number, number);
    assert_non_null(strstr(error.message, path));
    error_clear(&error);
}

static void absolute_and_relative_paths_start_at_the_root(void **state)
{
    int root = make_root(*state);
    expect_text(root, "file", BENEATH_IN_ROOT, "file");
    expect_text(root, "/file", BENEATH_IN_ROOT, "file");
    expect_text(root, "//dir/../file", BENEATH_STRICT, "file");
    expect_number(root, "/etc/passwd", BENEATH_IN_ROOT, ENOENT);
    close(root);
}

static void dot_dot_stops_at_the_root_or_is_an_error(void **state)
{
    int root = make_root(*state);
    expect_text(root, "../file", BENEATH_IN_ROOT, "file");
    expect_number(root, "../secret", BENEATH_IN_ROOT, ENOENT);
    expect_number(root, "../secret", BENEATH_STRICT, EXDEV);
    expect_number(root, "dir/../../secret", BENEATH_STRICT, EXDEV);
    close(root);
}

static void symlinks_stop_at_the_root_or_are_an_error(void **state)
{
    struct temporary *temporary = *state;
    int root = make_root(temporary);
    char outside[300];
    snprintf(outside, sizeof outside, "%s/secret", temporary->path);
    assert_int_equal(symlinkat(outside, root, "absolute"), 0);
    assert_int_equal(symlinkat("../secret", root, "relative"), 0);
    assert_int_equal(symlinkat("/file", root, "inside"), 0);
    assert_int_equal(symlinkat("../..", root, "dir/up"), 0);
    expect_number(root, "absolute", BENEATH_IN_ROOT, ENOENT);
    expect_number(root, "absolute", BENEATH_STRICT, EXDEV);
    expect_number(root, "relative", BENEATH_IN_ROOT, ENOENT);
    expect_number(root, "relative", BENEATH_STRICT, EXDEV);
    expect_number(root, "dir/up/secret", BENEATH_IN_ROOT, ENOENT);
    expect_text(root, "dir/up/file", BENEATH_IN_ROOT, "file");
    expect_text(root, "inside", BENEATH_IN_ROOT, "file");
    close(root);
}

static void loops_end(void **state)
{
    int root = make_root(*state);
    assert_int_equal(symlinkat("loop", root, "loop"), 0);
    expect_number(root, "loop", BENEATH_IN_ROOT, ELOOP);
    close(root);
}

static void magic_links_are_not_followed(void **state)
{
    (void)state;
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error error = {0};
    assert_int_equal(beneath_open(root, "/proc/self/root/etc", O_RDONLY, 0, BENEATH_IN_ROOT, &error), -1);
    assert_int_equal(error.number, ELOOP);
    error_clear(&error);
    close(root);
}

static void only_regular_files_count_as_files(void **state)
{
    int root = make_root(*state);
    assert_int_equal(mkfifoat(root, "fifo", 0644), 0);
    expect_number(root, "fifo", BENEATH_IN_ROOT, EINVAL);
    expect_number(root, "dir", BENEATH_IN_ROOT, EISDIR);
    close(root);
}

static void the_empty_path_is_the_root(void **state)
{
    int root = make_root(*state);
    struct error error = {0};
    struct stat own;
    struct stat opened;
    int fd = beneath_open(root, "/", O_RDONLY | O_DIRECTORY, 0, BENEATH_IN_ROOT, &error);
    assert_int_equal(fstat(fd, &opened), 0);
    assert_int_equal(fstat(root, &own), 0);
    assert_int_equal(own.st_ino, opened.st_ino);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    close(root);
}

static void a_file_can_be_made_inside(void **state)
{
    struct temporary *temporary = *state;
    int root = make_root(temporary);
    struct error error = {0};
    assert_int_equal(symlinkat("/new", root, "link"), 0);
    int fd = beneath_open(root, "link", O_WRONLY | O_CREAT, 0600, BENEATH_IN_ROOT, &error);
    assert_true(fd >= 0);
    close(fd);
    struct stat status;
    assert_int_equal(fstatat(root, "new", &status, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    close(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(absolute_and_relative_paths_start_at_the_root),
        with_temporary(dot_dot_stops_at_the_root_or_is_an_error),
        with_temporary(symlinks_stop_at_the_root_or_are_an_error),
        with_temporary(loops_end),
        cmocka_unit_test(magic_links_are_not_followed),
        with_temporary(only_regular_files_count_as_files),
        with_temporary(the_empty_path_is_the_root),
        with_temporary(a_file_can_be_made_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
