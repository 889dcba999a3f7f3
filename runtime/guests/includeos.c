/*
 * IncludeOS: the arguments, split at white space and nothing else (src/kernel/service_stub.cpp).
 *
 * A 64-bit service is started by IncludeOS's own 32-bit chain loader, which finds it as the initrd and gives
 * it the text that the boot loader wrote beside the initrd, not the command line. The service's network is
 * in the configuration that it was built with.
 */
#include <string.h>

#include "runtime/guests/guest.h"

enum { ARGUMENTS_MAX = 63 }; /* ARGS_MAX is 64, with the kernel's file name */

static int check_argument(const struct strings *args, size_t i, struct error *error)
{
    const char *argument = args->items[i];
    if (*argument == '\0')
        return error_set(error, "process.args[%zu] is empty: an IncludeOS command line cannot carry that", i);
    if (argument[strcspn(argument, " \t\n\v\f\r")] != '\0')
        return error_set(
            error, "process.args[%zu] %s: IncludeOS splits arguments at white space, and knows no quotes", i,
            argument);
    return 0;
}

static int check_arguments(const struct strings *args, struct error *error)
{
    if (args->count > ARGUMENTS_MAX)
        return error_set(error, "process.args has %zu arguments and IncludeOS takes %d", args->count,
                         ARGUMENTS_MAX);
    for (size_t i = 0; i < args->count; i++)
        if (check_argument(args, i, error) < 0)
            return -1;
    return 0;
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    if (input->has_initrd && (input->cmdline != NULL || input->args->count > 1))
        return error_set(error,
                         "a service that IncludeOS's chain loader starts (initrd) cannot be given arguments");
    if (input->cmdline == NULL && check_arguments(input->args, error) < 0)
        return -1;
    boot->command_line = guest_join_arguments(input);
    return 0;
}

DEFINE_GUEST(includeos, plan, .kernels = KERNEL_MULTIBOOT1);
