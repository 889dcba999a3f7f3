/* `urunc-build build` as a command: from a context and options to an image in its place. */
#include "builder/commands/command.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

enum { MAX_WORDS = 12 };

/* Runs the command with words in which "@" stands for the test's directory; -1 and the error. */
static int build(struct temporary *temporary, struct error *error, const char *const *words)
{
    char *argv[MAX_WORDS + 2] = {xstrdup("build")};
    for (size_t i = 0; words[i] != NULL; i++) {
        const char *at = strchr(words[i], '@');
        argv[i + 1] = at != NULL
                          ? xasprintf("%.*s%s%s", (int)(at - words[i]), words[i], temporary->path, at + 1)
                          : xstrdup(words[i]);
    }
    const struct command *command = command_find("build", error);
    int status = command->run(command, argv, error);
    for (size_t i = 0; argv[i] != NULL; i++)
        free(argv[i]);
    return status;
}
#define BUILD(error, ...) build(temporary, error, (const char *const[]){__VA_ARGS__, NULL})

static void assert_builds(int status, struct error *error)
{
    if (status != 0)
        fail_msg("%s", error->message);
}

static void assert_error_has(struct error *error, const char *text)
{
    assert_non_null(error->message);
    if (strstr(error->message, text) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", error->message, text);
    error_clear(error);
}

static int make_context(void **state)
{
    if (temporary_make(state) < 0)
        return -1;
    unsetenv("SOURCE_DATE_EPOCH");
    temporary_write_text(*state, "context/Containerfile", "FROM scratch\nCOPY file /\n");
    temporary_write_text(*state, "context/file", "content\n");
    return 0;
}

static void the_image_and_its_id_are_written(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    assert_builds(
        BUILD(&error, "-q", "-t", "web:1", "-o", "type=oci,dest=@/out", "--iidfile", "@/id", "@/context"),
        &error);
    cleanup_free char *first = temporary_read(temporary, "id");
    assert_ptr_equal(strstr(first, "sha256:"), first);
    /* Into the layout that stands there already; the same image, so the same blobs. */
    int blobs = temporary_count(temporary, "out/blobs/sha256");
    assert_builds(BUILD(&error, "-t", "web:2", "-o", "@/out", "--iidfile", "@/id", "@/context"), &error);
    cleanup_free char *second = temporary_read(temporary, "id");
    assert_string_equal(first, second);
    assert_int_equal(temporary_count(temporary, "out/blobs/sha256"), blobs);
    cleanup_free char *index = temporary_read(temporary, "out/index.json");
    assert_non_null(strstr(index, "library/web:1"));
    assert_non_null(strstr(index, "library/web:2"));
}

static void the_image_is_not_part_of_its_own_context(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    temporary_write_text(temporary, "context/Containerfile", "FROM scratch\nCOPY . /\n");
    for (int i = 0; i < 2; i++)
        assert_builds(BUILD(&error, "-t", "web:1", "-o", "type=oci,dest=@/context/out", "--iidfile",
                            i == 0 ? "@/first" : "@/second", "@/context"),
                      &error);
    cleanup_free char *first = temporary_read(temporary, "first");
    cleanup_free char *second = temporary_read(temporary, "second");
    assert_string_equal(first, second);
}

static void trouble_with_the_destination_is_told_before_the_work(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    /* The spec fails as well, later. */
    temporary_write_text(temporary, "context/Containerfile", "FROM scratch\nCOPY missing /\n");
    assert_int_equal(BUILD(&error, "-o", "type=oci,dest=@/context", "@/context"), -1);
    assert_error_has(&error, "neither empty nor an OCI image layout");
    assert_int_equal(BUILD(&error, "-o", "type=oci,dest=@/none/out", "@/context"), -1);
    assert_error_has(&error, "/none: No such file or directory");
    assert_int_equal(BUILD(&error, "-o", "type=oci,dest=@/context/file", "@/context"), -1);
    assert_error_has(&error, "/context/file: Not a directory");
    assert_int_equal(BUILD(&error, "-o", "type=oci-archive,dest=@/context", "@/context"), -1);
    assert_error_has(&error, "an archive is a file");
    assert_int_equal(BUILD(&error, "-o", "@/out", "--iidfile", "@/none/id", "@/context"), -1);
    assert_error_has(&error, "--iidfile ");
    assert_int_equal(BUILD(&error, "-o", "@/out", "--iidfile", "@/context", "@/context"), -1);
    assert_error_has(&error, "/context: a directory");
    assert_int_equal(BUILD(&error, "-o", "@/out", "@/context"), -1);
    assert_error_has(&error, "Containerfile:2: ");
    assert_int_equal(temporary_count(temporary, "."), 1);
}

static void a_context_that_is_none_is_told(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    assert_int_equal(BUILD(&error, "-o", "@/out", "@/none"), -1);
    assert_error_has(&error, "/none: cannot open the build context: No such file");
    assert_int_equal(BUILD(&error, "-o", "@/out", "@/context/file"), -1);
    assert_error_has(&error, "Not a directory");
}

static void a_layout_on_another_filesystem_gets_copies(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    struct temporary elsewhere;
    if (temporary_begin_in(&elsewhere, "/dev/shm") < 0)
        skip();
    /* The blobs are made beside the link, and belong behind it. */
    assert_int_equal(symlinkat(elsewhere.path, temporary->fd, "out"), 0);
    assert_builds(BUILD(&error, "-t", "web:1", "-o", "type=oci,dest=@/out", "@/context"), &error);
    cleanup_free char *index = temporary_read(temporary, "out/index.json");
    assert_non_null(strstr(index, "library/web:1"));
    assert_int_equal(temporary_end(&elsewhere), 0);
}

static void help_is_answered(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    assert_int_equal(BUILD(&error, "--help"), 0);
    assert_int_equal(BUILD(&error, "-o", "@/out", "-h", "@/context"), 0);
    assert_int_equal(temporary_count(temporary, "."), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_context, temporary_remove)
    const struct CMUnitTest tests[] = {
        TEST(the_image_and_its_id_are_written),
        TEST(the_image_is_not_part_of_its_own_context),
        TEST(trouble_with_the_destination_is_told_before_the_work),
        TEST(a_context_that_is_none_is_told),
        TEST(a_layout_on_another_filesystem_gets_copies),
        TEST(help_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
