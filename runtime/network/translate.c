/*
 * The messages are those of linux/netfilter/nf_tables.h; what they say is, in the words of nft(8):
 *
 *     table ip urunc-TAP {
 *         chain postrouting {
 *             type nat hook postrouting priority srcnat
 *             ip saddr 172.16.1.2 masquerade
 *         }
 *     }
 *
 * The table is called urunc-forward-TAP where the interface did not forward before: so `delete` knows what
 * was, whoever died.
 */
#include "runtime/network/translate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "runtime/network/netlink.h"
#include "runtime/network/network.h"

#define CHAIN "postrouting"

enum { SOURCE_TRANSLATION = 100 }; /* NF_IP_PRI_NAT_SRC: the priority "srcnat" */

/* ---- nftables ---- */

static void put(int status)
{
    if (status < 0)
        abort(); /* out of memory, like formats/memory */
}

static struct nl_msg *begin_message(int type, int flags, uint8_t family, uint16_t resource)
{
    struct nl_msg *message = nlmsg_alloc();
    const struct nfgenmsg header = {.nfgen_family = family, .res_id = htons(resource)};
    put(message == NULL || nlmsg_put(message, NL_AUTO_PORT, 0, type, 0, NLM_F_REQUEST | flags) == NULL ? -1
                                                                                                       : 0);
    put(nlmsg_append(message, (void *)&header, sizeof header, NLMSG_ALIGNTO));
    return message;
}

static struct nl_msg *begin_change(int type, int flags)
{
    return begin_message(NFNL_SUBSYS_NFTABLES << 8 | type, flags, NFPROTO_IPV4, 0);
}

static void end_message(struct nl_msg *message, struct buffer *batch)
{
    const struct nlmsghdr *header = nlmsg_hdr(message);
    buffer_add(batch, header, NLMSG_ALIGN(header->nlmsg_len));
    nlmsg_free(message);
}

static void put_number(struct nl_msg *message, int attribute, uint32_t number)
{
    put(nla_put_u32(message, attribute, htonl(number)));
}

static void add_table(struct buffer *batch, const char *table, int type, int flags)
{
    struct nl_msg *message = begin_change(type, flags);
    put(nla_put_string(message, NFTA_TABLE_NAME, table));
    end_message(message, batch);
}

static void add_chain(struct buffer *batch, const char *table)
{
    struct nl_msg *message = begin_change(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    put(nla_put_string(message, NFTA_CHAIN_TABLE, table));
    put(nla_put_string(message, NFTA_CHAIN_NAME, CHAIN));
    struct nlattr *hook = nla_nest_start(message, NFTA_CHAIN_HOOK);
    put_number(message, NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING);
    put_number(message, NFTA_HOOK_PRIORITY, SOURCE_TRANSLATION);
    nla_nest_end(message, hook);
    put(nla_put_string(message, NFTA_CHAIN_TYPE, "nat"));
    end_message(message, batch);
}

struct expression {
    struct nlattr *element;
    struct nlattr *data;
};

static struct expression begin_expression(struct nl_msg *message, const char *name)
{
    struct expression expression = {.element = nla_nest_start(message, NFTA_LIST_ELEM)};
    put(nla_put_string(message, NFTA_EXPR_NAME, name));
    expression.data = nla_nest_start(message, NFTA_EXPR_DATA);
    return expression;
}

static void end_expression(struct nl_msg *message, struct expression expression)
{
    nla_nest_end(message, expression.data);
    nla_nest_end(message, expression.element);
}

static void put_source_is_guest(struct nl_msg *message)
{
    struct in_addr guest;
    inet_pton(AF_INET, NETWORK_SUBNET_GUEST, &guest);
    struct expression load = begin_expression(message, "payload");
    put_number(message, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(message, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
    put_number(message, NFTA_PAYLOAD_OFFSET, offsetof(struct iphdr, saddr));
    put_number(message, NFTA_PAYLOAD_LEN, sizeof guest);
    end_expression(message, load);
    struct expression compare = begin_expression(message, "cmp");
    put_number(message, NFTA_CMP_SREG, NFT_REG_1);
    put_number(message, NFTA_CMP_OP, NFT_CMP_EQ);
    struct nlattr *value = nla_nest_start(message, NFTA_CMP_DATA);
    put(nla_put(message, NFTA_DATA_VALUE, sizeof guest, &guest));
    nla_nest_end(message, value);
    end_expression(message, compare);
}

static void add_rule(struct buffer *batch, const char *table)
{
    struct nl_msg *message = begin_change(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK);
    put(nla_put_string(message, NFTA_RULE_TABLE, table));
    put(nla_put_string(message, NFTA_RULE_CHAIN, CHAIN));
    struct nlattr *expressions = nla_nest_start(message, NFTA_RULE_EXPRESSIONS);
    put_source_is_guest(message);
    end_expression(message, begin_expression(message, "masq"));
    nla_nest_end(message, expressions);
    end_message(message, batch);
}

/* A batch is one transaction: all of it or nothing. The message that asks for an answer is its last. */
static int send_batch(const struct buffer *changes, struct error *error)
{
    cleanup_buffer struct buffer batch = {0};
    cleanup_nl_socket struct nl_sock *socket = nl_socket_alloc();
    put(socket == NULL ? -1 : 0);
    int number = nl_connect(socket, NETLINK_NETFILTER);
    if (number < 0)
        return netlink_error(error, number, "cannot open", "netlink of netfilter");
    nl_socket_disable_seq_check(socket);
    end_message(begin_message(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES), &batch);
    buffer_add(&batch, changes->data, changes->length);
    end_message(begin_message(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES), &batch);
    number = nl_sendto(socket, batch.data, batch.length);
    return number < 0 ? number : nl_wait_for_ack(socket);
}

static void name_table(char *name, size_t size, const char *tap, bool began_forwarding)
{
    snprintf(name, size, "urunc-%s%s", began_forwarding ? "forward-" : "", tap);
}

static int make_table(const char *name, struct error *error)
{
    cleanup_buffer struct buffer changes = {0};
    add_table(&changes, name, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
    add_chain(&changes, name);
    add_rule(&changes, name);
    int number = send_batch(&changes, error);
    return number < 0 ? netlink_error(error, number, "cannot translate addresses by the table", name) : 0;
}

/* Returns 1 where there was none. */
static int remove_table(const char *name, struct error *error)
{
    cleanup_buffer struct buffer changes = {0};
    add_table(&changes, name, NFT_MSG_DELTABLE, NLM_F_ACK);
    int number = send_batch(&changes, error);
    if (number == 0 || number == -NLE_OBJ_NOTFOUND)
        return number == 0 ? 0 : 1;
    return netlink_error(error, number, "cannot remove the table", name);
}

/* ---- forwarding ---- */

static bool forwards(struct nl_sock *socket, int interface)
{
    cleanup_rtnl_link struct rtnl_link *link = NULL;
    uint32_t value = 0;
    return rtnl_link_get_kernel(socket, interface, NULL, &link) == 0 &&
           rtnl_link_inet_get_conf(link, IPV4_DEVCONF_FORWARDING, &value) == 0 && value != 0;
}

static int set_forwarding(struct nl_sock *socket, int interface, bool forward, struct error *error)
{
    cleanup_rtnl_link struct rtnl_link *link = rtnl_link_alloc();
    cleanup_rtnl_link struct rtnl_link *change = rtnl_link_alloc();
    put(link == NULL || change == NULL ? -1 : 0);
    rtnl_link_set_ifindex(link, interface);
    rtnl_link_inet_set_conf(change, IPV4_DEVCONF_FORWARDING, forward);
    int number = rtnl_link_change(socket, link, change, 0);
    return number < 0 ? netlink_error(error, number, "cannot forward to and from", "the interface") : 0;
}

static int add_address(struct nl_sock *socket, int tap, struct error *error)
{
    struct nl_addr *local = NULL;
    struct rtnl_addr *address = rtnl_addr_alloc();
    put(address == NULL ? -1 : nl_addr_parse(NETWORK_SUBNET_GATEWAY, AF_INET, &local));
    nl_addr_set_prefixlen(local, NETWORK_SUBNET_PREFIX);
    rtnl_addr_set_ifindex(address, tap);
    rtnl_addr_set_local(address, local);
    int number = rtnl_addr_add(socket, address, 0);
    rtnl_addr_put(address);
    nl_addr_put(local);
    return number < 0 ? netlink_error(error, number, "cannot give the tap", NETWORK_SUBNET_GATEWAY) : 0;
}

int translate_begin(struct nl_sock *socket, const struct network *network, int interface, int tap,
                    struct error *error)
{
    char table[64];
    bool begins = !forwards(socket, interface);
    name_table(table, sizeof table, network->tap, begins);
    if (add_address(socket, tap, error) < 0 || set_forwarding(socket, tap, true, error) < 0 ||
        make_table(table, error) < 0)
        return -1;
    if (!begins || set_forwarding(socket, interface, true, error) == 0)
        return 0;
    cleanup_error struct error ignored = {0};
    remove_table(table, &ignored);
    return -1;
}

int translate_end(struct nl_sock *socket, const char *interface, const char *tap, struct error *error)
{
    char table[64];
    name_table(table, sizeof table, tap, false);
    if (remove_table(table, error) < 0)
        return -1;
    name_table(table, sizeof table, tap, true);
    int removed = remove_table(table, error);
    int index = (int)if_nametoindex(interface);
    return removed == 0 && index != 0 ? set_forwarding(socket, index, false, error) : removed < 0 ? -1 : 0;
}
