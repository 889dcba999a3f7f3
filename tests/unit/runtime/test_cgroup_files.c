/* What is read from the files of cgroups: figures, room, what is put back. On plain files. */
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/files.h"
#include "runtime/sandbox/cgroups/limits/journal.h"
#include "runtime/sandbox/cgroups/room.h"
#include "runtime/sandbox/cgroups/stats/stats.h"
#include "tests/unit/fixtures/temporary.h"

static struct cgroup cgroup_at(struct temporary *temporary, bool v2)
{
    return (struct cgroup){.directory = temporary->path, .v2 = v2, .controllers = CGROUP_ALL, .join_fd = -1};
}

static void assert_file(struct temporary *temporary, const char *name, const char *expected)
{
    cleanup_buffer struct buffer text = {0};
    assert_int_equal(cgroup_read(temporary->path, name, &text), 0);
    assert_string_equal(text.data != NULL ? text.data : "", expected);
}

/* ---- figures ---- */

static json_t *figures_of(struct temporary *temporary, bool v2)
{
    struct cgroup cgroup = cgroup_at(temporary, v2);
    return cgroups_stats(&(struct cgroups){.items = &cgroup, .count = 1});
}

static int64_t number_at(const json_t *json, const char *section, const char *entry, const char *key)
{
    const json_t *object = json_object_get(json, section);
    if (entry != NULL)
        object = json_object_get(object, entry);
    assert_true(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

static void figures_of_version_2_are_in_runc_s_units(void **state)
{
    temporary_write_text(
        *state, "cpu.stat",
        "usage_usec 7\nuser_usec 4\nsystem_usec 3\nnr_periods 9\nnr_throttled 2\nthrottled_usec 5\n");
    temporary_write_text(*state, "memory.current", "4096\n");
    temporary_write_text(*state, "memory.max", "max\n");
    temporary_write_text(*state, "memory.swap.current", "10\n");
    temporary_write_text(*state, "memory.swap.max", "20\n");
    temporary_write_text(*state, "memory.stat", "anon 1\nfile 77\n");
    temporary_write_text(*state, "memory.events", "low 0\nmax 3\noom_kill 1\n");
    temporary_write_text(*state, "cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=12\n");
    temporary_write_text(*state, "pids.current", "5\n");
    temporary_write_text(*state, "io.stat",
                         "8:16 rbytes=9007199254740993 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
    temporary_write_text(*state, "hugetlb.2MB.current", "2097152\n");
    temporary_write_text(*state, "cpuset.cpus.effective", "0-2,7\n");
    cleanup_json json_t *stats = figures_of(*state, true);
    assert_int_equal(number_at(stats, "cpu", "usage", "total"), 7000);
    assert_int_equal(number_at(stats, "cpu", "throttling", "throttledTime"), 5000);
    assert_int_equal(number_at(stats, "memory", "usage", "limit"), INT64_MAX);
    assert_int_equal(number_at(stats, "memory", "usage", "failcnt"), 3);
    assert_int_equal(number_at(stats, "memory", "swap", "usage"), 4106);
    assert_int_equal(number_at(stats, "memory", "swap", "limit"), INT64_MAX);
    assert_int_equal(number_at(stats, "memory", NULL, "cache"), 77);
    assert_int_equal(number_at(stats, "pids", NULL, "current"), 5);
    assert_int_equal(number_at(stats, "hugetlb", "2MB", "usage"), 2097152);
    const json_t *some = json_object_get(json_object_get(json_object_get(stats, "cpu"), "psi"), "some");
    assert_true(json_real_value(json_object_get(some, "avg10")) == 1.5);
    assert_int_equal(json_array_size(json_object_get(json_object_get(stats, "cpuset"), "cpus")), 4);
    const json_t *bytes = json_object_get(json_object_get(stats, "blkio"), "ioServiceBytesRecursive");
    assert_int_equal(json_array_size(bytes), 2);
    /* More than a double holds exactly. */
    assert_int_equal(json_integer_value(json_object_get(json_array_get(bytes, 0), "value")),
                     9007199254740993);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(bytes, 0), "minor")), 16);
}

static void figures_of_version_1_come_from_its_files(void **state)
{
    temporary_write_text(*state, "cpuacct.usage", "7000\n");
    temporary_write_text(*state, "cpuacct.usage_percpu", "3000 4000 \n");
    temporary_write_text(*state, "memory.usage_in_bytes", "4096\n");
    temporary_write_text(*state, "memory.limit_in_bytes", "9223372036854771712\n");
    temporary_write_text(*state, "memory.memsw.usage_in_bytes", "5000\n");
    temporary_write_text(*state, "memory.stat", "cache 77\n");
    temporary_write_text(*state, "blkio.throttle.io_serviced_recursive",
                         "8:0 Read 5\n8:0 Write 6\nTotal 11\n");
    temporary_write_text(*state, "hugetlb.1GB.usage_in_bytes", "0\n");
    cleanup_json json_t *stats = figures_of(*state, false);
    assert_int_equal(number_at(stats, "cpu", "usage", "total"), 7000);
    assert_int_equal(number_at(stats, "memory", "usage", "usage"), 4096);
    assert_int_equal(number_at(stats, "memory", "swap", "usage"), 5000);
    assert_null(json_object_get(json_object_get(stats, "memory"), "kernel"));
    assert_int_equal(number_at(stats, "hugetlb", "1GB", "usage"), 0);
    const json_t *serviced = json_object_get(json_object_get(stats, "blkio"), "ioServicedRecursive");
    assert_int_equal(json_array_size(serviced), 2);
}

static void files_that_are_missing_or_strange_give_no_figures(void **state)
{
    temporary_write_text(*state, "io.stat", "\n:: rbytes\n8:0\nx:y rbytes=1\n");
    temporary_write_text(*state, "cpuset.cpus.effective", "0-99999999,-,x\n");
    temporary_write_text(*state, "memory.pressure", "some\nfull avg10=\n");
    temporary_write_text(*state, "cpu.stat", "usage_usec\n 5\n");
    cleanup_json json_t *stats = figures_of(*state, true);
    assert_null(json_object_get(json_object_get(stats, "blkio"), "ioServiceBytesRecursive"));
    assert_int_equal(json_array_size(json_object_get(json_object_get(stats, "cpuset"), "cpus")), 4096);
}

/* ---- taking back ---- */

static void what_stood_there_is_written_back(void **state)
{
    cleanup_error struct error error = {0};
    cleanup_journal struct cgroup_journal journal = {0};
    struct cgroup cgroup = cgroup_at(*state, true);
    temporary_write_text(*state, "pids.max", "max\n");
    temporary_write_text(*state, "cpuset.cpus", "\n");
    cgroup_journal_note(&journal, &cgroup, "pids.max", "5");
    cgroup_journal_note(&journal, &cgroup, "cpuset.cpus", "0");
    cgroup_journal_note(&journal, &cgroup, "not.there", "0");
    temporary_write_text(*state, "pids.max", "");
    temporary_write_text(*state, "cpuset.cpus", "");
    assert_int_equal(cgroup_journal_undo(&journal, &error), 0);
    assert_file(*state, "pids.max", "max");
    assert_file(*state, "cpuset.cpus", "\n");
}

static void of_a_file_with_devices_only_the_line_of_the_device(void **state)
{
    static const struct {
        const char *file, *before, *value, *after;
    } cases[] = {
        {"io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2\n", "8:16 rbps=9", "8:16 rbps=2"},
        {"io.max", "8:1 rbps=1\n", "8:16 rbps=9", "8:16 rbps=max wbps=max riops=max wiops=max"},
        {"io.weight", "default 100\n", "8:0 50", "8:0 default"},
        {"blkio.throttle.read_bps_device", "", "8:0 50", "8:0 0"},
        {"blkio.throttle.read_bps_device", "8:0 7\n", "8:0 50", "8:0 7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_error struct error error = {0};
        cleanup_journal struct cgroup_journal journal = {0};
        struct cgroup cgroup = cgroup_at(*state, true);
        temporary_write_text(*state, cases[i].file, cases[i].before);
        cgroup_journal_note(&journal, &cgroup, cases[i].file, cases[i].value);
        temporary_write_text(*state, cases[i].file, "");
        assert_int_equal(cgroup_journal_undo(&journal, &error), 0);
        assert_file(*state, cases[i].file, cases[i].after);
    }
}

static void the_last_change_is_taken_back_first(void **state)
{
    cleanup_error struct error error = {0};
    cleanup_journal struct cgroup_journal journal = {0};
    struct cgroup cgroup = cgroup_at(*state, true);
    temporary_write_text(*state, "memory.max", "1\n");
    cgroup_journal_note(&journal, &cgroup, "memory.max", "2");
    temporary_write_text(*state, "memory.max", "2\n");
    cgroup_journal_note(&journal, &cgroup, "memory.max", "3");
    temporary_write_text(*state, "memory.max", "");
    assert_int_equal(cgroup_journal_undo(&journal, &error), 0);
    assert_file(*state, "memory.max", "1");
}

/* ---- room ---- */

static void write_limit(struct temporary *temporary, const char *directory, const char *limit)
{
    cleanup_free char *name = xasprintf("%s/memory.max", directory);
    mkdirat(temporary->fd, directory, 0755);
    temporary_write_text(temporary, name, limit);
}

static void assert_room(struct temporary *temporary, uint64_t limit, uint64_t left)
{
    cleanup_free char *directory = xasprintf("%s/kube/pod/ctr", temporary->path);
    struct cgroup cgroup = {
        .directory = directory, .mount = strlen(temporary->path), .v2 = true, .join_fd = -1};
    struct cgroup_room room = cgroups_memory_room(&(struct cgroups){.items = &cgroup, .count = 1});
    assert_true(room.limit == limit);
    assert_true(room.left == left);
}

static void the_room_is_what_the_least_limit_above_leaves(void **state)
{
    write_limit(*state, "kube", "max\n");
    write_limit(*state, "kube/pod", "max\n");
    assert_room(*state, CGROUP_NO_LIMIT, CGROUP_NO_LIMIT);
    write_limit(*state, "kube", "5000\n");
    assert_room(*state, 5000, 5000);
    write_limit(*state, "kube/pod", "1000\n");
    assert_room(*state, 1000, 1000);
    write_limit(*state, "kube/pod/sidecar", "300\n");
    write_limit(*state, "kube/pod/pause", "max\n");
    write_limit(*state, "kube/pod/ctr", "600\n");
    assert_room(*state, 1000, 700);
    write_limit(*state, "kube/pod/greedy", "9000\n");
    assert_room(*state, 1000, 0);
    /* Those of other pods are given out more than once on purpose. */
    write_limit(*state, "kube/pod/greedy", "max\n");
    write_limit(*state, "kube/other", "4900\n");
    assert_room(*state, 1000, 700);
}

/* ---- controllers of version 2 ---- */

static void only_a_cgroup_without_processes_hands_controllers_on(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "cgroup.controllers", "memory pids\n");
    temporary_write_text(temporary, "cgroup.subtree_control", "memory\n");
    temporary_write_text(temporary, "cgroup.type", "domain\n");
    temporary_write_text(temporary, "cgroup.procs", "17\n");
    v2_hand_on(temporary->path);
    assert_file(temporary, "cgroup.subtree_control", "memory\n");
    temporary_write_text(temporary, "cgroup.procs", "");
    v2_hand_on(temporary->path);
    /* A plain file keeps what the write does not cover; the kernel takes the word. */
    assert_file(temporary, "cgroup.subtree_control", "+pidsy\n");
    /* The root of the hierarchy has no type, and may have processes. */
    temporary_write_text(temporary, "cgroup.subtree_control", "");
    temporary_write_text(temporary, "cgroup.controllers", "pids\n");
    temporary_write_text(temporary, "cgroup.procs", "1\n");
    unlinkat(temporary->fd, "cgroup.type", 0);
    v2_hand_on(temporary->path);
    assert_file(temporary, "cgroup.subtree_control", "+pids");
}

static void it_is_said_where_a_controller_ends(void **state)
{
    struct temporary *temporary = *state;
    cleanup_free char *directory = xasprintf("%s/ctr", temporary->path);
    struct cgroup cgroup = {
        .directory = directory, .mount = strlen(temporary->path), .v2 = true, .join_fd = -1};
    mkdirat(temporary->fd, "ctr", 0755);
    cleanup_free char *nowhere = v2_why_missing(&cgroup, CGROUP_PIDS);
    assert_non_null(strstr(nowhere, "has no controller \"pids\""));
    temporary_write_text(temporary, "cgroup.controllers", "pids\n");
    cleanup_free char *closed = v2_why_missing(&cgroup, CGROUP_PIDS);
    assert_non_null(strstr(closed, "does not hand the controller \"pids\" on"));
    temporary_write_text(temporary, "cgroup.type", "domain\n");
    temporary_write_text(temporary, "cgroup.procs", "1\n");
    cleanup_free char *inner = v2_why_missing(&cgroup, CGROUP_PIDS);
    assert_non_null(strstr(inner, "has processes of its own"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(figures_of_version_2_are_in_runc_s_units, temporary_make,
                                        temporary_remove),
        cmocka_unit_test_setup_teardown(figures_of_version_1_come_from_its_files, temporary_make,
                                        temporary_remove),
        cmocka_unit_test_setup_teardown(files_that_are_missing_or_strange_give_no_figures, temporary_make,
                                        temporary_remove),
        cmocka_unit_test_setup_teardown(what_stood_there_is_written_back, temporary_make, temporary_remove),
        cmocka_unit_test_setup_teardown(of_a_file_with_devices_only_the_line_of_the_device, temporary_make,
                                        temporary_remove),
        cmocka_unit_test_setup_teardown(the_last_change_is_taken_back_first, temporary_make,
                                        temporary_remove),
        cmocka_unit_test_setup_teardown(the_room_is_what_the_least_limit_above_leaves, temporary_make,
                                        temporary_remove),
        cmocka_unit_test_setup_teardown(only_a_cgroup_without_processes_hands_controllers_on, temporary_make,
                                        temporary_remove),
        cmocka_unit_test_setup_teardown(it_is_said_where_a_controller_ends, temporary_make, temporary_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
