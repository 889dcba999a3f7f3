#include "runtime/monitors/spt/options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/text.h"
#include "runtime/monitors/spt/abi.h"

enum {
    MEBIBYTE_SHIFT = 20,
    MEMORY_MIN = 2,                /* MiB: the kernel's place begins at the first */
    MEMORY_MAX = 64 * 1024 * 1024, /* MiB: 64 TiB, half of a process's address space */
    MTU_MIN = 68,                  /* RFC 791: what every IPv4 host takes */
    MTU_DEFAULT = 1500,
};

/* What one option changes: its device, where it has one, else all of them. */
struct target {
    struct spt_options *options;
    struct spt_device *device;
};

/* Digits alone: no sign, no blank, nothing behind them. */
static int read_number(const char *text, uint64_t min, uint64_t max, uint64_t *number, struct error *error)
{
    size_t length = strspn(text, "0123456789");
    *number = strtoull(text, NULL, 10); /* ULLONG_MAX where it is too large */
    if (length > 0 && text[length] == '\0' && *number >= min && *number <= max)
        return 0;
    cleanup_free char *quoted = text_quote(text);
    return error_set(error, "%s: must be a number from %llu to %llu", quoted, (unsigned long long)min,
                     (unsigned long long)max);
}

static int read_descriptor(const char *text, int *fd, struct error *error)
{
    uint64_t number;
    if (*fd >= 0)
        return error_set(error, "given twice");
    if (*text != '@') {
        cleanup_free char *quoted = text_quote(text);
        return error_set(error, "%s: must be @ and the number of an open descriptor", quoted);
    }
    if (read_number(text + 1, STDERR_FILENO + 1, INT_MAX, &number, error) < 0)
        return -1;
    *fd = (int)number;
    return 0;
}

static int take_memory(struct target *target, const char *value, struct error *error)
{
    uint64_t mebibytes;
    if (read_number(value, MEMORY_MIN, MEMORY_MAX, &mebibytes, error) < 0)
        return -1;
    target->options->memory = mebibytes << MEBIBYTE_SHIFT;
    return 0;
}

static int take_kernel(struct target *target, const char *value, struct error *error)
{
    return read_descriptor(value, &target->options->kernel, error);
}

static int take_device(struct target *target, const char *value, struct error *error)
{
    return read_descriptor(value, &target->device->fd, error);
}

static int take_mac(struct target *target, const char *value, struct error *error)
{
    uint8_t mac[6];
    bool good = strlen(value) == 6 * 3 - 1;
    for (size_t i = 0; good && i < sizeof mac; i++) {
        const char *digits = value + i * 3;
        char end = i + 1 < sizeof mac ? ':' : '\0';
        good = strspn(digits, "0123456789abcdefABCDEF") == 2 && digits[2] == end;
        mac[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    if (!good || (mac[0] & 1)) {
        cleanup_free char *quoted = text_quote(value);
        return error_set(error, "%s: must be the address of one interface, like 02:42:ac:11:00:02", quoted);
    }
    memcpy(target->device->mac, mac, sizeof mac);
    target->device->has_mac = true;
    return 0;
}

static int take_mtu(struct target *target, const char *value, struct error *error)
{
    uint64_t mtu;
    if (read_number(value, MTU_MIN, UINT16_MAX, &mtu, error) < 0)
        return -1;
    target->device->mtu = (unsigned)mtu;
    return 0;
}

static int take_block_size(struct target *target, const char *value, struct error *error)
{
    uint64_t size;
    if (read_number(value, SPT_MIN_BLOCK_SIZE, SPT_MAX_BLOCK_SIZE, &size, error) < 0)
        return -1;
    if (size & (size - 1))
        return error_set(error, "\"%s\": must be a power of two", value);
    target->device->block_size = (unsigned)size;
    return 0;
}

enum subject { OF_ALL, OF_NET, OF_BLOCK };

static const struct option {
    const char *name;
    enum subject subject;
    int (*read)(struct target *target, const char *value, struct error *error);
} option_table[] = {
    {"--mem", OF_ALL, take_memory},
    {"--kernel", OF_ALL, take_kernel},
    {"--net", OF_NET, take_device},
    {"--net-mac", OF_NET, take_mac},
    {"--net-mtu", OF_NET, take_mtu},
    {"--block", OF_BLOCK, take_device},
    {"--block-sector-size", OF_BLOCK, take_block_size},
};

static const struct option *find_option(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof option_table / sizeof *option_table; i++)
        if (strlen(option_table[i].name) == length && memcmp(option_table[i].name, word, length) == 0)
            return &option_table[i];
    return NULL;
}

static int refuse_word(const char *word, const char *why, struct error *error)
{
    cleanup_free char *quoted = text_quote(word);
    return error_set(error, "%s: %s", quoted, why);
}

/* The device of that name, which is added where it is new. */
static struct spt_device *name_device(struct spt_options *options, const char *name, bool is_block,
                                      struct error *error)
{
    for (unsigned i = 0; i < options->device_count; i++) {
        struct spt_device *device = &options->devices[i];
        if (strcmp(device->name, name) != 0)
            continue;
        if (device->is_block == is_block)
            return device;
        error_set(error, "the device %s is a network device and a block device", name);
        return NULL;
    }
    if (options->device_count == SOLO5_MAX_DEVICES) {
        error_set(error, "more than %d devices", SOLO5_MAX_DEVICES);
        return NULL;
    }
    struct spt_device *device = &options->devices[options->device_count++];
    *device = (struct spt_device){
        .is_block = is_block, .fd = -1, .block_size = SPT_MIN_BLOCK_SIZE, .mtu = MTU_DEFAULT};
    strcpy(device->name, name); /* a valid one, so it fits */
    return device;
}

/* "--net:service=@5": `colon` is NULL where there is none before the equals sign. */
static int find_target(struct spt_options *options, const struct option *option, const char *colon,
                       const char *equals, struct target *target, struct error *error)
{
    target->options = options;
    target->device = NULL;
    if (option->subject == OF_ALL)
        return colon == NULL ? 0 : error_set(error, "%s is not an option of a device", option->name);
    cleanup_free char *name = strndup(colon != NULL ? colon + 1 : "", colon != NULL ? equals - colon - 1 : 0);
    if (name == NULL || !solo5_name_is_valid(name))
        return error_set(error, "%s:NAME=...: the device's name must be 1 to 67 letters and digits",
                         option->name);
    target->device = name_device(options, name, option->subject == OF_BLOCK, error);
    return target->device != NULL ? 0 : -1;
}

static int take_word(struct spt_options *options, const char *word, struct error *error)
{
    if (strncmp(word, "--", 2) != 0)
        return refuse_word(word, "not an option; the guest's arguments stand behind --", error);
    const char *equals = strchrnul(word, '=');
    const char *colon = memchr(word, ':', (size_t)(equals - word));
    const struct option *option = find_option(word, (size_t)((colon != NULL ? colon : equals) - word));
    struct target target;
    if (option == NULL)
        return refuse_word(word, "unknown option; --help lists them", error);
    if (*equals == '\0')
        return refuse_word(word, "the option's value is missing (NAME=VALUE, in one word)", error);
    if (find_target(options, option, colon, equals, &target, error) < 0)
        return -1;
    if (option->read(&target, equals + 1, error) < 0)
        return error_prefix(error, "%.*s", (int)(equals - word), word);
    return 0;
}

/* A descriptor has one use: a second would give the guest calls that belong to the first. */
static int check_descriptors(const struct spt_options *options, struct error *error)
{
    if (options->kernel < 0)
        return error_set(error, "--kernel=@FD is missing");
    for (unsigned i = 0; i < options->device_count; i++) {
        const struct spt_device *device = &options->devices[i];
        if (device->fd < 0)
            return error_set(error, "--%s:%s=@FD is missing", device->is_block ? "block" : "net",
                             device->name);
        if (device->fd == options->kernel)
            return error_set(error, "descriptor %d is the kernel and the device %s", device->fd,
                             device->name);
        for (unsigned other = 0; other < i; other++)
            if (options->devices[other].fd == device->fd)
                return error_set(error, "descriptor %d is the devices %s and %s", device->fd,
                                 options->devices[other].name, device->name);
    }
    return 0;
}

int spt_options_parse(const char *const *argv, struct spt_options *options, struct error *error)
{
    *options = (struct spt_options){.kernel = -1};
    if (*argv != NULL)
        argv++;
    for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
        options->help = strcmp(*argv, "--help") == 0;
        options->version = strcmp(*argv, "--version") == 0;
        if (options->help || options->version)
            return 0;
        if (take_word(options, *argv, error) < 0)
            return -1;
    }
    options->arguments = *argv != NULL ? argv + 1 : argv;
    if (options->memory == 0)
        return error_set(error, "--mem=MIB is missing");
    return check_descriptors(options, error);
}
