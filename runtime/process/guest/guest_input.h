/* What a guest driver is told of a container. */
#ifndef RUNTIME_PROCESS_GUEST_GUEST_INPUT_H
#define RUNTIME_PROCESS_GUEST_GUEST_INPUT_H

#include "runtime/process/guest/guest_setup.h"

/* All that is known at `create`; the rest (network, terminal, channel) is the caller's to add. Everything is
 * borrowed. */
struct guest_input guest_input_of(const struct bundle *bundle, const struct guest_setup *setup);

#endif
