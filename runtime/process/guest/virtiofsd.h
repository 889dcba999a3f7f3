/* virtiofsd, the program that serves a directory of the host by virtiofs: QEMU's own up to QEMU 7.2
 * (docs/tools/virtiofsd.rst there), and the one that follows it (https://gitlab.com/virtio-fs/virtiofsd). */
#ifndef RUNTIME_PROCESS_VIRTIOFSD_H
#define RUNTIME_PROCESS_VIRTIOFSD_H

#include "formats/base/buffer.h"
#include "runtime/monitors/version.h"

/* Where it is had from, for messages. */
#define VIRTIOFSD_PACKAGE "the Debian package virtiofsd, up to Debian 12 qemu-system-common, has it"

/* The program's absolute path, the caller's: `configured`, else where distributions put it. NULL where
 * `configured` is "" (none is wanted) or nothing is there. */
char *virtiofsd_find(const char *configured);

/*
 * The command line by which it serves `directory` to whom it accepts from the listening socket `listener`.
 * It gives up all capabilities. Its root becomes the directory where it is QEMU's, which needs CAP_SYS_CHROOT
 * until then; the other one can do that for user 0 alone, and stays in the root that it was started in.
 */
void virtiofsd_command(const char *program, const struct version *version, const char *directory,
                       int listener, struct strings *argv);

#endif
