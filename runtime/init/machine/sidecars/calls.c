/*
 * How the guest's programs call the other containers of its pod on localhost and on the pod's address.
 *
 * Theory of operation. Both addresses are the guest's own, so its kernel sends nothing for them to the wire.
 * These functions run in the guest's kernel when a program connects, or sends or receives a datagram, before
 * there is a packet. Where no socket of the guest is at the port that is called, the address is exchanged for
 * the one by which the guest reaches its pod (runtime/network/sharing/settings.h), where another container
 * answers or refuses; and a program that asks who called or answered sees the address that it knows. A
 * connection is touched when it is made and never again.
 *
 * Compiled for the kernel's BPF machine, for programs of the type cgroup/sock_addr (Linux 5.8). sidecars.c
 * puts the pod's addresses in place of the placeholders.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/init/machine/sidecars/placeholder.h"
#include "runtime/network/sharing/addresses.h"

#define INLINE        static inline __attribute__((always_inline))
#define PROGRAM(name) __attribute__((section(#name), used)) int run_##name(struct bpf_sock_addr *call)
#define MAPPED        NET32(0x0000ffff) /* ::ffff:a.b.c.d (RFC 4291) */

enum { GO_ON = 1 };

#define TEXT_OF(number) #number
#define LOAD_WORD(high, number)                                                                              \
    ({                                                                                                       \
        __u64 loaded;                                                                                        \
        asm("%0 = " TEXT_OF(high) "0000000" #number " ll" : "=r"(loaded));                                   \
        (__be32) loaded;                                                                                     \
    })
/* The word of that number of SIDECARS_WORDS. */
#define WORD(number) LOAD_WORD(SIDECARS_PLACEHOLDER_HIGH, number)
#define POD          WORD(0)

static struct bpf_sock *(*const lookup_tcp)(void *, struct bpf_sock_tuple *, __u32, __u64,
                                            __u64) = (void *)BPF_FUNC_sk_lookup_tcp;
static struct bpf_sock *(*const lookup_udp)(void *, struct bpf_sock_tuple *, __u32, __u64,
                                            __u64) = (void *)BPF_FUNC_sk_lookup_udp;
static long (*const release)(void *) = (void *)BPF_FUNC_sk_release;

/* The guest has a socket there, or the call is none that could be another container's. */
INLINE bool is_served(struct bpf_sock_addr *call, struct bpf_sock_tuple *ends, __u32 size)
{
    struct bpf_sock *socket;
    if (call->protocol == IPPROTO_TCP)
        socket = lookup_tcp(call, ends, size, BPF_F_CURRENT_NETNS, 0);
    else if (call->protocol == IPPROTO_UDP)
        socket = lookup_udp(call, ends, size, BPF_F_CURRENT_NETNS, 0);
    else
        return true;
    if (socket == NULL)
        return false;
    release(socket);
    return true;
}

/* Of an IPv4 destination: what to call in its place, mostly itself. */
INLINE __be32 choose_ipv4(struct bpf_sock_addr *call, __be32 destination)
{
    __be32 pod = POD;
    if (pod == 0 || (destination != LOOPBACK && destination != pod))
        return destination;
    struct bpf_sock_tuple ends = {
        .ipv4 = {.saddr = destination, .daddr = destination, .dport = (__be16)call->user_port}};
    if (is_served(call, &ends, sizeof ends.ipv4))
        return destination;
    return destination == LOOPBACK ? FOR_LOOPBACK : FOR_POD;
}

INLINE __be32 known_ipv4(__be32 source)
{
    if (source == FOR_LOOPBACK)
        return LOOPBACK;
    return source == FOR_POD ? POD : source;
}

/* An address of IPv4 in a socket of IPv6. */
INLINE bool is_mapped(const struct bpf_sock_addr *call)
{
    return (call->user_ip6[0] | call->user_ip6[1]) == 0 && call->user_ip6[2] == MAPPED;
}

INLINE bool is_loopback6(const struct bpf_sock_addr *call)
{
    return (call->user_ip6[0] | call->user_ip6[1] | call->user_ip6[2]) == 0 && call->user_ip6[3] == NET32(1);
}

INLINE bool is_pod6(const struct bpf_sock_addr *call)
{
    return call->user_ip6[0] == WORD(1) && call->user_ip6[1] == WORD(2) && call->user_ip6[2] == WORD(3) &&
           call->user_ip6[3] == WORD(4);
}

INLINE bool is_served6(struct bpf_sock_addr *call)
{
    struct bpf_sock_tuple ends = {.ipv6 = {.dport = (__be16)call->user_port}};
    ends.ipv6.daddr[0] = ends.ipv6.saddr[0] = call->user_ip6[0];
    ends.ipv6.daddr[1] = ends.ipv6.saddr[1] = call->user_ip6[1];
    ends.ipv6.daddr[2] = ends.ipv6.saddr[2] = call->user_ip6[2];
    ends.ipv6.daddr[3] = ends.ipv6.saddr[3] = call->user_ip6[3];
    return is_served(call, &ends, sizeof ends.ipv6);
}

INLINE void set_address6(struct bpf_sock_addr *call, __be32 first, __be32 second, __be32 third, __be32 last)
{
    call->user_ip6[0] = first;
    call->user_ip6[1] = second;
    call->user_ip6[2] = third;
    call->user_ip6[3] = last;
}

/* ---- connect, sendmsg ---- */

PROGRAM(choose4)
{
    call->user_ip4 = choose_ipv4(call, call->user_ip4);
    return GO_ON;
}

PROGRAM(choose6)
{
    const __be32 pod[] = FOR_POD6;
    if (is_mapped(call)) {
        call->user_ip6[3] = choose_ipv4(call, call->user_ip6[3]);
        return GO_ON;
    }
    bool loopback = is_loopback6(call);
    if (WORD(1) == 0 || (!loopback && !is_pod6(call)) || is_served6(call))
        return GO_ON;
    set_address6(call, pod[0], pod[1], pod[2], loopback ? FOR_LOOPBACK6_END : FOR_POD6_END);
    return GO_ON;
}

/* ---- recvmsg, getpeername ---- */

PROGRAM(know4)
{
    call->user_ip4 = known_ipv4(call->user_ip4);
    return GO_ON;
}

PROGRAM(know6)
{
    const __be32 pod[] = FOR_POD6;
    if (is_mapped(call)) {
        call->user_ip6[3] = known_ipv4(call->user_ip6[3]);
        return GO_ON;
    }
    if (call->user_ip6[0] != pod[0] || call->user_ip6[1] != pod[1] || call->user_ip6[2] != pod[2])
        return GO_ON;
    if (call->user_ip6[3] == FOR_LOOPBACK6_END)
        set_address6(call, 0, 0, 0, NET32(1));
    else if (call->user_ip6[3] == FOR_POD6_END)
        set_address6(call, WORD(1), WORD(2), WORD(3), WORD(4));
    return GO_ON;
}
