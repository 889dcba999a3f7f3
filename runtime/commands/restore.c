#include "runtime/commands/run.h"

int command_restore(const struct command *command, const struct invocation *invocation, struct error *error)
{
    struct run run = RUN_NONE;
    run.request.image_path = "checkpoint";
    const struct option_spec specs[] = {
        RUN_OPTIONS(run),
        OPTION_VALUE("image-path", 0, "DIR", "where the machine was saved (default: ./checkpoint)",
                     &run.request.image_path),
        OPTION_IGNORED("work-path", "DIR", "accepted; nothing is written there"),
        CHECKPOINT_OPTIONS_OF_CRIU,
        OPTION_IGNORED("lsm-profile", "VALUE", "accepted; the bundle says it"),
        OPTION_IGNORED("lsm-mount-context", "VALUE", "accepted; the bundle says it"),
        OPTION_REFUSED("lazy-pages", "a machine is restored at once"),
        OPTIONS_END,
    };
    return run_command(command, invocation, specs, &run, error);
}
