/* Guest drivers: one file a unikernel framework. A driver turns what the container wants into a struct boot.
 * It has never heard of a monitor. */
#ifndef RUNTIME_GUESTS_GUEST_H
#define RUNTIME_GUESTS_GUEST_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/contract/frameworks.h"
#include "formats/kernel/probe.h"
#include "formats/tree/tree.h"
#include "runtime/boot.h"
#include "runtime/bundle/mount_way.h"
#include "runtime/network/network.h"
#include "runtime/storage/storage.h"

/* A mount of the bundle that the guest is to have; all borrowed. */
struct guest_mount {
    enum mount_way way; /* TMPFS, ARCHIVE, DISK, NODE or SHARE */
    const char *destination;
    const char *options; /* of a tmpfs, or NULL */
    struct inode *tree;  /* ARCHIVE */
    size_t place;        /* DISK, NODE, SHARE: its place among the boot's */
    const char *tag;     /* SHARE */
    bool readonly;
    bool noexec;
    bool optional; /* a usual mount: the guest goes without where it cannot be made */
    mode_t mode;   /* NODE: permissions and owner of the device */
    uint32_t uid;
    uint32_t gid;
};

/* All borrowed for the call. */
struct guest_input {
    const struct strings *args; /* process.args; may be empty */
    const char *cmdline;        /* the cmdline annotation where it wins, else NULL: one text, used as it is */
    bool older_tools;           /* unikernel.older_tools: an image of theirs, whichever wins */
    const struct strings *env;  /* "K=V" */
    bool terminal;              /* process.terminal: somebody types at the console */
    uint16_t rows;              /* the size of that somebody's terminal; 0: unknown */
    uint16_t columns;
    bool channel;     /* the monitor has the ports of runtime/channel.h */
    bool exit_report; /* BOOT_EXIT_REPORT is understood; else failures alone can be told apart */
    const char *cwd;
    uint32_t uid;
    uint32_t gid;
    const uint32_t *additional_gids;
    size_t additional_gid_count;
    const char *hostname;          /* or NULL */
    const char *version;           /* the framework's, or NULL */
    const struct network *network; /* the first of the guest's; NULL: no network */
    size_t network_count;
    bool ends_by_reset; /* the machine has no power-off */
    bool disk_serials;  /* disks have the serials of boot_disk_serial */
    bool has_initrd;
    bool has_block;
    bool block_readonly;
    bool has_share;                   /* the container's rootfs is the first share */
    bool virtiofs;                    /* the shares come by virtiofs, else by 9p */
    const struct guest_share *shares; /* in the order of the boot's */
    size_t share_count;
    const char *block_mount_point;     /* or NULL: the guest's default */
    const struct kernel_probe *kernel; /* what the file tells, a Solo5 manifest included */
    const char *solo5_net_device;      /* of the annotations, or NULL: solo5.h */
    const char *solo5_block_device;    /* likewise */
    const struct guest_mount *mounts;  /* in the bundle's order */
    size_t mount_count;
};

/* The guest's files that are not the image's: what `create` gives it beside the command line. */
struct guest_pack {
    struct inode *archive; /* a directory: what is added to the initrd; owned */
    bool merged; /* what is added must win over the image's files: one archive, where the image's is one */
    bool no_symlinks;    /* the guest knows none: they are replaced by what they lead to */
    bool needs_merging;  /* the guest reads its initrd up to the first trailer: one archive or none */
    struct buffer alone; /* where it is not empty: the bytes that take the initrd's place */
};

struct guest {
    bool channel;      /* its agent can speak runtime/channel.h */
    bool ipv6;         /* it can be told IPv6 addresses; else one without IPv4 is told no network */
    size_t nics;       /* interfaces that it can be told; 0: one */
    bool virtiofs;     /* it can be told to mount a share by virtiofs, where that is how it comes */
    bool queues;       /* its driver uses several queues of a card */
    bool boot_modules; /* where its root is a disk, its kernel may need modules first (boot_modules.h) */
    unsigned kernels;  /* enum kernel_format: the file must be one of these; 0: whatever the monitor loads */
    uint64_t memory;   /* bytes that its kernels need; 0: the default is enough */
    /* Sets boot->command_line, boot->quirks and boot->exit, and the names of the boot's devices where the
     * guest knows them by name. */
    int (*plan)(const struct guest_input *input, struct boot *boot, struct error *error);
    /* Which kinds of mounts it can be given; NULL: none. Called without the input's mounts. */
    void (*abilities)(const struct guest_input *input, struct mount_abilities *abilities);
    /* Fills the pack, whose archive is an empty directory; NULL: the guest has no files but the image's.
     * Called by `create`, when there is no network and no terminal yet. */
    int (*pack)(const struct guest_input *input, struct guest_pack *pack, struct error *error);
};

/*
 * Defines the driver of the framework with this identifier (formats/contract/frameworks.h):
 *
 *     DEFINE_GUEST(linux, plan, .kernels = KERNEL_BZIMAGE);
 *
 * A framework is registered by the word BOOTED of its line in FRAMEWORKS; without a driver of that identifier
 * the program does not link.
 */
#define DEFINE_GUEST(identifier, plan_function, ...)                                                         \
    const struct guest guest_##identifier = {.plan = (plan_function), __VA_ARGS__}

#define GUEST_DECLARATION(enumeration, identifier, ...) extern const struct guest guest_##identifier;
#define GUEST_NONE(...)
FRAMEWORKS(GUEST_DECLARATION, GUEST_NONE)
#undef GUEST_DECLARATION
#undef GUEST_NONE

/* The framework's driver; NULL where this version does not boot it. */
const struct guest *guest_find(enum framework framework);

/* How many network interfaces a kernel can use: those of its Solo5 manifest, else one. */
size_t guest_nic_limit(const struct guest *guest, const struct kernel_probe *kernel);

/* The argument list as one text: the cmdline annotation as it is, else the arguments joined by blanks. Owned
 * by the caller. */
char *guest_join_arguments(const struct guest_input *input);

/* Appends the word in single quotes, which keep everything but themselves: for one of these stands `quote`.
 */
void guest_add_quoted(struct buffer *line, const char *word, const char *quote);
/* Appends the text with a backslash before each double quote and backslash. */
void guest_add_escaped(struct buffer *line, const char *text);

/* Returns the start of the first word of a cmdline annotation; *length gets its bytes, 0 where there is none.
 * The text behind it is the program's own. */
const char *guest_split_program(const char *text, size_t *length);

#endif
