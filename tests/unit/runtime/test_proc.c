/* Files of /proc that are written to: only where they are proc's own. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/proc.h"
#include "tests/unit/fixtures/temporary.h"

static void a_file_of_proc_is_opened(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_close int fd = proc_open("/proc/self/comm", O_WRONLY, &error);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "renamed", 7), 7);
}

static void a_file_that_stands_elsewhere_is_refused_and_not_opened(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(proc_open("/dev/null", O_WRONLY, &error), -1);
    assert_int_equal(error.number, ENOTSUP);
    assert_string_equal(error.message, "/dev/null: not a file of proc: something is mounted over it");
}

static void a_missing_file_is_an_error_with_its_number(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(proc_open("/proc/self/nothing", O_WRONLY, &error), -1);
    assert_int_equal(error.number, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_proc_is_opened),
        cmocka_unit_test(a_file_that_stands_elsewhere_is_refused_and_not_opened),
        cmocka_unit_test(a_missing_file_is_an_error_with_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
