/* The commands of urunc: one file each, registered by one line in COMMANDS. */
#ifndef RUNTIME_COMMANDS_COMMAND_H
#define RUNTIME_COMMANDS_COMMAND_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/base/options.h"
#include "runtime/lifecycle/lifecycle.h"

/* One call of the program. */
struct invocation {
    struct runtime runtime;
    struct strings globals; /* the global flags as another runtime takes them; without --root and --config */
    char *const *argv;      /* argv[0] is the command's name; ends with NULL */
    char *const *whole;     /* the program's whole argv */
};

struct command {
    const char *name;
    const char *usage;   /* behind the name: "[OPTIONS] ID" */
    const char *summary; /* one line */
    /* Returns the exit status of the program (0 to 255), or -1 with the error set. */
    int (*run)(const struct command *command, const struct invocation *invocation, struct error *error);
};

/* The commands: name, usage, summary. Each has a function command_NAME; one that is missing does not link,
 * and one that is not listed does not compile. */
#define COMMANDS(X)                                                                                          \
    X(checkpoint, "[OPTIONS] ID", "Saves a container's machine in a directory, for `restore`.")              \
    X(check, "[OPTIONS]", "Says what this host can boot, and what is missing.")                              \
    X(create, "[OPTIONS] ID", "Makes a container from a bundle; `start` boots it.")                          \
    X(delete, "[OPTIONS] ID", "Removes a container that has stopped or was never started.")                  \
    X(events, "[OPTIONS] ID",                                                                                \
      "Prints a container's figures at intervals, and when its memory is exhausted.")                        \
    X(exec, "[OPTIONS] ID PROGRAM [ARGUMENT...]", "Starts another program in a Linux guest that runs.")      \
    X(features, "", "Prints what this runtime can do, as JSON.")                                             \
    X(kill, "[OPTIONS] ID [SIGNAL]", "Sends a signal (a name or a number, default TERM) to a container.")    \
    X(list, "[OPTIONS]", "Lists the containers, those of the other runtime too.")                            \
    X(pause, "ID", "Stops a container where it stands; `resume` lets it go on.")                             \
    X(ps, "[OPTIONS] ID [PS OPTIONS]", "Prints a container's processes: its monitor.")                       \
    X(restore, "[OPTIONS] ID", "Creates a container whose machine goes on where it was saved.")              \
    X(resume, "ID", "Lets a paused container go on.")                                                        \
    X(run, "[OPTIONS] ID",                                                                                   \
      "Creates and boots a container, and waits for its end; the status is the guest's.")                    \
    X(spec, "[OPTIONS]", "Writes a config.json to start from.")                                              \
    X(start, "ID", "Boots a created container.")                                                             \
    X(state, "ID", "Prints a container's state as JSON.")                                                    \
    X(trace, "ID", "Prints what took how long in a container's life, where that is traced.")                 \
    X(update, "[OPTIONS] ID", "Sets a container's limits anew.")

#define DECLARE_COMMAND(name_, usage_, summary_)                                                             \
    int command_##name_(const struct command *command, const struct invocation *invocation,                  \
                        struct error *error);
COMMANDS(DECLARE_COMMAND)
#undef DECLARE_COMMAND

extern const struct command commands[]; /* ends with a name of NULL */
/* NULL for an unknown name. */
const struct command *command_find(const char *name);

/*
 * Parses the command's options, prints its usage for --help, and checks the number of operands. Returns 1 to
 * go on, 0 where --help was answered, -1 for a usage error.
 */
int command_parse(const struct command *command, const struct invocation *invocation,
                  const struct option_spec *specs, size_t minimum, size_t maximum, struct operands *operands,
                  struct error *error);

/* The same for a command whose operand is an ID, behind which come words (`*words`, to a NULL) that are not
 * its own. */
int command_parse_id(const struct command *command, const struct invocation *invocation,
                     const struct option_spec *specs, const char **id, char *const **words,
                     struct error *error);

/* The options of `create`, which `run` has too; `request_` is a struct create_request. */
#define CREATE_OPTIONS(request_)                                                                             \
    OPTION_VALUE("bundle", 'b', "DIR", "the bundle: a directory with a config.json (default: .)",            \
                 &(request_).bundle),                                                                        \
        OPTION_VALUE("console-socket", 0, "PATH", "AF_UNIX socket to which the terminal is sent",            \
                     &(request_).console_socket),                                                            \
        OPTION_VALUE("pid-file", 0, "PATH", "file to write the process ID to", &(request_).pid_file),        \
        OPTION_IGNORED("no-pivot", NULL, "accepted; the monitor's root is always made by pivot_root"),       \
        OPTION_IGNORED("preserve-fds", "N", "accepted; a monitor is passed no descriptors"),                 \
        OPTION_IGNORED("no-new-keyring", NULL, "accepted; no keyring is made")

/* Of runc's `checkpoint` and `restore`: they are about processes of the host. */
#define CHECKPOINT_OPTIONS_OF_CRIU                                                                           \
    OPTION_IGNORED("tcp-established", NULL, "accepted; connections are in the machine"),                     \
        OPTION_IGNORED("tcp-skip-in-flight", NULL, "accepted, likewise"),                                    \
        OPTION_IGNORED("ext-unix-sk", NULL, "accepted, likewise"),                                           \
        OPTION_IGNORED("link-remap", NULL, "accepted, likewise"),                                            \
        OPTION_IGNORED("file-locks", NULL, "accepted, likewise"),                                            \
        OPTION_IGNORED("shell-job", NULL, "accepted, likewise"),                                             \
        OPTION_IGNORED("auto-dedup", NULL, "accepted, likewise"),                                            \
        OPTION_IGNORED("manage-cgroups-mode", "MODE", "accepted; the bundle says it"),                       \
        OPTION_IGNORED("empty-ns", "NAMESPACE", "accepted; the bundle says it")

/* For a container that is another runtime's: executes that with the same command line. Returns 0 where it is
 * ours or nobody's, -1 on failure. */
int command_hand_over(const struct invocation *invocation, const char *id, struct error *error);

#endif
