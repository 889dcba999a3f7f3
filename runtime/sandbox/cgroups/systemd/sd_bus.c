#include "runtime/sandbox/cgroups/systemd/sd_bus.h"

#include <dlfcn.h>

#define LIBRARY "libsystemd.so.0"

int sd_bus_load(struct sd_bus_library *library, struct error *error)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL)
        return error_set(error, "%s: install it (Debian's package libsystemd0)", dlerror());
#define SD_BUS_FIND(name)                                                                                    \
    library->name = (__typeof__(&name))dlsym(handle, #name);                                                 \
    if (library->name == NULL)                                                                               \
        return error_set(error, LIBRARY ": has no function " #name);
    SD_BUS_FUNCTIONS(SD_BUS_FIND)
#undef SD_BUS_FIND
    return 0;
}
