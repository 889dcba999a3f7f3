/* Control groups: where they are, what is written. On a directory that stands in for a hierarchy. */
#include "runtime/sandbox/cgroups.h"

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

static const char hybrid[] =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu\\040set rw,relatime shared:9 master:1 - cgroup cgroup rw,cpu,cpuset\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "36 31 0:32 / /mnt/again rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
    "42 31 0:39 / /broken cgroup\n";

static void mounts_of_a_hybrid_host_are_found_once_each(void **state)
{
    (void)state;
    struct cgroup_mounts mounts = {0};
    cgroup_mounts_parse(hybrid, &mounts);
    assert_int_equal(mounts.count, 4);
    assert_string_equal(mounts.items[0].directory, "/sys/fs/cgroup/cpu set");
    assert_int_equal(mounts.items[0].controllers, CGROUP_CPU | CGROUP_CPUSET);
    assert_string_equal(mounts.items[1].directory, "/sys/fs/cgroup/memory");
    assert_int_equal(mounts.items[2].controllers, 0);
    assert_true(mounts.items[3].v2);
    cgroup_mounts_free(&mounts);
}

static void assert_path(const char *cgroups_path, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_free char *path = cgroup_path(cgroups_path, "c1", &error);
    if (expected == NULL) {
        assert_null(path);
        assert_non_null(strstr(error.message, "linux.cgroupsPath"));
    } else {
        assert_non_null(path);
        assert_string_equal(path, expected);
    }
}

static void paths_stay_in_their_hierarchy(void **state)
{
    (void)state;
    assert_path(NULL, "/urunc-c1");
    assert_path("/docker/abc", "/docker/abc");
    assert_path("docker//./abc/", "/docker/abc");
    assert_path("/a/../b", NULL);
    assert_path("..", NULL);
    assert_path("/", NULL);
}

static void systemd_paths_become_directories(void **state)
{
    (void)state;
    assert_path("system.slice:docker:abc", "/system.slice/docker-abc.scope");
    assert_path(":urunc:abc", "/system.slice/urunc-abc.scope");
    assert_path("a-b-c.slice:p:x", "/a.slice/a-b.slice/a-b-c.slice/p-x.scope");
    assert_path("-.slice:p:x", "/p-x.scope");
    assert_path("nope:p:x", NULL);
    assert_path("a.slice:p:../x", NULL);
    assert_path("a.slice:p:", NULL);
}

/* A cgroup whose files are plain files, made empty beforehand. */
static struct cgroup make_cgroup(struct temporary *temporary, bool v2)
{
    static const char *const files[] = {"memory.limit_in_bytes",
                                        "memory.memsw.limit_in_bytes",
                                        "memory.max",
                                        "memory.swap.max",
                                        "cpu.shares",
                                        "cpu.weight",
                                        "cpu.cfs_quota_us",
                                        "cpu.cfs_period_us",
                                        "cpu.max",
                                        "pids.max",
                                        "cpuset.cpus",
                                        "memory.high"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        temporary_write_text(temporary, files[i], "");
    return (struct cgroup){.directory = temporary->path, .v2 = v2, .controllers = ~0U, .join_fd = -1};
}

static int apply(struct cgroup *cgroup, const char *resources, struct error *error)
{
    cleanup_json json_t *json = json_loads(resources, 0, NULL);
    assert_non_null(json);
    return cgroups_set_limits(&(struct cgroups){.items = cgroup, .count = 1}, json, 1000, error);
}

static void assert_file(void **state, const char *name, const char *expected)
{
    cleanup_free char *text = temporary_read(*state, name);
    assert_string_equal(text, expected);
}

static const char limits[] =
    "{\"memory\":{\"limit\":5000,\"swap\":8000},\"cpu\":{\"shares\":1024,\"quota\":5,"
    "\"period\":10,\"cpus\":\"0-1\"},\"pids\":{\"limit\":-1}}";

static void limits_reach_the_files_of_version_1(void **state)
{
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make_cgroup(*state, false);
    assert_int_equal(apply(&cgroup, limits, &error), 0);
    assert_file(state, "memory.limit_in_bytes", "6000");
    assert_file(state, "memory.memsw.limit_in_bytes", "9000");
    assert_file(state, "cpu.shares", "1024");
    assert_file(state, "cpu.cfs_quota_us", "5");
    assert_file(state, "cpu.cfs_period_us", "10");
    assert_file(state, "cpuset.cpus", "0-1");
    assert_file(state, "pids.max", "max");
}

static void limits_reach_the_files_of_version_2(void **state)
{
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make_cgroup(*state, true);
    assert_int_equal(apply(&cgroup, limits, &error), 0);
    assert_file(state, "memory.max", "6000");
    assert_file(state, "memory.swap.max", "3000");
    assert_file(state, "cpu.weight", "39");
    assert_file(state, "cpu.max", "5 10");
    assert_int_equal(apply(&cgroup, "{\"unified\":{\"memory.high\":\"77\"}}", &error), 0);
    assert_file(state, "memory.high", "77");
}

static void a_missing_controller_is_an_error_only_for_a_limit(void **state)
{
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make_cgroup(*state, false);
    cgroup.controllers = 0;
    assert_int_equal(apply(&cgroup, "{\"pids\":{\"limit\":-1},\"memory\":{}}", &error), 0);
    assert_int_equal(apply(&cgroup, "{\"memory\":{\"limit\":1}}", &error), -1);
    assert_non_null(strstr(error.message, "linux.resources.memory.limit"));
}

static void unified_names_cannot_leave_the_cgroup(void **state)
{
    static const char *const hostile[] = {"../memory.max", "a/b.c", "cgroup.procs", "nodot", "x..y"};
    struct cgroup cgroup = make_cgroup(*state, true);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        cleanup_error struct error error = {0};
        cleanup_json json_t *json = json_pack("{s:{s:s}}", "unified", hostile[i], "1");
        assert_int_equal(cgroups_set_limits(&(struct cgroups){.items = &cgroup, .count = 1}, json, 0, &error),
                         -1);
        assert_non_null(strstr(error.message, "no limit has this name"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mounts_of_a_hybrid_host_are_found_once_each),
        cmocka_unit_test(paths_stay_in_their_hierarchy),
        cmocka_unit_test(systemd_paths_become_directories),
        with_temporary(limits_reach_the_files_of_version_1),
        with_temporary(limits_reach_the_files_of_version_2),
        with_temporary(a_missing_controller_is_an_error_only_for_a_limit),
        with_temporary(unified_names_cannot_leave_the_cgroup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
