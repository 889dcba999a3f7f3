/* Platforms: "linux/amd64", "linux/arm64/v8" (image-spec, image-index.md; names as Go has them). */
#ifndef FORMATS_OCI_PLATFORM_H
#define FORMATS_OCI_PLATFORM_H

#include <jansson.h>
#include <stdbool.h>

#include "formats/base/error.h"

struct platform {
    char *os; /* all texts are owned */
    char *architecture;
    char *variant; /* or NULL */
};

/* Parses "os/architecture[/variant]"; other names of an architecture ("x86_64") become Go's. */
int platform_parse(const char *text, struct platform *platform, struct error *error);

/* Refuses a platform that no unikernel image is for: an operating system but linux, an architecture or a
 * variant that does not exist. */
int platform_check(const struct platform *platform, struct error *error);

/* The "platform" object of an entry of an index; what it does not say is "". */
void platform_from_json(const json_t *json, struct platform *platform);

/* GOARCH of the machine that this program runs on: "amd64"; "unknown" for others. Static.
 */
const char *platform_host_architecture(void);

/* The platform that this program runs on. */
void platform_host(struct platform *platform);

void platform_copy(struct platform *to, const struct platform *from);

/* True where `offered` is what `wanted` asks for; "linux/arm64" asks for any variant of it. */
bool platform_matches(const struct platform *wanted, const struct platform *offered);

char *platform_text(const struct platform *platform); /* owned by the caller */
void platform_free(struct platform *platform);
#define cleanup_platform __attribute__((cleanup(platform_free)))

#endif
