/* The file that tells the Linux guest's init about the program: what the runtime writes, init reads back byte
 * for byte; and init survives any other file. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/guest.h"
#include "tests/fuzz/fuzz.h"

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/cmdline.c"
#include "runtime/init/settings.c"

static struct cmdline parsed;

static void parse(char *bytes, size_t size)
{
    free(parsed.args.items);
    free(parsed.env.items);
    free(parsed.mounts);
    free(parsed.nodes);
    memset(&parsed, 0, sizeof parsed);
    settings_parse(bytes, size, &parsed);
    for (size_t i = 0; i < parsed.mount_count; i++)
        CHECK(parsed.mounts[i].directory[0] == '/');
}

static void check_words(const struct words *words, const struct strings *expected, size_t first)
{
    CHECK(words->count == expected->count - first);
    for (size_t i = 0; i < words->count; i++)
        CHECK(strcmp(words->items[i], expected->items[i + first]) == 0);
}

static void check_settings(const struct strings *texts, struct inode *archive)
{
    struct inode *file = tree_child(tree_child(archive, ".urunc"), "settings");
    CHECK(file != NULL);
    size_t size = content_size(file->content);
    cleanup_free char *bytes = xcalloc(size + 1, 1);
    memcpy(bytes, content_memory(file->content), size);
    parse(bytes, size);
    check_words(&parsed.args, texts, 1);
    check_words(&parsed.env, texts, 0);
    CHECK(parsed.mount_count == 1 && strcmp(parsed.mounts[0].kind, "tmpfs") == 0);
    CHECK(strcmp(parsed.mounts[0].directory + 1, texts->items[0]) == 0);
    parse(bytes, 0);
}

static void check_round_trip(const struct strings *texts)
{
    struct strings args = {0};
    struct error error = {0};
    struct kernel_probe kernel = {0};
    strings_add(&args, "/urunc-init");
    for (size_t i = 1; i < texts->count; i++)
        strings_add(&args, texts->items[i]);
    cleanup_free char *destination = xasprintf("/%s", texts->items[0]);
    const struct guest_mount mount = {
        .way = MOUNT_WAY_TMPFS, .destination = destination, .options = texts->items[texts->count - 1]};
    const struct guest_input input = {
        .args = &args, .env = texts, .kernel = &kernel, .mounts = &mount, .mount_count = 1};
    struct guest_pack pack = {.archive = inode_new(S_IFDIR | 0755)};
    /* Options are words without a colon (mounts.c). */
    if (strchr(mount.options, ':') == NULL) {
        CHECK(guest_find(FRAMEWORK_LINUX)->pack(&input, &pack, &error) == 0);
        check_settings(texts, pack.archive);
    }
    inode_unref(pack.archive);
    strings_free(&args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer raw = {0};
    buffer_add(&raw, data, size);
    struct strings texts = {0};
    for (size_t at = 0; at < size; at += strlen(raw.data + at) + 1)
        strings_add(&texts, raw.data + at);
    if (texts.count > 0)
        check_round_trip(&texts);
    parse(raw.data, size);
    parse(raw.data, 0);
    strings_free(&texts);
    buffer_free(&raw);
    return 0;
}
