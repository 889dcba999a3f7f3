/*
 * Mewz: `ip=ADDRESS/BITS gateway=ADDRESS ARGUMENTS`.
 *
 * The kernel splits the line at single blanks and each word at "=" (src/param.zig); it takes `ip` and
 * `gateway`, has a network only where it is given both, and ignores all other words. Its program has neither
 * arguments nor an environment yet (args_get and environ_get of src/wasi.zig), so the arguments are for those
 * who read the line.
 */
#include <string.h>

#include "formats/base/cleanup.h"
#include "runtime/guests/guest.h"

enum { MEBIBYTE = 1024 * 1024 };

static bool is_parameter(const char *word)
{
    return strncmp(word, "ip=", 3) == 0 || strncmp(word, "gateway=", 8) == 0;
}

static int check_words(const char *text, struct error *error)
{
    for (const char *word = text; *word != '\0'; word += strspn(word, " ")) {
        if (is_parameter(word))
            return error_set(error, "the arguments have %.*s, which Mewz would take for its own address",
                             (int)strcspn(word, " "), word);
        word += strcspn(word, " ");
    }
    return 0;
}

static int add_network(struct buffer *line, const struct network *network, struct error *error)
{
    if (*network->gateway == '\0')
        return error_set(error, "the container's network has no gateway, and a Mewz guest needs one");
    buffer_format(line, "ip=%s/%u gateway=%s", network->address, network->prefix, network->gateway);
    return 0;
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer line = {0};
    cleanup_free char *arguments = guest_join_arguments(input);
    if (check_words(arguments, error) < 0)
        return -1;
    if (input->network != NULL && add_network(&line, input->network, error) < 0)
        return -1;
    if (line.length > 0 && *arguments != '\0')
        buffer_add_char(&line, ' ');
    buffer_add_string(&line, arguments);
    boot->command_line = buffer_take(&line);
    boot->quirks |= BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_MODERN_VIRTIO;
    boot->exit = BOOT_EXIT_VALUE;
    return 0;
}

/* The memory is what the project gives in its own start script (scripts/). */
DEFINE_GUEST(mewz, plan, .kernels = KERNEL_MULTIBOOT1, .memory = 512ULL * MEBIBYTE);
