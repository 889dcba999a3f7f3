/* Which file is the spec, and that opening it neither waits nor touches what is not a file. */
#include "builder/spec/spec_file.h"

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

static int open_spec(struct temporary *temporary, const char *name, struct spec_file *spec,
                     struct error *error)
{
    cleanup_free char *path = name != NULL ? xasprintf("%s/%s", temporary->path, name) : NULL;
    return spec_file_open(spec, path, temporary->path, error);
}

static void assert_text(struct spec_file *spec, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer text = {0};
    assert_int_equal(read_all(spec->fd, 100, &text, "spec", &error), 0);
    assert_string_equal(text.data, expected);
}

static void assert_refused(struct temporary *temporary, const char *name, const char *expected)
{
    cleanup_spec_file struct spec_file spec = SPEC_FILE_NONE;
    cleanup_error struct error error = {0};
    assert_int_equal(open_spec(temporary, name, &spec, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" does not contain \"%s\"", error.message, expected);
    assert_int_equal(spec.fd, -1);
}

static void a_containerfile_comes_before_a_dockerfile(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    static const char *const names[] = {"Dockerfile", "Containerfile"};
    assert_refused(temporary, NULL, "neither a Containerfile nor a Dockerfile; name the spec with -f");
    for (size_t i = 0; i < 2; i++) {
        cleanup_spec_file struct spec_file spec = SPEC_FILE_NONE;
        cleanup_free char *path = xasprintf("%s/%s", temporary->path, names[i]);
        temporary_write_text(temporary, names[i], names[i]);
        assert_int_equal(open_spec(temporary, NULL, &spec, &error), 0);
        assert_string_equal(spec.name, path);
        assert_string_equal(spec.path, path);
        assert_text(&spec, names[i]);
    }
}

static void only_a_regular_file_is_opened(void **state)
{
    struct temporary *temporary = *state;
    assert_int_equal(mkfifoat(temporary->fd, "fifo", 0600), 0);
    assert_int_equal(symlinkat("fifo", temporary->fd, "Containerfile"), 0);
    assert_int_equal(symlinkat("/dev/zero", temporary->fd, "device"), 0);
    assert_int_equal(mkdirat(temporary->fd, "directory", 0700), 0);
    assert_refused(temporary, "fifo", "fifo: not a regular file");
    assert_refused(temporary, NULL, "Containerfile: not a regular file");
    assert_refused(temporary, "device", "device: not a regular file");
    assert_refused(temporary, "directory", "directory: ");
    assert_refused(temporary, "missing", "missing: No such file or directory");
}

static void a_descriptor_that_the_caller_passed_is_read_as_it_is(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "FROM", 4), 4);
    close(ends[1]);
    /* A second opening of a pipe without a writer would wait for ever. */
    for (size_t i = 0; i < 2; i++) {
        cleanup_error struct error error = {0};
        cleanup_spec_file struct spec_file spec = SPEC_FILE_NONE;
        char path[64];
        snprintf(path, sizeof path, i == 0 ? "/dev/fd/%d" : "/proc/self/fd/%d", ends[0]);
        assert_int_equal(spec_file_open(&spec, path, ".", &error), 0);
        assert_string_equal(spec.name, path);
        assert_null(spec.path);
        assert_text(&spec, i == 0 ? "FROM" : "");
    }
    close(ends[0]);
}

static void standard_input_has_two_names(void **state)
{
    (void)state;
    static const char *const names[] = {"-", "/dev/stdin"};
    for (size_t i = 0; i < 2; i++) {
        cleanup_error struct error error = {0};
        cleanup_spec_file struct spec_file spec = SPEC_FILE_NONE;
        assert_int_equal(spec_file_open(&spec, names[i], ".", &error), 0);
        assert_string_equal(spec.name, "stdin");
        assert_null(spec.path);
    }
}

static void a_descriptor_that_is_not_open_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"/dev/fd/1000000", "/dev/fd/x", "/dev/fd/", "/dev/fd/0x",
                                        "/dev/fd/99999999999999999999"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_error struct error error = {0};
        cleanup_spec_file struct spec_file spec = SPEC_FILE_NONE;
        assert_int_equal(spec_file_open(&spec, names[i], ".", &error), -1);
        assert_non_null(strstr(error.message, names[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_containerfile_comes_before_a_dockerfile),
        with_temporary(only_a_regular_file_is_opened),
        cmocka_unit_test(a_descriptor_that_the_caller_passed_is_read_as_it_is),
        cmocka_unit_test(standard_input_has_two_names),
        cmocka_unit_test(a_descriptor_that_is_not_open_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
