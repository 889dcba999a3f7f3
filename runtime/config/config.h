/* The operator's settings, all optional; docs/urunc-config.5 lists them. */
#ifndef RUNTIME_CONFIG_CONFIG_H
#define RUNTIME_CONFIG_CONFIG_H

#include <jansson.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/contract/overrides.h"
#include "runtime/monitors/monitor_config.h"
#include "runtime/storage/rootfs_cache_config.h"

/* A value of the second replaces that of the first. */
#define CONFIG_TOML_PATH       "/etc/urunc/config.toml"
#define CONFIG_DEFAULT_PATH    "/etc/urunc/config.json"
#define CONFIG_TRACE_DIRECTORY "/var/log/urunc/trace"
#define CONFIG_PATH_VARIABLE   "URUNC_CONFIG_FILE" /* of the environment: as --config, which wins */

struct config {
    struct monitor_config monitors[HYPERVISOR_COUNT];
    unsigned overrides; /* keys that a container's annotations may replace: formats/contract/overrides.h */
    struct rootfs_cache_config rootfs_cache;
    char *fallback_runtime; /* for ordinary containers, or NULL: runc, else crun, in the usual directories */
    char *trace;            /* directory of the traces (runtime/trace.h), or NULL: none are written; owned */
    char *user_network; /* slirp4netns, pasta or USER_NETWORK_AUTO, for containers without an interface, or
                           NULL: they have none; owned */
    char *metrics;      /* text file of Prometheus for the operator's monitoring, or NULL; owned */
    char *virtiofsd;    /* the program that serves directories by virtiofs, or "": none, they go by 9p; NULL:
                           where    distributions put it; owned */
    uint64_t files_limit; /* bytes of the mounts that are copied for one guest: docs/mounts.md */
    json_t *origins;      /* where each key was set: {"monitors.qemu.vcpus": "FILE" or "FILE:LINE"}; owned */
    struct strings ignored; /* keys of other tools that have no effect here, each a line for the log */
};

/*
 * Reads `path`, whose form is told by its name (".toml" or JSON). NULL means the file that
 * CONFIG_PATH_VARIABLE names, else CONFIG_TOML_PATH and CONFIG_DEFAULT_PATH, which may be missing. Unknown
 * keys, wrong types and values out of range are errors that name file, key and value.
 */
int config_load(const char *path, struct config *config, struct error *error);

/* What holds where no file says otherwise. */
void config_set_defaults(struct config *config);

/* Sets what a document in the form of config.json says. `origin` is where it stands. */
int config_apply(const json_t *document, const char *origin, struct config *config, struct error *error);

/* All settings that are in force: a list of {key, value, origin}. A new reference. */
json_t *config_describe(const struct config *config);

void config_free(struct config *config);
#define cleanup_config __attribute__((cleanup(config_free)))

#endif
