/* Limits, identity, capabilities and labels of a process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "formats/base/cleanup.h"
#include "runtime/sandbox/privileges/capabilities.h"
#include "runtime/sandbox/privileges/privileges.h"
#include "tests/unit/fixtures/isolated.h"

struct sets {
    uint64_t effective, permitted, inheritable;
};

static struct sets held(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    expect(syscall(SYS_capget, &header, data) == 0);
    return (struct sets){data[0].effective | (uint64_t)data[1].effective << 32,
                         data[0].permitted | (uint64_t)data[1].permitted << 32,
                         data[0].inheritable | (uint64_t)data[1].inheritable << 32};
}

static const struct identity ordinary = {.uid = 1234, .gid = 1235};

static void become_ordinary(void)
{
    const gid_t groups[] = {77, 78};
    struct identity identity = ordinary;
    cleanup_error struct error error = {0};
    identity.groups = groups;
    identity.group_count = 2;
    uint64_t before = held().permitted;
    expect(identity_take(&identity, &error) == 0);
    uid_t real, effective, saved;
    expect(getresuid(&real, &effective, &saved) == 0 && real == 1234 && effective == 1234 && saved == 1234);
    expect(getresgid(&real, &effective, &saved) == 0 && real == 1235 && effective == 1235 && saved == 1235);
    gid_t taken[3];
    expect(getgroups(3, taken) == 2 && taken[0] == 77 && taken[1] == 78);
    expect(held().permitted == before);
    expect(held().effective == 0);
    expect(prctl(PR_GET_DUMPABLE) == 0);
}

static void the_identity_is_taken_in_every_id_and_capabilities_are_left_to_the_next_step(void **state)
{
    (void)state;
    run_isolated(0, become_ordinary);
}

static void keep_one(void)
{
    const uint64_t network = UINT64_C(1) << CAP_NET_ADMIN;
    const struct capabilities one = {.permitted = network, .effective = network}, none = {0};
    cleanup_error struct error error = {0};
    expect(capabilities_limit(0, &error) == 0);
    expect(identity_take(&ordinary, &error) == 0);
    expect(capabilities_apply(&one, &error) == 0);
    struct sets sets = held();
    expect(sets.permitted == network && sets.effective == network && sets.inheritable == 0);
    expect(prctl(PR_CAPBSET_READ, CAP_NET_ADMIN) == 0 && prctl(PR_CAPBSET_READ, CAP_CHOWN) == 0);
    expect(capabilities_apply(&none, &error) == 0);
    sets = held();
    expect(sets.permitted == 0 && sets.effective == 0 && sets.inheritable == 0);
    /* What is gone does not come back. */
    expect(capabilities_apply(&one, &error) == 0);
    expect(held().permitted == 0);
}

static void capabilities_are_kept_one_by_one_and_then_not_at_all(void **state)
{
    (void)state;
    run_isolated(0, keep_one);
}

static void grant_ambient(void)
{
    const uint64_t chown_set = UINT64_C(1) << CAP_CHOWN;
    const struct capabilities wanted = {chown_set, chown_set, chown_set, chown_set, chown_set};
    cleanup_error struct error error = {0};
    expect(capabilities_limit(chown_set, &error) == 0);
    expect(identity_take(&ordinary, &error) == 0);
    expect(capabilities_apply(&wanted, &error) == 0);
    expect(held().inheritable == chown_set);
    expect(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 1);
    expect(prctl(PR_CAPBSET_READ, CAP_CHOWN) == 1 && prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 0);
}

static void the_bundles_capabilities_reach_all_five_sets(void **state)
{
    (void)state;
    run_isolated(0, grant_ambient);
}

static void limit_without_right(void)
{
    const struct capabilities none = {0};
    cleanup_error struct error error = {0};
    expect(capabilities_apply(&none, &error) == 0);
    expect(capabilities_limit(0, &error) == -1);
    expect(strstr(error.message, "bounding set") != NULL);
}

static void a_bounding_set_that_cannot_be_emptied_is_an_error(void **state)
{
    (void)state;
    run_isolated(0, limit_without_right);
}

static void change_without_right(void)
{
    const struct capabilities none = {0};
    cleanup_error struct error error = {0};
    const gid_t group = 5;
    struct identity identity = ordinary;
    expect(capabilities_apply(&none, &error) == 0);
    expect(identity_take(&identity, &error) == -1);
    expect(strstr(error.message, "process.user.gid: cannot become 1235") != NULL);
    error_clear(&error);
    identity.groups = &group;
    identity.group_count = 1;
    expect(identity_take(&identity, &error) == -1);
    expect(strstr(error.message, "additionalGids") != NULL);
    error_clear(&error);
    identity = (struct identity){.uid = 1234, .gid = getgid()};
    expect(identity_take(&identity, &error) == -1);
    expect(strstr(error.message, "process.user.uid: cannot become 1234") != NULL);
}

static void an_identity_that_cannot_be_taken_is_named(void **state)
{
    (void)state;
    run_isolated(0, change_without_right);
}

static void map_few(void)
{
    const char *const texts[][2] = {
        {"/proc/self/setgroups", "deny"}, {"/proc/self/uid_map", "0 0 1"}, {"/proc/self/gid_map", "7 0 1"}};
    for (size_t i = 0; i < 3; i++) {
        int fd = open(texts[i][0], O_WRONLY | O_CLOEXEC);
        expect(fd >= 0 && write(fd, texts[i][1], strlen(texts[i][1])) > 0);
        close(fd);
    }
    expect(identity_is_mapped(0, 7));
    expect(!identity_is_mapped(0, 0) && !identity_is_mapped(1, 7) && !identity_is_mapped(65534, 65534));
    expect(identity_group_is_mapped(7) && !identity_group_is_mapped(6) && !identity_group_is_mapped(8));
    /* setgroups is denied: no group is asked for, so none need be set. */
    cleanup_error struct error error = {0};
    const struct identity identity = {.uid = 0, .gid = 7};
    expect(identity_take(&identity, &error) == 0);
}

static void ids_exist_where_the_user_namespace_maps_them(void **state)
{
    (void)state;
    assert_true(identity_is_mapped(0, 0));
    run_isolated(CLONE_NEWUSER, map_few);
}

static void set_limits(void)
{
    struct rlimit limit = {100, 200};
    cleanup_error struct error error = {0};
    const struct rlimit_request wanted[] = {{"RLIMIT_NOFILE", RLIMIT_NOFILE, 300, 400},
                                            {"RLIMIT_CORE", RLIMIT_CORE, 0, 0}};
    expect(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlimits_raise(wanted, 2);
    expect(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 100);
    bool raised = limit.rlim_max == 400; /* not without CAP_SYS_RESOURCE */
    expect(rlimits_apply(wanted, 2, &error) == 0);
    expect(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    expect(limit.rlim_max == (raised ? 400 : 200) && limit.rlim_cur == (raised ? 300 : 200));
    expect(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    const struct rlimit_request impossible = {"RLIMIT_NONE", 1000, 1, 1};
    expect(rlimits_apply(&impossible, 1, &error) == -1);
    expect(strstr(error.message, "RLIMIT_NONE") != NULL);
}

static void limits_are_raised_first_and_set_later(void **state)
{
    (void)state;
    run_isolated(0, set_limits);
}

static void seal(void)
{
    cleanup_error struct error error = {0};
    expect(privileges_seal(&error) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    expect(privileges_hide_process(&error) == 0 && prctl(PR_GET_DUMPABLE) == 0);
}

static void no_new_privs_and_not_dumpable(void **state)
{
    (void)state;
    run_isolated(0, seal);
}

static void set_label(void)
{
    struct exec_label label = EXEC_LABEL_NONE;
    cleanup_error struct error error = {0};
    expect(exec_label_open(NULL, NULL, &label, &error) == 0 && label.fd == -1);
    expect(exec_label_apply(&label, &error) == 0);
    expect(exec_label_open("profile", NULL, &label, &error) == 0 && label.fd >= 0);
    expect(strcmp(label.text, "exec profile") == 0);
    exec_label_free(&label);
    expect(exec_label_open(NULL, "user:role:type", &label, &error) == 0);
    expect(strcmp(label.text, "user:role:type") == 0);
    /* A label that no security module knows. */
    expect(exec_label_apply(&label, &error) == -1);
    expect(strstr(error.message, "process.selinuxLabel: \"user:role:type\"") != NULL);
    exec_label_free(&label);
    expect(label.fd == -1 && label.text == NULL);
}

static void labels_are_written_to_the_kernel(void **state)
{
    (void)state;
    run_isolated(0, set_label);
}

static void redirect_label(void)
{
    struct exec_label label = EXEC_LABEL_NONE;
    cleanup_error struct error error = {0};
    expect(mount("none", "/proc/self/attr", "tmpfs", 0, NULL) == 0);
    close(open("/proc/self/attr/exec", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    expect(exec_label_open(NULL, "label", &label, &error) == -1);
    expect(strstr(error.message, "process.selinuxLabel: cannot be set on this host") != NULL);
    expect(strstr(error.message, "/proc/self/attr/exec: not a file of proc") != NULL);
    error_clear(&error);
    expect(umount("/proc/self/attr") == 0);
    /* The file itself, exchanged for another one of proc (CVE-2025-52881). */
    expect(mount("/proc/sys/kernel/hostname", "/proc/self/attr/exec", NULL, MS_BIND, NULL) == 0);
    expect(exec_label_open(NULL, "label", &label, &error) == -1);
    expect(error.message != NULL);
}

static void what_is_mounted_over_proc_is_not_written_to(void **state)
{
    (void)state;
    run_isolated(CLONE_NEWNS | CLONE_NEWUTS, redirect_label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_is_taken_in_every_id_and_capabilities_are_left_to_the_next_step),
        cmocka_unit_test(capabilities_are_kept_one_by_one_and_then_not_at_all),
        cmocka_unit_test(the_bundles_capabilities_reach_all_five_sets),
        cmocka_unit_test(a_bounding_set_that_cannot_be_emptied_is_an_error),
        cmocka_unit_test(an_identity_that_cannot_be_taken_is_named),
        cmocka_unit_test(ids_exist_where_the_user_namespace_maps_them),
        cmocka_unit_test(limits_are_raised_first_and_set_later),
        cmocka_unit_test(no_new_privs_and_not_dumpable),
        cmocka_unit_test(labels_are_written_to_the_kernel),
        cmocka_unit_test(what_is_mounted_over_proc_is_not_written_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
