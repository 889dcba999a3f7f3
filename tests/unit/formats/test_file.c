/* Whole files: limits, and replacing without a moment in between. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>

#include "formats/base/file.h"

static void a_file_is_read_up_to_its_limit(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "f", "12345");
    cleanup_buffer struct buffer text = {0};
    struct error error = {0};
    assert_int_equal(read_file(temporary->fd, "f", 5, &text, &error), 0);
    assert_string_equal(text.data, "12345");
    assert_int_equal(read_file(temporary->fd, "f", 4, &text, &error), -1);
    assert_string_equal(error.message, "f: larger than 4 bytes");
    error_clear(&error);
}

static void an_empty_file_is_an_empty_text(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "f", "");
    cleanup_buffer struct buffer text = {0};
    struct error error = {0};
    assert_int_equal(read_file(temporary->fd, "f", 0, &text, &error), 0);
    assert_string_equal(text.data, "");
}

static void a_missing_file_is_named(void **state)
{
    struct temporary *temporary = *state;
    cleanup_buffer struct buffer text = {0};
    struct error error = {0};
    assert_int_equal(read_file(temporary->fd, "f", 9, &text, &error), -1);
    assert_string_equal(error.message, "f: No such file or directory");
    assert_int_equal(error.number, ENOENT);
    error_clear(&error);
}

static void replacing_makes_or_changes_the_file(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    assert_int_equal(file_replace(temporary->fd, "f", "one", 3, &error), 0);
    assert_int_equal(file_replace(temporary->fd, "f", "two!", 4, &error), 0);
    char *text = temporary_read(temporary, "f");
    assert_string_equal(text, "two!");
    free(text);
    assert_int_equal(temporary_count(temporary, "."), 1);
}

static void the_mode_is_0644_whatever_the_umask(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    mode_t before = umask(077);
    int result = file_replace(temporary->fd, "f", "", 0, &error);
    umask(before);
    assert_int_equal(result, 0);
    struct stat status;
    assert_int_equal(fstatat(temporary->fd, "f", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
}

static void replacing_a_symlink_leaves_its_target(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    temporary_write_text(temporary, "target", "old");
    assert_int_equal(symlinkat("target", temporary->fd, "f"), 0);
    assert_int_equal(file_replace(temporary->fd, "f", "new", 3, &error), 0);
    char *text = temporary_read(temporary, "target");
    assert_string_equal(text, "old");
    free(text);
    struct stat status;
    assert_int_equal(fstatat(temporary->fd, "f", &status, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISREG(status.st_mode));
}

static void devices_and_pipes_are_not_replaced(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    assert_int_equal(mkfifoat(temporary->fd, "pipe", 0600), 0);
    assert_int_equal(symlinkat("/dev/null", temporary->fd, "null"), 0);
    assert_int_equal(symlinkat("/proc/self/exe", temporary->fd, "stdout"), 0);
    static const char *const names[] = {"pipe", "null", "stdout"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(file_replace(temporary->fd, names[i], "x", 1, &error), -1);
        assert_non_null(strstr(error.message, ": not a regular file, so it is not replaced"));
        error_clear(&error);
    }
    assert_int_equal(temporary_count(temporary, "."), 3);
}

static void what_is_not_committed_is_not_there(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    struct tempfile file;
    assert_int_equal(tempfile_open(&file, temporary->fd, "dir", &error), 0);
    assert_int_equal(write_all(file.fd, "x", 1, "x", &error), 0);
    tempfile_free(&file);
    assert_int_equal(file.fd, -1);
    assert_int_equal(temporary_count(temporary, "."), 0);
    tempfile_free(&file); /* twice is fine */
}

static void a_hidden_name_goes_with_the_tempfile(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    struct tempfile file;
    assert_int_equal(tempfile_open(&file, temporary->fd, "dir", &error), 0);
    assert_int_equal(mkdirat(temporary->fd, "f", 0755), 0);
    /* A file cannot take a directory's place; it has its hidden name by then. */
    assert_int_equal(tempfile_commit(&file, "f", &error), -1);
    assert_int_equal(error.number, EISDIR);
    error_clear(&error);
    tempfile_free(&file);
    assert_int_equal(temporary_count(temporary, "."), 1);
}

static void a_committed_file_can_still_be_read(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    cleanup_tempfile struct tempfile file = TEMPFILE_NONE;
    assert_int_equal(tempfile_open(&file, temporary->fd, "dir", &error), 0);
    assert_int_equal(write_all(file.fd, "abc", 3, "f", &error), 0);
    assert_int_equal(tempfile_commit(&file, "f", &error), 0);
    char bytes[3];
    assert_int_equal(pread(file.fd, bytes, 3, 0), 3);
    assert_memory_equal(bytes, "abc", 3);
}

static void pwrite_all_writes_at_an_offset(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    temporary_write_text(temporary, "f", "12345");
    int fd = openat(temporary->fd, "f", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite_all(fd, "xy", 2, 2, "f", &error), 0);
    close(fd);
    char *text = temporary_read(temporary, "f");
    assert_string_equal(text, "12xy5");
    free(text);
}

static void a_failed_write_names_the_file(void **state)
{
    struct temporary *temporary = *state;
    struct error error = {0};
    temporary_write_text(temporary, "f", "");
    int fd = openat(temporary->fd, "f", O_RDONLY | O_CLOEXEC);
    assert_int_equal(write_all(fd, "x", 1, "name", &error), -1);
    assert_string_equal(error.message, "name: write: Bad file descriptor");
    error_clear(&error);
    close(fd);
}

static void an_empty_directory_is_told_from_others(void **state)
{
    struct temporary *temporary = *state;
    assert_int_equal(mkdirat(temporary->fd, "d", 0755), 0);
    assert_int_equal(directory_is_empty(temporary->fd, "d"), 1);
    temporary_write_text(temporary, "d/.hidden", "");
    assert_int_equal(directory_is_empty(temporary->fd, "d"), 0);
    assert_int_equal(directory_is_empty(temporary->fd, "d/.hidden"), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(directory_is_empty(temporary->fd, "none"), -1);
    assert_int_equal(errno, ENOENT);
}

static void pread_all_reads_to_the_end_and_no_further(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "f", "12345");
    char bytes[8] = "";
    int fd = openat(temporary->fd, "f", O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread_all(fd, bytes, 3, 1), 3);
    assert_memory_equal(bytes, "234", 3);
    assert_int_equal(pread_all(fd, bytes, sizeof bytes, 3), 2);
    assert_int_equal(pread_all(fd, bytes, sizeof bytes, 9), 0);
    close(fd);
    assert_int_equal(pread_all(fd, bytes, 1, 0), -1);
    assert_int_equal(errno, EBADF);
}

static void temporary_names_are_hidden_and_differ(void **state)
{
    (void)state;
    struct error error = {0};
    char *one = temporary_name(&error);
    char *other = temporary_name(&error);
    assert_int_equal(strlen(one), strlen(".urunc-0123456789abcdef.tmp"));
    assert_int_equal(one[0], '.');
    assert_string_not_equal(one, other);
    free(one);
    free(other);
}

static void a_directory_is_made_with_those_above_it(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    struct stat status;
    char path[300];
    snprintf(path, sizeof path, "%s/a/b/c", temporary->path);
    assert_int_equal(directory_make(path, 0755, 0700, &error), 0);
    assert_int_equal(directory_make(path, 0755, 0750, &error), 0); /* it stays as it is */
    assert_int_equal(fstatat(temporary->fd, "a/b/c", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(fstatat(temporary->fd, "a/b", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
    temporary_write_text(temporary, "file", "");
    snprintf(path, sizeof path, "%s/file/b/c", temporary->path);
    assert_int_equal(directory_make(path, 0755, 0700, &error), -1);
    assert_non_null(strstr(error.message, "file/b: Not a directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_file_is_read_up_to_its_limit),
        with_temporary(an_empty_file_is_an_empty_text),
        with_temporary(a_missing_file_is_named),
        with_temporary(replacing_makes_or_changes_the_file),
        with_temporary(the_mode_is_0644_whatever_the_umask),
        with_temporary(replacing_a_symlink_leaves_its_target),
        with_temporary(devices_and_pipes_are_not_replaced),
        with_temporary(what_is_not_committed_is_not_there),
        with_temporary(a_hidden_name_goes_with_the_tempfile),
        with_temporary(a_committed_file_can_still_be_read),
        with_temporary(pwrite_all_writes_at_an_offset),
        with_temporary(a_failed_write_names_the_file),
        with_temporary(an_empty_directory_is_told_from_others),
        with_temporary(pread_all_reads_to_the_end_and_no_further),
        cmocka_unit_test(temporary_names_are_hidden_and_differ),
        with_temporary(a_directory_is_made_with_those_above_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
