/* A bundle: a directory with a config.json (runtime-spec, bundle.md and config.md), read and validated once.
 */
#ifndef RUNTIME_BUNDLE_BUNDLE_H
#define RUNTIME_BUNDLE_BUNDLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "runtime/bundle/block_devices.h"
#include "runtime/bundle/mounts.h"
#include "runtime/bundle/process.h"
#include "runtime/network/devices.h"
#include "runtime/sandbox/namespaces/namespaces.h"
#include "runtime/sandbox/resctrl.h"

enum { BUNDLE_CONFIG_MAX = 16 << 20 }; /* bytes of a config.json */

/* All memory is owned, but for the JSON parts, which belong to `config`. */
struct bundle {
    char *path; /* absolute, without symlinks */
    json_t *config;
    const char *oci_version;
    struct process process;
    char *rootfs; /* absolute */
    bool rootfs_readonly;
    int rootfs_fd;          /* O_PATH; -1 when closed */
    const char *hostname;   /* or NULL */
    const char *domainname; /* or NULL */
    struct namespaces namespaces;
    struct bundle_mounts mounts;
    struct block_devices block_devices;
    struct net_devices net_devices;
    struct resctrl_request resctrl;
    const char *cgroups_path;  /* or NULL */
    const char *mount_label;   /* linux.mountLabel, or NULL */
    uint64_t memory_limit;     /* linux.resources.memory.limit, bytes; 0: none */
    const json_t *annotations; /* each of these may be NULL */
    const json_t *hooks;
    const json_t *resources;
    const json_t *seccomp;
    const json_t *sysctl;
};

#define BUNDLE_NONE ((struct bundle){.rootfs_fd = -1})

/*
 * Reading goes in two steps, because a container that is not a unikernel is another runtime's: nothing of its
 * config.json is checked but what the decision needs.
 *
 * bundle_open parses DIRECTORY/config.json, opens the rootfs and finds the annotations. bundle_read then
 * reads and checks all of it, for a unikernel. Errors name file, place and value.
 */
int bundle_open(const char *directory, struct bundle *bundle, struct error *error);
int bundle_read(struct bundle *bundle, struct error *error);
void bundle_free(struct bundle *bundle);
#define cleanup_bundle __attribute__((cleanup(bundle_free)))

/*
 * The text of the container's /etc/resolv.conf: of the file that an engine mounts there (`mounts`), else of
 * the one in the rootfs. NULL where there is none; owned by the caller.
 */
char *bundle_resolv_conf(const struct bundle *bundle);

#endif
