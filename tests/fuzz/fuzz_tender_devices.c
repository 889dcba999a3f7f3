/* The tender's command line, a word a line, against the devices of a manifest: the first line holds their
 * names, those of block devices with a "+" before them. What is accepted gives a manifest that fits the
 * kernel's. */
#include <string.h>

#include "runtime/monitors/spt/devices.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_WORDS = 256 };

/* Splits the text at its newlines. */
static size_t split(char *text, const char **words)
{
    size_t count = 0;
    for (char *line; count < MAX_WORDS && (line = strsep(&text, "\n")) != NULL;)
        words[count++] = line;
    words[count] = NULL;
    return count;
}

static void declare(char *line, struct kernel_probe *kernel)
{
    for (char *name; kernel->solo5_device_count < SOLO5_MAX_DEVICES && (name = strsep(&line, " ")) != NULL;) {
        struct solo5_device *device = &kernel->solo5_devices[kernel->solo5_device_count];
        *device = (struct solo5_device){.is_block = *name == '+'};
        name += device->is_block;
        if (!solo5_name_is_valid(name))
            continue;
        strcpy(device->name, name);
        kernel->solo5_device_count++;
    }
}

static void check(const struct spt_options *options, const struct kernel_probe *kernel)
{
    struct error error = {0};
    struct spt_manifest manifest;
    CHECK(options->device_count <= SOLO5_MAX_DEVICES && options->kernel > 2 && options->memory > 0);
    if (spt_devices_attach(options, kernel, &manifest, &error) < 0) {
        CHECK(error.message != NULL);
        error_clear(&error);
        return;
    }
    CHECK(manifest.count == 1 + kernel->solo5_device_count);
    for (uint32_t i = 1; i < manifest.count; i++) {
        const struct spt_entry *entry = &manifest.entries[i];
        CHECK(entry->attached && entry->fd > 2 && entry->fd != options->kernel);
        CHECK(strcmp(entry->name, kernel->solo5_devices[i - 1].name) == 0);
        CHECK(entry->type != SPT_MANIFEST_BLOCK ||
              (entry->block.block_size >= 512 &&
               (entry->block.block_size & (entry->block.block_size - 1)) == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *words[MAX_WORDS + 1];
    struct error error = {0};
    struct spt_options options;
    struct kernel_probe kernel = {0};
    char *text = strndup((const char *)data, size);
    if (split(text, words) > 0) {
        declare((char *)words[0], &kernel);
        if (spt_options_parse(words, &options, &error) < 0)
            CHECK(error.message != NULL);
        else if (!options.help && !options.version)
            check(&options, &kernel);
    }
    error_clear(&error);
    free(text);
    return 0;
}
