#include "formats/oci/platform.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/suggest.h"

/* Names that uname(2) and people use, and Go's. */
static const struct {
    const char *name;
    const char *goarch;
} architectures[] = {
    {"x86_64", "amd64"}, {"x86-64", "amd64"}, {"aarch64", "arm64"},       {"i386", "386"}, {"i686", "386"},
    {"armv7l", "arm"},   {"armv6l", "arm"},   {"loongarch64", "loong64"}, {NULL, NULL},
};

static const char *canonical(const char *architecture)
{
    for (size_t i = 0; architectures[i].name != NULL; i++)
        if (strcmp(architectures[i].name, architecture) == 0)
            return architectures[i].goarch;
    return architecture;
}

static bool is_part(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("._-", text[i]) == NULL)
            return false;
    return length > 0;
}

int platform_parse(const char *text, struct platform *platform, struct error *error)
{
    *platform = (struct platform){0};
    if (strchr(text, ',') != NULL)
        return error_set(error, "\"%s\": one platform at a time; make each in a build of its own", text);
    const char *parts[3] = {0};
    size_t lengths[3] = {0}, count = 0;
    for (const char *position = text; count < 3; count++) {
        parts[count] = position;
        lengths[count] = strcspn(position, "/");
        if (!is_part(position, lengths[count]))
            break;
        position += lengths[count];
        if (*position == '\0') {
            count++;
            break;
        }
        position++;
    }
    if (count < 2 || parts[count - 1][lengths[count - 1]] != '\0' ||
        !is_part(parts[count - 1], lengths[count - 1]))
        return error_set(error, "\"%s\" is not a platform; write os/architecture, such as linux/amd64", text);
    platform->os = xstrndup(parts[0], lengths[0]);
    cleanup_free char *architecture = xstrndup(parts[1], lengths[1]);
    platform->architecture = xstrdup(canonical(architecture));
    if (count == 3)
        platform->variant = xstrndup(parts[2], lengths[2]);
    return 0;
}

/* Go's names (go/build, GOOS and GOARCH) of what is or could be meant. A unikernel image says linux whatever
 * runs in it: that is what hosts and engines look for. */
static const char *const systems[] = {"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", NULL};
static const char *const known_architectures[] = {"386",     "amd64",   "arm",    "arm64",    "loong64",
                                                  "mips",    "mipsle",  "mips64", "mips64le", "ppc64",
                                                  "ppc64le", "riscv64", "s390x",  NULL};

static int unknown_name(const char *what, const char *name, const char *const *known, struct error *error)
{
    const char *near = NULL;
    for (; *known != NULL; known++) {
        if (strcmp(name, *known) == 0)
            return 0;
        near = suggest_nearer(name, near, *known);
    }
    return error_set(error, "unknown %s \"%s\"%s%s%s", what, name, near != NULL ? "; did you mean \"" : "",
                     near != NULL ? near : "", near != NULL ? "\"?" : "");
}

/* Variants are named for these architectures alone ("v8", "v8.1"). */
static bool has_variant(const char *architecture, const char *variant)
{
    static const struct {
        const char *architecture;
        const char *versions;
        bool minor;
    } named[] = {{"amd64", "1234", false}, {"arm", "5678", false}, {"arm64", "89", true}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strcmp(architecture, named[i].architecture) != 0)
            continue;
        bool version =
            variant[0] == 'v' && variant[1] != '\0' && strchr(named[i].versions, variant[1]) != NULL;
        bool minor = version && named[i].minor && variant[2] == '.' && isdigit((unsigned char)variant[3]) &&
                     variant[4] == '\0';
        return version && (variant[2] == '\0' || minor);
    }
    return true;
}

int platform_check(const struct platform *platform, struct error *error)
{
    if (unknown_name("operating system", platform->os, systems, error) < 0 ||
        unknown_name("architecture", platform->architecture, known_architectures, error) < 0)
        return -1;
    if (strcmp(platform->os, "linux") != 0)
        return error_set(error, "a unikernel image is for linux, not for %s; write linux/%s", platform->os,
                         platform->architecture);
    if (platform->variant != NULL && !has_variant(platform->architecture, platform->variant))
        return error_set(error, "%s has no variant \"%s\"", platform->architecture, platform->variant);
    return 0;
}

static char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return xstrdup(text != NULL ? text : "");
}

void platform_from_json(const json_t *json, struct platform *platform)
{
    *platform = (struct platform){text_of(json, "os"), text_of(json, "architecture"), NULL};
    cleanup_free char *variant = text_of(json, "variant");
    if (*variant != '\0')
        platform->variant = take_pointer(variant);
}

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

void platform_host(struct platform *platform)
{
    *platform = (struct platform){xstrdup("linux"), xstrdup(platform_host_architecture()), NULL};
}

void platform_copy(struct platform *to, const struct platform *from)
{
    *to = (struct platform){
        .os = xstrdup(from->os),
        .architecture = xstrdup(from->architecture),
        .variant = from->variant != NULL ? xstrdup(from->variant) : NULL,
    };
}

bool platform_matches(const struct platform *wanted, const struct platform *offered)
{
    if (strcmp(wanted->os, offered->os) != 0 || strcmp(wanted->architecture, offered->architecture) != 0)
        return false;
    return wanted->variant == NULL ||
           (offered->variant != NULL && strcmp(wanted->variant, offered->variant) == 0);
}

char *platform_text(const struct platform *platform)
{
    return xasprintf("%s/%s%s%s", platform->os, platform->architecture, platform->variant != NULL ? "/" : "",
                     platform->variant != NULL ? platform->variant : "");
}

void platform_free(struct platform *platform)
{
    free(platform->os);
    free(platform->architecture);
    free(platform->variant);
    *platform = (struct platform){0};
}
