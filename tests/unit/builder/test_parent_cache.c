/* The directories that entries are made in: found by one descriptor or by the kernel, made where they are
 * missing, never outside of the root. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>

#include "builder/bundle/parent_cache.h"

struct cache_fixture {
    struct temporary temporary;
    int root;
    struct directory_log log;
    struct parent_cache cache;
    struct error error;
};

static int cache_setup(void **state)
{
    struct cache_fixture *fixture = calloc(1, sizeof *fixture);
    if (fixture == NULL || temporary_begin(&fixture->temporary) < 0)
        return -1;
    mkdirat(fixture->temporary.fd, "outside", 0755);
    mkdirat(fixture->temporary.fd, "root", 0755);
    fixture->root = openat(fixture->temporary.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fixture->cache = PARENT_CACHE(fixture->root, &fixture->log);
    *state = fixture;
    return fixture->root >= 0 ? 0 : -1;
}

static int cache_teardown(void **state)
{
    struct cache_fixture *fixture = *state;
    parent_cache_free(&fixture->cache);
    directory_log_free(&fixture->log);
    error_clear(&fixture->error);
    close(fixture->root);
    int result = temporary_end(&fixture->temporary);
    free(fixture);
    return result;
}

static int open_parent(struct cache_fixture *fixture, const char *path, bool make)
{
    error_clear(&fixture->error);
    return parent_cache_open(&fixture->cache, path, strlen(path), make, &fixture->error);
}

static ino_t inode_of(int fd, const char *path)
{
    struct stat status;
    assert_int_equal(fstatat(fd, path, &status, AT_EMPTY_PATH), 0);
    return status.st_ino;
}

/* The cache leads to the directory to which the kernel leads. */
static void expect_same(struct cache_fixture *fixture, const char *path, const char *real)
{
    int fd = open_parent(fixture, path, true);
    if (fd < 0)
        print_message("%s\n", fixture->error.message);
    assert_true(fd >= 0);
    assert_int_equal(inode_of(fd, ""), inode_of(fixture->root, real));
}

static void expect_error(struct cache_fixture *fixture, const char *path, bool make, int number)
{
    assert_int_equal(open_parent(fixture, path, make), -1);
    assert_int_equal(fixture->error.number, number);
}

static void missing_directories_are_made_and_recorded(void **state)
{
    struct cache_fixture *fixture = *state;
    expect_same(fixture, "", ".");
    expect_same(fixture, "a/b/c", "a/b/c");
    expect_same(fixture, "a/b/d", "a/b/d");
    expect_same(fixture, "a/b", "a/b");
    expect_same(fixture, "ab", "ab");
    assert_int_equal(fixture->log.count, 5);
    struct stat status;
    assert_int_equal(fstatat(fixture->root, "a/b/c", &status, 0), 0);
    assert_int_equal(status.st_mode & 0777, 0755);
    directory_log_finish(&fixture->log);
    assert_null(directory_log_find(&fixture->log, status.st_ino)); /* no layer mentioned it */
}

static void nothing_is_made_unless_asked(void **state)
{
    struct cache_fixture *fixture = *state;
    expect_error(fixture, "a", false, ENOENT);
    expect_error(fixture, "a/b/c", false, ENOENT);
    assert_int_equal(temporary_count(&fixture->temporary, "root"), 0);
    expect_same(fixture, "a/b", "a/b");
    expect_error(fixture, "a/b/c/d", false, ENOENT);
    expect_same(fixture, "a/b", "a/b");
}

static void symlinks_lead_inside(void **state)
{
    struct cache_fixture *fixture = *state;
    expect_same(fixture, "real/deep", "real/deep");
    assert_int_equal(symlinkat("/real", fixture->root, "absolute"), 0);
    assert_int_equal(symlinkat("../../../real", fixture->root, "up"), 0);
    assert_int_equal(symlinkat("../../outside", fixture->root, "out"), 0);
    expect_same(fixture, "absolute/deep", "real/deep");
    expect_same(fixture, "absolute/deep/new", "real/deep/new");
    expect_same(fixture, "up/other", "real/other");
    expect_same(fixture, "up", "real");
    expect_error(fixture, "out/new", true, ENOTDIR); /* there is no /outside in the root */
    expect_error(fixture, "out", true, ENOTDIR);
    assert_int_equal(temporary_count(&fixture->temporary, "outside"), 0);
}

static void what_stands_in_the_way_is_an_error(void **state)
{
    struct cache_fixture *fixture = *state;
    temporary_write_text(&fixture->temporary, "root/file", "text");
    assert_int_equal(symlinkat("loop", fixture->root, "loop"), 0);
    assert_int_equal(symlinkat("nowhere", fixture->root, "broken"), 0);
    expect_error(fixture, "file", true, ENOTDIR);
    expect_error(fixture, "file/x", true, ENOTDIR);
    expect_error(fixture, "loop/x", true, ELOOP);
    expect_error(fixture, "broken/x/y", true, ENOTDIR);
    assert_non_null(strstr(fixture->error.message, "broken: a broken symlink stands in the way"));
    assert_int_equal(faccessat(fixture->root, "nowhere", F_OK, 0), -1);
}

static void an_invalid_path_is_looked_up_again(void **state)
{
    struct cache_fixture *fixture = *state;
    expect_same(fixture, "a/b", "a/b");
    int before = open_parent(fixture, "a/b", true);
    assert_int_equal(renameat(fixture->root, "a", fixture->root, "old"), 0);
    assert_int_equal(symlinkat("/other", fixture->root, "a"), 0);
    parent_cache_invalidate(&fixture->cache);
    assert_int_equal(inode_of(before, ""), inode_of(fixture->root, "old/b")); /* still open */
    assert_int_equal(mkdirat(fixture->root, "other", 0755), 0);
    expect_same(fixture, "a/b", "other/b");
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void a_deep_path_needs_few_descriptors(void **state)
{
    struct cache_fixture *fixture = *state;
    char path[1001] = "";
    for (size_t i = 0; i < 500; i++)
        memcpy(path + 2 * i, "d/", 3);
    path[999] = '\0';
    int before = open_descriptors();
    expect_same(fixture, path, path);
    assert_true(open_descriptors() - before <= PARENT_CACHE_LEVELS);
    /* Upwards, beyond the levels that are kept, and down again elsewhere. */
    for (size_t length = 999; length > 100; length -= 100)
        assert_int_equal(
            inode_of(parent_cache_open(&fixture->cache, path, length, false, &fixture->error), ""),
            inode_of(fixture->root, (path[length] = '\0', path)));
    path[0] = 'e';
    expect_same(fixture, path, path);
    assert_true(open_descriptors() - before <= PARENT_CACHE_LEVELS);
}

static void the_last_record_of_a_directory_counts(void **state)
{
    (void)state;
    struct directory_log log = {0};
    directory_log_finish(&log);
    assert_null(directory_log_find(&log, 5));
    for (unsigned i = 1; i <= 200; i++)
        directory_log_add(&log, 1 + i % 50, &(struct directory_metadata){.mentioned = true, .mode = i});
    directory_log_add(&log, 7, &(struct directory_metadata){.mentioned = false});
    directory_log_finish(&log);
    assert_int_equal(log.count, 50);
    assert_int_equal(directory_log_find(&log, 1)->mode, 200);
    assert_int_equal(directory_log_find(&log, 50)->mode, 199);
    assert_null(directory_log_find(&log, 7));
    assert_null(directory_log_find(&log, 51));
    directory_log_free(&log);
}

#define with_cache(test) cmocka_unit_test_setup_teardown(test, cache_setup, cache_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_cache(missing_directories_are_made_and_recorded),
        with_cache(nothing_is_made_unless_asked),
        with_cache(symlinks_lead_inside),
        with_cache(what_stands_in_the_way_is_an_error),
        with_cache(an_invalid_path_is_looked_up_again),
        with_cache(a_deep_path_needs_few_descriptors),
        cmocka_unit_test(the_last_record_of_a_directory_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
