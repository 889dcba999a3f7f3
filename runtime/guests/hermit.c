/*
 * Hermit: `-ip ADDRESS -mask MASK -gateway ADDRESS env=K=V... -- ARGUMENTS`, for the application that
 * Hermit's loader finds as the initrd.
 *
 * The application's kernel reads it (src/env/mod.rs) in the words of the Rust crate shlex: quotes and
 * backslashes as in a shell, and a word that begins with "#" is a comment up to the end of its line. Loader
 * and kernel drop the whole line where it is not UTF-8.
 */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "runtime/guests/guest.h"

static bool needs_quotes(const char *word)
{
    return *word == '\0' || *word == '#' || word[strcspn(word, " \t\n'\"\\")] != '\0';
}

static void add_word(struct buffer *line, const char *word)
{
    if (line->length > 0)
        buffer_add_char(line, ' ');
    if (needs_quotes(word))
        guest_add_quoted(line, word, "'\\''");
    else
        buffer_add_string(line, word);
}

static void add_network(struct buffer *line, const struct network *network)
{
    add_word(line, "-ip");
    add_word(line, network->address);
    add_word(line, "-mask");
    add_word(line, network->netmask);
    if (*network->gateway == '\0')
        return;
    add_word(line, "-gateway");
    add_word(line, network->gateway);
}

/* A variable without "=" is none. */
static void add_environment(struct buffer *line, const struct strings *env)
{
    for (size_t i = 0; i < env->count; i++) {
        cleanup_free char *word = xasprintf("env=%s", env->items[i]);
        if (strchr(env->items[i], '=') != NULL)
            add_word(line, word);
    }
}

static int check_text(const char *line, struct error *error)
{
    if (text_is_utf8(line))
        return 0;
    return error_set(
        error, "the arguments (process.args) or the environment (process.env) are not UTF-8, and Hermit "
               "would drop them all");
}

static bool is_arm64(const struct kernel_probe *kernel)
{
    return kernel != NULL && kernel->architecture != NULL && strcmp(kernel->architecture, "arm64") == 0;
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer line = {0};
    if (!input->has_initrd)
        return error_set(error,
                         "no initrd: a Hermit image has the loader as its kernel and the application as its "
                         "initrd");
    if (input->network != NULL)
        add_network(&line, input->network);
    if (input->env != NULL)
        add_environment(&line, input->env);
    add_word(&line, "--");
    if (input->cmdline != NULL)
        buffer_format(&line, " %s", input->cmdline);
    for (size_t i = 0; input->cmdline == NULL && i < input->args->count; i++)
        add_word(&line, input->args->items[i]);
    if (check_text(line.data, error) < 0)
        return -1;
    boot->command_line = buffer_take(&line);
    /* src/arch/x86_64/kernel/processor.rs; elsewhere, and without it, every end looks like a success. */
    if (input->exit_report && !is_arm64(input->kernel)) {
        boot->quirks |= BOOT_QUIRK_EXIT_PORT;
        boot->exit = BOOT_EXIT_FLAG;
    }
    return 0;
}

DEFINE_GUEST(hermit, plan, .kernels = KERNEL_MULTIBOOT1 | KERNEL_ELF | KERNEL_ARM64_IMAGE);
