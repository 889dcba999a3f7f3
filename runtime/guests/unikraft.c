/*
 * Unikraft: "Unikraft", library parameters, "--", the program's arguments.
 *
 * The text is read twice in the guest: lib/ukargparse splits it into words (quotes as in a shell),
 * lib/uklibparam takes the words up to "--" as library.parameter=value; words that are none are passed over.
 * Behind "--" everything is the program's, whose argv[0] is the first word of all: the kernel's file name
 * where the boot protocol puts it in front (multiboot), else our "Unikraft".
 *
 * Older tools (bima, pun) took an argument list's first word for the name of the program, which the kernel is
 * built with, and wrote it in place of "Unikraft": an image of theirs is read as they meant it
 * (unikernel.older_tools).
 */
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/guest.h"
#include "runtime/guests/pack.h"
#include "runtime/guests/unikraft_words.h"

/* Words for which lib/ukboot has room (CONFIG_LIBUKBOOT_MAXNBARGS, 60 by default) less the kernel's file name
 * and the last place, whose word stays unread. One more, and the kernel finds no "--". */
enum { WORDS_MAX = 58 };

enum { VERSION_PARTS = 3 };

enum trait {
    ENVIRONMENT = 1 << 0,    /* env.vars exists */
    NAMESERVER = 1 << 1,     /* with an address in several parameters */
    ADDRESS_IN_ONE = 1 << 2, /* netdev.ip */
    SYMLINKS = 1 << 4,       /* its initrd may hold them (lib/ukcpio); before, they are passed over */
    LATE_STOP = 1 << 3,      /* "--" is looked for only behind another word than the first */
};

/* The names of the parameters, from this release on. */
struct era {
    unsigned long first[VERSION_PARTS];
    const char *initrd;
    const char *share;
    unsigned traits; /* enum trait */
};

#define FSTAB(entry) "vfs.fstab=[ \"" entry "\" ]"
#define INITRD_ROOT  "vfs.rootfs=initrd"
#define SHARE_ROOT   "vfs.rootfs=9pfs vfs.rootdev=" BOOT_SHARE_TAG
#define SHARE_FSTAB  FSTAB(BOOT_SHARE_TAG ":/:9pfs:::")

/* Between 0.14 and 0.16.0 the root is in the kernel's configuration: vfs.rootfs is unknown there and passed
 * over. vfs.fstab would mount a second root in a kernel that has both, and end it. */
static const struct era eras[] = {
    {{0, 0, 0}, INITRD_ROOT, SHARE_ROOT, 0},
    {{0, 13, 0}, INITRD_ROOT, SHARE_ROOT, ENVIRONMENT | LATE_STOP},
    {{0, 14, 0}, INITRD_ROOT, SHARE_ROOT, ENVIRONMENT | LATE_STOP | SYMLINKS},
    {{0, 16, 0}, INITRD_ROOT, SHARE_ROOT, ENVIRONMENT | LATE_STOP | SYMLINKS | NAMESERVER},
    {{0, 16, 1},
     FSTAB("initrd0:/:extract:::"),
     SHARE_FSTAB,
     ENVIRONMENT | LATE_STOP | SYMLINKS | ADDRESS_IN_ONE},
    /* ramfs=2: a file system to extract to, where the kernel has mounted none. */
    {{0, 16, 2},
     FSTAB("initrd0:/:extract::ramfs=2:"),
     SHARE_FSTAB,
     ENVIRONMENT | LATE_STOP | SYMLINKS | ADDRESS_IN_ONE},
};
enum { ERA_COUNT = sizeof eras / sizeof *eras };

/* Compares a version such as "0.17.0", "v0.16" or "0.16.1-rc2" with an era's first. */
static bool is_before(const char *version, const struct era *era)
{
    for (size_t i = 0; i < VERSION_PARTS; i++) {
        char *end = NULL;
        unsigned long number = 0; /* "0.17" is 0.17.0 */
        if (*version >= '0' && *version <= '9') {
            number = strtoul(version, &end, 10);
            version = *end == '.' ? end + 1 : "";
        }
        if (number != era->first[i])
            return number < era->first[i];
    }
    return false;
}

/* A version that is no number stands for a recent one. */
static const struct era *find_era(const char *version)
{
    size_t i = ERA_COUNT - 1;
    if (version != NULL && (*version == 'v' || *version == 'V'))
        version++;
    if (version == NULL || *version < '0' || *version > '9')
        return &eras[i];
    while (i > 0 && is_before(version, &eras[i]))
        i--;
    return &eras[i];
}

static void add_network(struct buffer *line, const struct network *network, const struct era *era)
{
    if (era->traits & ADDRESS_IN_ONE) {
        buffer_format(line, " netdev.ip=%s/%u", network->address, network->prefix);
        if (*network->gateway || *network->dns)
            buffer_format(line, ":%s", network->gateway);
        if (*network->dns)
            buffer_format(line, ":%s", network->dns);
        return;
    }
    buffer_format(line, " netdev.ipv4_addr=%s", network->address);
    if (*network->gateway)
        buffer_format(line, " netdev.ipv4_gw_addr=%s", network->gateway);
    buffer_format(line, " netdev.ipv4_subnet_mask=%s", network->netmask);
    if ((era->traits & NAMESERVER) && *network->dns)
        buffer_format(line, " netdev.ipv4_dns0_addr=%s", network->dns);
}

/* Words in the program's place that lib/uklibparam would understand. */
static const char *const commands[] = {"--", "help", "-h", "--help", "-V", "--version"};

static int check_program(const char *name, const char *where, struct error *error)
{
    bool understood = strchr(name, '=') != NULL;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        understood = understood || strcmp(name, commands[i]) == 0;
    if (understood)
        return error_set(error, "%s: Unikraft would take %s for a parameter of its own, not for the program",
                         where, name);
    return 0;
}

static int add_arguments(struct buffer *line, const struct strings *args, size_t first, struct error *error)
{
    for (size_t i = first; i < args->count; i++) {
        if (*args->items[i] == '\0')
            return error_set(error, "process.args[%zu] is empty: a Unikraft command line cannot carry that",
                             i);
        buffer_add_char(line, ' ');
        unikraft_add_word(line, args->items[i]);
    }
    return 0;
}

/* The older convention, with the text of the annotation. */
static int split_annotation(const char *text, struct buffer *name, struct buffer *arguments,
                            struct error *error)
{
    size_t length = 0;
    const char *program = guest_split_program(text, &length);
    if (length == 0)
        return 0;
    buffer_free(name);
    buffer_add(name, program, length);
    buffer_add_string(arguments, program + length);
    return check_program(name->data, "the cmdline annotation", error);
}

/* What stands in front of the parameters, and the arguments as text: empty, or with a blank at its start. */
static int read_program(const struct guest_input *input, struct buffer *name, struct buffer *arguments,
                        struct error *error)
{
    buffer_add_string(name, "Unikraft");
    buffer_add_string(arguments, "");
    if (input->cmdline != NULL && input->older_tools)
        return split_annotation(input->cmdline, name, arguments, error);
    if (input->cmdline != NULL && *input->cmdline != '\0') {
        buffer_format(arguments, " %s", input->cmdline);
        return 0;
    }
    bool first_names_program = input->older_tools && input->args->count > 0;
    if (add_arguments(arguments, input->args, first_names_program ? 1 : 0, error) < 0)
        return -1;
    if (!first_names_program)
        return 0;
    const char *program = input->args->items[0];
    if (*program == '\0')
        return error_set(error, "process.args[0] is empty: a Unikraft command line cannot carry that");
    buffer_free(name);
    unikraft_add_word(name, program);
    return check_program(program, "process.args[0]", error);
}

static int check_storage(const struct guest_input *input, struct error *error)
{
    if (input->has_block && input->block_mount_point != NULL)
        return error_set(error,
                         "blkMntPoint %s: Unikraft has no file system for disks: leave it out, and the "
                         "program finds the disk itself",
                         input->block_mount_point);
    if (input->has_share && input->has_initrd)
        return error_set(error, "mountRootfs: a Unikraft guest has one root file system, and the image has "
                                "an initrd");
    return 0;
}

/* Letters that mean nothing in an entry of vfs.fstab, which has its fields apart by colons. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"

/* mkmp makes the directory (lib/vfscore, automount.c); 1 is MNT_RDONLY. */
static int add_share(struct buffer *list, const struct guest_share *share, struct error *error)
{
    if (share->destination[strspn(share->destination, PLAIN)] != '\0')
        return error_set(error,
                         "config.json: mounts: %s: Unikraft takes no such name for a directory; letters, "
                         "digits and \"._-/\" will do",
                         share->destination);
    buffer_format(list, " \"%s:%s:9pfs:%s::mkmp\"", share->tag, share->destination,
                  share->readonly ? "1" : "");
    return 0;
}

/* The root, and behind it what is mounted in it. */
static int add_file_systems(struct buffer *line, const struct guest_input *input, const struct era *era,
                            struct error *error)
{
    static const char end[] = " ]", start[] = "vfs.fstab=[";
    cleanup_buffer struct buffer list = {0};
    const char *root = input->has_initrd ? era->initrd : (input->has_share ? era->share : NULL);
    size_t first = input->has_share ? 1 : 0;
    buffer_add_string(&list, root != NULL ? root : start);
    if (root != NULL && input->share_count > first)
        list.length -= sizeof end - 1;
    for (size_t i = first; i < input->share_count; i++)
        if (add_share(&list, &input->shares[i], error) < 0)
            return -1;
    if (input->share_count > first)
        buffer_add_string(&list, end);
    if (root != NULL || input->share_count > first)
        buffer_format(line, " %s", list.data);
    return 0;
}

static int write_parameters(const struct guest_input *input, struct buffer *line, struct error *error)
{
    const struct era *era = find_era(input->version);
    if (input->network != NULL)
        add_network(line, input->network, era);
    if (add_file_systems(line, input, era, error) < 0)
        return -1;
    if ((era->traits & ENVIRONMENT) && input->env != NULL &&
        unikraft_add_environment(line, input->env, error) < 0)
        return -1;
    /* An empty list keeps the first word and "--" apart where there is nothing to say. */
    if (line->length == 0)
        buffer_add_string(line, (era->traits & LATE_STOP) ? " env.vars=[ ]" : "");
    return 0;
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer name = {0};
    cleanup_buffer struct buffer arguments = {0};
    cleanup_buffer struct buffer parameters = {0};
    cleanup_buffer struct buffer line = {0};
    if (check_storage(input, error) < 0 || read_program(input, &name, &arguments, error) < 0 ||
        write_parameters(input, &parameters, error) < 0)
        return -1;
    buffer_format(&line, "%s%s --%s", name.data, parameters.data, arguments.data);
    size_t words = unikraft_count_words(line.data);
    if (words > WORDS_MAX)
        return error_set(error,
                         "the Unikraft command line has %zu words and the kernel takes %d: shorten the "
                         "environment (process.env) or the arguments (process.args)",
                         words, WORDS_MAX);
    boot->command_line = buffer_take(&line);
    /* 41 at the end, 42 at a crash (plat/common/x86/cpu_native.c). */
    boot->quirks |= BOOT_QUIRK_EXIT_PORT;
    /* Up to 0.13 no interrupt of a PCI device arrives on a newer chip set; later ones run on both. */
    boot->quirks |= BOOT_QUIRK_OLD_PC;
    boot->exit = BOOT_EXIT_MARK;
    return 0;
}

/* Files can be added to the initrd that its root is made of. vfs.fstab with a directory to be made in it is
 * of the releases that have netdev.ip, too. */
static void find_abilities(const struct guest_input *input, struct mount_abilities *abilities)
{
    abilities->archive = input->has_initrd;
    abilities->shares = (find_era(input->version)->traits & ADDRESS_IN_ONE) != 0;
}

static int pack(const struct guest_input *input, struct guest_pack *pack, struct error *error)
{
    pack->no_symlinks = !(find_era(input->version)->traits & SYMLINKS);
    pack->merged = pack->needs_merging = true; /* lib/ukcpio ends at the first trailer */
    return guest_pack_mounts(input, pack, error);
}

DEFINE_GUEST(unikraft, plan, .abilities = find_abilities, .pack = pack,
             .kernels = KERNEL_ELF | KERNEL_ARM64_IMAGE);
