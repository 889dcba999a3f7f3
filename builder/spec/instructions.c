/* The instructions of the Containerfile language as one table. */
#include "builder/spec/instructions.h"

#include <stddef.h>
#include <strings.h>

/* A row with `instead` is known to the parser so that its users get an answer; nothing executes it. */
const struct instruction_kind instruction_kinds[] = {
    {
        .name = "ADD",
        .id = INSTRUCTION_COUNT,
        .instead = "use COPY; an archive must be unpacked and a URL fetched before the build",
    },
    {
        .name = "ARG",
        .id = INSTRUCTION_ARG,
        .style = STYLE_NAMES,
        .minimum = 1,
        .usage = "ARG <name>[=<default>] ...",
    },
    {
        .name = "BLOCK",
        .id = INSTRUCTION_BLOCK,
        .style = STYLE_WORDS,
        .minimum = 1,
        .maximum = 1,
        .json = true,
        .flags = {"from", "dest", "mount", "size", "label"},
        .usage =
            "BLOCK [--from=<stage>] [--dest=<path>] [--mount=<dir>] [--size=<n>|+<n>] [--label=<text>] <src>",
    },
    {
        .name = "CMD",
        .id = INSTRUCTION_CMD,
        .style = STYLE_COMMAND,
        .usage = "CMD [\"<argument>\", ...]",
    },
    {
        .name = "COPY",
        .id = INSTRUCTION_COPY,
        .style = STYLE_WORDS,
        .minimum = 2,
        .json = true,
        .heredocs = true,
        .flags = {"from", "chown", "chmod", "link"},
        .usage = "COPY [--from=<stage>] [--chown=<user>[:<group>]] [--chmod=<mode>] <src> ... <dest>",
    },
    {
        .name = "ENTRYPOINT",
        .id = INSTRUCTION_ENTRYPOINT,
        .style = STYLE_COMMAND,
        .usage = "ENTRYPOINT [\"<argument>\", ...]",
    },
    {
        .name = "ENV",
        .id = INSTRUCTION_ENV,
        .style = STYLE_PAIRS,
        .minimum = 1,
        .usage = "ENV <name>=<value> ...",
    },
    {
        .name = "EXPOSE",
        .id = INSTRUCTION_EXPOSE,
        .style = STYLE_WORDS,
        .minimum = 1,
        .usage = "EXPOSE <port>[-<port>][/tcp|udp|sctp] ...",
    },
    {
        .name = "FROM",
        .id = INSTRUCTION_FROM,
        .style = STYLE_WORDS,
        .minimum = 1,
        .maximum = 3,
        .flags = {"platform"},
        .usage = "FROM [--platform=<os>/<architecture>] scratch|<stage> [AS <name>]",
    },
    {
        .name = "HEALTHCHECK",
        .id = INSTRUCTION_COUNT,
        .instead = "OCI images cannot hold it, and nothing can run a command inside of a unikernel",
    },
    {
        .name = "INITRD",
        .id = INSTRUCTION_INITRD,
        .style = STYLE_WORDS,
        .minimum = 1,
        .maximum = 1,
        .json = true,
        .flags = {"from", "dest", "compress"},
        .usage = "INITRD [--from=<stage>] [--dest=<path>] [--compress=none|gzip|zstd] <src>",
    },
    {
        .name = "KERNEL",
        .id = INSTRUCTION_KERNEL,
        .style = STYLE_WORDS,
        .minimum = 1,
        .maximum = 1,
        .json = true,
        .flags = {"from", "dest"},
        .usage = "KERNEL [--from=<stage>] [--dest=<path>] <src>",
    },
    {
        .name = "LABEL",
        .id = INSTRUCTION_LABEL,
        .style = STYLE_PAIRS,
        .minimum = 1,
        .usage = "LABEL <name>=<value> ...",
    },
    {
        .name = "MAINTAINER",
        .id = INSTRUCTION_MAINTAINER,
        .style = STYLE_TEXT,
        .minimum = 1,
        .usage = "MAINTAINER <name>",
    },
    {
        .name = "MONITOR",
        .id = INSTRUCTION_MONITOR,
        .style = STYLE_WORDS,
        .minimum = 1,
        .maximum = 1,
        .usage = "MONITOR qemu|firecracker|cloud-hypervisor|hvt|spt",
    },
    {
        .name = "ONBUILD",
        .id = INSTRUCTION_COUNT,
        .instead = "OCI images cannot hold it; write the instruction where it is to be executed",
    },
    {
        .name = "RUN",
        .id = INSTRUCTION_COUNT,
        .instead = "prepare the files before the build and bring them in with COPY",
    },
    {
        .name = "SHELL",
        .id = INSTRUCTION_COUNT,
        .instead = "write CMD and ENTRYPOINT as JSON arrays",
    },
    {
        .name = "STOPSIGNAL",
        .id = INSTRUCTION_STOPSIGNAL,
        .style = STYLE_TEXT,
        .minimum = 1,
        .usage = "STOPSIGNAL <signal>",
    },
    {
        .name = "UNIKERNEL",
        .id = INSTRUCTION_UNIKERNEL,
        .style = STYLE_WORDS,
        .minimum = 1,
        .maximum = 2,
        .usage = "UNIKERNEL <framework> [<version>]",
    },
    {
        .name = "USER",
        .id = INSTRUCTION_USER,
        .style = STYLE_TEXT,
        .minimum = 1,
        .usage = "USER <user>[:<group>]",
    },
    {
        .name = "VOLUME",
        .id = INSTRUCTION_VOLUME,
        .style = STYLE_WORDS,
        .minimum = 1,
        .json = true,
        .usage = "VOLUME <path> ...",
    },
    {
        .name = "WORKDIR",
        .id = INSTRUCTION_WORKDIR,
        .style = STYLE_TEXT,
        .minimum = 1,
        .usage = "WORKDIR <path>",
    },
    {.name = NULL},
};

const struct instruction_kind *instruction_kind_find(const char *name)
{
    for (const struct instruction_kind *kind = instruction_kinds; kind->name != NULL; kind++)
        if (strcasecmp(kind->name, name) == 0)
            return kind;
    return NULL;
}
