/* The tender's command line: docs/urunc-spt.1. Everything that it works on is an open descriptor. */
#ifndef RUNTIME_MONITORS_SPT_OPTIONS_H
#define RUNTIME_MONITORS_SPT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/kernel/probe.h"

/* One device of the command line. */
struct spt_device {
    char name[SOLO5_NAME_SIZE];
    bool is_block; /* else a network device */
    int fd;
    uint64_t capacity;   /* of a block device, bytes; device_check finds it */
    unsigned block_size; /* bytes */
    uint8_t mac[6];      /* of a network device */
    bool has_mac;        /* else it gets one by chance */
    unsigned mtu;
};

struct spt_options {
    bool help;
    bool version;
    uint64_t memory; /* bytes */
    int kernel;
    struct spt_device devices[SOLO5_MAX_DEVICES];
    unsigned device_count;
    const char *const *arguments; /* the guest's, to a NULL; borrowed from argv */
};

/* Reads argv. Every value is checked, no descriptor is looked at. With `help` or `version` the rest is not
 * set. */
int spt_options_parse(const char *const *argv, struct spt_options *options, struct error *error);

#endif
