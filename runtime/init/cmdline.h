/*
 * The words of the host on the kernel's command line. runtime/guests/linux.c is the other side.
 *
 * Kernel parameters that concern this program: root=, ro, rootfstype=, init=, rdinit=, ip=. Words of our own,
 * whose names have a dot so that the kernel ignores them; values marked * are percent-encoded:
 *
 *     urunc.env=K=V *           one variable; where there is any, the kernel's own HOME and TERM do not count
 *     urunc.arg=A *             one argument; where there is any, those behind "--" do not count
 *     urunc.user=UID:GID[:G,..] who runs the program
 *     urunc.cwd=DIR *           where
 *     urunc.hostname=NAME *
 *     urunc.dns=ADDRESS         for /etc/resolv.conf
 *     urunc.mount=DEVICE:DIR *  one file system besides the root
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
    CMDLINE_SIZE = 4096, /* more than any architecture's COMMAND_LINE_SIZE of today */
    CMDLINE_WORDS = CMDLINE_SIZE / 2,
    CMDLINE_GROUPS = 256,
    CMDLINE_NETWORK = 512,
};

struct words {
    char *items[CMDLINE_WORDS + 1]; /* ends with NULL */
    size_t count;
};

enum network_word_kind { NETWORK_MTU, NETWORK_ADDRESS, NETWORK_ROUTE };

/* One word about an interface; runtime/init/machine/network.c reads the value. */
struct network_word {
    enum network_word_kind kind;
    char *value;
};

/* Texts point into the parsed text; NULL where the line does not say. */
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
    char *mount_device;
    char *mount_directory;
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

/* Parses a command line of at most CMDLINE_SIZE bytes, in place. What is malformed counts as not
 * said, but for the user. */
void cmdline_parse(char *text, struct cmdline *cmdline);

#endif
