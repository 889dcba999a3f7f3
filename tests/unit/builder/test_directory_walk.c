/* Walking and removing trees: order, depth, and what a visitor may do. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>

#include "builder/bundle/directory_walk.h"
#include "builder/bundle/remove_tree.h"
#include "formats/base/buffer.h"

static int add_file(void *data, int parent, const char *name, struct error *error)
{
    (void)parent;
    (void)error;
    buffer_format(data, "%s ", name);
    return 0;
}

static int enter_all_but_closed(void *data, int parent, const char *name, struct error *error)
{
    (void)parent;
    buffer_format(data, "(%s ", name);
    if (strcmp(name, "bad") == 0)
        return error_set(error, "bad");
    return strcmp(name, "closed") != 0;
}

static int add_directory(void *data, int parent, const char *name, int fd, struct error *error)
{
    struct stat by_name;
    struct stat by_descriptor;
    (void)error;
    assert_int_equal(fstatat(parent, name, &by_name, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(fstat(fd, &by_descriptor), 0);
    assert_int_equal(by_name.st_ino, by_descriptor.st_ino);
    buffer_format(data, "%s) ", name);
    return 0;
}

static const struct walk_visitor recorder = {add_file, enter_all_but_closed, add_directory};

static void make_path(const struct temporary *temporary, const char *path)
{
    assert_int_equal(mkdirat(temporary->fd, path, 0755), 0);
}

static void expect_walk(const struct temporary *temporary, const char *expected)
{
    struct error error = {0};
    struct buffer seen = {0};
    assert_int_equal(walk_directory(temporary->fd, &recorder, &seen, &error), 0);
    assert_string_equal(seen.data != NULL ? seen.data : "", expected);
    buffer_free(&seen);
}

static void directories_come_after_what_is_in_them(void **state)
{
    struct temporary *temporary = *state;
    expect_walk(temporary, "");
    make_path(temporary, "a");
    make_path(temporary, "a/b");
    temporary_write_text(temporary, "a/b/file", "");
    expect_walk(temporary, "(a (b file b) a) ");
}

static void a_directory_can_be_passed_over(void **state)
{
    struct temporary *temporary = *state;
    make_path(temporary, "closed");
    temporary_write_text(temporary, "closed/file", "");
    expect_walk(temporary, "(closed ");
}

static void symlinks_are_files(void **state)
{
    struct temporary *temporary = *state;
    assert_int_equal(symlinkat("/", temporary->fd, "link"), 0);
    expect_walk(temporary, "link ");
}

static void an_error_ends_the_walk(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    struct buffer seen = {0};
    make_path(temporary, "a");
    make_path(temporary, "a/bad");
    assert_int_equal(walk_directory(temporary->fd, &recorder, &seen, &error), -1);
    assert_string_equal(error.message, "bad");
    assert_string_equal(seen.data, "(a (bad ");
    error_clear(&error);
    buffer_free(&seen);
}

/* Moves "a/b" away while it is walked. */
static int move_away(void *data, int parent, const char *name, struct error *error)
{
    const struct temporary *temporary = data;
    (void)parent;
    (void)error;
    if (strcmp(name, "file") == 0)
        assert_int_equal(renameat(temporary->fd, "a/b", temporary->fd, "elsewhere/b"), 0);
    return 0;
}

static void a_directory_that_is_moved_away_ends_the_walk(void **state)
{
    static const struct walk_visitor mover = {.file = move_away};
    struct temporary *temporary = *state;
    struct error error = {0};
    make_path(temporary, "a");
    make_path(temporary, "a/b");
    make_path(temporary, "elsewhere");
    temporary_write_text(temporary, "a/b/file", "");
    assert_int_equal(walk_directory(temporary->fd, &mover, temporary, &error), -1);
    assert_string_equal(error.message, "b: moved to another directory meanwhile");
    error_clear(&error);
}

static void trees_of_any_shape_are_removed(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    make_path(temporary, "tree");
    make_path(temporary, "tree/one");
    make_path(temporary, "tree/two");
    for (int i = 0; i < 300; i++) {
        char name[64];
        snprintf(name, sizeof name, "tree/one/%d", i);
        make_path(temporary, name);
        snprintf(name, sizeof name, "tree/one/%d/file", i);
        temporary_write_text(temporary, name, "");
    }
    make_path(temporary, "kept");
    temporary_write_text(temporary, "kept/file", "");
    assert_int_equal(symlinkat("../kept", temporary->fd, "tree/link"), 0);
    assert_int_equal(mkfifoat(temporary->fd, "tree/fifo", 0), 0);
    assert_int_equal(fchmodat(temporary->fd, "tree/two", 0, 0), 0);
    assert_int_equal(remove_tree(temporary->fd, "tree", &error), 0);
    assert_int_equal(temporary_count(temporary, "."), 1);
    assert_int_equal(temporary_count(temporary, "kept"), 1);
}

static void a_file_and_nothing_are_removed(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    temporary_write_text(temporary, "file", "");
    assert_int_equal(remove_tree(temporary->fd, "file", &error), 0);
    assert_int_equal(remove_tree(temporary->fd, "file", &error), 0);
    assert_int_equal(temporary_count(temporary, "."), 0);
}

static void what_cannot_be_removed_is_named(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[299] = '\0';
    assert_int_equal(remove_tree(temporary->fd, name, &error), -1);
    assert_non_null(strstr(error.message, "nnn: remove: File name too long"));
    error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(directories_come_after_what_is_in_them),
        with_temporary(a_directory_can_be_passed_over),
        with_temporary(symlinks_are_files),
        with_temporary(an_error_ends_the_walk),
        with_temporary(a_directory_that_is_moved_away_ends_the_walk),
        with_temporary(trees_of_any_shape_are_removed),
        with_temporary(a_file_and_nothing_are_removed),
        with_temporary(what_cannot_be_removed_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
