#include "runtime/lifecycle/monitor_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/open.h"
#include "runtime/sandbox/mounts.h"
#include "runtime/sandbox/root/private_root.h"

enum {
    GENERATED_MAX = 1 << 20, /* bytes of one file */
    GENERATED_FILES = 16,
    CONNECT_TIMEOUT = 5, /* seconds */
    WATCH_INTERVAL = 20, /* milliseconds between two looks at the files' sizes */
};

/* The root of the process that is the container's, and no other's that got its number. */
static int open_root(const struct state *state, struct error *error)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/root", (int)state->pid);
    cleanup_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int number = errno;
    cleanup_close int process = state_open_process(state);
    if (process < 0)
        return error_numbered(error, ECONNREFUSED, "the monitor has ended");
    return root >= 0 ? take_fd(root) : error_errno(error, number, "the monitor's root");
}

int monitor_root_connect(const struct state *state, const char *path, struct error *error)
{
    struct stat status;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval timeout = {.tv_sec = CONNECT_TIMEOUT};
    cleanup_close int root = open_root(state, error);
    if (root < 0)
        return -1;
    cleanup_close int name =
        open_resolved(root, path, O_PATH | O_NOFOLLOW, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    if (name < 0 && errno == ENOENT)
        return error_numbered(error, ECONNREFUSED, "the monitor's %s: it does not listen", path);
    if (name < 0 || fstat(name, &status) < 0)
        return error_errno(error, errno, "the monitor's %s", path);
    if (!S_ISSOCK(status.st_mode))
        return error_set(error, "the monitor's %s: not a socket", path);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", name);
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return error_errno(error, errno, "the monitor's %s", path);
    return take_fd(fd);
}

/* ---- what was generated ---- */

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int read_one(int directory, const char *name, struct strings *texts, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    cleanup_close int fd = beneath_open_file(directory, name, O_RDONLY, BENEATH_STRICT, error);
    if (fd < 0 || read_all(fd, GENERATED_MAX, &text, name, error) < 0)
        return -1;
    strings_add_owned(texts, buffer_take(&text));
    return 0;
}

int monitor_root_read_generated(const struct state *state, struct strings *texts, struct error *error)
{
    struct dirent **entries = NULL;
    cleanup_close int root = open_root(state, error);
    if (root < 0)
        return -1;
    cleanup_close int directory = open_resolved(root, PRIVATE_ROOT_GENERATED, O_RDONLY | O_DIRECTORY, 0,
                                                RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    if (directory < 0)
        return errno == ENOENT ? 0 : error_errno(error, errno, "the monitor's " PRIVATE_ROOT_GENERATED);
    int count = scandirat(directory, ".", &entries, is_visible, alphasort), status = 0;
    if (count < 0)
        return error_errno(error, errno, "the monitor's " PRIVATE_ROOT_GENERATED);
    for (int i = 0; i < count; i++) {
        if (status == 0 && i < GENERATED_FILES)
            status = read_one(directory, entries[i]->d_name, texts, error);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* ---- lending ---- */

/* What the child says, each once: that the files are there, and what has become of them. */
enum report_kind { LENT, TAKEN_BACK, NOT_ENTERED, NOT_LENT, STILL_HELD, TOO_LONG };
struct report {
    enum report_kind kind;
    int number; /* errno */
};

/* What the child works with. It is a copy of a process that may have other threads: system calls alone. */
struct lender {
    int process; /* pidfd of the monitor */
    int socket;
    int trees[LOAN_FILES];
    const int *files;
    const char *const *paths;
    uint64_t limit;
};

static void say(const struct lender *lender, enum report_kind kind)
{
    const struct report report = {kind, errno};
    send(lender->socket, &report, sizeof report, MSG_NOSIGNAL);
}

/* Enters the monitor's mounts; what was detached before comes along. */
static bool attach(const struct lender *lender)
{
    if (setns(lender->process, CLONE_NEWNS) < 0) {
        say(lender, NOT_ENTERED);
        return false;
    }
    /* What a restored monitor was restored from lies there; on a file that was removed nothing can be
     * mounted. */
    for (size_t i = 0; i < LOAN_FILES; i++)
        umount2(lender->paths[i], MNT_DETACH);
    for (size_t i = 0; i < LOAN_FILES; i++)
        if (move_mount(lender->trees[i], "", AT_FDCWD, lender->paths[i], MOVE_MOUNT_F_EMPTY_PATH) < 0) {
            say(lender, NOT_LENT);
            return false;
        }
    say(lender, LENT);
    return true;
}

static bool is_too_long(const struct lender *lender)
{
    for (size_t i = 0; i < LOAN_FILES; i++) {
        struct stat status;
        if (fstat(lender->files[i], &status) < 0 || (uint64_t)status.st_size > lender->limit ||
            (uint64_t)status.st_blocks * 512 > lender->limit)
            return true;
    }
    return false;
}

/* Until the caller wants them back, or is gone. */
static bool watch(const struct lender *lender)
{
    struct pollfd wanted = {.fd = lender->socket, .events = POLLIN};
    while (poll(&wanted, 1, WATCH_INTERVAL) <= 0 && !is_too_long(lender))
        ;
    if (is_too_long(lender)) {
        pidfd_send_signal(lender->process, SIGKILL, NULL, 0);
        say(lender, TOO_LONG);
        return false;
    }
    return true;
}

/* A mount of which a file is open for writing does not become read-only. */
static bool seal(const struct lender *lender)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    for (size_t i = 0; i < LOAN_FILES; i++)
        if (mount_setattr(lender->trees[i], "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
            return false;
    return true;
}

static _Noreturn void lend(const struct lender *lender)
{
    if (attach(lender) && watch(lender))
        say(lender, seal(lender) ? TAKEN_BACK : STILL_HELD);
    for (size_t i = 0; i < LOAN_FILES; i++)
        umount2(lender->paths[i], MNT_DETACH);
    _exit(0);
}

static int hear(const struct loan *loan, enum report_kind wanted, struct error *error)
{
    struct report report;
    ssize_t got;
    while ((got = recv(loan->socket, &report, sizeof report, 0)) < 0 && errno == EINTR)
        ;
    if (got != sizeof report)
        return error_set(error, "the process in the monitor's mounts has ended");
    if (report.kind == wanted)
        return 0;
    switch (report.kind) {
    case NOT_ENTERED:
        return error_errno(error, report.number, "cannot enter the monitor's mounts");
    case NOT_LENT:
        return error_errno(error, report.number, "cannot mount a file in the monitor's root");
    case TOO_LONG:
        return error_set(error, "the monitor wrote more than a machine of this memory has, and was killed");
    default:
        return error_set(error, "the monitor still writes to what it has saved");
    }
}

/* The monitor's user, as this process sees it. */
static int find_user(const struct state *state, uid_t *user, struct error *error)
{
    char path[32];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d", (int)state->pid);
    if (stat(path, &status) < 0)
        return error_errno(error, errno, "%s", path);
    *user = status.st_uid;
    return 0;
}

static int give(const int files[LOAN_FILES], uid_t user, struct error *error)
{
    for (size_t i = 0; i < LOAN_FILES; i++)
        if (fchown(files[i], user, (gid_t)-1) < 0)
            return error_errno(error, errno, "a file of the saved machine cannot be given to user %u", user);
    return 0;
}

static int spawn(struct lender *lender, struct loan *loan, struct error *error)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(error, errno, "socketpair");
    loan->socket = pair[0];
    lender->socket = pair[1];
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        lend(lender);
    }
    close(pair[1]);
    if (child < 0)
        return error_errno(error, errno, "fork");
    loan->process = pidfd_open(child, 0);
    return hear(loan, LENT, error);
}

/* Ends the child, whatever it was at. */
static void release(struct loan *loan)
{
    siginfo_t ended;
    if (loan->socket >= 0)
        close(loan->socket);
    while (loan->process >= 0 && waitid(P_PIDFD, (id_t)loan->process, &ended, WEXITED) < 0 && errno == EINTR)
        ;
    if (loan->process >= 0)
        close(loan->process);
    *loan = LOAN_NONE;
}

int loan_begin(const struct state *state, const int files[LOAN_FILES], const char *const paths[LOAN_FILES],
               uint64_t limit, struct loan *loan, struct error *error)
{
    uid_t user;
    *loan = LOAN_NONE;
    cleanup_close int process = state_open_process(state);
    if (process < 0)
        return error_set(error, "container not running");
    if (find_user(state, &user, error) < 0)
        return -1;
    cleanup_close int first = mount_detached_fd(files[0], "the saved machine", MOUNT_WRITABLE, error);
    cleanup_close int second =
        first < 0 ? -1 : mount_detached_fd(files[1], "the saved machine", MOUNT_WRITABLE, error);
    struct lender lender = {
        .process = process, .trees = {first, second}, .files = files, .paths = paths, .limit = limit};
    if (second >= 0 && give(files, user, error) == 0 && spawn(&lender, loan, error) == 0)
        return 0;
    release(loan);
    return -1;
}

int loan_end(struct loan *loan, const int files[LOAN_FILES], struct error *error)
{
    /* No byte: one that stays unread when the child ends would take its last word away. */
    shutdown(loan->socket, SHUT_WR);
    int status = hear(loan, TAKEN_BACK, error);
    release(loan);
    return status < 0 ? -1 : give(files, geteuid(), error);
}
