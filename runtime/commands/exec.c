#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/bundle/bundle.h"
#include "runtime/commands/command.h"
#include "runtime/lifecycle/exec/exec.h"

/* What the command line says of the program. */
struct exec_options {
    const char *process_file; /* or NULL: the other options lay themselves over the container's process */
    const char *cwd;
    const char *user;
    struct strings env;
    struct strings groups;
    bool terminal;
    bool sealed;
};

static void options_free(struct exec_options *options)
{
    strings_free(&options->env);
    strings_free(&options->groups);
}
#define cleanup_options __attribute__((cleanup(options_free)))

static int add_text(void *context, const char *value, struct error *error)
{
    (void)error;
    strings_add(context, value);
    return 0;
}

static int add_variable(void *context, const char *value, struct error *error)
{
    if (value[0] == '=' || strchr(value, '=') == NULL)
        return error_set(error, "\"%s\" is not NAME=VALUE", value);
    return add_text(context, value, error);
}

/* ---- the process ---- */

/* Reads a process (runtime-spec, config.md) from an object; `file` stands in errors. */
static int read_process(const json_t *object, const char *file, struct exec_request *request,
                        struct error *error)
{
    cleanup_free char *where = xasprintf("%s: process.", file);
    if (process_read(object, file, &request->process, error) < 0)
        return -1;
    return read_bool(object, where, "noNewPrivileges", &request->sealed, error) < 0 ? -1 : 0;
}

static json_t *load(const char *path, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_file(AT_FDCWD, path, BUNDLE_CONFIG_MAX, &text, error) < 0)
        return NULL;
    return parse_json(text.data, text.length, path, error);
}

static int read_file_of_process(const char *path, struct exec_request *request, struct error *error)
{
    cleanup_json json_t *object = load(path, error);
    return object != NULL ? read_process(object, path, request, error) : -1;
}

static int read_process_of_container(const struct state *state, struct exec_request *request,
                                     struct error *error)
{
    cleanup_free char *path = xasprintf("%s/config.json", state->bundle);
    cleanup_json json_t *config = load(path, error);
    const json_t *process = NULL;
    cleanup_free char *where = xasprintf("%s: ", path);
    if (config == NULL || read_object(config, where, "process", &process, error) < 0)
        return -1;
    if (process == NULL)
        return error_set(error, "%sprocess: missing; name one with --process", where);
    return read_process(process, path, request, error);
}

/* Up to `end`, at which *text is then. */
static int read_id(const char **text, const char *ends, uint32_t *id)
{
    char *end = NULL;
    if (**text < '0' || **text > '9')
        return -1;
    unsigned long number = strtoul(*text, &end, 10);
    if (number >= UINT32_MAX || strchr(ends, *end) == NULL)
        return -1;
    *id = (uint32_t)number;
    *text = end;
    return 0;
}

static int set_user(const char *text, struct process *process, struct error *error)
{
    const char *at = text;
    if (read_id(&at, ":", &process->uid) == 0 &&
        (*at == '\0' || (at++, read_id(&at, "", &process->gid) == 0)))
        return 0;
    return error_set(error, "exec: --user %s: not UID or UID:GID, in numbers", text);
}

static int add_groups(const struct strings *groups, struct process *process, struct error *error)
{
    size_t count = process->additional_gid_count + groups->count;
    process->additional_gids =
        xrealloc(process->additional_gids, (count + 1) * sizeof *process->additional_gids);
    for (size_t i = 0; i < groups->count; i++) {
        const char *at = groups->items[i];
        if (read_id(&at, "", &process->additional_gids[process->additional_gid_count++]) < 0)
            return error_set(error, "exec: --additional-gids %s: not a group ID", groups->items[i]);
    }
    return 0;
}

/* Later ones win. */
static void add_environment(const struct strings *variables, struct strings *env)
{
    for (size_t i = 0; i < variables->count; i++) {
        const char *variable = variables->items[i];
        size_t name = strcspn(variable, "=") + 1;
        size_t j = 0;
        while (j < env->count && strncmp(env->items[j], variable, name) != 0)
            j++;
        if (j == env->count) {
            strings_add(env, variable);
        } else {
            free(env->items[j]);
            env->items[j] = xstrdup(variable);
        }
    }
}

static int lay_over(const struct exec_options *options, char *const *words, struct exec_request *request,
                    struct error *error)
{
    struct process *process = &request->process;
    strings_free(&process->args);
    for (; *words != NULL; words++)
        strings_add(&process->args, *words);
    add_environment(&options->env, &process->env);
    process->terminal = options->terminal;
    request->sealed = request->sealed || options->sealed;
    if (options->cwd != NULL) {
        if (options->cwd[0] != '/')
            return error_set(error, "exec: --cwd %s: not an absolute path", options->cwd);
        free(process->cwd);
        process->cwd = xstrdup(options->cwd);
    }
    if (options->user != NULL && set_user(options->user, process, error) < 0)
        return -1;
    return add_groups(&options->groups, process, error);
}

static int find_process(const struct exec_options *options, char *const *words, const struct state *state,
                        struct exec_request *request, struct error *error)
{
    if (options->process_file != NULL)
        return read_file_of_process(options->process_file, request, error);
    if (*words == NULL)
        return error_set(error, "exec: the usage is: urunc exec [OPTIONS] ID PROGRAM [ARGUMENT...]");
    if (read_process_of_container(state, request, error) < 0)
        return -1;
    return lay_over(options, words, request, error);
}

static int execute(const struct invocation *invocation, const struct exec_options *options,
                   char *const *words, struct exec_request *request, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = exec_load(&invocation->runtime, request->id, &state, error);
    if (directory < 0 || find_process(options, words, &state, request, error) < 0)
        return -1;
    return container_exec(request, directory, &state, error);
}

int command_exec(const struct command *command, const struct invocation *invocation, struct error *error)
{
    cleanup_options struct exec_options options = {0};
    struct exec_request request = {0};
    const struct option_spec specs[] = {
        OPTION_VALUE("process", 'p', "FILE",
                     "a process as in config.json, instead of PROGRAM and its options",
                     &options.process_file),
        OPTION_VALUE("console-socket", 0, "PATH", "AF_UNIX socket to which the terminal is sent",
                     &request.console_socket),
        OPTION_VALUE("cwd", 0, "DIR", "where the program runs", &options.cwd),
        OPTION_ADD("env", 'e', "NAME=VALUE", "a variable more, or another value for one", add_variable,
                   &options.env),
        OPTION_FLAG("tty", 't', "give the program a terminal", &options.terminal),
        OPTION_VALUE("user", 'u', "UID[:GID]", "who runs the program", &options.user),
        OPTION_ADD("additional-gids", 'g', "GID", "a group more", add_text, &options.groups),
        OPTION_FLAG("detach", 'd', "do not wait for the program's end", &request.detach),
        OPTION_VALUE("pid-file", 0, "PATH", "file to write the process ID to", &request.pid_file),
        OPTION_FLAG("no-new-privs", 0, "the program gains no privileges", &options.sealed),
        OPTION_IGNORED("process-label", "LABEL",
                       "accepted; labels are the host's, and the program is a guest's"),
        OPTION_IGNORED("apparmor", "PROFILE", "accepted likewise"),
        OPTION_IGNORED("cap", "CAPABILITY", "accepted; in its guest, user 0 has all of them"),
        OPTION_IGNORED("preserve-fds", "N", "accepted; a guest is passed no descriptors"),
        OPTION_IGNORED("ignore-paused", NULL, "accepted; a guest that is paused starts nothing"),
        OPTION_IGNORED("cgroup", "PATH", "accepted; the guest is one cgroup of the host's"),
        OPTION_IGNORED("no-subreaper", NULL, "accepted; urunc is never a subreaper"),
        OPTIONS_END,
    };
    char *const *words = NULL;
    int parsed = command_parse_id(command, invocation, specs, &request.id, &words, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, request.id, error) < 0)
        return -1;
    int status = execute(invocation, &options, words, &request, error);
    process_free(&request.process);
    return status;
}
