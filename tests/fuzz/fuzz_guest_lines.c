/* Arguments, environment and annotation of an enemy become a guest's command line; what the guest reads of it
 * is what was meant. The bytes are texts that end with NUL: how many are arguments and how many variables the
 * first two say. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/guests/guest.h"
#include "tests/unit/fixtures/guest_readers.h"
#include "tests/unit/fixtures/unikraft_reader.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_equal(const struct strings *seen, size_t first, const struct strings *wanted)
{
    require(seen->count == first + wanted->count);
    for (size_t i = 0; i < wanted->count && seen->items != NULL; i++)
        require(strcmp(seen->items[first + i], wanted->items[i]) == 0);
}

static void read_unikraft(const struct guest_input *input, const char *line)
{
    struct unikraft_seen seen;
    bool old = input->version != NULL && strcmp(input->version, "0.12.0") == 0;
    unikraft_read("/guest/kernel", line, old, &seen);
    require(!seen.halted);
    require_equal(&seen.argv, 1, input->args);
    unikraft_seen_free(&seen);
}

static void read_hermit(const struct guest_input *input, const char *line)
{
    struct hermit_seen seen;
    require(hermit_read(line, &seen));
    require_equal(&seen.args, 0, input->args);
    hermit_seen_free(&seen);
}

static void read_osv(const struct guest_input *input, const char *line)
{
    struct osv_seen seen;
    osv_read(line, &seen);
    require(!seen.broken && !seen.more);
    require_equal(&seen.args, 0, input->args);
    osv_seen_free(&seen);
}

static void read_includeos(const struct guest_input *input, const char *line)
{
    struct strings words = {0};
    includeos_read("/guest/kernel", line, &words);
    require_equal(&words, 1, input->args);
    strings_free(&words);
}

static void read_mewz(const struct guest_input *input, const char *line)
{
    struct mewz_seen seen;
    mewz_read(line, &seen);
    require(input->network != NULL ? strcmp(seen.ip, "10.0.0.2/24") == 0 : seen.ip[0] == '\0');
}

static const struct {
    enum framework framework;
    const char *version;
    void (*read)(const struct guest_input *input, const char *line);
} guests[] = {
    {FRAMEWORK_UNIKRAFT, NULL, read_unikraft},
    {FRAMEWORK_UNIKRAFT, "0.12.0", read_unikraft},
    {FRAMEWORK_UNIKRAFT, "0.15.0", read_unikraft},
    {FRAMEWORK_HERMIT, NULL, read_hermit},
    {FRAMEWORK_OSV, NULL, read_osv},
    {FRAMEWORK_INCLUDEOS, NULL, read_includeos},
    {FRAMEWORK_MEWZ, NULL, read_mewz},
};

static void plan(size_t i, struct guest_input *input, bool compare)
{
    struct boot boot = BOOT_NONE;
    struct error error = {0};
    input->version = guests[i].version;
    input->has_initrd = guests[i].framework == FRAMEWORK_HERMIT;
    if (guest_find(guests[i].framework)->plan(input, &boot, &error) == 0 && compare)
        guests[i].read(input, boot.command_line);
    boot_free(&boot);
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    struct strings args = {0}, env = {0};
    const struct network network = {
        .address = "10.0.0.2", .prefix = 24, .netmask = "255.255.255.0", .gateway = "10.0.0.1"};
    const struct kernel_probe kernel = {.architecture = "amd64"};
    char *text = malloc(size - 1);
    memcpy(text, bytes + 2, size - 2);
    text[size - 2] = '\0';
    for (const char *at = text; at < text + size - 2; at += strlen(at) + 1) {
        struct strings *list = args.count < bytes[0] % 64U ? &args : &env;
        strings_add(list, at);
    }
    struct guest_input input = {.args = &args, .env = &env, .kernel = &kernel};
    input.network = bytes[1] & 1 ? &network : NULL;
    for (size_t i = 0; i < sizeof guests / sizeof *guests; i++)
        plan(i, &input, true);
    input.cmdline = text;
    input.older_tools = bytes[1] & 2;
    for (size_t i = 0; i < sizeof guests / sizeof *guests; i++)
        plan(i, &input, false);
    free(text);
    strings_free(&args);
    strings_free(&env);
    return 0;
}
