/* STOPSIGNAL. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/instructions/handlers.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"

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
    cleanup_free char *signal = scope_expand_only(build, stage, instruction, error);
    if (signal == NULL)
        return -1;
    if (!is_signal(signal))
        return error_set(error, "STOPSIGNAL: \"%s\" is no signal; write one such as SIGTERM or 15", signal);
    stage_set_text(&stage->config.stop_signal, take_pointer(signal));
    stage_add_history(stage, instruction);
    return 0;
}
