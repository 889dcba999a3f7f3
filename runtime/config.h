/* The operator's settings: /etc/urunc/config.json, all keys optional. docs/urunc-config.5 lists them. */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

#include "formats/base/error.h"
#include "formats/contract/overrides.h"
#include "runtime/monitors/monitor_config.h"

#define CONFIG_DEFAULT_PATH "/etc/urunc/config.json"

struct config {
    struct monitor_config monitors[HYPERVISOR_COUNT];
    unsigned overrides; /* keys that a container's annotations may replace: formats/contract/overrides.h */
    char *fallback_runtime; /* for ordinary containers, or NULL: runc, else crun, in the usual directories */
};

/* Reads `path`; NULL means CONFIG_DEFAULT_PATH, which may be missing. Unknown keys, wrong types and values
 * out of range are errors that name file, key and value. */
int config_load(const char *path, struct config *config, struct error *error);
void config_free(struct config *config);
#define cleanup_config __attribute__((cleanup(config_free)))

#endif
