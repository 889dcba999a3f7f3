/* Settings of the kernel that belong to the container's namespaces: host name, sysctls, the loopback
 * interface. */
#ifndef RUNTIME_SANDBOX_NAMESPACES_KERNEL_SETTINGS_H
#define RUNTIME_SANDBOX_NAMESPACES_KERNEL_SETTINGS_H

#include <jansson.h>

#include "formats/base/error.h"
#include "runtime/sandbox/namespaces/namespaces.h"

/* Refuses a key of linux.sysctl (may be NULL) that belongs to no namespace which the bundle lists: it would
 * change the host. */
int sysctl_check(const json_t *sysctl, const struct namespaces *namespaces, struct error *error);
/* Writes them; called in the container's namespaces. */
int sysctl_apply(const json_t *sysctl, struct error *error);

/* Brings "lo" up in the calling process's network namespace. */
int loopback_up(struct error *error);

#endif
