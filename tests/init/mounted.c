/* A guest's kernel has its own command line and its own devices; a guest that is only namespaces has the
 * host's, but for a file that was mounted over /proc/cmdline and what stands in /sys before (guest.py). So
 * both are found mounted, as where another init mounted them. Linked with --wrap=mount. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

extern int __real_mount(const char *source, const char *target, const char *type, unsigned long flags,
                        const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const void *data);

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const void *data)
{
    if (type != NULL && (strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0)) {
        errno = EBUSY;
        return -1;
    }
    return __real_mount(source, target, type, flags, data);
}
