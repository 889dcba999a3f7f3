/* A cgroup that does not freeze, on a directory that stands in for it and a clock that goes as it is told:
 * the linker puts the __wrap_ functions in the place of the system's (tests/CMakeLists.txt). */
#include "runtime/sandbox/cgroups/freezer.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <time.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

int __wrap_fstatfs64(int fd, struct statfs *status);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

static time_t seconds;

int __wrap_fstatfs64(int fd, struct statfs *status)
{
    (void)fd;
    *status = (struct statfs){.f_type = CGROUP_SUPER_MAGIC};
    return 0;
}

int __wrap_nanosleep(const struct timespec *pause, struct timespec *left)
{
    (void)pause;
    (void)left;
    seconds++;
    return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    *now = (struct timespec){.tv_sec = seconds};
    return 0;
}

/* A file keeps what is written to it, without the newline that the kernel puts behind a state. */
static void one_that_does_not_freeze_is_thawed_again(void **state)
{
    cleanup_error struct error error = {0};
    struct temporary *temporary = *state;
    struct stat status;
    mkdirat(temporary->fd, "c1", 0755);
    assert_int_equal(fstatat(temporary->fd, "c1", &status, 0), 0);
    cleanup_free char *directory = xasprintf("%s/c1", temporary->path);
    struct cgroup cgroup = {.directory = directory,
                            .device = status.st_dev,
                            .made = {status.st_ino},
                            .made_count = 1,
                            .join_fd = -1};
    const struct cgroups cgroups = {.items = &cgroup, .count = 1};
    temporary_write_text(temporary, "c1/freezer.state", "");
    assert_int_equal(cgroups_freeze(&cgroups, &error), -1);
    assert_string_equal(error.message, "the cgroup does not become \"FROZEN\" within 10 seconds");
    cleanup_free char *text = temporary_read(temporary, "c1/freezer.state");
    assert_string_equal(text, "THAWED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(one_that_does_not_freeze_is_thawed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
