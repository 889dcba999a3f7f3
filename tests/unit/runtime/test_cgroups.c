/* Control groups: where they are, what is written. On a directory that stands in for a hierarchy. */
#include "runtime/sandbox/cgroups/cgroups.h"

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
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
    static const char *const v1_files[] = {"memory.limit_in_bytes",
                                           "memory.soft_limit_in_bytes",
                                           "memory.memsw.limit_in_bytes",
                                           "memory.swappiness",
                                           "memory.oom_control",
                                           "cpu.shares",
                                           "cpu.cfs_quota_us",
                                           "cpu.cfs_period_us",
                                           "cpu.cfs_burst_us",
                                           "cpu.rt_period_us",
                                           "cpu.rt_runtime_us",
                                           "cpu.idle",
                                           "cpuset.cpus",
                                           "cpuset.mems",
                                           "pids.max",
                                           "blkio.weight",
                                           "blkio.weight_device",
                                           "blkio.throttle.read_bps_device",
                                           "blkio.throttle.write_bps_device",
                                           "blkio.throttle.read_iops_device",
                                           "blkio.throttle.write_iops_device",
                                           "hugetlb.2MB.limit_in_bytes"};
    static const char *const v2_files[] = {"memory.max",  "memory.low",     "memory.swap.max", "memory.high",
                                           "cpu.weight",  "cpu.max",        "cpu.max.burst",   "cpu.idle",
                                           "cpuset.cpus", "cpuset.mems",    "pids.max",        "io.weight",
                                           "io.max",      "hugetlb.2MB.max"};
    const char *const *files = v2 ? v2_files : v1_files;
    size_t count = v2 ? sizeof v2_files / sizeof *v2_files : sizeof v1_files / sizeof *v1_files;
    for (size_t i = 0; i < count; i++)
        temporary_write_text(temporary, files[i], "");
    return (struct cgroup){.directory = temporary->path, .v2 = v2, .controllers = ~0U, .join_fd = -1};
}

static int apply(struct cgroup *cgroup, const char *resources, struct error *error)
{
    cleanup_json json_t *json = parse_json(resources, strlen(resources), "resources", error);
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

/* A field alone, and what its file then holds in version 1 and 2; NULL: it is refused there, by its name. */
static void every_field_is_applied_or_refused_by_name(void **state)
{
    static const struct {
        const char *resources;
        const char *v1_file, *v1_value;
        const char *v2_file, *v2_value;
    } fields[] = {
        {"{\"memory\":{\"reservation\":7000}}", "memory.soft_limit_in_bytes", "8000", "memory.low", "8000"},
        {"{\"memory\":{\"swap\":-1}}", "memory.memsw.limit_in_bytes", "-1", "memory.swap.max", "max"},
        {"{\"memory\":{\"limit\":5,\"swap\":4}}", NULL, "swap: 4 is memory and swap together", NULL,
         "swap: 4 is memory and swap together"},
        {"{\"memory\":{\"swappiness\":0}}", "memory.swappiness", "0", NULL, "memory.swappiness"},
        {"{\"memory\":{\"disableOOMKiller\":true}}", "memory.oom_control", "1", NULL,
         "memory.disableOOMKiller"},
        {"{\"memory\":{\"kernel\":\"5\"}}", NULL, "memory.kernel", NULL, "memory.kernel"},
        {"{\"memory\":{\"kernelTCP\":-2}}", NULL, "memory.kernelTCP", NULL, "memory.kernelTCP"},
        {"{\"cpu\":{\"burst\":9}}", "cpu.cfs_burst_us", "9", "cpu.max.burst", "9"},
        {"{\"cpu\":{\"idle\":1}}", "cpu.idle", "1", "cpu.idle", "1"},
        {"{\"cpu\":{\"realtimePeriod\":9}}", "cpu.rt_period_us", "9", NULL, "cpu.realtimePeriod"},
        {"{\"cpu\":{\"realtimeRuntime\":9}}", "cpu.rt_runtime_us", "9", NULL, "cpu.realtimeRuntime"},
        {"{\"cpu\":{\"mems\":\"0\"}}", "cpuset.mems", "0", "cpuset.mems", "0"},
        {"{\"blockIO\":{\"weight\":1000}}", "blkio.weight", "1000", "io.weight", "10000"},
        {"{\"blockIO\":{\"weight\":5}}", NULL, "blockIO.weight", NULL, "blockIO.weight"},
        {"{\"blockIO\":{\"leafWeight\":10}}", NULL, "blockIO.leafWeight", NULL, "blockIO.leafWeight"},
        {"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}", "blkio.weight_device",
         "8:0 10", "io.weight", "8:0 1"},
        {"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":10}]}}", NULL,
         "weightDevice[0].leafWeight", NULL, "weightDevice[0].leafWeight"},
        {"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":18446744073709551615}]}"
         "}",
         "blkio.throttle.read_bps_device", "8:0 18446744073709551615", "io.max",
         "8:0 rbps=18446744073709551615"},
        {"{\"blockIO\":{\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":2}]}}",
         "blkio.throttle.write_bps_device", "8:1 2", "io.max", "8:1 wbps=2"},
        {"{\"blockIO\":{\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":3}]}}",
         "blkio.throttle.read_iops_device", "8:0 3", "io.max", "8:0 riops=3"},
        {"{\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":4}]}}",
         "blkio.throttle.write_iops_device", "8:0 4", "io.max", "8:0 wiops=4"},
        {"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"rate\":4}]}}", NULL,
         "throttleReadBpsDevice[0].major, minor: missing", NULL, "minor: missing"},
        {"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}", "hugetlb.2MB.limit_in_bytes", "0",
         "hugetlb.2MB.max", "0"},
        {"{\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":0}]}", NULL, "hugepageLimits[0].pageSize",
         NULL, "hugepageLimits[0].pageSize"},
        {"{\"network\":{\"classID\":1}}", NULL, "network.classID", NULL, "network.classID"},
        {"{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":1}]}}", NULL, "network.priorities",
         NULL, "network.priorities"},
        {"{\"devices\":[{\"access\":\"rwm\"}]}", NULL, "devices[0].allow", NULL, "devices[0].allow"},
        {"{\"devices\":[{\"allow\":true,\"type\":\"x\"}]}", NULL, "devices[0].type", NULL, "devices[0].type"},
        {"{\"devices\":[{\"allow\":true,\"access\":\"x\"}]}", NULL, "devices[0].access", NULL,
         "devices[0].access"},
        {"{\"rdma\":{\"mlx5\":{\"hcaHandles\":-1}}}", NULL, "rdma.mlx5.hcaHandles", NULL,
         "rdma.mlx5.hcaHandles"},
        {"{\"rdma\":{\"mlx5\":5}}", NULL, "rdma.mlx5", NULL, "rdma.mlx5"},
        {"{\"unified\":{\"memory.high\":\"5\"}}", NULL, "no cgroups of version 2", "memory.high", "5"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (int version = 1; version <= 2; version++) {
            cleanup_error struct error error = {0};
            struct cgroup cgroup = make_cgroup(*state, version == 2);
            const char *file = version == 1 ? fields[i].v1_file : fields[i].v2_file;
            const char *value = version == 1 ? fields[i].v1_value : fields[i].v2_value;
            int status = apply(&cgroup, fields[i].resources, &error);
            if (status != (file != NULL ? 0 : -1))
                fail_msg("%s, version %d: %s", fields[i].resources, version, error.message);
            if (file != NULL)
                assert_file(state, file, value);
            else if (strstr(error.message, "linux.resources.") == NULL ||
                     strstr(error.message, value) == NULL)
                fail_msg("%s, version %d: %s", fields[i].resources, version, error.message);
        }
}

/* What Docker, Podman and containerd write where nothing was asked for. */
static void what_asks_for_nothing_is_no_error(void **state)
{
    static const char *const nothing[] = {
        "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1,"
        "\"minor\":5,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":136,\"minor\":-1}],"
        "\"memory\":{\"disableOOMKiller\":false,\"kernel\":-1,\"kernelTCP\":0,\"useHierarchy\":true,"
        "\"checkBeforeUpdate\":true,\"swappiness\":null},\"cpu\":{\"shares\":0,\"burst\":0,"
        "\"realtimeRuntime\":0,"
        "\"realtimePeriod\":0,\"cpus\":\"\",\"mems\":\"\",\"idle\":0},\"pids\":{\"limit\":0},"
        "\"blockIO\":{\"weight\":0,\"leafWeight\":0,\"weightDevice\":[],\"throttleReadBpsDevice\":null},"
        "\"hugepageLimits\":[],\"network\":{\"classID\":0,\"priorities\":[]},\"rdma\":{},\"unified\":{}}",
        "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}}}",
        "{\"devices\":null,\"memory\":null,\"cpu\":null,\"pids\":null,\"blockIO\":null,\"network\":null}",
    };
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        cleanup_error struct error error = {0};
        cleanup_json json_t *json = json_loads(nothing[i], 0, NULL);
        assert_non_null(json);
        /* No controller at all: nothing is written. */
        if (cgroups_set_limits(&(struct cgroups){0}, json, 0, &error) < 0)
            fail_msg("%s", error.message);
    }
    (void)state;
}

static void the_scheduler_of_block_devices_has_files_of_its_own(void **state)
{
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make_cgroup(*state, true);
    temporary_write_text(*state, "io.bfq.weight", "");
    temporary_write_text(*state, "blkio.bfq.weight", "");
    assert_int_equal(apply(&cgroup, "{\"blockIO\":{\"weight\":500}}", &error), 0);
    assert_file(state, "io.bfq.weight", "500");
    cgroup.v2 = false;
    assert_int_equal(apply(&cgroup, "{\"blockIO\":{\"weight\":500}}", &error), 0);
    assert_file(state, "blkio.bfq.weight", "500");
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
        with_temporary(every_field_is_applied_or_refused_by_name),
        with_temporary(what_asks_for_nothing_is_no_error),
        with_temporary(the_scheduler_of_block_devices_has_files_of_its_own),
        with_temporary(unified_names_cannot_leave_the_cgroup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
