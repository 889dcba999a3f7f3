/* A network without privileges, by request of the operator: slirp4netns(1) or pasta(1) carries what the
 * container sends, as the user who started it. */
#ifndef RUNTIME_NETWORK_USER_NETWORK_H
#define RUNTIME_NETWORK_USER_NETWORK_H

#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/error.h"

/* Its process, which waits until it may begin: so its number can be written down before it makes anything. */
struct user_network {
    pid_t pid;
    int go;              /* -1: begun, or none; owned */
    int ready;           /* likewise */
    const char *program; /* its name, for messages */
};

#define USER_NETWORK_NONE ((struct user_network){.go = -1, .ready = -1})

/* True where the container's process has a network namespace without any interface for a guest. `has_user`:
 * its user namespace is one of its own. */
bool user_network_is_wanted(pid_t container, bool has_user);

/* What the configuration says in place of a path: the one that is installed, slirp4netns first. */
#define USER_NETWORK_AUTO "auto"

/* The program for a configuration's value, owned by the caller. NULL with the error set where none is
 * installed. A program whose name begins with "pasta" is pasta, any other slirp4netns. */
char *user_network_find(const char *configured, struct error *error);

/* Forks the process that will be `program` for the namespaces of the process `container`, `has_user` as
 * above. Where it is not begun, it ends with `network` (user_network_close). */
int user_network_prepare(const char *program, pid_t container, bool has_user, struct user_network *network,
                         struct error *error);

/* Lets it begin, and waits until the interface eth0 has an address. */
int user_network_begin(struct user_network *network, struct error *error);

void user_network_close(struct user_network *network);
#define cleanup_user_network __attribute__((cleanup(user_network_close)))

#endif
