/* What is used of libsystemd's sd-bus, found at run time. */
#ifndef RUNTIME_SANDBOX_CGROUPS_SYSTEMD_SD_BUS_H
#define RUNTIME_SANDBOX_CGROUPS_SYSTEMD_SD_BUS_H

#include <systemd/sd-bus.h>

#include "formats/base/error.h"

#define SD_BUS_FUNCTIONS(X)                                                                                  \
    X(sd_bus_open_system)                                                                                    \
    X(sd_bus_open_user)                                                                                      \
    X(sd_bus_get_property_string)                                                                            \
    X(sd_bus_flush_close_unref)                                                                              \
    X(sd_bus_call)                                                                                           \
    X(sd_bus_call_method)                                                                                    \
    X(sd_bus_match_signal)                                                                                   \
    X(sd_bus_process)                                                                                        \
    X(sd_bus_wait)                                                                                           \
    X(sd_bus_error_free)                                                                                     \
    X(sd_bus_error_has_name)                                                                                 \
    X(sd_bus_message_new_method_call)                                                                        \
    X(sd_bus_message_append)                                                                                 \
    X(sd_bus_message_open_container)                                                                         \
    X(sd_bus_message_close_container)                                                                        \
    X(sd_bus_message_read)                                                                                   \
    X(sd_bus_message_unref)

#define SD_BUS_MEMBER(name) __typeof__(&name) name;
struct sd_bus_library {
    SD_BUS_FUNCTIONS(SD_BUS_MEMBER)
};
#undef SD_BUS_MEMBER

/* Loads the library, which stays. */
int sd_bus_load(struct sd_bus_library *library, struct error *error);

#endif
