/* measure FILE COMMAND...: runs the command and appends "wall-us cpu-us max-resident-KiB" to FILE; exits as
 * it does. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(long long seconds, long long rest)
{
    return seconds * 1000000 + rest;
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return microseconds(time.tv_sec, time.tv_nsec / 1000);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: measure FILE COMMAND...\n", stderr);
        return 2;
    }
    long long start = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("measure");
        return 1;
    }
    long long wall = now() - start;
    long long cpu = microseconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec,
                                 usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    FILE *file = fopen(argv[1], "a");
    if (file == NULL) {
        perror(argv[1]);
        return 1;
    }
    fprintf(file, "%lld %lld %ld\n", wall, cpu, usage.ru_maxrss);
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
