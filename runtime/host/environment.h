/* What the host's kernel gives to containers: cgroups, and user namespaces for whoever is not root. */
#ifndef RUNTIME_HOST_ENVIRONMENT_H
#define RUNTIME_HOST_ENVIRONMENT_H

#include <jansson.h>

/* {version: "1", "2", "hybrid" or "none", controllers: list of names, usable, problem}: usable where cgroups
 * can be made. A new reference. */
json_t *host_cgroups(void);

/* {usable, problem}: whether an ordinary user can make a user namespace and has subordinate IDs. A new
 * reference. */
json_t *host_user_namespaces(void);

#endif
