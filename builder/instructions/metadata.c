/* The instructions that change the config and no files: ENV, LABEL, CMD, ENTRYPOINT, USER, EXPOSE and their
 * like. */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/build/build.h"
#include "builder/build/placement.h"
#include "builder/build/variables.h"
#include "builder/instructions/unikernel.h"
#include "builder/spec/words.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

static void set_text(char **field, char *text)
{
    free(*field);
    *field = text;
}

/* The only word of an instruction, expanded and not empty. */
static char *expand_only_word(const struct build *build, const struct stage *stage,
                              const struct instruction *instruction, struct error *error)
{
    cleanup_free char *text = build_expand(build, stage, instruction->words.items[0], error);
    if (text != NULL && *text == '\0') {
        error_set(error, "%s: %s is empty", instruction->kind->name, instruction->words.items[0]);
        return NULL;
    }
    return take_pointer(text);
}

int execute_env(struct build *build, struct stage *stage, const struct instruction *instruction,
                struct error *error)
{
    /* All values of one line see the environment before it. */
    cleanup_strings struct strings expanded = {0};
    for (size_t i = 0; i < instruction->words.count; i++) {
        char *text = build_expand(build, stage, instruction->words.items[i], error);
        if (text == NULL)
            return error_prefix(error, "ENV");
        strings_add_owned(&expanded, text);
    }
    for (size_t i = 0; i + 1 < expanded.count; i += 2) {
        const char *name = expanded.items[i];
        if (*name == '\0' || strchr(name, '=') != NULL)
            return error_set(error, "ENV: \"%s\" is no name of a variable", name);
        variables_set(&stage->config.env, name, expanded.items[i + 1]);
    }
    stage_add_history(stage, instruction);
    return 0;
}

int execute_label(struct build *build, struct stage *stage, const struct instruction *instruction,
                  struct error *error)
{
    for (size_t i = 0; i + 1 < instruction->words.count; i += 2) {
        cleanup_free char *key = build_expand(build, stage, instruction->words.items[i], error);
        cleanup_free char *value =
            key != NULL ? build_expand(build, stage, instruction->words.items[i + 1], error) : NULL;
        if (value == NULL)
            return error_prefix(error, "LABEL");
        if (*key == '\0')
            return error_set(error, "LABEL: a name is empty");
        if (unikernel_take_label(build, stage, key, value, instruction->line, error) < 0)
            return error_prefix(error, "LABEL");
        json_object_set_new(stage->config.labels, key, json_string(value));
    }
    stage_add_history(stage, instruction);
    return 0;
}

/* Commands are not expanded: their variables are the guest's. */
static void set_command(struct strings *command, struct stage *stage, const struct instruction *instruction)
{
    strings_free(command);
    if (!instruction->json) {
        strings_add(command, "/bin/sh");
        strings_add(command, "-c");
        stage->shell_form_line = instruction->line;
    }
    strings_add_all(command, &instruction->words);
    stage_add_history(stage, instruction);
}

int execute_cmd(struct build *build, struct stage *stage, const struct instruction *instruction,
                struct error *error)
{
    (void)build;
    (void)error;
    stage->cmd_line = instruction->line;
    if (stage->config.entrypoint.count == 0)
        stage->shell_form_line = 0; /* only the CMD that it replaces can have set it */
    set_command(&stage->config.cmd, stage, instruction);
    return 0;
}

int execute_entrypoint(struct build *build, struct stage *stage, const struct instruction *instruction,
                       struct error *error)
{
    (void)build;
    (void)error;
    /* A CMD that came with the base was meant for the base's entrypoint (as in Docker). */
    if (stage->cmd_line == 0) {
        strings_free(&stage->config.cmd);
        stage->shell_form_line = 0;
    }
    set_command(&stage->config.entrypoint, stage, instruction);
    return 0;
}

int execute_user(struct build *build, struct stage *stage, const struct instruction *instruction,
                 struct error *error)
{
    char *user = expand_only_word(build, stage, instruction, error);
    if (user == NULL)
        return -1;
    set_text(&stage->config.user, user);
    stage_add_history(stage, instruction);
    return 0;
}

/* A number, or a name with or without "SIG" (as in Docker); an engine refuses to stop a container by anything
 * else, when it is too late. */
static bool is_signal(const char *text)
{
    if (strspn(text, "0123456789") == strlen(text))
        return strlen(text) <= 2 && atoi(text) >= 1 && atoi(text) <= SIGRTMAX;
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (int number = 1; number < SIGRTMIN; number++) {
        const char *name = sigabbrev_np(number);
        if (name != NULL && strcasecmp(name, text) == 0)
            return true;
    }
    return strncasecmp(text, "RTMIN", 5) == 0 || strncasecmp(text, "RTMAX", 5) == 0;
}

int execute_stopsignal(struct build *build, struct stage *stage, const struct instruction *instruction,
                       struct error *error)
{
    cleanup_free char *signal = expand_only_word(build, stage, instruction, error);
    if (signal == NULL)
        return -1;
    if (!is_signal(signal))
        return error_set(error, "STOPSIGNAL: \"%s\" is no signal; write one such as SIGTERM or 15", signal);
    set_text(&stage->config.stop_signal, take_pointer(signal));
    stage_add_history(stage, instruction);
    return 0;
}

int execute_maintainer(struct build *build, struct stage *stage, const struct instruction *instruction,
                       struct error *error)
{
    (void)build;
    (void)error;
    set_text(&stage->config.author, xstrdup(instruction->words.items[0]));
    stage_add_history(stage, instruction);
    return 0;
}

/* A port number at the front of *text, which moves behind it; 0 where there is none. */
static unsigned take_port(const char **text)
{
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0 || digits > 5)
        return 0;
    unsigned long port = strtoul(*text, NULL, 10);
    *text += digits;
    return port <= 65535 ? (unsigned)port : 0;
}

/* "80", "80/udp", "8000-8010/tcp": every port is one entry. */
static int expose(struct stage *stage, const char *text, struct error *error)
{
    const char *rest = text;
    unsigned first = take_port(&rest), last = first;
    if (*rest == '-') {
        rest++;
        last = take_port(&rest);
    }
    const char *protocol = *rest == '/' ? rest + 1 : "tcp";
    bool known = strcasecmp(protocol, "tcp") == 0 || strcasecmp(protocol, "udp") == 0 ||
                 strcasecmp(protocol, "sctp") == 0;
    if (first == 0 || last < first || (*rest != '\0' && *rest != '/') || !known)
        return error_set(error, "EXPOSE: \"%s\" is no port; write 80, 80/udp or 8000-8010/tcp", text);
    for (unsigned port = first; port <= last; port++) {
        cleanup_free char *entry = xasprintf("%u/%s", port, protocol);
        for (char *c = entry; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        strings_add(&stage->config.ports, entry);
    }
    return 0;
}

int execute_expose(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    for (size_t i = 0; i < instruction->words.count; i++) {
        cleanup_free char *text = build_expand(build, stage, instruction->words.items[i], error);
        cleanup_strings struct strings ports = {0};
        if (text == NULL)
            return error_prefix(error, "EXPOSE");
        words_split(text, &ports); /* one variable may hold several (as in Docker) */
        if (ports.count == 0)
            return error_set(error, "EXPOSE: %s is empty", instruction->words.items[i]);
        for (size_t j = 0; j < ports.count; j++)
            if (expose(stage, ports.items[j], error) < 0)
                return -1;
    }
    stage_add_history(stage, instruction);
    return 0;
}

int execute_volume(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    for (size_t i = 0; i < instruction->words.count; i++) {
        cleanup_free char *path = build_expand(build, stage, instruction->words.items[i], error);
        if (path == NULL)
            return -1;
        if (*path == '\0')
            return error_set(error, "VOLUME: a path is empty");
        strings_add(&stage->config.volumes, path);
    }
    stage_add_history(stage, instruction);
    return 0;
}

int execute_workdir(struct build *build, struct stage *stage, const struct instruction *instruction,
                    struct error *error)
{
    cleanup_free char *path = expand_only_word(build, stage, instruction, error);
    if (path == NULL)
        return -1;
    cleanup_free char *absolute = stage_absolute_path(stage, path);
    cleanup_placement struct placement placement = placement_begin(stage, build->options->time);
    bool made = false;
    char *directory = placement_workdir(&placement, absolute, &made, error);
    if (directory == NULL)
        return error_prefix(error, "WORKDIR");
    set_text(&stage->config.working_dir, directory);
    if (made)
        placement_end(&placement, instruction->text);
    else
        stage_add_history(stage, instruction);
    return 0;
}
