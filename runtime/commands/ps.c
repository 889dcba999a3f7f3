/* The processes of a container: the monitor, as the host sees it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/commands/command.h"

enum { PS_OUTPUT_MAX = 64 << 20 }; /* bytes of what ps(1) prints about every process of the host */

static bool contains(const struct container_processes *processes, pid_t pid)
{
    for (size_t i = 0; i < processes->count; i++)
        if (processes->pids[i] == pid)
            return true;
    return false;
}

static int print_json(const struct container_processes *processes)
{
    printf("[");
    for (size_t i = 0; i < processes->count; i++)
        printf("%s%d", i > 0 ? "," : "", (int)processes->pids[i]);
    printf("]\n");
    return 0;
}

static _Noreturn void exec_ps(char *const *words, int output)
{
    static const char *const all[] = {"ps", "-ef", NULL};
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    const char **argv = xcalloc(count + 2, sizeof *argv);
    argv[0] = "ps";
    memcpy(argv + 1, words, count * sizeof *argv);
    if (dup2(output, STDOUT_FILENO) == STDOUT_FILENO)
        execvp("ps", (char *const *)(count > 0 ? argv : all));
    dprintf(STDERR_FILENO, "ps: %s\n", strerror(errno));
    _exit(127);
}

/* Runs ps(1) with these options; its complaints go to standard error. */
static int run_ps(char *const *words, struct buffer *text, struct error *error)
{
    int status = 0;
    cleanup_close int output = memfd_create("ps", MFD_CLOEXEC);
    pid_t pid = output >= 0 ? fork() : -1;
    if (pid < 0)
        return error_errno(error, errno, "cannot run ps");
    if (pid == 0)
        exec_ps(words, output);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(error, "ps: the program ps failed with these options");
    lseek(output, 0, SEEK_SET);
    return read_all(output, PS_OUTPUT_MAX, text, "ps", error);
}

/* The word of that number in a line, from 0, as a process ID; 0 where it is none. */
static pid_t pid_in(const char *line, size_t column)
{
    for (;; column--) {
        line += strspn(line, " ");
        if (column == 0)
            return (pid_t)strtol(line, NULL, 10);
        line += strcspn(line, " ");
    }
}

/* The number of the column PID in the line of titles, or -1. */
static int pid_column(const char *titles)
{
    cleanup_free char *copy = xstrdup(titles);
    char *rest = NULL;
    int column = 0;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest), column++)
        if (strcmp(word, "PID") == 0)
            return column;
    return -1;
}

static int print_table(const struct container_processes *processes, char *const *words, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (run_ps(words, &text, error) < 0)
        return -1;
    char *rest = text.data;
    const char *titles = rest != NULL ? strsep(&rest, "\n") : "";
    int column = pid_column(titles);
    if (column < 0)
        return error_set(error, "ps: with these options ps prints no column PID");
    printf("%s\n", titles);
    for (const char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (contains(processes, pid_in(line, (size_t)column)))
            printf("%s\n", line);
    return 0;
}

int command_ps(const struct command *command, const struct invocation *invocation, struct error *error)
{
    const char *format = "table", *id = NULL;
    const struct option_spec specs[] = {
        OPTION_VALUE("format", 'f', "FORMAT", "table (default) or json", &format),
        OPTIONS_END,
    };
    char *const *words = NULL;
    int parsed = command_parse_id(command, invocation, specs, &id, &words, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, id, error) < 0)
        return -1;
    bool as_json = strcmp(format, "json") == 0;
    if (!as_json && strcmp(format, "table") != 0)
        return error_set(error, "ps: --format %s: not table or json", format);
    cleanup_processes struct container_processes processes = {0};
    if (container_processes(&invocation->runtime, id, &processes, error) < 0)
        return -1;
    return as_json ? print_json(&processes) : print_table(&processes, words, error);
}
