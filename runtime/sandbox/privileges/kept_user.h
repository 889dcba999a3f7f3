/* A program that acts for others, and may act as one user alone. */
#ifndef RUNTIME_SANDBOX_KEPT_USER_H
#define RUNTIME_SANDBOX_KEPT_USER_H

#include "formats/base/error.h"

/* From here on, in the calling process and what it executes, the calls by which a program becomes another
 * user or group succeed without effect. no_new_privs must be set. */
int kept_user_install(struct error *error);

#endif
