#include "runtime/process/guest/virtiofsd.h"

#include <unistd.h>

#include "formats/base/memory.h"
#include "formats/base/programs.h"

/* Of Fedora and Debian 13, of Arch, of Debian 12: no directory for a user's programs. */
static const char *const usual_paths[] = {
    "/usr/libexec/virtiofsd",
    "/usr/local/libexec/virtiofsd",
    "/usr/lib/virtiofsd",
    "/usr/lib/qemu/virtiofsd",
};

/* All that it would otherwise keep. */
#define NO_CAPABILITIES "-chown:-dac_override:-fowner:-fsetid:-setgid:-setuid:-mknod:-setfcap"

char *virtiofsd_find(const char *configured)
{
    if (configured != NULL)
        return *configured != '\0' ? xstrdup(configured) : NULL;
    for (size_t i = 0; i < sizeof usual_paths / sizeof *usual_paths; i++)
        if (access(usual_paths[i], X_OK) == 0)
            return xstrdup(usual_paths[i]);
    return program_find("virtiofsd", NULL);
}

/* Their versions do not meet: QEMU's were 5 to 7. */
static bool is_of_qemu(const struct version *version)
{
    return version_at_least(version, 5, 0);
}

void virtiofsd_command(const char *program, const struct version *version, const char *directory,
                       int listener, struct strings *argv)
{
    strings_add(argv, program);
    strings_format(argv, "--fd=%d", listener);
    strings_add(argv, "--rlimit-nofile=0"); /* the limit stays as it is */
    if (is_of_qemu(version)) {
        strings_add(argv, "-f");
        strings_add(argv, "-o");
        strings_format(argv, "source=%s,sandbox=chroot,log_level=err,modcaps=" NO_CAPABILITIES, directory);
        return;
    }
    strings_format(argv, "--shared-dir=%s", directory);
    strings_add(argv, "--sandbox=none");
    strings_add(argv, "--seccomp=kill");
    strings_add(argv, "--log-level=error");
    strings_add(argv, "--modcaps=" NO_CAPABILITIES);
}
