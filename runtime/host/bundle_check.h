/* What a bundle could run on, on this host. */
#ifndef RUNTIME_HOST_BUNDLE_CHECK_H
#define RUNTIME_HOST_BUNDLE_CHECK_H

#include <jansson.h>

#include "runtime/config/config.h"

/*
 * {bundle, framework, hypervisor, usable, problem, alternatives}: usable where `create` would take the
 * bundle's unikernel; alternatives are the names of the other hypervisors that run its framework here. A
 * bundle that is no unikernel has no framework. `pairs` are those of host_describe. A new reference.
 */
json_t *host_check_bundle(const char *directory, const struct config *config, const json_t *pairs);

#endif
