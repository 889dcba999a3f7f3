/* Monitor drivers: one file a monitor. A driver turns a struct boot into an argv vector, and a configuration
 * file where the monitor wants one. It has never heard of a framework. */
#ifndef RUNTIME_MONITORS_MONITOR_H
#define RUNTIME_MONITORS_MONITOR_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/contract/frameworks.h"
#include "runtime/boot.h"
#include "runtime/monitors/monitor_config.h"

/* Host files that the monitor needs in its private root, besides its program and the shared libraries of
 * that. */
struct monitor_files {
    struct strings data;    /* files and directories, read-only, under the same path */
    struct strings modules; /* shared objects that it loads by itself: read-only, with their own libraries */
    struct strings devices; /* "/dev/kvm" */
};

void monitor_files_free(struct monitor_files *files);
#define cleanup_monitor_files __attribute__((cleanup(monitor_files_free)))

/* A file that is made for this boot in the private root. Both are owned. */
struct monitor_generated {
    char *path;
    char *bytes;
    size_t length;
};

/* The start of a monitor: its command line, and files made for it. */
struct monitor_command {
    struct strings argv; /* the whole; argv[0] is the program, an absolute path in the private root */
    struct monitor_generated *generated;
    size_t generated_count;
    unsigned stops; /* those of boot.stops that this machine has */
};

/* What a driver does to its running monitor, over a connection to its socket; each takes the connection.
 * What answers may have been taken over by the guest. */
struct monitor_management {
    /* Asks the guest to end; what that does is its own matter. */
    int (*stop_guest)(int connection, struct error *error);
    /* Stop its machine, and let it go on; NULL: it cannot. */
    int (*pause)(int connection, struct error *error);
    int (*resume)(int connection, struct error *error);
    /* Writes all that the machine is to the file, `limit` bytes at most, after which it stands still, until
     * `resume`. NULL: it cannot. */
    int (*save)(int connection, int file, uint64_t limit, struct error *error);
    /* The same into files that were mounted at BOOT_SAVED_STATE_PATH and BOOT_SAVED_MEMORY_PATH. */
    int (*save_by_name)(int connection, struct error *error);
    /* With boot.incoming_fd: waits until the machine runs. */
    int (*await_restored)(int connection, struct error *error);
};

/* Adds a file of that name ("vm.json"), with a copy of the bytes. Returns its path in the private root, for
 * the argv; borrowed from `command`, until the next is added. */
const char *monitor_generate(struct monitor_command *command, const char *name, const void *bytes,
                             size_t length);
void monitor_command_free(struct monitor_command *command);
#define cleanup_monitor_command __attribute__((cleanup(monitor_command_free)))

struct monitor {
    const char *program;   /* default: "qemu-system-x86_64", looked up in the usual directories */
    const char *package;   /* where it is had from, for the error that it is not installed; NULL: not said */
    struct version oldest; /* that takes the driver's command line; unknown: any does */
    unsigned quirks;       /* enum boot_quirk that it knows */
    unsigned overhead;     /* MiB that it needs beyond the guest's memory, where nothing is configured */
    unsigned footprint;    /* MiB of these that were measured in use; 0: all of them */
    unsigned footprint_emulated; /* the same where it emulates the processor; 0: it never does */
    bool generates;              /* its command may have generated files */
    bool channel;                /* it has the ports of runtime/channel.h */
    const struct monitor_management *management; /* NULL: it is not managed */
    bool makes_socket;  /* it does not take boot.manage_fd, but makes the socket at BOOT_MANAGE_PATH */
    bool nics_by_name;  /* it attaches to a tap by the interface's name, not by descriptor */
    bool raw_taps;      /* its taps have no vnet header and no offloads */
    bool ends_by_reset; /* its machine has no power-off: a guest ends with a reset */
    bool disks_by_name; /* it opens boot_disk.path itself, so its user must be able to */
    bool disk_serials;  /* its disks have the serials of boot_disk_serial */
    bool layers;        /* it reads qcow2: boot_disk.backing */
    bool virtiofs;      /* it takes boot_share.server */
    bool opens_nothing; /* its kernel is boot.kernel_fd, too */
    /* It lets SIGHUP, SIGINT, SIGQUIT and SIGTERM end it with 128 + N, and unblocks them once it does. It is
     * started with them blocked, so that none comes before: it would be lost, or end it otherwise. */
    bool unblocks_signals;
    /* Driver of the program that comes with urunc and takes this one's place: where the configuration says
     * so, and where this one's program is not installed. NULL: none. */
    const struct monitor *builtin;
    const struct monitor_setting *settings; /* besides those of every monitor; NULL: none */
    /* Lists the host's files that the private root must hold. Called before the boot is planned. */
    int (*files)(const struct monitor_config *config, struct monitor_files *files, struct error *error);
    /* Fills an empty command for the boot; argv[0] is `program`. */
    int (*command)(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *command, struct error *error);
};

/* Bytes that the monitor needs beyond the guest's memory, as measured; never more than the configured
 * overhead. After monitor_settle_acceleration. */
uint64_t monitor_footprint(const struct monitor *monitor, const struct monitor_config *config);

/*
 * Defines the driver of the hypervisor with this identifier (formats/contract/frameworks.h):
 *
 *     DEFINE_MONITOR(qemu, QEMU_PROGRAM, qemu_files, qemu_command, .overhead = 256);
 *
 * A hypervisor is registered by the word DRIVEN of its line in HYPERVISORS; without a driver of that
 * identifier the program does not link.
 */
#define DEFINE_MONITOR(identifier, default_program, files_function, command_function, ...)                   \
    const struct monitor monitor_##identifier = {                                                            \
        .program = (default_program), .files = (files_function), .command = (command_function), __VA_ARGS__}

#define MONITOR_DECLARATION(enumeration, identifier, ...) extern const struct monitor monitor_##identifier;
#define MONITOR_NONE(...)
HYPERVISORS(MONITOR_DECLARATION, MONITOR_NONE)
#undef MONITOR_DECLARATION
#undef MONITOR_NONE

static inline bool monitor_saves_by_name(const struct monitor *monitor)
{
    return monitor->management != NULL && monitor->management->save_by_name != NULL;
}

static inline bool monitor_saves(const struct monitor_management *management)
{
    return management != NULL && (management->save != NULL || management->save_by_name != NULL);
}

/* An error where the program's version is known and older than the driver's oldest. */
int monitor_check_version(const struct monitor *monitor, const char *program, const struct version *version,
                          struct error *error);

/* The hypervisor's driver; NULL where this version does not drive it. */
const struct monitor *monitor_find(enum hypervisor hypervisor);

/* As the value of "path" in the configuration: the built-in program. */
#define MONITOR_BUILTIN "builtin"

/* The same or its built-in one: the driver of the program that monitor_find_program finds. */
const struct monitor *monitor_choose(enum hypervisor hypervisor, const struct monitor_config *config);

/* Decides what "auto" means on this host, for a monitor that has the choice: kvm where guests run on it as on
 * hardware (kvm.h), else tcg. `directory` is the state root, in which the finding is kept. */
void monitor_settle_acceleration(const struct monitor *monitor, const char *directory,
                                 struct monitor_config *config);

/* The path of the program of a hypervisor that has a driver: the configured one, else the driver's in the
 * usual directories. NULL and an error that says where to get it; owned by the caller. */
char *monitor_find_program(enum hypervisor hypervisor, const struct monitor_config *config,
                           struct error *error);

#endif
