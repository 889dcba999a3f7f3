/* STOPSIGNAL: the signal that ends the container. */
#include "builder/instructions/handlers.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"
#include "formats/base/signal.h"

int execute_stopsignal(struct build *build, struct stage *stage, const struct instruction *instruction,
                       struct error *error)
{
    cleanup_free char *signal = scope_expand_only(build, stage, instruction, error);
    if (signal == NULL)
        return -1;
    /* As it is written into the image: an engine refuses to stop a container by anything else, when it is too
     * late. */
    if (signal_from_name(signal) < 0)
        return error_set(error, "STOPSIGNAL: unknown signal \"%s\"; write one such as SIGTERM or 15", signal);
    stage_set_text(&stage->config.stop_signal, take_pointer(signal));
    stage_add_history(stage, instruction);
    return 0;
}
