/*
 * The words of the host on the kernel's command line, and what it says about the program: settings.h.
 * runtime/guests/linux.c is the other side.
 *
 * Kernel parameters that concern this program: root=, ro, rootfstype=, init=, rdinit=, ip=, and the program
 * with its arguments behind "--". Words of our own, whose names have a dot so that the kernel ignores them:
 *
 *     urunc.dns=ADDRESS         for /etc/resolv.conf
 *     urunc.pod=IPV4/IPV6       other containers of the guest's pod are called at these addresses and on
 *                               localhost
 *     urunc.channel             the ports of runtime/channel.h exist
 *     urunc.reset               the machine has no power-off: it ends with a reset
 *     urunc.terminal            somebody types
 *     urunc.size=ROWSxCOLUMNS   the size of that somebody's terminal
 *     urunc.exit                the exit port of runtime/boot.h exists, and the host understands every status
 *     urunc.exit=failures       the port exists, and what is written to it is a failure
 */
#ifndef RUNTIME_INIT_CMDLINE_H
#define RUNTIME_INIT_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CMDLINE_SIZE = 4096,    /* more than any architecture's COMMAND_LINE_SIZE of today */
    CMDLINE_GROUPS = 65536, /* NGROUPS_MAX */
    CMDLINE_NETWORK = 512,
};

struct words {
    char **items; /* NULL, or ends with NULL */
    size_t count;
};

enum network_word_kind { NETWORK_MTU, NETWORK_ADDRESS, NETWORK_ROUTE };

/* One word about an interface; runtime/init/machine/network.c reads the value. */
struct network_word {
    enum network_word_kind kind;
    char *value;
};

/* Adds one at the end. */
void words_add(struct words *words, char *word);

/* One file system besides the root: settings.h says what the texts mean. */
struct mount_setting {
    char *kind;
    char *source;
    char *flags;
    char *directory;
};

/* A further name of a block device. */
struct node_setting {
    char *device;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    char *path;
};

/* Texts point into what was parsed; NULL where the host does not say. */
struct cmdline {
    char *root;
    char *root_type;
    bool root_readonly;
    char *init; /* of init= or rdinit= */
    struct words args;
    struct words env;
    bool has_user;
    bool user_is_malformed; /* it says something, but not who: nothing may run as root instead */
    uint32_t uid;
    uint32_t gid;
    uint32_t groups[CMDLINE_GROUPS];
    size_t group_count;
    char *cwd;
    char *hostname;
    char *dns;                                    /* nameservers, with commas between them */
    char *search;                                 /* likewise */
    char *resolver;                               /* its options, likewise */
    struct network_word network[CMDLINE_NETWORK]; /* in the order of the words */
    size_t network_count;
    struct mount_setting *mounts; /* in the order in which they are made */
    size_t mount_count;
    struct node_setting *nodes;
    size_t node_count;
    bool mounts_are_malformed; /* or the nodes */
    char *pod;                 /* the pod's addresses, where it has other containers */
    char *address;
    char *gateway;
    char *netmask;
    char *device;
    bool reset;
    bool channel;
    bool terminal;
    uint16_t rows; /* 0: unknown */
    uint16_t columns;
    bool exit_port;
    bool exit_report; /* the host understands BOOT_EXIT_REPORT */
};

/* Parses a command line of at most CMDLINE_SIZE bytes, in place. What is malformed counts as not said. */
void cmdline_parse(char *text, struct cmdline *cmdline);

/* Reads a number below 2^32 - 1 that ends with the text or one of `ends`, and moves behind that; false where
 * there is none. */
bool cmdline_read_number(char **position, const char *ends, uint32_t *number);

/* Splits a text as the arguments behind "--" are, in place: blanks within single or double quotes join, and
 * \' is a quote. */
void cmdline_split(char *text, struct words *words);

#endif
