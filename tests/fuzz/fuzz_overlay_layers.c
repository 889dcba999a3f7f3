/* A line of mountinfo and an overlay's options: every layer that is trusted is an absolute path. */
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/storage/mount_table.h"
#include "runtime/storage/overlay_layers.h"
#include "tests/fuzz/fuzz.h"

static void parse(const char *options)
{
    cleanup_overlay_layers struct overlay_layers layers = {0};
    if (!overlay_layers_parse(options, &layers))
        return;
    CHECK(layers.count > 0);
    for (size_t i = 0; i < layers.count; i++)
        CHECK(layers.items[i].path[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = xstrndup((const char *)data, size);
    cleanup_mount_line struct mount_line mount = {0};
    parse(text);
    if (mount_line_parse(text, &mount))
        parse(mount.options);
    return 0;
}
