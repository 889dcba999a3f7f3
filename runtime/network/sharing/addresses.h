/* The addresses of settings.h as packets have them, for programs that run on a kernel's BPF machine. */
#ifndef RUNTIME_NETWORK_SHARING_ADDRESSES_H
#define RUNTIME_NETWORK_SHARING_ADDRESSES_H

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the BPF machine of x86_64 and arm64 is little-endian"
#endif
#define NET16(value) ((__be16)__builtin_bswap16(value))
#define NET32(value) ((__be32)__builtin_bswap32(value))

#define LOOPBACK     NET32(0x7f000001)
#define FOR_POD      NET32(0xa9fe4d01) /* SHARING_POD_ADDRESS */
#define FOR_LOOPBACK NET32(0xa9fe4d02) /* SHARING_LOOPBACK_ADDRESS */
/* SHARING_POD_ADDRESS6, and the last words of that and of SHARING_LOOPBACK_ADDRESS6, in which they differ */
#define FOR_POD6                                                                                             \
    {                                                                                                        \
        NET32(0xfd9e6b04), NET32(0xa9fe004d), 0, FOR_POD6_END                                                \
    }
#define FOR_POD6_END      NET32(1)
#define FOR_LOOPBACK6_END NET32(2)

#endif
