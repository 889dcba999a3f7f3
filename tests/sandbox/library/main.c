/*
 * library ROOT CONFIG BUNDLE ID...: makes, starts, kills and removes all these containers from one process,
 * in turns, as a shim would, and says what of the process is another than before. Standard output is theirs.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/lifecycle/lifecycle.h"

/* What a caller has and would miss. */
struct own {
    char directory[4096];
    mode_t mask;
    sigset_t blocked;
    struct sigaction pipe;
    char descriptors[1024]; /* numbers and flags */
    uid_t user;
};

static void list_descriptors(char *text, size_t size)
{
    size_t length = 0;
    for (int fd = 0; fd < 100; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0)
            length += (size_t)snprintf(text + length, size - length, "%d:%d ", fd, flags);
    }
}

static void look(struct own *own)
{
    memset(own, 0, sizeof *own);
    if (getcwd(own->directory, sizeof own->directory) == NULL)
        exit(3);
    own->mask = umask(0);
    umask(own->mask);
    sigprocmask(SIG_SETMASK, NULL, &own->blocked);
    sigaction(SIGPIPE, NULL, &own->pipe);
    list_descriptors(own->descriptors, sizeof own->descriptors);
    own->user = geteuid();
}

static void fail(const char *what, const char *id, const struct error *error)
{
    fprintf(stderr, "%s %s: %s\n", what, id, error->message != NULL ? error->message : "failed");
    exit(2);
}

static bool same(const struct own *a, const struct own *b)
{
    return strcmp(a->directory, b->directory) == 0 && a->mask == b->mask &&
           memcmp(&a->blocked, &b->blocked, sizeof a->blocked) == 0 &&
           a->pipe.sa_handler == b->pipe.sa_handler && strcmp(a->descriptors, b->descriptors) == 0 &&
           a->user == b->user;
}

int main(int argc, char **argv)
{
    const struct runtime runtime = {.root = argv[1], .config_path = argv[2], .log = {.fd = -1}};
    char *const *ids = argv + 4;
    int count = argc - 4;
    struct error error = {0};
    struct own before, after;
    pid_t pids[100];
    if (argc < 5 || count > 100 || open("/dev/null", O_RDONLY) < 0) /* inherited by whoever does not look */
        return 3;
    umask(0123);
    look(&before);
    for (int i = 0; i < count; i++) {
        const struct create_request request = {.id = ids[i], .bundle = argv[3]};
        if (container_create(&runtime, &request, &pids[i], &error) != CREATE_DONE)
            fail("create", ids[i], &error);
    }
    for (int i = 0; i < count; i++)
        if (container_start(&runtime, ids[i], &error) < 0)
            fail("start", ids[i], &error);
    for (int i = 0; i < count; i++) {
        int status = 0;
        if (container_kill(&runtime, ids[i], SIGKILL, false, &error) < 0)
            fail("kill", ids[i], &error);
        if (waitpid(pids[i], &status, 0) != pids[i] || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
            return 4;
        if (container_delete(&runtime, ids[i], false, &error) < 0)
            fail("delete", ids[i], &error);
    }
    look(&after);
    if (!same(&before, &after)) {
        fprintf(stderr, "changed: %s %o %s, was %s %o %s\n", after.directory, after.mask, after.descriptors,
                before.directory, before.mask, before.descriptors);
        return 5;
    }
    return 0;
}
