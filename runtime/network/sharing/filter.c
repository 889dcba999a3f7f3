/*
 * The packet filter by which a guest and the other containers of its pod share one address.
 *
 * Theory of operation. All of them have the same MAC and the same IP address: the guest behind the tap, the
 * others on the kernel's own network stack. The filter stands before the redirects of runtime/network/join.c
 * and decides for each frame whether it is an exception to them. What a socket of the namespace waits for is
 * the stack's, everything else is the guest's:
 *
 * - On the container's interface: TCP and UDP go by the sockets; ARP, neighbour discovery and other ICMP,
 *   broadcast and multicast are for both, because both hold the address; the rest (a ping, fragments, which
 *   have no ports) is the guest's.
 * - On lo: a packet from the pod's address to itself, or from 127.0.0.1 or ::1 to itself, that no socket
 *   waits for is the guest's. A guest would take the source for its own, so an address that stands for it is
 *   put there (SHARING_POD_ADDRESS, SHARING_LOOPBACK_ADDRESS). Ports stay, so nothing is remembered.
 * - On the tap: what the guest sends to one of these addresses is turned back into the same kind of
 *   packet and arrives at lo. Answers go this way, and the guest can call the other containers so.
 *
 * Compiled for the kernel's BPF machine, for the classifier bpf in direct-action mode (tc-bpf(8)); helpers
 * are those of Linux 5.3 (bpf-helpers(7)). Everything is one function after inlining. The settings stand at
 * an address that no memory has; sharing.c puts a map's in its place.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/network/sharing/addresses.h"
#include "runtime/network/sharing/settings.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    TO_STACK = TC_ACT_OK,
    TO_GUEST = TC_ACT_UNSPEC, /* the next filter, which is the redirect */
    DROPPED = TC_ACT_SHOT,
    L4_NONE = 0, /* not TCP and not UDP, or a fragment */
    MARK = 0x75726e63,
    ICMP_ECHO_REQUEST = 8,
    ICMPV6_ECHO_REQUEST_TYPE = 128,
    TCP_FLAGS = 13, /* offsets (RFC 9293) */
    TCP_CHECKSUM = 16,
    UDP_CHECKSUM = 6,
    FLAG_SYN = 0x02,
    FLAG_ACK = 0x10,
    FRAGMENT = 0x3fff,  /* more fragments, or an offset */
    IHL_MIN = 5,        /* words of a header without options */
    IPV4_ADDRESSES = 8, /* bytes of both */
    IPV6_ADDRESSES = 32,
};

#define settings (*(const volatile struct sharing_settings *)SHARING_PLACEHOLDER)

/* bpf-helpers(7); the numbers are the kernel's interface. */
static long (*const load_bytes)(const void *, __u32, void *, __u32) = (void *)BPF_FUNC_skb_load_bytes;
static long (*const store_bytes)(void *, __u32, const void *, __u32,
                                 __u64) = (void *)BPF_FUNC_skb_store_bytes;
static long (*const l3_replace)(void *, __u32, __u64, __u64, __u64) = (void *)BPF_FUNC_l3_csum_replace;
static long (*const l4_replace)(void *, __u32, __u64, __u64, __u64) = (void *)BPF_FUNC_l4_csum_replace;
static __s64 (*const sum_change)(const __be32 *, __u32, const __be32 *, __u32,
                                 __wsum) = (void *)BPF_FUNC_csum_diff;
static long (*const clone_redirect)(void *, __u32, __u64) = (void *)BPF_FUNC_clone_redirect;
static long (*const redirect)(__u32, __u64) = (void *)BPF_FUNC_redirect;
static struct bpf_sock *(*const lookup_tcp)(void *, struct bpf_sock_tuple *, __u32, __u64,
                                            __u64) = (void *)BPF_FUNC_skc_lookup_tcp;
static struct bpf_sock *(*const lookup_udp)(void *, struct bpf_sock_tuple *, __u32, __u64,
                                            __u64) = (void *)BPF_FUNC_sk_lookup_udp;
static long (*const release)(void *) = (void *)BPF_FUNC_sk_release;

/* One TCP or UDP packet. `ends` begins with both addresses, as the IP header has them. */
struct packet {
    struct bpf_sock_tuple ends;
    __u64
        size; /* of `ends`, by the family; 64 bits, which the kernel's verifier keeps track of on the stack */
    __u64 at; /* of the TCP or UDP header */
    __u8 protocol;
};

/* A listening socket waits for nothing but a connection's first packet: its port may be in use by the guest
 * for a connection of its own. */
INLINE bool tcp_is_waited_for(struct __sk_buff *frame, struct packet *packet)
{
    __u8 flags = 0;
    if (load_bytes(frame, packet->at + TCP_FLAGS, &flags, sizeof flags) < 0)
        return false;
    struct bpf_sock *socket = lookup_tcp(frame, &packet->ends, packet->size, BPF_F_CURRENT_NETNS, 0);
    if (socket == NULL)
        return false;
    bool waits = socket->state != BPF_TCP_LISTEN || (flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN;
    release(socket);
    return waits;
}

INLINE bool udp_is_waited_for(struct __sk_buff *frame, struct packet *packet)
{
    struct bpf_sock *socket = lookup_udp(frame, &packet->ends, packet->size, BPF_F_CURRENT_NETNS, 0);
    if (socket == NULL)
        return false;
    release(socket);
    return true;
}

/* A socket of the namespace waits for the packet. */
INLINE bool is_waited_for(struct __sk_buff *frame, struct packet *packet)
{
    if (packet->protocol == IPPROTO_TCP)
        return tcp_is_waited_for(frame, packet);
    return packet->protocol == IPPROTO_UDP && udp_is_waited_for(frame, packet);
}

/* False where it is malformed. Without ports the protocol is L4_NONE. */
INLINE bool read_ipv4(struct __sk_buff *frame, struct iphdr *header, struct packet *packet)
{
    if (load_bytes(frame, ETH_HLEN, header, sizeof *header) < 0 || header->ihl < IHL_MIN)
        return false;
    packet->protocol = L4_NONE;
    packet->at = ETH_HLEN + header->ihl * 4;
    packet->size = sizeof packet->ends.ipv4;
    packet->ends.ipv4.saddr = header->saddr;
    packet->ends.ipv4.daddr = header->daddr;
    bool has_ports = header->protocol == IPPROTO_TCP || header->protocol == IPPROTO_UDP;
    if (!has_ports || (header->frag_off & NET16(FRAGMENT)))
        return true;
    packet->protocol = header->protocol;
    return load_bytes(frame, packet->at, &packet->ends.ipv4.sport, 4) == 0;
}

/* Behind an extension header there are no ports for us: fragments have one, and little else does. */
INLINE bool read_ipv6(struct __sk_buff *frame, struct ipv6hdr *header, struct packet *packet)
{
    if (load_bytes(frame, ETH_HLEN, header, sizeof *header) < 0)
        return false;
    packet->protocol = L4_NONE;
    packet->at = ETH_HLEN + sizeof *header;
    packet->size = sizeof packet->ends.ipv6;
    __builtin_memcpy(packet->ends.ipv6.saddr, &header->saddr, sizeof header->saddr);
    __builtin_memcpy(packet->ends.ipv6.daddr, &header->daddr, sizeof header->daddr);
    if (header->nexthdr != IPPROTO_TCP && header->nexthdr != IPPROTO_UDP)
        return true;
    packet->protocol = header->nexthdr;
    return load_bytes(frame, packet->at, &packet->ends.ipv6.sport, 4) == 0;
}

/* A copy for the guest; the frame itself stays the stack's. */
INLINE int to_both(struct __sk_buff *frame)
{
    clone_redirect(frame, settings.tap, 0);
    return TO_STACK;
}

/* All ICMP but a ping says something about the address, or about a connection of either. */
INLINE int share_icmp(struct __sk_buff *frame, __u32 at, __u8 echo_request)
{
    __u8 type = echo_request;
    load_bytes(frame, at, &type, sizeof type);
    return type == echo_request ? TO_GUEST : to_both(frame);
}

INLINE int share_ipv4(struct __sk_buff *frame)
{
    struct iphdr header;
    struct packet packet;
    if (!read_ipv4(frame, &header, &packet))
        return TO_GUEST;
    if (header.protocol == IPPROTO_ICMP)
        return share_icmp(frame, packet.at, ICMP_ECHO_REQUEST);
    return is_waited_for(frame, &packet) ? TO_STACK : TO_GUEST;
}

INLINE int share_ipv6(struct __sk_buff *frame)
{
    struct ipv6hdr header;
    struct packet packet;
    if (!read_ipv6(frame, &header, &packet))
        return TO_GUEST;
    if (header.nexthdr == IPPROTO_ICMPV6)
        return share_icmp(frame, packet.at, ICMPV6_ECHO_REQUEST_TYPE);
    return is_waited_for(frame, &packet) ? TO_STACK : TO_GUEST;
}

/* Both addresses of a packet; of IPv4 in the first two words. */
struct addresses {
    __be32 words[IPV6_ADDRESSES / sizeof(__be32)];
};

/* The addresses that stand for the other containers, which the guest takes for them. */
INLINE bool stands_for_pod4(__be32 address)
{
    return address == FOR_POD || address == FOR_LOOPBACK;
}

INLINE bool stands_for_pod6(const __be32 *address)
{
    const struct addresses own = {.words = FOR_POD6};
    return address[0] == own.words[0] && address[1] == own.words[1] && address[2] == own.words[2] &&
           (address[3] == FOR_POD6_END || address[3] == FOR_LOOPBACK6_END);
}

/* Somebody on the wire says that he is another container of the pod. */
INLINE bool is_forged(struct __sk_buff *frame)
{
    __be32 source[4] = {0};
    if (frame->protocol == NET16(ETH_P_IP))
        return load_bytes(frame, ETH_HLEN + offsetof(struct iphdr, saddr), source, sizeof *source) == 0 &&
               stands_for_pod4(*source);
    return frame->protocol == NET16(ETH_P_IPV6) &&
           load_bytes(frame, ETH_HLEN + offsetof(struct ipv6hdr, saddr), source, sizeof source) == 0 &&
           stands_for_pod6(source);
}

/* A kernel takes one tag off, and takes a frame whose tag says 0 for one without; so does the guest's. */
INLINE int from_interface(struct __sk_buff *frame)
{
    if (is_forged(frame))
        return DROPPED;
    if (frame->vlan_present)
        return frame->protocol == NET16(ETH_P_8021Q) || frame->protocol == NET16(ETH_P_8021AD) ? DROPPED
                                                                                               : TO_GUEST;
    if (frame->protocol == NET16(ETH_P_ARP) || frame->pkt_type == PACKET_BROADCAST ||
        frame->pkt_type == PACKET_MULTICAST)
        return to_both(frame);
    if (frame->protocol == NET16(ETH_P_IP))
        return share_ipv4(frame);
    return frame->protocol == NET16(ETH_P_IPV6) ? share_ipv6(frame) : TO_GUEST;
}

/* `to` has as many bytes as the packet's family has for both addresses. */
INLINE int readdress(struct __sk_buff *frame, const struct packet *packet, struct addresses *to,
                     const struct ethhdr *ethernet)
{
    bool four = packet->size == sizeof packet->ends.ipv4, udp = packet->protocol == IPPROTO_UDP;
    __u32 bytes = four ? IPV4_ADDRESSES : IPV6_ADDRESSES;
    __u64 change = (__u64)sum_change((__be32 *)&packet->ends, bytes, to->words, bytes, 0);
    __u64 flags = BPF_F_PSEUDO_HDR | (udp ? BPF_F_MARK_MANGLED_0 : 0);
    if (l4_replace(frame, packet->at + (udp ? UDP_CHECKSUM : TCP_CHECKSUM), 0, change, flags) < 0)
        return -1;
    if (four && l3_replace(frame, ETH_HLEN + offsetof(struct iphdr, check), 0, change, 0) < 0)
        return -1;
    __u32 at = four ? offsetof(struct iphdr, saddr) : offsetof(struct ipv6hdr, saddr);
    if (store_bytes(frame, ETH_HLEN + at, to->words, bytes, 0) < 0)
        return -1;
    return store_bytes(frame, 0, ethernet, offsetof(struct ethhdr, h_proto), 0) < 0 ? -1 : 0;
}

/* ---- lo: what no socket of the namespace waits for is the guest's ---- */

INLINE int hand_to_guest(struct __sk_buff *frame, const struct packet *packet, struct addresses *to)
{
    struct ethhdr ethernet = {.h_source = {2, 0, 0xa9, 0xfe, 0x4d, 1}};
    for (int i = 0; i < ETH_ALEN; i++)
        ethernet.h_dest[i] = settings.mac[i];
    return readdress(frame, packet, to, &ethernet) < 0 ? DROPPED : TO_GUEST;
}

INLINE int from_loopback_ipv4(struct __sk_buff *frame)
{
    struct iphdr header;
    struct packet packet;
    if (settings.guest == 0 || !read_ipv4(frame, &header, &packet) || packet.protocol == L4_NONE ||
        header.saddr != header.daddr)
        return TO_STACK;
    bool loopback = header.daddr == LOOPBACK;
    if ((!loopback && header.daddr != settings.pod) || is_waited_for(frame, &packet))
        return TO_STACK;
    struct addresses to = {.words = {loopback ? FOR_LOOPBACK : FOR_POD, settings.guest}};
    return hand_to_guest(frame, &packet, &to);
}

INLINE bool is_loopback6(const __be32 *address)
{
    return (address[0] | address[1] | address[2]) == 0 && address[3] == NET32(1);
}

/* False where there is none. */
INLINE bool is_pod6(const __be32 *address)
{
    return address[0] != 0 && address[0] == settings.address6[0] && address[1] == settings.address6[1] &&
           address[2] == settings.address6[2] && address[3] == settings.address6[3];
}

INLINE int from_loopback_ipv6(struct __sk_buff *frame)
{
    struct ipv6hdr header;
    struct packet packet;
    if (settings.address6[0] == 0 || !read_ipv6(frame, &header, &packet) || packet.protocol == L4_NONE)
        return TO_STACK;
    const __be32 *source = packet.ends.ipv6.saddr, *destination = packet.ends.ipv6.daddr;
    bool loopback = is_loopback6(source) && is_loopback6(destination);
    if ((!loopback && !(is_pod6(source) && is_pod6(destination))) || is_waited_for(frame, &packet))
        return TO_STACK;
    struct addresses to = {.words = FOR_POD6};
    if (loopback)
        to.words[3] = FOR_LOOPBACK6_END;
    for (int i = 0; i < 4; i++)
        to.words[4 + i] = settings.address6[i];
    return hand_to_guest(frame, &packet, &to);
}

INLINE int from_loopback(struct __sk_buff *frame)
{
    if (frame->mark == MARK) { /* from the guest, by hand_to_stack */
        frame->mark = 0;
        return TO_STACK;
    }
    if (frame->protocol == NET16(ETH_P_IP))
        return from_loopback_ipv4(frame);
    return frame->protocol == NET16(ETH_P_IPV6) ? from_loopback_ipv6(frame) : TO_STACK;
}

/* ---- the tap: TO_GUEST is here the redirect to the interface ---- */

INLINE int hand_to_stack(struct __sk_buff *frame, const struct packet *packet, struct addresses *to)
{
    const struct ethhdr ethernet = {0};
    if (packet->protocol == L4_NONE || readdress(frame, packet, to, &ethernet) < 0)
        return DROPPED;
    frame->mark = MARK;
    return (int)redirect(SHARING_LOOPBACK, BPF_F_INGRESS);
}

/* A packet with IP options is dropped: the stack would follow them on the guest's word. */
INLINE int from_guest_ipv4(struct __sk_buff *frame)
{
    struct iphdr header;
    struct packet packet;
    if (load_bytes(frame, ETH_HLEN, &header, sizeof header) < 0 || !stands_for_pod4(header.daddr))
        return TO_GUEST;
    if (header.ihl != IHL_MIN || !read_ipv4(frame, &header, &packet))
        return DROPPED;
    __be32 address = header.daddr == FOR_LOOPBACK ? LOOPBACK : settings.pod;
    struct addresses to = {.words = {address, address}};
    return address == 0 ? DROPPED : hand_to_stack(frame, &packet, &to);
}

INLINE int from_guest_ipv6(struct __sk_buff *frame)
{
    struct ipv6hdr header;
    struct packet packet;
    __be32 destination[4];
    if (load_bytes(frame, ETH_HLEN + offsetof(struct ipv6hdr, daddr), destination, sizeof destination) < 0 ||
        !stands_for_pod6(destination))
        return TO_GUEST;
    if (settings.address6[0] == 0 || !read_ipv6(frame, &header, &packet))
        return DROPPED;
    struct addresses to = {0};
    bool loopback = destination[3] == FOR_LOOPBACK6_END;
    for (int i = 0; i < 4; i++)
        to.words[i] = to.words[4 + i] = loopback ? (i == 3 ? NET32(1) : 0) : settings.address6[i];
    return hand_to_stack(frame, &packet, &to);
}

INLINE int from_guest(struct __sk_buff *frame)
{
    if (frame->vlan_present)
        return TO_GUEST;
    if (frame->protocol == NET16(ETH_P_IP))
        return from_guest_ipv4(frame);
    return frame->protocol == NET16(ETH_P_IPV6) ? from_guest_ipv6(frame) : TO_GUEST;
}

__attribute__((section("filter"), used)) int share(struct __sk_buff *frame)
{
    if (frame->ifindex == settings.tap)
        return from_guest(frame);
    if (frame->ifindex == SHARING_LOOPBACK)
        return from_loopback(frame);
    return from_interface(frame);
}
