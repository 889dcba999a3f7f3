/*
 * urunc without root: a user namespace of its own.
 *
 * Mounting needs CAP_SYS_ADMIN. A caller who lacks it makes a user and a mount namespace and executes urunc
 * once more in there, as its root: from then on urunc works as it does for root. IDs in there are the user's
 * own (0) and those that /etc/subuid and /etc/subgid give to the user (from 1 on); the setuid programs
 * newuidmap and newgidmap write these mappings. config.json names IDs of the host, so its mappings are
 * translated.
 *
 * The namespaces end with their last process, which is the container's. Nothing has to find them again: who
 * made a user namespace has all capabilities in it from outside, too (user_namespaces(7)).
 */
#ifndef RUNTIME_SANDBOX_NAMESPACES_ROOTLESS_H
#define RUNTIME_SANDBOX_NAMESPACES_ROOTLESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/error.h"
#include "runtime/sandbox/namespaces/namespaces.h"

/* True where the calling process is root of the first user namespace, whose IDs are the host's. */
bool rootless_is_root(void);
/* True where the calling process lacks CAP_SYS_ADMIN. */
bool rootless_needs_namespace(void);

/*
 * The user namespace that a container of this bundle must be made from: the one that it names, or the one
 * that its network namespace belongs to. Returns a descriptor (owned); -1 and no error where a new one is to
 * be made.
 */
int rootless_find_namespace(const struct namespaces *namespaces, struct error *error);

/* Executes this program again as root of `user_namespace`, or of a new one (-1). Returns only on failure. */
int rootless_exec(char *const *argv, int user_namespace, struct error *error);

/* Turns the host's IDs in the mappings into those of the namespace that rootless_exec made, and takes out of
 * the list the user namespace that it entered. Does nothing in a process that is not rootless_exec's. */
int rootless_translate(struct namespaces *namespaces, struct error *error);

/* The calling process's user as the host knows it. */
uid_t rootless_host_user(void);

#endif
