/*
 * The host's words about the program, in a file: the kernel's command line is short, and any user of the host
 * can read it. runtime/guests/linux_pack.c is the other side.
 *
 * The file holds records, each ended by a NUL:
 *
 *     env=K=V                       one variable; where there is any, the kernel's own HOME and TERM do not
 * count arg=A                         one argument; where there is any, those behind "--" do not count
 *     line=TEXT                     the same as one text, split as the command line is
 *     user=UID:GID[:G,..]           who runs the program
 *     cwd=DIR                       where
 *     hostname=NAME
 *     mount=tree:N:FLAGS:DIR        the file or directory SETTINGS_TREES/N
 *     mount=disk:DEVICE:FLAGS:DIR   a file system on a block device
 *     mount=virtiofs:TAG:FLAGS:DIR  a directory of the host
 *     mount=9p:TAG:FLAGS:DIR        the same by 9p over virtio
 *     mount=tmpfs:OPTIONS:FLAGS:DIR
 *     node=DEVICE:MODE:UID:GID:PATH a further name of a block device; MODE is octal
 *
 * FLAGS are letters: "r" read-only, "x" no programs, "o" optional: where it fails the program runs all the
 * same.
 */
#ifndef RUNTIME_INIT_SETTINGS_H
#define RUNTIME_INIT_SETTINGS_H

#include <stddef.h>

struct cmdline;

/* Made by the host in the archive that it adds to the initrd. */
#define SETTINGS_DIRECTORY "/.urunc"
#define SETTINGS_FILE      SETTINGS_DIRECTORY "/settings"
#define SETTINGS_TREES     SETTINGS_DIRECTORY "/trees"
#define SETTINGS_INIT      SETTINGS_DIRECTORY "/urunc-init"

/* Parses the file's bytes, behind which a NUL stands, in place: texts point into them. What is malformed
 * counts as not said, but for the user and the mounts, without which nothing may run. */
void settings_parse(char *bytes, size_t size, struct cmdline *cmdline);

#endif
