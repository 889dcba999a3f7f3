/* Nothing but a regular file is ever opened: no device node, no FIFO, no socket. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/open.h"

/* inotify tells of every open(2), but not of one with O_PATH. */
static int watch(const struct temporary *temporary, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", temporary->path, name);
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(fd, path, IN_OPEN) >= 0);
    return fd;
}

static bool was_opened(int watcher)
{
    char events[4096];
    ssize_t got = read(watcher, events, sizeof events);
    assert_true(got > 0 || errno == EAGAIN);
    return got > 0;
}

static void check_never_opened(const struct temporary *temporary, const char *name)
{
    cleanup_close int watcher = watch(temporary, name);
    static const int modes[] = {O_RDONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDONLY | O_NOFOLLOW};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        cleanup_error struct error plain = {0}, strict = {0}, in_root = {0};
        assert_int_equal(open_regular(temporary->fd, name, modes[i], &plain), -1);
        assert_int_equal(beneath_open_file(temporary->fd, name, modes[i], BENEATH_STRICT, &strict), -1);
        assert_int_equal(beneath_open_file(temporary->fd, name, modes[i], BENEATH_IN_ROOT, &in_root), -1);
        assert_int_equal(plain.number, EINVAL);
        assert_int_equal(strict.number, EINVAL);
        assert_int_equal(in_root.number, EINVAL);
        assert_non_null(strstr(plain.message, ": not a regular file"));
    }
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer text = {0};
    assert_int_equal(read_file(temporary->fd, name, 9, &text, &error), -1);
    assert_int_equal(error.number, EINVAL);
    assert_false(was_opened(watcher));
}

static void the_watch_sees_an_open(void **state)
{
    struct temporary *temporary = *state;
    assert_int_equal(mkfifoat(temporary->fd, "fifo", 0600), 0);
    cleanup_close int watcher = watch(temporary, "fifo");
    cleanup_close int place = openat(temporary->fd, "fifo", O_PATH | O_CLOEXEC);
    assert_true(place >= 0);
    assert_false(was_opened(watcher));
    cleanup_close int fd = openat(temporary->fd, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(was_opened(watcher));
}

static void a_fifo_is_not_opened(void **state)
{
    struct temporary *temporary = *state;
    assert_int_equal(mkfifoat(temporary->fd, "fifo", 0600), 0);
    check_never_opened(temporary, "fifo");
}

static void a_socket_is_not_opened(void **state)
{
    struct temporary *temporary = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", temporary->fd);
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    check_never_opened(temporary, "socket");
}

static void a_device_node_is_not_opened(void **state)
{
    struct temporary *temporary = *state;
    if (mknodat(temporary->fd, "zero", S_IFCHR | 0666, makedev(1, 5)) < 0) {
        skip_because("only root makes device nodes");
    }
    assert_int_equal(mknodat(temporary->fd, "block", S_IFBLK | 0666, makedev(7, 0)), 0);
    assert_int_equal(symlinkat("zero", temporary->fd, "link"), 0);
    check_never_opened(temporary, "zero");
    check_never_opened(temporary, "block");
    cleanup_error struct error error = {0};
    assert_int_equal(open_regular(temporary->fd, "link", O_RDONLY, &error), -1);
    assert_int_equal(error.number, EINVAL);
}

static void a_directory_is_not_a_file(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    assert_int_equal(open_regular(temporary->fd, ".", O_RDONLY, &error), -1);
    assert_int_equal(error.number, EISDIR);
    assert_string_equal(error.message, ".: not a regular file");
}

static void a_file_is_opened_as_asked(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    temporary_write_text(temporary, "file", "abc");
    assert_int_equal(symlinkat("file", temporary->fd, "link"), 0);
    cleanup_close int fd = open_regular(temporary->fd, "link", O_RDWR | O_APPEND, &error);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(write(fd, "d", 1), 1);
    cleanup_free char *text = temporary_read(temporary, "file");
    assert_string_equal(text, "abcd");
    assert_int_equal(open_regular(temporary->fd, "link", O_RDONLY | O_NOFOLLOW, &error), -1);
    assert_int_equal(error.number, ELOOP);
}

static void a_missing_file_is_named(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    assert_int_equal(open_regular(temporary->fd, "none", O_RDONLY, &error), -1);
    assert_int_equal(error.number, ENOENT);
    assert_string_equal(error.message, "none: No such file or directory");
}

/* In a child, since it loses its /proc. 0 is what it should return. */
static int without_proc(const struct temporary *temporary)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/proc", "tmpfs", 0, NULL) < 0)
        return 77;
    struct error error = {0};
    char text[4] = "";
    int fd = open_regular(temporary->fd, "file", O_RDONLY, &error);
    if (fd < 0 || read(fd, text, 3) != 3 || strcmp(text, "abc") != 0)
        return 1;
    fd = beneath_open_file(temporary->fd, "/file", O_RDONLY, BENEATH_IN_ROOT, &error);
    if (fd < 0)
        return 2;
    if (open_regular(temporary->fd, "fifo", O_RDONLY, &error) >= 0 || error.number != EINVAL)
        return 3;
    error_clear(&error);
    return 0;
}

static void files_are_opened_without_a_proc(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "file", "abc");
    assert_int_equal(mkfifoat(temporary->fd, "fifo", 0600), 0);
    cleanup_close int watcher = watch(temporary, "fifo");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(without_proc(temporary));
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip_because("only root mounts");
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_false(was_opened(watcher));
}

static void a_mode_where_nothing_is_made_does_not_matter(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_close int directory =
        beneath_open(temporary->fd, ".", O_RDONLY | O_DIRECTORY, 0755, BENEATH_IN_ROOT, &error);
    assert_true(directory >= 0);
    cleanup_close int unnamed =
        beneath_open(temporary->fd, ".", O_RDWR | O_TMPFILE, 0640, BENEATH_IN_ROOT, &error);
    if (unnamed < 0) /* a filesystem without them */
        assert_int_equal(error.number, EOPNOTSUPP);
    struct stat status = {.st_mode = 0640};
    assert_true(unnamed < 0 || fstat(unnamed, &status) == 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

static void a_descriptor_is_opened_again_with_an_offset_of_its_own(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "file", "abc");
    char bytes[3];
    cleanup_close int fd = openat(temporary->fd, "file", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, bytes, 3), 3);
    assert_int_equal(unlinkat(temporary->fd, "file", 0), 0);
    cleanup_close int again = reopen_descriptor(fd, O_RDONLY);
    assert_int_equal(read(again, bytes, 3), 3);
    assert_memory_equal(bytes, "abc", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(the_watch_sees_an_open),
        with_temporary(a_fifo_is_not_opened),
        with_temporary(a_socket_is_not_opened),
        with_temporary(a_device_node_is_not_opened),
        with_temporary(a_directory_is_not_a_file),
        with_temporary(a_file_is_opened_as_asked),
        with_temporary(a_missing_file_is_named),
        with_temporary(files_are_opened_without_a_proc),
        with_temporary(a_mode_where_nothing_is_made_does_not_matter),
        with_temporary(a_descriptor_is_opened_again_with_an_offset_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
