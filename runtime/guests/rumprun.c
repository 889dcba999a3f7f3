/*
 * Rumprun on Solo5: one JSON object as the command line (lib/librumprun_base/config.c, doc/config.md).
 *
 *     {"cmdline":"redis-server /data/redis.conf","env":"K=V","env":...,"net":{...},"blk":{...}}
 *
 * The key "env" stands once for each variable. The guest has one network interface, `ukvmif0`, and one disk.
 */
#include <arpa/inet.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "runtime/guests/rumprun_json.h"
#include "runtime/guests/solo5.h"

#define DEFAULT_MOUNT_POINT "/data"

static int add_command(struct buffer *json, const struct guest_input *input, struct error *error)
{
    buffer_add_string(json, "{\"cmdline\":\"");
    if (input->cmdline != NULL) {
        if (rumprun_add_line(json, KEY_CMDLINE, input->cmdline, error) < 0)
            return -1;
    }
    for (size_t i = 0; input->cmdline == NULL && i < input->args->count; i++) {
        cleanup_free char *what = xasprintf("process.args[%zu]", i);
        if (i > 0)
            buffer_add_char(json, ' ');
        if (rumprun_add_argument(json, what, input->args->items[i], error) < 0)
            return -1;
    }
    buffer_add_char(json, '"');
    return 0;
}

static int add_environment(struct buffer *json, const struct strings *env, struct error *error)
{
    for (size_t i = 0; env != NULL && i < env->count; i++) {
        cleanup_free char *what =
            xasprintf("process.env[%zu] (%.*s)", i, (int)strcspn(env->items[i], "="), env->items[i]);
        buffer_add_string(json, ",\"env\":");
        if (rumprun_add_text(json, what, env->items[i], error) < 0)
            return -1;
    }
    return 0;
}

static uint32_t address_bits(const char *address)
{
    struct in_addr bits = {0};
    inet_pton(AF_INET, address, &bits);
    return ntohl(bits.s_addr);
}

/* The longest prefix that has the gateway in the address's subnet. Rumprun adds its default route right
 * behind the address and cannot be told a route to the gateway, which in pods often lies outside of the
 * subnet. */
static int shared_prefix(const struct network *network, unsigned *prefix, struct error *error)
{
    *prefix = network->prefix;
    if (*network->gateway == '\0')
        return 0;
    uint32_t differing = address_bits(network->address) ^ address_bits(network->gateway);
    while (*prefix > 0 && differing >> (32 - *prefix) != 0)
        (*prefix)--;
    if (*prefix > 0)
        return 0;
    return error_set(error,
                     "network: the gateway %s and the address %s have no subnet in common, and Rumprun needs "
                     "one",
                     network->gateway, network->address);
}

/* Its IPv6 needs a component that a kernel may have been baked without, so it is told only where there is
 * nothing else. */
static void add_network6(struct buffer *json, const struct network *network)
{
    buffer_format(json,
                  ",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":\"inet6\",\"method\":\"static\","
                  "\"addr\":\"%s\",\"mask\":\"%u\"",
                  network->address6, network->prefix6);
    if (*network->gateway6 != '\0')
        buffer_format(json, ",\"gw\":\"%s\"", network->gateway6);
    buffer_add_char(json, '}');
}

static int add_network(struct buffer *json, const struct network *network, struct error *error)
{
    if (*network->address == '\0') {
        add_network6(json, network);
        return 0;
    }
    unsigned prefix = 0;
    if (shared_prefix(network, &prefix, error) < 0)
        return -1;
    buffer_format(json,
                  ",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":\"inet\",\"method\":\"static\","
                  "\"addr\":\"%s\",\"mask\":\"%u\"",
                  network->address, prefix);
    if (*network->gateway != '\0')
        buffer_format(json, ",\"gw\":\"%s\"", network->gateway);
    buffer_add_char(json, '}');
    return 0;
}

static int add_disk(struct buffer *json, const char *mount_point, struct error *error)
{
    buffer_add_string(json, ",\"blk\":{\"source\":\"etfs\",\"path\":\"/dev/ld0a\",\"fstype\":\"blk\","
                            "\"mountpoint\":");
    if (rumprun_add_text(json, KEY_MOUNT_POINT, mount_point != NULL ? mount_point : DEFAULT_MOUNT_POINT,
                         error) < 0)
        return -1;
    buffer_add_char(json, '}');
    return 0;
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer json = {0};
    if (guest_name_solo5_devices(input, boot, error) < 0 || add_command(&json, input, error) < 0 ||
        add_environment(&json, input->env, error) < 0)
        return -1;
    bool has_nic = boot->nic_count > 0 && boot->nics[0].name != NULL;
    if (input->network != NULL && has_nic && add_network(&json, input->network, error) < 0)
        return -1;
    if (boot->disk_count > 0 && add_disk(&json, input->block_mount_point, error) < 0)
        return -1;
    buffer_add_char(&json, '}');
    if (guest_check_solo5_line(input->kernel, json.length, error) < 0)
        return -1;
    boot->command_line = buffer_take(&json);
    return 0;
}

DEFINE_GUEST(rumprun, plan, .ipv6 = true, .kernels = KERNEL_SOLO5);
