/*
 * Making, signalling and removing cgroups, on directories that stand in for hierarchies: the linker puts the
 * __wrap_ functions here in the place of the system's (tests/CMakeLists.txt). Only processes that a test made
 * are ever signalled, and nothing outside of its directory is removed, whatever the code under test tries;
 * what it tried is counted.
 */
#include "runtime/sandbox/cgroups/cgroups.h"

#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

int __real_fstatfs64(int fd, struct statfs *status);
int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
int __real_pidfd_open(pid_t pid, unsigned flags);
int __real_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
int __wrap_fstatfs64(int fd, struct statfs *status);
int __wrap_statfs64(const char *path, struct statfs *status);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __wrap_pidfd_open(pid_t pid, unsigned flags);
int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
int __wrap_cgroup_mounts_read(struct cgroup_mounts *mounts, struct error *error);

/* The kernel that stands in. */
static struct {
    const char *directory;   /* of the test: the hierarchies stand in here */
    const char *mountinfo;   /* owned by the test */
    const char *read_only;   /* a hierarchy in which nothing can be made, or NULL */
    bool has_kill;           /* cgroup.kill, as version 2 has it */
    bool no_cgroups;         /* all that is looked at is on another file system */
    pid_t child;             /* that the test made */
    const char *child_moves; /* from this cgroup, as soon as it is looked at more closely */
    int signals;             /* sent to the child */
    int last_signal;
    int other_signals; /* to anybody else */
    int other_removals;
} kernel;

static void kernel_start(void **state)
{
    memset(&kernel, 0, sizeof kernel);
    kernel.directory = ((struct temporary *)*state)->path;
}

static bool is_ours(const char *path)
{
    return strncmp(path, kernel.directory, strlen(kernel.directory)) == 0;
}

static void write_to(const char *directory, const char *file, const char *text)
{
    cleanup_free char *path = xasprintf("%s/%s", directory, file);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static bool holds_text(const char *directory, const char *file)
{
    cleanup_free char *path = xasprintf("%s/%s", directory, file);
    struct stat status;
    return stat(path, &status) == 0 && status.st_size > 0;
}

int __wrap_fstatfs64(int fd, struct statfs *status)
{
    if (__real_fstatfs64(fd, status) < 0)
        return -1;
    status->f_type = kernel.no_cgroups ? TMPFS_MAGIC : CGROUP2_SUPER_MAGIC;
    return 0;
}

int __wrap_statfs64(const char *path, struct statfs *status)
{
    memset(status, 0, sizeof *status);
    status->f_type = strcmp(path + strlen(path) - 3, "/v1") == 0 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC;
    return 0;
}

/* A new cgroup has its files. */
int __wrap_mkdir(const char *path, mode_t mode)
{
    if (kernel.read_only != NULL && strstr(path, kernel.read_only) != NULL) {
        errno = access(path, F_OK) == 0 ? EEXIST : EROFS;
        return -1;
    }
    if (__real_mkdir(path, mode) < 0)
        return -1;
    write_to(path, "cgroup.procs", "");
    write_to(path, "cgroup.controllers", "memory pids cpu");
    write_to(path, "memory.max", "");
    if (kernel.has_kill)
        write_to(path, "cgroup.kill", "");
    return 0;
}

static void child_ends(const char *directory)
{
    if (kernel.child > 0)
        waitpid(kernel.child, NULL, 0);
    kernel.child = 0;
    write_to(directory, "cgroup.procs", "");
}

/* A cgroup goes with its files, but not with its processes and the cgroups in it. */
int __wrap_rmdir(const char *path)
{
    static const char *const files[] = {"cgroup.procs", "cgroup.controllers", "memory.max", "cgroup.kill"};
    if (!is_ours(path)) {
        kernel.other_removals++;
        errno = EPERM;
        return -1;
    }
    if (holds_text(path, "cgroup.kill") && kernel.child > 0) {
        kill(kernel.child, SIGKILL);
        child_ends(path);
    } else if (kernel.signals > 0 && kernel.last_signal == SIGKILL && kernel.child > 0) {
        child_ends(path);
    }
    struct stat status;
    if (stat(path, &status) < 0)
        return -1;
    if (holds_text(path, "cgroup.procs") || status.st_nlink > 2) {
        errno = EBUSY;
        return -1;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        cleanup_free char *file = xasprintf("%s/%s", path, files[i]);
        unlink(file);
    }
    return __real_rmdir(path);
}

static pid_t pid_of(int pidfd)
{
    cleanup_free char *path = xasprintf("/proc/self/fdinfo/%d", pidfd);
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    read_file(AT_FDCWD, path, 4096, &text, &ignored);
    const char *line = text.data != NULL ? strstr(text.data, "\nPid:") : NULL;
    return line != NULL ? (pid_t)strtol(line + 5, NULL, 10) : -1;
}

int __wrap_pidfd_open(pid_t pid, unsigned flags)
{
    int fd = __real_pidfd_open(pid, flags);
    if (kernel.child_moves != NULL && pid == kernel.child)
        write_to(kernel.child_moves, "cgroup.procs", "");
    return fd;
}

int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags)
{
    if (kernel.child <= 0 || pid_of(pidfd) != kernel.child) {
        kernel.other_signals++;
        return 0;
    }
    kernel.signals++;
    kernel.last_signal = number;
    return __real_pidfd_send_signal(pidfd, number, info, flags);
}

int __wrap_cgroup_mounts_read(struct cgroup_mounts *mounts, struct error *error)
{
    (void)error;
    cgroup_mounts_parse(kernel.mountinfo, mounts);
    return 0;
}

/* ---- fixtures ---- */

/* A process that waits for ever; its ID stands in the cgroup. */
static void start_child(const char *directory)
{
    kernel.child = fork();
    assert_true(kernel.child >= 0);
    if (kernel.child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
    }
    cleanup_free char *text = xasprintf("%d\n", (int)kernel.child);
    write_to(directory, "cgroup.procs", text);
}

static void end_child(void)
{
    if (kernel.child <= 0)
        return;
    kill(kernel.child, SIGKILL);
    waitpid(kernel.child, NULL, 0);
    kernel.child = 0;
}

/* The cgroup TEMPORARY/NAME, with the identity that it has. */
static struct cgroup make(const char *name)
{
    struct stat status;
    struct cgroup cgroup = {.directory = xasprintf("%s/%s", kernel.directory, name), .join_fd = -1};
    assert_int_equal(__wrap_mkdir(cgroup.directory, 0755), 0);
    assert_int_equal(stat(cgroup.directory, &status), 0);
    cgroup.device = status.st_dev;
    cgroup.made[0] = status.st_ino;
    cgroup.made_count = 1;
    return cgroup;
}

static bool exists(const char *name)
{
    cleanup_free char *path = xasprintf("%s/%s", kernel.directory, name);
    return access(path, F_OK) == 0;
}

static void assert_nobody_else_was_touched(void)
{
    assert_int_equal(kernel.other_signals, 0);
    assert_int_equal(kernel.other_removals, 0);
}

static int remove_cgroup(struct cgroup *cgroup, struct error *error)
{
    return cgroups_remove(&(struct cgroups){.items = cgroup, .count = 1}, error);
}

static int signal_cgroup(struct cgroup *cgroup, int number, struct error *error)
{
    return cgroups_signal(&(struct cgroups){.items = cgroup, .count = 1}, number, error);
}

/* ---- removing ---- */

static void what_runs_in_it_is_killed_before_it_is_removed(void **state)
{
    kernel_start(state);
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    start_child(cgroup.directory);
    assert_int_equal(remove_cgroup(&cgroup, &error), 0);
    assert_int_equal(kernel.last_signal, SIGKILL);
    assert_false(exists("c1"));
    assert_nobody_else_was_touched();
    free(cgroup.directory);
}

static void version_2_kills_all_at_once(void **state)
{
    kernel_start(state);
    kernel.has_kill = true;
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    start_child(cgroup.directory);
    assert_int_equal(remove_cgroup(&cgroup, &error), 0);
    assert_int_equal(kernel.signals, 0);
    assert_false(exists("c1"));
    free(cgroup.directory);
}

static void killing_at_once_spares_the_caller_and_what_lies_below(void **state)
{
    kernel_start(state);
    kernel.has_kill = true;
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    start_child(cgroup.directory);
    cleanup_free char *text = xasprintf("%d\n%d\n", (int)getpid(), (int)kernel.child);
    write_to(cgroup.directory, "cgroup.procs", text);
    assert_int_equal(signal_cgroup(&cgroup, SIGKILL, &error), 1);
    assert_int_equal(kernel.signals, 1); /* one by one */
    assert_false(holds_text(cgroup.directory, "cgroup.kill"));
    end_child();
    struct cgroup below = make("c1/below");
    start_child(cgroup.directory);
    assert_int_equal(signal_cgroup(&cgroup, SIGKILL, &error), 1);
    assert_false(holds_text(cgroup.directory, "cgroup.kill"));
    assert_nobody_else_was_touched();
    end_child();
    free(below.directory);
    free(cgroup.directory);
}

static void the_root_of_a_hierarchy_is_left_alone(void **state)
{
    kernel_start(state);
    struct stat status;
    /* A mount point like any other: here it passes for a cgroup. */
    assert_int_equal(stat("/proc", &status), 0);
    struct cgroup root = {
        .directory = (char *)"/proc", .device = status.st_dev, .made_count = 1, .join_fd = -1};
    const ino_t inodes[] = {status.st_ino, 0};
    for (size_t i = 0; i < 2; i++) {
        cleanup_error struct error error = {0};
        root.made[0] = inodes[i];
        assert_int_equal(remove_cgroup(&root, &error), -1);
        assert_string_equal(error.message, "cgroup /proc: the root of a hierarchy, so it is left alone");
    }
    cleanup_error struct error error = {0};
    root.made[0] = status.st_ino;
    assert_int_equal(signal_cgroup(&root, SIGTERM, &error), -1);
    assert_nobody_else_was_touched();
}

static void what_is_no_cgroup_is_left_alone(void **state)
{
    kernel_start(state);
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    start_child(cgroup.directory);
    kernel.no_cgroups = true;
    assert_int_equal(remove_cgroup(&cgroup, &error), -1);
    assert_non_null(strstr(error.message, "not a cgroup"));
    assert_true(exists("c1"));
    assert_int_equal(kernel.signals, 0);
    end_child();
    free(cgroup.directory);
}

static void another_cgroup_in_its_place_is_left_alone(void **state)
{
    kernel_start(state);
    struct cgroup cgroup = make("c1");
    start_child(cgroup.directory);
    const struct cgroup right = cgroup;
    for (int i = 0; i < 2; i++) {
        cleanup_error struct error error = {0};
        cgroup = right;
        *(i == 0 ? &cgroup.made[0] : &cgroup.device) += 1;
        assert_int_equal(signal_cgroup(&cgroup, SIGKILL, &error), 0);
        assert_int_equal(remove_cgroup(&cgroup, &error), 0);
    }
    assert_true(exists("c1"));
    assert_int_equal(kernel.signals, 0);
    end_child();
    free(cgroup.directory);
}

static void one_that_was_there_before_is_left_alone(void **state)
{
    kernel_start(state);
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    cgroup.made_count = 0;
    start_child(cgroup.directory);
    assert_int_equal(signal_cgroup(&cgroup, SIGKILL, &error), 0);
    assert_int_equal(remove_cgroup(&cgroup, &error), 0);
    assert_true(exists("c1"));
    assert_int_equal(kernel.signals, 0);
    end_child();
    free(cgroup.directory);
}

static void one_that_was_about_to_be_made_is_removed_only_where_it_is_empty(void **state)
{
    kernel_start(state);
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    cgroup.made[0] = 0;
    start_child(cgroup.directory);
    assert_int_equal(signal_cgroup(&cgroup, SIGKILL, &error), 0);
    assert_int_equal(remove_cgroup(&cgroup, &error), -1);
    assert_non_null(strstr(error.message, "its processes do not end"));
    assert_int_equal(kernel.signals, 0);
    end_child();
    write_to(cgroup.directory, "cgroup.procs", "");
    assert_int_equal(remove_cgroup(&cgroup, &error), 0);
    assert_false(exists("c1"));
    free(cgroup.directory);
}

static void a_symlink_in_its_path_is_refused(void **state)
{
    kernel_start(state);
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    free(cgroup.directory);
    assert_int_equal(symlinkat("c1", ((struct temporary *)*state)->fd, "link"), 0);
    assert_int_equal(symlinkat(".", ((struct temporary *)*state)->fd, "way"), 0);
    static const char *const paths[] = {"link", "way/c1"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        cgroup.directory = xasprintf("%s/%s", kernel.directory, paths[i]);
        start_child(cgroup.directory);
        assert_int_equal(signal_cgroup(&cgroup, SIGTERM, &error), -1);
        assert_int_equal(remove_cgroup(&cgroup, &error), -1);
        assert_int_equal(kernel.signals, 0);
        assert_true(exists("c1"));
        end_child();
        free(cgroup.directory);
    }
}

/* ---- signalling ---- */

static void only_the_processes_of_the_cgroup_are_signalled(void **state)
{
    kernel_start(state);
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    start_child(cgroup.directory);
    cleanup_free char *text = xasprintf("0\n-1\n%d\n%d\nx\n", (int)getpid(), (int)kernel.child);
    write_to(cgroup.directory, "cgroup.procs", text);
    assert_int_equal(signal_cgroup(&cgroup, SIGTERM, &error), 1);
    assert_int_equal(kernel.signals, 1);
    assert_int_equal(kernel.last_signal, SIGTERM);
    assert_nobody_else_was_touched();
    end_child();
    free(cgroup.directory);
}

static void a_process_that_left_the_cgroup_is_not_signalled(void **state)
{
    kernel_start(state);
    cleanup_error struct error error = {0};
    struct cgroup cgroup = make("c1");
    start_child(cgroup.directory);
    kernel.child_moves = cgroup.directory;
    assert_int_equal(signal_cgroup(&cgroup, SIGTERM, &error), 1);
    assert_int_equal(kernel.signals, 0);
    end_child();
    free(cgroup.directory);
}

/* ---- making ---- */

/* Two hierarchies: version 1 for memory in "v1", version 2 in "unified". */
static void make_hierarchies(void **state)
{
    kernel_start(state);
    struct temporary *temporary = *state;
    assert_int_equal(mkdirat(temporary->fd, "v1", 0755), 0);
    assert_int_equal(mkdirat(temporary->fd, "unified", 0755), 0);
    static char text[1024];
    snprintf(
        text, sizeof text,
        "35 31 0:32 / %s/v1 rw - cgroup cgroup rw,memory\n41 31 0:38 / %s/unified rw - cgroup2 cgroup2 rw\n",
        temporary->path, temporary->path);
    kernel.mountinfo = text;
}

static int create(const char *path, const char *resources, struct cgroups *cgroups, struct error *error)
{
    cleanup_json json_t *json = json_loads(resources, 0, NULL);
    assert_int_equal(cgroups_plan(path, cgroups, error), 0);
    return cgroups_create(cgroups, json, 0, error);
}

static void what_was_made_is_noted_and_removed_with_its_parents(void **state)
{
    make_hierarchies(state);
    cleanup_error struct error error = {0};
    struct cgroups cgroups = {0};
    struct temporary *temporary = *state;
    assert_int_equal(mkdirat(temporary->fd, "v1/pod", 0755), 0);
    assert_int_equal(create("/pod/a/c1", "{}", &cgroups, &error), 0);
    assert_int_equal(cgroups.count, 2);
    assert_int_equal(cgroups.items[0].made_count, 2); /* "pod" stood there */
    assert_int_equal(cgroups.items[1].made_count, 3);
    assert_true(cgroups.items[1].controllers & CGROUP_PIDS);
    assert_true(exists("v1/pod/a/c1"));
    assert_int_equal(cgroups_remove(&cgroups, &error), 0);
    assert_true(exists("v1/pod"));
    assert_false(exists("v1/pod/a"));
    assert_false(exists("unified/pod"));
    cgroups_free(&cgroups);
}

static void a_plan_names_what_is_missing(void **state)
{
    make_hierarchies(state);
    cleanup_error struct error error = {0};
    struct cgroups cgroups = {0};
    assert_int_equal(cgroups_plan("/pod/c1", &cgroups, &error), 0);
    assert_int_equal(cgroups.count, 2);
    assert_int_equal(cgroups.items[0].made_count, 2);
    assert_int_equal(cgroups.items[0].made[0], 0);
    assert_int_equal(temporary_count(*state, "v1"), 0);
    assert_int_equal(cgroups_remove(&cgroups, &error), 0); /* nothing was made: nothing to do */
    cgroups_free(&cgroups);
    char deep[3 * CGROUP_DEPTH_MAX + 4] = "";
    for (int i = 0; i <= CGROUP_DEPTH_MAX; i++)
        strcat(deep, "/a");
    assert_int_equal(cgroups_plan(deep, &cgroups, &error), -1);
    assert_non_null(strstr(error.message, "more than 64 levels"));
}

static void one_that_stands_empty_is_used_and_stays(void **state)
{
    make_hierarchies(state);
    cleanup_error struct error error = {0};
    struct cgroups cgroups = {0};
    assert_int_equal(mkdirat(((struct temporary *)*state)->fd, "v1/c1", 0755), 0);
    assert_int_equal(create("/c1", "{}", &cgroups, &error), 0);
    assert_int_equal(cgroups.items[0].made_count, 0);
    assert_int_equal(cgroups_remove(&cgroups, &error), 0);
    assert_true(exists("v1/c1"));
    assert_false(exists("unified/c1"));
    cgroups_free(&cgroups);
}

static void one_that_is_in_use_is_refused(void **state)
{
    make_hierarchies(state);
    static const char *const used[] = {"unified/procs", "unified/parent"};
    struct cgroup procs = make(used[0]), parent = make(used[1]), child = make("unified/parent/child");
    write_to(procs.directory, "cgroup.procs", "1\n");
    for (size_t i = 0; i < 2; i++) {
        cleanup_error struct error error = {0};
        struct cgroups cgroups = {0};
        assert_int_equal(create(strchr(used[i], '/'), "{}", &cgroups, &error), -1);
        assert_non_null(strstr(error.message, i == 0 ? "has processes in it" : "has cgroups below it"));
        assert_true(exists(used[i]));
        assert_int_equal(temporary_count(*state, "v1"), 0);
    }
    assert_nobody_else_was_touched();
    free(procs.directory);
    free(parent.directory);
    free(child.directory);
}

static void a_hierarchy_that_cannot_be_written_to_is_missed_only_by_its_limits(void **state)
{
    make_hierarchies(state);
    kernel.read_only = "/unified";
    cleanup_error struct error error = {0};
    struct cgroups cgroups = {0};
    assert_int_equal(create("/c1", "{}", &cgroups, &error), 0);
    assert_int_equal(cgroups.count, 1);
    assert_int_equal(cgroups_remove(&cgroups, &error), 0);
    cgroups_free(&cgroups);
    assert_int_equal(create("/c1", "{\"pids\":{\"limit\":5}}", &cgroups, &error), -1);
    assert_non_null(strstr(error.message, "linux.resources.pids.limit"));
    assert_int_equal(temporary_count(*state, "v1"), 0);
}

static void of_an_unknown_container_only_what_is_empty_is_removed(void **state)
{
    make_hierarchies(state);
    struct cgroup empty = make("v1/c1"), used = make("unified/c1");
    start_child(used.directory);
    cgroups_remove_empty("/c1");
    assert_false(exists("v1/c1"));
    assert_true(exists("unified/c1"));
    assert_int_equal(kernel.signals, 0);
    assert_nobody_else_was_touched();
    end_child();
    free(empty.directory);
    free(used.directory);
}

/* ---- keeping ---- */

static void a_state_that_names_no_cgroup_is_refused(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "[{\"directory\":\"/a/../b\"}]",
        "[{\"directory\":\"/a/..\"}]",
        "[{\"directory\":\"/./a\"}]",
        "[{\"directory\":\"a/b\"}]",
        "[{\"directory\":\"/a//b\"}]",
        "[{\"directory\":\"/\"}]",
        "[{\"directory\":\"\"}]",
        "[{\"directory\":\"/a/b/\"}]",
        "[{\"made\":[1]}]",
        "[7]",
        "[{\"directory\":\"/a\",\"made\":[1]}]",
        "[{\"directory\":\"/a/b\",\"made\":[\"1\"]}]",
        "[{\"directory\":\"/a/b\",\"device\":\"x\"}]",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        cleanup_error struct error error = {0};
        struct cgroups cgroups = {0};
        cleanup_json json_t *array = json_loads(hostile[i], 0, NULL);
        assert_non_null(array);
        if (cgroups_from_json(array, "state.json", &cgroups, &error) == 0)
            fail_msg("%s was taken", hostile[i]);
        assert_non_null(strstr(error.message, "state.json: cgroups[0]."));
        cgroups_free(&cgroups);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(what_runs_in_it_is_killed_before_it_is_removed),
        with_temporary(version_2_kills_all_at_once),
        with_temporary(killing_at_once_spares_the_caller_and_what_lies_below),
        with_temporary(the_root_of_a_hierarchy_is_left_alone),
        with_temporary(what_is_no_cgroup_is_left_alone),
        with_temporary(another_cgroup_in_its_place_is_left_alone),
        with_temporary(one_that_was_there_before_is_left_alone),
        with_temporary(one_that_was_about_to_be_made_is_removed_only_where_it_is_empty),
        with_temporary(a_symlink_in_its_path_is_refused),
        with_temporary(only_the_processes_of_the_cgroup_are_signalled),
        with_temporary(a_process_that_left_the_cgroup_is_not_signalled),
        with_temporary(what_was_made_is_noted_and_removed_with_its_parents),
        with_temporary(a_plan_names_what_is_missing),
        with_temporary(one_that_stands_empty_is_used_and_stays),
        with_temporary(one_that_is_in_use_is_refused),
        with_temporary(a_hierarchy_that_cannot_be_written_to_is_missed_only_by_its_limits),
        with_temporary(of_an_unknown_container_only_what_is_empty_is_removed),
        cmocka_unit_test(a_state_that_names_no_cgroup_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
