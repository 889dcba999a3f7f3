/* What the container's process decides: its descriptors, the monitor's user, where values are written. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include "formats/base/cleanup.h"
#include "runtime/process/monitor_user.h"
#include "runtime/sandbox/descriptors.h"
#include "runtime/sandbox/namespaces/kernel_settings.h"
#include "tests/unit/fixtures/isolated.h"

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void close_others(void)
{
    cleanup_error struct error error = {0};
    const int keep[] = {7, 0, -1, 12, 2, 1};
    for (int fd = 3; fd < 20; fd++)
        expect(dup2(STDERR_FILENO, fd) == fd);
    expect(descriptors_close_others(keep, 6, &error) == 0);
    for (int fd = 0; fd < 25; fd++)
        expect(is_open(fd) == (fd <= 2 || fd == 7 || fd == 12));
    expect(descriptors_close_others(keep + 1, 0, &error) == 0);
    for (int fd = 0; fd < 25; fd++)
        if (is_open(fd))
            _exit(1);
}

static void every_descriptor_that_is_not_listed_is_closed(void **state)
{
    (void)state;
    run_isolated(0, close_others);
}

static void close_inherited(void)
{
    expect(dup2(STDERR_FILENO, 10) == 10 && dup3(STDERR_FILENO, 11, O_CLOEXEC) == 11);
    descriptors_close_inherited();
    expect(!is_open(10) && is_open(11) && is_open(0) && is_open(2));
    /* Without a /proc to look into, they are closed at the next execve. */
    expect(dup2(STDERR_FILENO, 10) == 10);
    expect(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
    descriptors_close_inherited();
    expect(fcntl(10, F_GETFD) == FD_CLOEXEC && fcntl(2, F_GETFD) == 0);
}

static void descriptors_of_the_caller_are_closed_and_ours_stay(void **state)
{
    (void)state;
    run_isolated(CLONE_NEWNS, close_inherited);
}

static void roots_monitor_is_nobody_and_others_keep_their_user(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct strings none = {0};
    uint32_t groups[] = {5, 6, 5, 1001};
    struct monitor_user user;
    struct process process = {.uid = 0, .gid = 0, .additional_gids = groups, .additional_gid_count = 4};
    assert_int_equal(monitor_user_choose(&process, NULL, &none, &user, &error), 0);
    assert_int_equal(user.identity.uid, MONITOR_NOBODY);
    assert_int_equal(user.identity.gid, MONITOR_NOBODY);
    assert_int_equal(user.identity.group_count, 0);
    monitor_user_free(&user);
    process.uid = 1000;
    process.gid = 1001;
    assert_int_equal(monitor_user_choose(&process, NULL, &none, &user, &error), 0);
    assert_int_equal(user.identity.uid, 1000);
    assert_int_equal(user.identity.gid, 1001);
    assert_int_equal(user.identity.group_count, 2);
    assert_int_equal(user.identity.groups[0], 5);
    assert_int_equal(user.identity.groups[1], 6);
    monitor_user_free(&user);
}

static void the_group_of_a_device_is_the_monitors_where_it_is_needed(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_strings struct strings devices = {0};
    struct monitor_user user;
    const struct process process = {.uid = 0};
    if (geteuid() != 0)
        skip();
    const struct {
        const char *name;
        mode_t mode;
        gid_t group;
    } nodes[] = {{"kvm", 0660, 108}, {"open", 0666, 109}, {"closed", 0600, 110}, {"read", 0640, 111}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(mknodat(temporary->fd, nodes[i].name, S_IFCHR, makedev(1, 3)), 0);
        assert_int_equal(fchownat(temporary->fd, nodes[i].name, 0, nodes[i].group, 0), 0);
        assert_int_equal(fchmodat(temporary->fd, nodes[i].name, nodes[i].mode, 0), 0);
        strings_format(&devices, "%s/%s", temporary->path, nodes[i].name);
    }
    assert_int_equal(monitor_user_choose(&process, NULL, &devices, &user, &error), 0);
    assert_int_equal(user.identity.group_count, 1);
    assert_int_equal(user.identity.groups[0], 108);
    assert_int_equal(user.devices.count, 4);
    assert_int_equal(user.own_devices.count, 2);
    assert_string_equal(user.own_devices.items[0], devices.items[2]);
    assert_string_equal(user.own_devices.items[1], devices.items[3]);
    monitor_user_free(&user);
    strings_add(&devices, "/dev/none");
    assert_int_equal(monitor_user_choose(&process, NULL, &devices, &user, &error), -1);
    assert_non_null(strstr(error.message, "the monitor needs /dev/none"));
    monitor_user_free(&user);
}

static void apply_sysctl(void)
{
    cleanup_error struct error error = {0};
    cleanup_json json_t *values = json_pack("{s:s}", "kernel.domainname", "example.org");
    struct utsname names;
    expect(sysctl_apply(NULL, &error) == 0);
    expect(sysctl_apply(values, &error) == 0);
    expect(uname(&names) == 0 && strcmp(names.domainname, "example.org") == 0);
    cleanup_json json_t *unknown = json_pack("{s:s}", "kernel.no.such", "1");
    expect(sysctl_apply(unknown, &error) == -1);
    expect(strstr(error.message, "linux.sysctl: /proc/sys/kernel/no/such: No such file") != NULL);
    error_clear(&error);
    /* Another file of proc in its place, and another file system (CVE-2025-52881). */
    expect(mount("/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", NULL, MS_BIND, NULL) == 0);
    expect(sysctl_apply(values, &error) == -1);
    error_clear(&error);
    expect(uname(&names) == 0 && strcmp(names.nodename, "example.org") != 0);
    expect(mount("none", "/proc/sys", "tmpfs", 0, NULL) == 0);
    expect(sysctl_apply(values, &error) == -1);
    expect(strstr(error.message, "not a file of proc: something is mounted over it") != NULL);
    error_clear(&error);
    expect(loopback_up(&error) == 0);
}

static void sysctls_are_written_to_the_kernel_and_nowhere_else(void **state)
{
    (void)state;
    run_isolated(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET, apply_sysctl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_descriptor_that_is_not_listed_is_closed),
        cmocka_unit_test(descriptors_of_the_caller_are_closed_and_ours_stay),
        cmocka_unit_test(roots_monitor_is_nobody_and_others_keep_their_user),
        with_temporary(the_group_of_a_device_is_the_monitors_where_it_is_needed),
        cmocka_unit_test(sysctls_are_written_to_the_kernel_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
