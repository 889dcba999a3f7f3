/* Choosing an image of an index by platform. */
#include "builder/image/choose.h"

#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

const char *platform_host_architecture(void)
{
#if defined(__x86_64__)
    return "amd64";
#elif defined(__aarch64__)
    return "arm64";
#elif defined(__riscv)
    return "riscv64";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__powerpc64__)
    return "ppc64le";
#else
    return "unknown";
#endif
}

static const char *text_of(const json_t *platform, const char *key)
{
    const char *text = json_string_value(json_object_get(platform, key));
    return text != NULL ? text : "";
}

static char *platform_text(const json_t *platform)
{
    const char *variant = text_of(platform, "variant");
    return xasprintf("%s/%s%s%s", text_of(platform, "os"), text_of(platform, "architecture"),
                     *variant != '\0' ? "/" : "", variant);
}

/* "linux/arm64" means any variant of it. */
static bool matches(const char *wanted, const json_t *platform)
{
    cleanup_free char *text = platform_text(platform);
    size_t length = strlen(wanted);
    return strncmp(text, wanted, length) == 0 && (text[length] == '\0' || text[length] == '/');
}

static char *complete(const char *platform)
{
    if (platform == NULL)
        return xasprintf("linux/%s", platform_host_architecture());
    return strchr(platform, '/') != NULL ? xstrdup(platform) : xasprintf("linux/%s", platform);
}

int platform_choose(const json_t *index, const char *platform, const char *where,
                    struct descriptor *descriptor, struct error *error)
{
    const json_t *manifests = json_object_get(index, "manifests");
    if (json_array_size(manifests) == 0)
        return error_set(error, "%s: an index without manifests", where);
    if (json_array_size(manifests) == 1 && platform == NULL)
        return descriptor_from_json(json_array_get(manifests, 0), where, descriptor, error);
    cleanup_free char *wanted = complete(platform);
    cleanup_buffer struct buffer known = {0};
    size_t i;
    json_t *entry;
    json_array_foreach (manifests, i, entry) {
        const json_t *offered = json_object_get(entry, "platform");
        if (offered == NULL)
            continue;
        if (matches(wanted, offered))
            return descriptor_from_json(entry, where, descriptor, error);
        cleanup_free char *text = platform_text(offered);
        if (known.length < 1024)
            buffer_format(&known, "%s%s", known.length > 0 ? ", " : "", text);
    }
    return error_set(error, "%s: no image for %s; there are: %s", where, wanted,
                     known.length > 0 ? known.data : "none with a platform");
}
