#include "runtime/lifecycle/checkpoint.h"

#include "runtime/commands/command.h"

int command_checkpoint(const struct command *command, const struct invocation *invocation,
                       struct error *error)
{
    const char *image_path = "checkpoint";
    bool leave_running = false;
    const struct option_spec specs[] = {
        OPTION_VALUE("image-path", 0, "DIR", "where the machine is saved (default: ./checkpoint)",
                     &image_path),
        OPTION_FLAG("leave-running", 0, "do not end the container", &leave_running),
        OPTION_IGNORED("work-path", "DIR", "accepted; nothing is written there"),
        CHECKPOINT_OPTIONS_OF_CRIU,
        OPTION_REFUSED("parent-path", "each checkpoint is a whole one"),
        OPTION_REFUSED("pre-dump", "a machine is saved at once"),
        OPTION_REFUSED("lazy-pages", "a machine is restored at once"),
        OPTION_REFUSED("page-server", "copy the directory of --image-path"),
        OPTION_REFUSED("status-fd", "`checkpoint` returns when the machine is saved"),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, operands.items[0], error) < 0)
        return -1;
    return container_checkpoint(&invocation->runtime, operands.items[0], image_path, leave_running, error);
}
