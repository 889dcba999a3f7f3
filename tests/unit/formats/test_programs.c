/* Programs are looked for in directories of ours, not in the caller's PATH. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/cleanup.h"
#include "formats/base/programs.h"

static bool take_none(const char *path)
{
    (void)path;
    return false;
}

static void a_program_is_found(void **state)
{
    (void)state;
    cleanup_free char *path = program_find("sh", NULL);
    assert_non_null(path);
    assert_string_equal(path + strlen(path) - 3, "/sh");
    assert_int_equal(access(path, X_OK), 0);
}

static void a_program_that_is_not_wanted_is_passed_over(void **state)
{
    (void)state;
    assert_null(program_find("sh", take_none));
}

static void the_callers_path_is_not_asked(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "urunc-test-program", "#!/bin/sh\n");
    assert_int_equal(fchmodat(temporary->fd, "urunc-test-program", 0755, 0), 0);
    const char *path = getenv("PATH");
    cleanup_free char *before = strdup(path != NULL ? path : "");
    setenv("PATH", temporary->path, 1);
    cleanup_free char *found = program_find("urunc-test-program", NULL);
    setenv("PATH", before, 1);
    assert_null(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_found),
        cmocka_unit_test(a_program_that_is_not_wanted_is_passed_over),
        with_temporary(the_callers_path_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
