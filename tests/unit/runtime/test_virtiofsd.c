/* The command lines of the two programs that go by the name virtiofsd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/base/cleanup.h"
#include "runtime/process/guest/virtiofsd.h"

#define NONE "modcaps=-chown:-dac_override:-fowner:-fsetid:-setgid:-setuid:-mknod:-setfcap"

static void assert_command(struct version version, const char *const *expected)
{
    cleanup_strings struct strings argv = {0};
    virtiofsd_command("/v", &version, "/share", 7, &argv);
    for (size_t i = 0; i < argv.count; i++) {
        assert_non_null(expected[i]);
        assert_string_equal(argv.items[i], expected[i]);
    }
    assert_null(expected[argv.count]);
    assert_null(argv.items[argv.count]);
}

static void that_of_qemu_makes_the_directory_its_root(void **state)
{
    (void)state;
    const char *const expected[] = {"/v", "--fd=7", "--rlimit-nofile=0",
                                    "-f", "-o",     "source=/share,sandbox=chroot,log_level=err," NONE,
                                    NULL};
    assert_command((struct version){7, 2, 22}, expected);
    assert_command((struct version){5, 0, 0}, expected);
}

static void the_other_one_stays_in_the_root_that_it_was_given(void **state)
{
    (void)state;
    const char *const expected[] = {"/v",
                                    "--fd=7",
                                    "--rlimit-nofile=0",
                                    "--shared-dir=/share",
                                    "--sandbox=none",
                                    "--seccomp=kill",
                                    "--log-level=error",
                                    "--" NONE,
                                    NULL};
    assert_command((struct version){1, 14, 0}, expected);
    assert_command((struct version){0}, expected); /* it does not tell */
}

static void a_configured_one_is_not_looked_for(void **state)
{
    (void)state;
    cleanup_free char *found = virtiofsd_find("/no/such/virtiofsd");
    assert_string_equal(found, "/no/such/virtiofsd");
    assert_null(virtiofsd_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(that_of_qemu_makes_the_directory_its_root),
        cmocka_unit_test(the_other_one_stays_in_the_root_that_it_was_given),
        cmocka_unit_test(a_configured_one_is_not_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
