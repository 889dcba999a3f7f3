/*
 * An attacker in user and process ID namespaces of its own, root in there, or with the argument "here" in the
 * caller's: it tries without pause to trace every process that appears beside it. The first line that it
 * prints is "ready PID"; a process that it could trace ends it with "traced", what it is and what it may do;
 * SIGTERM ends it with "refused" and how often.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int number)
{
    (void)number;
    ended = 1;
}

static void write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        perror(path);
        exit(2);
    }
    close(fd);
}

static void print_status(int pid)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "Name:", 5) == 0 || strncmp(line, "CapEff:", 7) == 0)
            fputs(line, stdout);
    if (status != NULL)
        fclose(status);
}

/* Tries each process but ourselves once; the number of those that refused, or -1 once one could be traced. */
static long try_all(void)
{
    long refused = 0;
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    while (processes != NULL && (entry = readdir(processes)) != NULL) {
        int pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
        if (pid <= 1 || pid == getpid())
            continue;
        if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
            printf("traced %d\n", pid);
            print_status(pid);
            closedir(processes);
            return -1;
        }
        refused += errno == EPERM;
    }
    if (processes != NULL)
        closedir(processes);
    return refused;
}

static int try_until_ended(void)
{
    long refused = 0;
    while (!ended) {
        long more = try_all();
        if (more < 0)
            return 0;
        refused += more;
    }
    printf("refused %ld\n", refused);
    return 0;
}

static int attack(int go)
{
    char byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (read(go, &byte, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ||
        mount("proc", "/proc", "proc", 0, NULL) < 0) {
        perror("tracer");
        return 2;
    }
    return try_until_ended();
}

int main(int argc, char **argv)
{
    int go[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGTERM, end);
    if (argc > 1 && strcmp(argv[1], "here") == 0) {
        printf("ready %d\n", (int)getpid());
        return try_until_ended();
    }
    if (pipe(go) < 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 2;
    /* The child is made by a process that waits in the host's namespaces, because the mappings are written
     * from there. */
    int report[2];
    if (pipe(report) < 0)
        return 2;
    pid_t maker = fork();
    if (maker == 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) < 0)
            _exit(2);
        pid_t child = fork();
        if (child == 0)
            _exit(attack(go[0]));
        if (write(report[1], &child, sizeof child) != sizeof child)
            _exit(2);
        int status = 0;
        waitpid(child, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 3);
    }
    pid_t child = 0;
    if (read(report[0], &child, sizeof child) != sizeof child)
        return 2;
    write_file(child, "uid_map", "0 100000 65536\n");
    write_file(child, "gid_map", "0 100000 65536\n");
    printf("ready %d\n", (int)child);
    if (write(go[1], "x", 1) != 1)
        return 2;
    int status = 0;
    waitpid(maker, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}
