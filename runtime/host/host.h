/* What this host can boot, as one JSON document: its devices, its monitors, and which pairs of a framework
 * and a hypervisor can run. */
#ifndef RUNTIME_HOST_HOST_H
#define RUNTIME_HOST_HOST_H

#include <jansson.h>

#include "runtime/config/config.h"

/*
 * The members of the document:
 *
 *     version, architecture   texts
 *     usable                  true if a pair can run
 *     devices                 list of {path, usable, problem, warning}
 *     cgroups, userNamespaces environment.h
 *     engines                 engines.h
 *     monitors                list of {name, usable, program, version, problem}
 *     pairs                   list of {framework, hypervisor, usable, storage, network, architectures,
 * problem}
 *     configuration           list of {key, value, origin}: every setting that is in force
 *     ignored                 lines about keys of the configuration that have no effect
 *
 * `problem` is there where `usable` is false: what is missing, and how to get it; `warning` where
 * something can be used, but not as one would expect. `root` is the state directory, in which findings are
 * kept.
 */
json_t *host_describe(const struct config *config, const char *root);

#endif
