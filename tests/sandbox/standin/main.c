/*
 * A monitor for the tests, put in QEMU's place by configuration.
 *
 * It boots nothing. It prints, as one line of JSON, all that a process can find out about what it was given,
 * and sets nothing itself: what the report shows, the runtime did. Then it does what the words of the guest's
 * command line (the value of -append, or what stands behind "--" and the kernel) order, from left to right;
 * other words are not for it. Of a guest whose arguments travel in its initrd these are the words:
 *
 *   standin:quiet       no report; this word comes first
 *   standin:wait        waits for a signal that ends it (exit status 0, as QEMU does on SIGTERM)
 *   standin:deaf        ignores SIGTERM and waits
 *   standin:restore     handles SIGTERM, by another function meanwhile, and waits
 *   standin:echo        copies standard input to standard output until its end
 *   standin:say=TEXT    prints a line
 *   standin:print=PATH  copies a file to standard output
 *   standin:fork=N      makes N children that wait
 *   standin:spinner     makes a child that uses the processor
 *   standin:eat=N       takes N MiB of memory and touches it
 *   standin:spin        uses the processor until it is killed
 *   standin:agent=HOW   is the agent of a guest that has the channel (agent.c); HOW it answers: answer, late,
 *                       refuse, ended, silent, flood, overlong, leave; window: it prints the sizes that come
 * by the port of sizes standin:exec=HOW    is both, for further programs (exec.c) standin:manage=HOW  is
 * managed over the socket for it (manage.c); HOW: answer, obey (and ends when asked to power down), refuse,
 * silent, unsaved (refuses to save the machine alone) standin:nonblock    makes standard output non-blocking,
 * as QEMU does, and prints what it is then standin:many=N      writes N bytes to standard output
 *   standin:signal=N    sends itself the signal N
 *   standin:exit=N      ends by exit(N), where N may be more than 255, as QEMU's isa-debug-exit does
 *   standin:open        opens the devices of its options --net:NAME=TAP and --block:NAME=PATH as Solo5's
 *                       tenders do, and prints a line for each: the option and "ok" or the error's number
 *
 * It ends with the status 0 where no order says otherwise. With the one argument --version it tells a
 * version.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sandbox/standin/json.h"
#include "tests/sandbox/standin/report.h"

static char *const *words; /* of the command line, for orders */

static volatile sig_atomic_t asked_to_end;

static void note(int number)
{
    (void)number;
    asked_to_end = 1;
}

static void order_wait(const char *value)
{
    (void)value;
    const struct sigaction action = {.sa_handler = note};
    sigset_t ending, none;
    sigemptyset(&none);
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (!asked_to_end)
        sigsuspend(&none);
    exit(0);
}

static void never(int number)
{
    (void)number;
    _exit(9);
}

static void order_restore(const char *value)
{
    const struct sigaction first = {.sa_handler = note}, other = {.sa_handler = never};
    struct sigaction before;
    sigset_t term, none;
    sigemptyset(&none);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    sigaction(SIGTERM, &first, NULL);
    sigaction(SIGTERM, &other, &before);
    sigaction(SIGTERM, &before, NULL);
    printf("restored%s\n", value);
    fflush(stdout);
    while (!asked_to_end)
        sigsuspend(&none);
    exit(0);
}

static void order_deaf(const char *value)
{
    (void)value;
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}

static void order_block(const char *value)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, (int)strtol(value, NULL, 10));
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void order_echo(const char *value)
{
    (void)value;
    char bytes[4096];
    ssize_t got;
    while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        if (write(fileno(stdout), bytes, (size_t)got) != got)
            _exit(1);
}

static void order_say(const char *value)
{
    printf("%s\n", value);
    fflush(stdout);
}

static void order_print(const char *value)
{
    char bytes[4096];
    ssize_t got = -1;
    int fd = open(value, O_RDONLY);
    while (fd >= 0 && (got = read(fd, bytes, sizeof bytes)) > 0)
        fwrite(bytes, 1, (size_t)got, stdout);
    if (got < 0)
        _exit(1);
    fflush(stdout);
}

static void order_fork(const char *value)
{
    for (long count = strtol(value, NULL, 10); count > 0; count--)
        if (fork() == 0)
            for (;;)
                pause();
}

static void order_spin(const char *value)
{
    (void)value;
    for (volatile unsigned turns = 0;; turns++)
        ;
}

static void order_spinner(const char *value)
{
    if (fork() == 0)
        order_spin(value);
}

static void order_eat(const char *value)
{
    size_t length = strtoul(value, NULL, 10) << 20;
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    memset(memory, 1, length);
}

static char *const *arguments;

static void order_agent(const char *value)
{
    agent_run(arguments, value);
}

static void order_exec(const char *value)
{
    exec_run(arguments, value);
}

static void order_manage(const char *value)
{
    manage_run(arguments, value);
}

static void order_api(const char *value)
{
    api_run(value);
}

/* QEMU opens a file for appending, and a socket as it is. */
static void order_nonblock(const char *value)
{
    (void)value;
    struct stat status;
    int fd = fileno(stdout);
    if (fstat(fd, &status) < 0)
        _exit(1);
    int flags = fcntl(fd, F_GETFL) | (S_ISSOCK(status.st_mode) ? 0 : O_APPEND);
    if (fcntl(fd, F_SETFL, flags) < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        _exit(1);
    order_say(fcntl(fd, F_GETFL) & O_NONBLOCK ? "non-blocking" : "blocking");
}

static void order_many(const char *value)
{
    static char bytes[1 << 16];
    for (long left = strtol(value, NULL, 10); left > 0;) {
        size_t size = left < (long)sizeof bytes ? (size_t)left : sizeof bytes;
        ssize_t put = write(fileno(stdout), bytes, size);
        if (put < 0)
            _exit(9);
        left -= put;
    }
}

static void order_elsewhere(const char *value)
{
    if (write(STDERR_FILENO, value, strlen(value)) < 0)
        _exit(9);
}

static void order_signal(const char *value)
{
    kill(getpid(), (int)strtol(value, NULL, 10));
}

static void order_exit(const char *value)
{
    exit((int)strtol(value, NULL, 10));
}

/* Solo5, tenders/common/tap_attach.c. */
static int attach(const char *tap)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strncpy(request.ifr_name, tap, sizeof request.ifr_name - 1);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    return fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0 ? -1 : fd;
}

static void order_open(const char *value)
{
    (void)value;
    for (char *const *word = words; *word != NULL && strcmp(*word, "--") != 0; word++) {
        const char *equals = strchr(*word, '=');
        bool is_net = strncmp(*word, "--net:", 6) == 0, is_block = strncmp(*word, "--block:", 8) == 0;
        if (equals == NULL || (!is_net && !is_block))
            continue;
        int fd = is_net ? attach(equals + 1) : open(equals + 1, O_RDWR);
        printf("%.*s %s\n", (int)(equals - *word), *word, fd >= 0 ? "ok" : strerrorname_np(errno));
    }
    fflush(stdout);
}

static const struct order {
    const char *name;
    void (*obey)(const char *value);
} orders[] = {
    {"wait", order_wait},       {"deaf", order_deaf},           {"echo", order_echo},
    {"say", order_say},         {"fork", order_fork},           {"eat", order_eat},
    {"spin", order_spin},       {"agent", order_agent},         {"nonblock", order_nonblock},
    {"many", order_many},       {"signal", order_signal},       {"exit", order_exit},
    {"open", order_open},       {"manage", order_manage},       {"exec", order_exec},
    {"spinner", order_spinner}, {"elsewhere", order_elsewhere}, {"print", order_print},
    {"block", order_block},     {"restore", order_restore},     {"api", order_api},
};

static void obey(const char *word)
{
    const char *value = strchr(word, '=');
    size_t length = value != NULL ? (size_t)(value - word) : strlen(word);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (strlen(orders[i].name) == length && strncmp(orders[i].name, word, length) == 0) {
            orders[i].obey(value != NULL ? value + 1 : "");
            return;
        }
    fprintf(stderr, "standin: unknown order \"%s\"\n", word);
    _exit(2);
}

static const char *guest_command_line(char *const *argv)
{
    for (; *argv != NULL; argv++) {
        if (strcmp(*argv, "-append") == 0 && argv[1] != NULL)
            return argv[1];
        if (strcmp(*argv, "--config-file") == 0 && argv[1] != NULL)
            return api_command_line(argv[1]);
        /* One that is to go on with a saved machine has no configuration. */
        if (strcmp(*argv, "--api-sock") == 0 && strcmp(argv[argv[4] != NULL ? 4 : 0], "--config-file") != 0)
            return "standin:quiet standin:api=answer";
        if (strcmp(*argv, "--") == 0 && argv[1] != NULL && argv[2] != NULL)
            return argv[2];
    }
    return "";
}

static void obey_all(char *line)
{
    static const char prefix[] = "standin:";
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        if (strncmp(word, prefix, sizeof prefix - 1) == 0 && strcmp(word, "standin:quiet") != 0)
            obey(word + sizeof prefix - 1);
}

static void report(char *const *argv, char *const *environment)
{
    json_open(NULL, '{');
    report_descriptors();
    report_words(argv, environment);
    report_identity();
    report_process();
    report_terminal();
    report_root();
    report_calls();
    json_close('}');
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv, char **environment)
{
    words = argv;
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("standin 99.1.2");
        return 0;
    }
    arguments = argv;
    agent_take_output(argv);
    char *line = strdup(guest_command_line(argv)), *packed = settings_arguments("/guest/initrd");
    if (line == NULL || packed == NULL)
        return 1;
    if (strstr(line, "standin:quiet") == NULL && strstr(packed, "standin:quiet") == NULL)
        report(argv, environment);
    obey_all(line);
    obey_all(packed);
    free(line);
    free(packed);
    return 0;
}
