/*
 * The instructions of the Containerfile language (docs/urunc-containerfile.5): the one list of them.
 *
 * A line is INSTRUCTION(ID, name, style, usage, syntax...): `name` is the handler's, execute_<name>, in
 * instructions/<name>.c; the rest fills a struct instruction_kind. The enumeration, the table of the syntax
 * and the handlers' prototypes and table are made from it.
 */
#ifndef BUILDER_SPEC_INSTRUCTION_LIST_H
#define BUILDER_SPEC_INSTRUCTION_LIST_H

/* clang-format off */
#define INSTRUCTION_LIST(INSTRUCTION)                                                                        \
    INSTRUCTION(ARG, arg, STYLE_NAMES, "ARG <name>[=<default>] ...", .minimum = 1)                           \
    INSTRUCTION(BLOCK, block, STYLE_WORDS,                                                                   \
                "BLOCK [--from=<stage>] [--dest=<path>] [--mount=<dir>] [--size=<n>|+<n>] [--label=<text>] " \
                "<src>", .minimum = 1, .maximum = 1, .json = true,                                           \
                .flags = {"from", "dest", "mount", "size", "label"})                                         \
    INSTRUCTION(CMD, cmd, STYLE_COMMAND, "CMD [\"<argument>\", ...]")                                        \
    INSTRUCTION(COPY, copy, STYLE_WORDS,                                                                     \
                "COPY [--from=<stage>] [--chown=<user>[:<group>]] [--chmod=<mode>] <src> ... <dest>",        \
                .minimum = 2, .json = true, .heredocs = true, .flags = {"from", "chown", "chmod", "link"})   \
    INSTRUCTION(ENTRYPOINT, entrypoint, STYLE_COMMAND, "ENTRYPOINT [\"<argument>\", ...]")                   \
    INSTRUCTION(ENV, env, STYLE_PAIRS, "ENV <name>=<value> ...", .minimum = 1)                               \
    INSTRUCTION(EXPOSE, expose, STYLE_WORDS, "EXPOSE <port>[-<port>][/tcp|udp|sctp] ...", .minimum = 1)      \
    INSTRUCTION(FROM, from, STYLE_WORDS,                                                                     \
                "FROM [--platform=<os>/<architecture>] scratch|<stage> [AS <name>]",                         \
                .minimum = 1, .maximum = 3, .flags = {"platform"})                                           \
    INSTRUCTION(INITRD, initrd, STYLE_WORDS,                                                                 \
                "INITRD [--from=<stage>] [--dest=<path>] [--compress=none|gzip|zstd] <src>",                 \
                .minimum = 1, .maximum = 1, .json = true, .flags = {"from", "dest", "compress"})             \
    INSTRUCTION(KERNEL, kernel, STYLE_WORDS, "KERNEL [--from=<stage>] [--dest=<path>] <src>",                \
                .minimum = 1, .maximum = 1, .json = true, .flags = {"from", "dest"})                         \
    INSTRUCTION(LABEL, label, STYLE_PAIRS, "LABEL <name>=<value> ...", .minimum = 1)                         \
    INSTRUCTION(MAINTAINER, maintainer, STYLE_TEXT, "MAINTAINER <name>", .minimum = 1)                       \
    INSTRUCTION(MONITOR, monitor, STYLE_WORDS, "MONITOR qemu|firecracker|cloud-hypervisor|hvt|spt",          \
                .minimum = 1, .maximum = 1)                                                                  \
    INSTRUCTION(STOPSIGNAL, stopsignal, STYLE_TEXT, "STOPSIGNAL <signal>", .minimum = 1)                     \
    INSTRUCTION(UNIKERNEL, unikernel, STYLE_WORDS, "UNIKERNEL <framework> [<version>]",                      \
                .minimum = 1, .maximum = 2)                                                                  \
    INSTRUCTION(USER, user, STYLE_TEXT, "USER <user>[:<group>]", .minimum = 1)                               \
    INSTRUCTION(VOLUME, volume, STYLE_WORDS, "VOLUME <path> ...", .minimum = 1, .json = true)                \
    INSTRUCTION(WORKDIR, workdir, STYLE_TEXT, "WORKDIR <path>", .minimum = 1)

/* Instructions that are known, so that their users get an answer, and not executed: what to do instead. */
#define REFUSED_INSTRUCTION_LIST(INSTRUCTION)                                                                \
    INSTRUCTION(ADD, "use COPY; an archive must be unpacked and a URL fetched before the build")             \
    INSTRUCTION(HEALTHCHECK,                                                                                 \
                "OCI images cannot hold it, and nothing can run a command inside of a unikernel")            \
    INSTRUCTION(ONBUILD, "OCI images cannot hold it; write the instruction where it is to be executed")      \
    INSTRUCTION(RUN, "prepare the files before the build and bring them in with COPY")                       \
    INSTRUCTION(SHELL, "write CMD and ENTRYPOINT as JSON arrays")
/* clang-format on */

#endif
