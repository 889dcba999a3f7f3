/* The state directory and the container's status. */
#include "runtime/lifecycle/foreign.h"
#include "runtime/lifecycle/state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

static struct state example(void)
{
    struct state state = {.pid = getpid(), .start_time = process_start_time(getpid()), .complete = true};
    state.id = xstrdup("c1");
    state.oci_version = xstrdup("1.1.0");
    state.bundle = xstrdup("/b");
    state.rootfs = xstrdup("/b/rootfs");
    state.created = xstrdup("2026-01-01T00:00:00Z");
    return state;
}

static void ids_are_names_and_not_paths(void **unused)
{
    (void)unused;
    static const char *const good[] = {"a", "A-b_c+d.e", "0", "..a"};
    static const char *const bad[] = {"", ".", "..", "a/b", "../x", "a b", "a\n", "\xc3\xa4", "a:b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cleanup_error struct error error = {0};
        assert_int_equal(container_id_check(good[i], &error), 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cleanup_error struct error error = {0};
        assert_int_equal(container_id_check(bad[i], &error), -1);
    }
}

static void a_directory_reserves_an_id_once(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_free char *root = xasprintf("%s/deep/root", temporary->path);
    cleanup_close int first = state_directory_make(root, "c1", &error);
    assert_true(first >= 0);
    assert_int_equal(state_directory_make(root, "c1", &error), -1);
    assert_int_equal(error.number, EEXIST);
    assert_non_null(strstr(error.message, "already exists"));
    assert_int_equal(state_directory_remove(root, "c1", &error), 0);
    assert_int_equal(state_directory_remove(root, "c1", &error), 0);
    assert_int_equal(state_directory_open(root, "c1", &error), -1);
    assert_int_equal(error.number, ENOENT);
    assert_non_null(strstr(error.message, "does not exist"));
}

static void an_empty_root_is_refused(void **unused)
{
    (void)unused;
    cleanup_error struct error error = {0};
    assert_int_equal(state_directory_make("", "c1", &error), -1);
    assert_string_equal(error.message, "--root: is empty; name a directory");
}

static void what_is_written_is_read_again(void **unused)
{
    struct temporary *temporary = *unused;
    cleanup_error struct error error = {0};
    cleanup_state struct state state = example();
    cleanup_state struct state again = {0};
    state.network_namespace = xstrdup("/run/netns/x");
    strings_add(&state.network_interfaces, "eth0");
    strings_add(&state.network_interfaces, "eth1");
    strings_add(&state.network_taps, "urunc0");
    strings_add(&state.network_taps, "urunc1");
    state.annotations = json_pack("{s:s}", "k", "v");
    state.cgroups.items = xcalloc(1, sizeof *state.cgroups.items);
    state.cgroups.count = 1;
    state.cgroups.items[0] = (struct cgroup){.directory = xstrdup("/sys/fs/cgroup/a/b"),
                                             .device = 35,
                                             .made = {77, 76},
                                             .made_count = 2,
                                             .v2 = true,
                                             .join_fd = -1};
    state.network_device = 4;
    state.network_inode = 4026531840;
    assert_int_equal(state_write(temporary->fd, &state, &error), 0);
    assert_int_equal(state_read(temporary->fd, &again, &error), 0);
    assert_string_equal(again.id, "c1");
    assert_int_equal(again.pid, getpid());
    assert_true(again.start_time == state.start_time);
    assert_int_equal(again.network_interfaces.count, 2);
    assert_string_equal(again.network_interfaces.items[1], "eth1");
    assert_string_equal(again.network_taps.items[1], "urunc1");
    assert_string_equal(json_string_value(json_object_get(again.annotations, "k")), "v");
    assert_int_equal(again.cgroups.count, 1);
    assert_string_equal(again.cgroups.items[0].directory, "/sys/fs/cgroup/a/b");
    assert_int_equal(again.cgroups.items[0].device, 35);
    assert_int_equal(again.cgroups.items[0].made_count, 2);
    assert_int_equal(again.cgroups.items[0].made[1], 76);
    assert_true(again.cgroups.items[0].v2);
    assert_int_equal(again.network_device, 4);
    assert_int_equal(again.network_inode, 4026531840);
    assert_int_equal(temporary_count(temporary, "."), 1); /* no temporary file is left */
}

static void a_broken_state_is_an_error_and_still_ours(void **unused)
{
    struct temporary *temporary = *unused;
    static const char *const broken[] = {
        "",
        "{\"runtime\":\"urunc\"",
        "{\"runtime\":\"urunc\"}",
        "{\"runtime\":\"urunc\",\"id\":\"a\",\"bundle\":\"/b\",\"pid\":-4}",
        "{\"runtime\":\"urunc\",\"id\":\"a\",\"bundle\":\"/b\",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}}",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        cleanup_state struct state state = {0};
        cleanup_error struct error error = {0};
        temporary_write_text(temporary, STATE_FILE, broken[i]);
        assert_int_equal(state_read(temporary->fd, &state, &error), -1);
        assert_null(foreign_runtime(temporary->fd));
    }
}

static void a_create_that_is_under_way_is_told_from_one_that_was_killed(void **unused)
{
    struct temporary *temporary = *unused;
    cleanup_error struct error error = {0};
    cleanup_state struct state state = {0};
    cleanup_close int made = state_directory_make(temporary->path, "c1", &error);
    cleanup_close int seen = state_directory_open(temporary->path, "c1", &error);
    assert_true(made >= 0 && seen >= 0);
    assert_int_equal(state_status(seen, &state), STATUS_CREATING);
    pid_t pid = fork(); /* a copy of the descriptor does not keep the lock once it was given up */
    if (pid == 0) {
        pause();
        _exit(0);
    }
    state_directory_unlock(made);
    assert_int_equal(state_status(seen, &state), STATUS_STOPPED);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void other_runtimes_are_recognized(void **unused)
{
    struct temporary *temporary = *unused;
    assert_null(foreign_runtime(temporary->fd));
    temporary_write_text(temporary, STATE_FILE, "{\"id\":\"x\"}");
    assert_string_equal(foreign_runtime(temporary->fd), "");
    temporary_write_text(temporary, STATE_FILE, "{\"id\":\"x\",\"init_process_pid\":1}");
    assert_string_equal(foreign_runtime(temporary->fd), "runc");
    unlinkat(temporary->fd, STATE_FILE, 0);
    temporary_write_text(temporary, "status", "{}");
    assert_string_equal(foreign_runtime(temporary->fd), "crun");
    cleanup_state struct state state = {0};
    cleanup_error struct error error = {0};
    temporary_write_text(temporary, STATE_FILE, "{\"runtime\":\"other\",\"id\":\"a\",\"bundle\":\"/b\"}");
    assert_int_equal(state_read(temporary->fd, &state, &error), -1);
    assert_string_equal(error.message, "state.json: not urunc's");
}

static void a_record_of_another_runtime_says_whom_to_end(void **unused)
{
    struct temporary *temporary = *unused;
    cleanup_error struct error error = {0};
    cleanup_state struct state runc = {0}, crun = {0}, broken = {0};
    temporary_write_text(temporary, STATE_FILE,
                         "{\"init_process_pid\":12,\"init_process_start\":345,"
                         "\"cgroup_paths\":{\"memory\":\"/\",\"cpu\":\"/nowhere\",\"pids\":7}}");
    assert_int_equal(foreign_read(temporary->fd, &runc, &error), 0);
    assert_int_equal(runc.pid, 12);
    assert_int_equal(runc.start_time, 345);
    assert_int_equal(runc.cgroups.count, 1);
    assert_string_equal(runc.cgroups.items[0].directory, "/");
    temporary_write_text(temporary, "status",
                         "{\"pid\":13,\"process-start-time\":346,\"cgroup-path\":\"/../x\"}");
    assert_int_equal(foreign_read(temporary->fd, &crun, &error), 0);
    assert_int_equal(crun.pid, 13);
    assert_int_equal(crun.start_time, 346);
    assert_int_equal(crun.cgroups.count, 0);
    temporary_write_text(temporary, "status", "[]");
    assert_int_equal(foreign_read(temporary->fd, &broken, &error), -1);
    assert_string_equal(error.message, "status: not a JSON object");
}

static void the_files_of_another_runtime_are_removed(void **unused)
{
    struct temporary *temporary = *unused;
    cleanup_error struct error error = {0};
    temporary_write_text(temporary, "status", "{}");
    assert_int_equal(mkdirat(temporary->fd, "notify", 0700), 0);
    assert_int_equal(mkfifoat(temporary->fd, "notify/socket", 0600), 0);
    assert_int_equal(symlinkat("/etc", temporary->fd, "link"), 0);
    assert_int_equal(foreign_clear(temporary->fd, &error), 0);
    assert_int_equal(directory_is_empty(temporary->fd, "."), 1);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
    assert_int_equal(mkdirat(temporary->fd, "notify", 0700), 0);
    assert_int_equal(mkdirat(temporary->fd, "notify/deep", 0700), 0);
    assert_int_equal(mkdirat(temporary->fd, "notify/deep/deeper", 0700), 0); /* nobody's */
    assert_int_equal(foreign_clear(temporary->fd, &error), -1);
    assert_int_equal(unlinkat(temporary->fd, "notify/deep/deeper", AT_REMOVEDIR), 0);
    error_clear(&error);
    assert_int_equal(unlinkat(temporary->fd, "notify/deep", AT_REMOVEDIR), 0);
    assert_int_equal(foreign_clear(temporary->fd, &error), 0);
}

static void status_follows_process_and_socket(void **unused)
{
    struct temporary *temporary = *unused;
    cleanup_state struct state state = example();
    assert_int_equal(state_status(temporary->fd, &state), STATUS_RUNNING);
    temporary_write_text(temporary, START_SOCKET, "");
    assert_int_equal(state_status(temporary->fd, &state), STATUS_CREATED);
    state.complete = false;
    assert_int_equal(state_status(temporary->fd, &state), STATUS_CREATING);
    state.start_time++; /* the same number, another process */
    assert_int_equal(state_status(temporary->fd, &state), STATUS_STOPPED);
    state.pid = 0;
    assert_int_equal(state_status(temporary->fd, &state), STATUS_STOPPED);
}

static void a_zombie_has_stopped(void **unused)
{
    (void)unused;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(process_start_time(pid) == 0);
    waitpid(pid, NULL, 0);
    assert_true(process_start_time(pid) == 0);
}

static void a_stopped_container_has_no_process_id(void **unused)
{
    (void)unused;
    cleanup_state struct state state = example();
    cleanup_json json_t *running = state_to_spec(&state, STATUS_RUNNING);
    cleanup_json json_t *stopped = state_to_spec(&state, STATUS_STOPPED);
    assert_int_equal(json_integer_value(json_object_get(running, "pid")), getpid());
    assert_int_equal(json_integer_value(json_object_get(stopped, "pid")), 0);
    assert_string_equal(json_string_value(json_object_get(stopped, "status")), "stopped");
    assert_string_equal(json_string_value(json_object_get(running, "ociVersion")), "1.1.0");
}

static void an_owner_is_a_name_where_there_is_one(void **unused)
{
    (void)unused;
    cleanup_state struct state state = example();
    state.owner = 4294967;
    cleanup_json json_t *nobody = state_describe(&state, STATUS_RUNNING);
    state.owner = 0;
    cleanup_json json_t *root = state_describe(&state, STATUS_RUNNING);
    assert_string_equal(json_string_value(json_object_get(nobody, "owner")), "4294967");
    assert_string_equal(json_string_value(json_object_get(root, "owner")), "root");
    assert_string_equal(json_string_value(json_object_get(root, "rootfs")), "/b/rootfs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_names_and_not_paths),
        with_temporary(a_directory_reserves_an_id_once),
        cmocka_unit_test(an_empty_root_is_refused),
        with_temporary(what_is_written_is_read_again),
        with_temporary(a_broken_state_is_an_error_and_still_ours),
        with_temporary(a_create_that_is_under_way_is_told_from_one_that_was_killed),
        with_temporary(other_runtimes_are_recognized),
        with_temporary(a_record_of_another_runtime_says_whom_to_end),
        with_temporary(the_files_of_another_runtime_are_removed),
        with_temporary(status_follows_process_and_socket),
        cmocka_unit_test(a_zombie_has_stopped),
        cmocka_unit_test(an_owner_is_a_name_where_there_is_one),
        cmocka_unit_test(a_stopped_container_has_no_process_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
