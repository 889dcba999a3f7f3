/* Platforms: "linux/amd64", "linux/arm64/v8" (image-spec, image-index.md; names as Go has them). */
#ifndef BUILDER_BUILD_PLATFORM_H
#define BUILDER_BUILD_PLATFORM_H

#include <stdbool.h>

#include "formats/base/error.h"

struct platform {
    char *os; /* all texts are owned */
    char *architecture;
    char *variant; /* or NULL */
};

/* Parses "os/architecture[/variant]"; other names of an architecture ("x86_64") become Go's. */
int platform_parse(const char *text, struct platform *platform, struct error *error);

/* The platform that this program runs on. */
void platform_host(struct platform *platform);

void platform_copy(struct platform *to, const struct platform *from);
char *platform_text(const struct platform *platform); /* owned by the caller */
void platform_free(struct platform *platform);
#define cleanup_platform __attribute__((cleanup(platform_free)))

#endif
