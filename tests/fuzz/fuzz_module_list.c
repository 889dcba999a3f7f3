/* An image's modules.dep: what is chosen of it is in it once, and leads nowhere else. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/storage/module_list.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = xstrndup((const char *)data, size);
    cleanup_module_list struct module_list list = {0};
    cleanup_strings struct strings paths = {0};
    cleanup_buffer struct buffer lines = {0};
    module_list_parse(text, &list);
    module_list_choose(&list, "virtio_blk", &paths);
    for (size_t i = 0; i < list.count && i < 8; i++)
        module_list_choose(&list, list.items[i].path, &paths);
    for (size_t i = 0; i < paths.count; i++) {
        const char *path = paths.items[i];
        CHECK(path[0] != '/' && path[0] != '\0');
        CHECK(strncmp(path, "../", 3) != 0 && strstr(path, "/../") == NULL);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(path, paths.items[j]) != 0);
        module_list_print(&list, path, &lines);
    }
    return 0;
}
