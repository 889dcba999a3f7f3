#include "runtime/commands/command.h"
#include "runtime/lifecycle/fallback.h"
#include "runtime/sandbox/namespaces/rootless.h"
#include "runtime/sandbox/own_program.h"

int command_create(const struct command *command, const struct invocation *invocation, struct error *error)
{
    int user_namespace = -1;
    struct create_request request = {.bundle = ".", .user_namespace = &user_namespace};
    const struct option_spec specs[] = {
        CREATE_OPTIONS(request),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (own_program_protect(invocation->whole, error) < 0)
        return -1;
    request.id = operands.items[0];
    pid_t pid = 0;
    enum create_result result = container_create(&invocation->runtime, &request, &pid, error);
    if (result == CREATE_NOT_A_UNIKERNEL)
        return fallback_exec(&invocation->runtime, &invocation->globals, invocation->argv, NULL, error);
    if (result == CREATE_NEEDS_NAMESPACE)
        return rootless_exec(invocation->whole, user_namespace, error);
    return result == CREATE_DONE ? 0 : -1;
}
