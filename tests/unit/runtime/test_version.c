/* What programs print with --version, and what is kept of it. */
#include "runtime/monitors/version.h"

#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/memory.h"
#include "runtime/monitors/monitor.h"
#include "tests/unit/fixtures/temporary.h"

static void assert_version(const char *text, unsigned major, unsigned minor, unsigned patch)
{
    struct version version;
    assert_true(version_parse(text, strlen(text), &version));
    assert_int_equal(version.major, major);
    assert_int_equal(version.minor, minor);
    assert_int_equal(version.patch, patch);
}

static void the_monitors_of_the_field_tell_their_versions(void **state)
{
    (void)state;
    assert_version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003-2022",
                   7, 2, 22);
    assert_version("QEMU emulator version 10.0.2 (qemu-10.0.2-1.fc42)\n", 10, 0, 2);
    assert_version("Firecracker v1.16.1\n\nSupported snapshot data format versions: v1.0.0\n", 1, 16, 1);
    assert_version("cloud-hypervisor v53.0-dirty\nMigration Protocol Versions: 0\n", 53, 0, 0);
    assert_version("solo5-spt v0.12.1\nABI version 2\n", 0, 12, 1);
    assert_version("v0.9.0-rc1", 0, 9, 0);
    assert_version("9.2.0+ds-5", 9, 2, 0);
}

static void assert_none(const char *text, size_t length)
{
    struct version version = {1, 2, 3};
    assert_false(version_parse(text, length, &version));
    assert_false(version_is_known(&version));
}
#define ASSERT_NONE(text) assert_none(text, sizeof(text) - 1)

static void what_is_not_a_version_is_none(void **state)
{
    (void)state;
    ASSERT_NONE("");
    ASSERT_NONE("version");
    ASSERT_NONE("7");
    ASSERT_NONE("7.");
    ASSERT_NONE("7.2.");
    ASSERT_NONE("7..2");
    ASSERT_NONE("-7.2");
    ASSERT_NONE("vv7.2");
    ASSERT_NONE("7.2a");
    ASSERT_NONE("100000.1");
    ASSERT_NONE("1.99999999999999999999999999999999");
    ASSERT_NONE("libc-2.36.so");
    assert_none("7.2", 2);
}

static void an_unknown_version_is_older_than_all(void **state)
{
    (void)state;
    const struct version unknown = {0}, seven = {7, 2, 22};
    assert_false(version_at_least(&unknown, 0, 1));
    assert_true(version_at_least(&seven, 7, 2));
    assert_true(version_at_least(&seven, 6, 9));
    assert_false(version_at_least(&seven, 7, 3));
    assert_false(version_at_least(&seven, 8, 0));
}

static void a_program_that_is_too_old_is_an_error(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct monitor *qemu = monitor_find(HYPERVISOR_QEMU);
    const struct version old = {4, 2, 1}, unknown = {0};
    struct version oldest = qemu->oldest;
    assert_int_equal(monitor_check_version(qemu, "/usr/bin/qemu", &oldest, &error), 0);
    assert_int_equal(monitor_check_version(qemu, "/usr/bin/qemu", &unknown, &error), 0);
    assert_int_equal(monitor_check_version(qemu, "/usr/bin/qemu", &old, &error), -1);
    cleanup_free char *expected = xasprintf(
        "/usr/bin/qemu is version 4.2.1, and urunc needs %u.%u or a newer one", oldest.major, oldest.minor);
    assert_string_equal(error.message, expected);
}

/* A program that counts its starts in the file "starts", beside it. */
static char *write_program(struct temporary *temporary, const char *body)
{
    cleanup_free char *text = xasprintf("#!/bin/sh\necho start >>%s/starts\n%s\n", temporary->path, body);
    temporary_write_text(temporary, "program", text);
    char *path = xasprintf("%s/program", temporary->path);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static size_t count_starts(const struct temporary *temporary)
{
    cleanup_free char *path = xasprintf("%s/starts", temporary->path);
    struct stat status;
    return stat(path, &status) == 0 ? (size_t)status.st_size / strlen("start\n") : 0;
}

static struct version find(const struct temporary *temporary, const char *program)
{
    struct version version;
    cleanup_error struct error error = {0};
    assert_int_equal(version_find(program, temporary->path, &version, &error), 0);
    return version;
}

static void a_program_is_asked_once(void **state)
{
    struct temporary *temporary = *state;
    cleanup_free char *program = write_program(temporary, "[ \"$*\" = --version ] && echo Monitor v3.4.5");
    for (int i = 0; i < 3; i++)
        assert_int_equal(find(temporary, program).patch, 5);
    assert_int_equal(count_starts(temporary), 1);
}

static void the_answer_may_stand_on_standard_error(void **state)
{
    struct temporary *temporary = *state;
    cleanup_free char *program =
        write_program(temporary, "echo 'solo5-spt tender, version v0.12.1' >&2; echo 'ABI version 2' >&2");
    assert_int_equal(find(temporary, program).minor, 12);
}

static void a_changed_program_is_asked_again(void **state)
{
    struct temporary *temporary = *state;
    cleanup_free char *first = write_program(temporary, "echo Monitor v3.4.5");
    assert_int_equal(find(temporary, first).minor, 4);
    cleanup_free char *second = write_program(temporary, "echo Monitor v3.14.5");
    assert_int_equal(find(temporary, second).minor, 14);
    assert_int_equal(count_starts(temporary), 2);
}

static void a_broken_cache_is_not_believed(void **state)
{
    struct temporary *temporary = *state;
    cleanup_free char *program = write_program(temporary, "echo Monitor v3.4.5");
    static const char *const texts[] = {"", "9.9.9\n", "1 2 3 4.5 /bin/true\n9.9.9\n", "\xff\xfe"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        temporary_write_text(temporary, "version@program", texts[i]);
        assert_int_equal(find(temporary, program).major, 3);
    }
}

static void a_program_that_does_not_tell_is_unknown_and_asked_again(void **state)
{
    struct temporary *temporary = *state;
    cleanup_free char *program = write_program(temporary, "echo no >&2; exit 1");
    for (size_t i = 1; i < 3; i++) {
        struct version version = find(temporary, program);
        assert_false(version_is_known(&version));
        assert_int_equal(count_starts(temporary), i);
    }
}

static void endless_output_and_children_that_stay_are_cut_off(void **state)
{
    struct temporary *temporary = *state;
    int64_t start = clock_milliseconds();
    cleanup_free char *program = write_program(temporary, "sleep 1000 & echo v1.2.3; exec yes");
    assert_int_equal(find(temporary, program).major, 1);
    assert_true(clock_milliseconds() - start < 4000);
}

static void it_gets_nothing_of_ours(void **state)
{
    struct temporary *temporary = *state;
    int fd = open("/etc/passwd", O_RDONLY); /* not close-on-exec */
    assert_true(fd > 2);
    setenv("SECRET", "1", 1);
    cleanup_free char *body = xasprintf("[ -z \"$SECRET\" ] && ! [ -e /proc/$$/fd/%d ] && echo v1.2.3", fd);
    cleanup_free char *program = write_program(temporary, body);
    assert_int_equal(find(temporary, program).major, 1);
    close(fd);
}

static void a_directory_that_cannot_be_written_to_is_no_error(void **state)
{
    struct temporary *temporary = *state;
    struct version version;
    cleanup_error struct error error = {0};
    cleanup_free char *program = write_program(temporary, "echo v1.2.3");
    assert_int_equal(version_find(program, "/nonexistent/urunc", &version, &error), 0);
    assert_int_equal(version.major, 1);
    assert_int_equal(version_find("/nonexistent/program", temporary->path, &version, &error), -1);
    assert_non_null(strstr(error.message, "/nonexistent/program"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monitors_of_the_field_tell_their_versions),
        cmocka_unit_test(what_is_not_a_version_is_none),
        cmocka_unit_test(an_unknown_version_is_older_than_all),
        cmocka_unit_test(a_program_that_is_too_old_is_an_error),
        with_temporary(a_program_is_asked_once),
        with_temporary(the_answer_may_stand_on_standard_error),
        with_temporary(a_changed_program_is_asked_again),
        with_temporary(a_broken_cache_is_not_believed),
        with_temporary(a_program_that_does_not_tell_is_unknown_and_asked_again),
        with_temporary(endless_output_and_children_that_stay_are_cut_off),
        with_temporary(it_gets_nothing_of_ours),
        with_temporary(a_directory_that_cannot_be_written_to_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
