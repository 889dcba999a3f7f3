/* urunc: an OCI runtime whose containers are unikernels. The global flags and the table of commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/commands/command.h"
#include "runtime/config/config.h"
#include "runtime/sandbox/cgroups/systemd/systemd.h"
#include "runtime/sandbox/namespaces/rootless.h"

enum {
    EXIT_FAILED = 1,
    EXIT_EXEC_FAILED = 255, /* as runc's: 1 may be the program's */
};

struct globals {
    const char *root;
    const char *log;
    const char *log_format;
    const char *config;
    const char *rootless;
    bool debug;
    bool systemd_cgroup;
    bool version;
};

static void print_version(void)
{
    printf("urunc version %s\nspec: 1.3.0\n", URUNC_VERSION);
}

static void print_help(const struct option_spec *specs)
{
    printf("Usage: urunc [GLOBAL OPTIONS] COMMAND [OPTIONS] [ID]\n\n"
           "An OCI runtime whose containers are unikernels.\n\nCommands:\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        printf("  %-10s %s\n", command->name, command->summary);
    printf("\nGlobal options:\n");
    options_print(specs);
    printf("\n`urunc COMMAND --help` explains a command.\n");
}

/* The caller frees it. */
static char *default_root(void)
{
    const char *directory = getenv("XDG_RUNTIME_DIR");
    if (!rootless_is_root() && directory != NULL && directory[0] == '/')
        return xasprintf("%s/urunc", directory);
    return xstrdup("/run/urunc");
}

/* --rootless as runc has it; NULL is "auto". */
static int read_rootless(const char *mode, bool *rootless, struct error *error)
{
    if (mode == NULL || strcmp(mode, "auto") == 0)
        *rootless = !rootless_is_root();
    else if (strcmp(mode, "true") == 0 || strcmp(mode, "false") == 0)
        *rootless = *mode == 't';
    else
        return error_set(error, "--rootless: \"%s\" is not true, false or auto", mode);
    return 0;
}

/* The flags as another runtime takes them. */
static void copy_globals(const struct globals *globals, struct strings *out)
{
    const struct {
        const char *flag;
        const char *value;
    } with_value[] = {
        {"--log", globals->log}, {"--log-format", globals->log_format}, {"--rootless", globals->rootless}};
    for (size_t i = 0; i < sizeof with_value / sizeof *with_value; i++)
        if (with_value[i].value != NULL) {
            strings_add(out, with_value[i].flag);
            strings_add(out, with_value[i].value);
        }
    if (globals->debug)
        strings_add(out, "--debug");
    if (globals->systemd_cgroup)
        strings_add(out, "--systemd-cgroup");
}

static int run_command(const struct invocation *invocation, struct error *error)
{
    const struct command *command = command_find(invocation->argv[0]);
    if (command == NULL)
        return error_set(error, "unknown command \"%s\"; see urunc --help", invocation->argv[0]);
    int status = command->run(command, invocation, error);
    if (status >= 0 && fflush(stdout) != 0)
        return error_set(error, "stdout: cannot be written to");
    return status;
}

/* `failed` becomes the exit status of a failure of the command. */
static int run_main(char *const *argv, struct log *log, int *failed, struct error *error)
{
    struct globals globals = {0};
    const struct option_spec specs[] = {
        OPTION_VALUE("root", 0, "DIR", "where the state of containers is kept (default: /run/urunc)",
                     &globals.root),
        OPTION_VALUE("log", 0, "FILE", "write errors there as well", &globals.log),
        OPTION_VALUE("log-format", 0, "FORMAT", "of --log: text (default) or json", &globals.log_format),
        OPTION_VALUE("config", 0, "FILE", "urunc's configuration (default: " CONFIG_DEFAULT_PATH ")",
                     &globals.config),
        OPTION_FLAG("debug", 0, "write more to the log", &globals.debug),
        OPTION_FLAG("systemd-cgroup", 0, "have systemd make the cgroup, as a scope", &globals.systemd_cgroup),
        OPTION_VALUE("rootless", 0, "MODE", "true, false or auto (default): whether the caller is not root",
                     &globals.rootless),
        OPTION_FLAG("version", 'v', "print the version", &globals.version),
        OPTIONS_END,
    };
    int next = options_parse(specs, argv, OPTIONS_TO_OPERAND, NULL, error);
    if (next < 0)
        return -1;
    log->debug = globals.debug;
    if (log_open(log, globals.log, globals.log_format != NULL ? globals.log_format : "text", error) < 0)
        return -1;
    if (globals.version) {
        print_version();
        return 0;
    }
    if (next == 0 || argv[next] == NULL) {
        print_help(specs);
        return next == 0 ? 0 : EXIT_FAILED;
    }
    if (globals.root != NULL && *globals.root == '\0')
        return error_set(error, "--root: is empty; name a directory");
    bool rootless = false;
    if (read_rootless(globals.rootless, &rootless, error) < 0)
        return -1;
    cleanup_free char *root = globals.root != NULL ? xstrdup(globals.root) : default_root();
    cleanup_strings struct strings for_others = {0};
    copy_globals(&globals, &for_others);
    const struct invocation invocation = {
        .runtime = {.root = root,
                    .config_path = globals.config,
                    .systemd_cgroup = globals.systemd_cgroup && (!rootless || systemd_serves_user()),
                    .rootless = rootless,
                    .log = *log},
        .globals = for_others,
        .argv = argv + next,
        .whole = argv,
    };
    if (strcmp(invocation.argv[0], "exec") == 0)
        *failed = EXIT_EXEC_FAILED;
    return run_command(&invocation, error);
}

/* A closed stdin, stdout or stderr would give its number to the next file that is opened, and the monitor,
 * which inherits these three, would write its messages into that. */
static void open_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0)
            exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
    (void)argc;
    open_closed_streams();
    cleanup_error struct error error = {0};
    struct log log = {.fd = -1};
    int failed = EXIT_FAILED;
    int status = run_main(argv, &log, &failed, &error);
    if (status < 0) {
        log_line(&log, LOG_LEVEL_ERROR, error.message != NULL ? error.message : "failed");
        status = failed;
    }
    if (log.fd >= 0)
        close(log.fd);
    return status;
}
