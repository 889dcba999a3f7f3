#include "runtime/network/share.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netinet/ether.h>
#include <netlink/msg.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/network/netlink.h"
#include "runtime/network/network.h"

/* runtime/network/sharing/bytes.S */
extern const char sharing_filter_start[];
extern const char sharing_filter_end[];

enum {
    LOAD_64 = BPF_LD | BPF_DW, /* with BPF_IMM, which is 0 too: one 64-bit immediate in two instructions */
    PLACEHOLDER_HIGH = SHARING_PLACEHOLDER >> 32,
};

static int call_bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int make_map(void)
{
    union bpf_attr attributes = {
        .map_type = BPF_MAP_TYPE_ARRAY,
        .key_size = sizeof(uint32_t),
        .value_size = sizeof(struct sharing_settings),
        .max_entries = 1,
        .map_flags = BPF_F_MMAPABLE,
        .map_name = "urunc_sharing",
    };
    return call_bpf(BPF_MAP_CREATE, &attributes);
}

/* Puts the map's memory in the placeholder's place. */
static void relocate(struct bpf_insn *instructions, size_t count, int map)
{
    for (size_t i = 0; i + 1 < count; i++) {
        struct bpf_insn *load = &instructions[i];
        if (load->code != LOAD_64 || load[1].imm != PLACEHOLDER_HIGH)
            continue;
        load[1].imm = load->imm; /* the offset within the value */
        load->imm = map;
        load->src_reg = BPF_PSEUDO_MAP_VALUE;
    }
}

static int load_program(int map)
{
    size_t size = (size_t)(sharing_filter_end - sharing_filter_start);
    size_t count = size / sizeof(struct bpf_insn);
    cleanup_free struct bpf_insn *instructions = xcalloc(count, sizeof *instructions);
    memcpy(instructions, sharing_filter_start, count * sizeof *instructions);
    relocate(instructions, count, map);
    union bpf_attr attributes = {
        .prog_type = BPF_PROG_TYPE_SCHED_CLS,
        .insns = (uintptr_t)instructions,
        .insn_cnt = (uint32_t)count,
        .license = (uintptr_t) "Apache-2.0",
        .prog_name = "urunc_sharing",
    };
    return call_bpf(BPF_PROG_LOAD, &attributes);
}

int sharing_load(struct sharing *sharing, struct error *error)
{
    *sharing = SHARING_NONE;
    cleanup_close int map = make_map();
    if (map < 0)
        return error_errno(error, errno, "network: cannot make the map of the packet filter");
    cleanup_close int program = load_program(map);
    if (program < 0)
        return error_errno(error, errno, "network: cannot load the packet filter");
    void *settings = mmap(NULL, sizeof(struct sharing_settings), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    if (settings == MAP_FAILED)
        return error_errno(error, errno, "network: cannot map the packet filter's settings");
    sharing->settings = settings;
    sharing->program = take_fd(program);
    return 0;
}

void sharing_close(struct sharing *sharing)
{
    if (sharing->program >= 0)
        close(take_fd(sharing->program));
    if (sharing->settings != NULL)
        munmap(sharing->settings, sizeof *sharing->settings);
    sharing->settings = NULL;
}

void sharing_settle(const struct sharing *sharing, const struct network *network, int tap)
{
    struct sharing_settings settings = {.tap = (uint32_t)tap};
    struct ether_addr mac;
    const char *pod = *network->pod != '\0' ? network->pod : network->address;
    if (inet_pton(AF_INET, network->address, &settings.guest) != 1 ||
        inet_pton(AF_INET, pod, &settings.pod) != 1)
        settings.guest = settings.pod = 0;
    if (inet_pton(AF_INET6, network->address6, settings.address6) != 1)
        memset(settings.address6, 0, sizeof settings.address6);
    if (ether_aton_r(network->mac, &mac) != NULL)
        memcpy(settings.mac, mac.ether_addr_octet, sizeof settings.mac);
    *sharing->settings = settings;
}

int sharing_attach(struct nl_sock *socket, const struct sharing *sharing, int interface, const char *name,
                   struct error *error)
{
    const struct tcmsg header = {
        .tcm_ifindex = interface,
        .tcm_parent = NETLINK_INGRESS,
        .tcm_info = TC_H_MAKE(NETLINK_BEFORE_REDIRECT << 16, htons(ETH_P_ALL)),
    };
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
    if (message == NULL || nlmsg_append(message, (void *)&header, sizeof header, NLMSG_ALIGNTO) < 0 ||
        nla_put_string(message, TCA_KIND, "bpf") < 0)
        abort(); /* out of memory, like formats/memory */
    struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
    if (options == NULL || nla_put_u32(message, TCA_BPF_FD, (uint32_t)sharing->program) < 0 ||
        nla_put_string(message, TCA_BPF_NAME, "urunc") < 0 ||
        nla_put_u32(message, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT) < 0)
        abort();
    nla_nest_end(message, options);
    int number = nl_send_sync(socket, message); /* releases the message */
    return number < 0 ? netlink_error(error, number, "cannot attach the packet filter to", name) : 0;
}

int sharing_open_loopback(struct nl_sock *socket, bool open, struct error *error)
{
    cleanup_rtnl_link struct rtnl_link *loopback = rtnl_link_alloc();
    cleanup_rtnl_link struct rtnl_link *change = rtnl_link_alloc();
    if (loopback == NULL || change == NULL)
        abort();
    rtnl_link_set_ifindex(loopback, SHARING_LOOPBACK);
    rtnl_link_inet_set_conf(change, IPV4_DEVCONF_ACCEPT_LOCAL, open);
    rtnl_link_inet_set_conf(change, IPV4_DEVCONF_ROUTE_LOCALNET, open);
    int number = rtnl_link_change(socket, loopback, change, 0);
    return number < 0 ? netlink_error(error, number, "cannot set up", "lo") : 0;
}
