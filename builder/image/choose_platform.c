#include "builder/image/choose_platform.h"

#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/platform.h"

enum { LIST_MAX = 1024 }; /* bytes of a list of platforms in an error */

/* "arm64" is short for "linux/arm64"; NULL for linux on this machine. */
static int read_wanted(const char *text, struct platform *wanted, struct error *error)
{
    if (text == NULL) {
        platform_host(wanted);
        return 0;
    }
    cleanup_free char *complete = strchr(text, '/') != NULL ? xstrdup(text) : xasprintf("linux/%s", text);
    return platform_parse(complete, wanted, error);
}

int platform_choose(const json_t *index, const char *platform, const char *where,
                    struct descriptor *descriptor, struct error *error)
{
    const json_t *manifests = json_object_get(index, "manifests");
    if (json_array_size(manifests) == 0)
        return error_set(error, "%s: an index without manifests", where);
    if (json_array_size(manifests) == 1 && platform == NULL)
        return descriptor_from_json(json_array_get(manifests, 0), where, descriptor, error);
    cleanup_platform struct platform wanted = {0};
    if (read_wanted(platform, &wanted, error) < 0)
        return -1;
    cleanup_buffer struct buffer known = {0};
    size_t i;
    json_t *entry;
    json_array_foreach (manifests, i, entry) {
        cleanup_platform struct platform offered = {0};
        platform_from_json(json_object_get(entry, "platform"), &offered);
        if (platform_matches(&wanted, &offered))
            return descriptor_from_json(entry, where, descriptor, error);
        cleanup_free char *text = platform_text(&offered);
        if (*offered.os != '\0' && known.length < LIST_MAX)
            buffer_format(&known, "%s%s", known.length > 0 ? ", " : "", text);
    }
    cleanup_free char *text = platform_text(&wanted);
    return error_set(error, "%s: no image for %s; there are: %s", where, text,
                     known.length > 0 ? known.data : "none with a platform");
}
