/* An interface that answers ARP (RFC 826) and ICMP echo requests (RFC 792) at its address. */
#include "common/print.h"
#include "guest.h"

enum {
    MAX_FRAME = 10240,
    ETHERNET = 14, /* bytes of the header */
    ARP = 28,
    IPV4 = 20, /* without options */
    ICMP = 8,
    TYPE_ARP = 0x0806,
    TYPE_IPV4 = 0x0800,
    PROTOCOL_ICMP = 1,
    ECHO_REPLY = 0,
    ECHO_REQUEST = 8,
};

static uint16_t be16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void copy(uint8_t *to, const uint8_t *from, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[i] = from[i];
}

static bool equal(const uint8_t *a, const uint8_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static void parse_address(const char *text, uint8_t *address)
{
    for (size_t i = 0; i < 4; i++) {
        unsigned number = 0;
        for (; *text >= '0' && *text <= '9'; text++)
            number = number * 10 + (unsigned)(*text - '0');
        address[i] = (uint8_t)number;
        text += *text == '.';
    }
}

static void return_to_sender(uint8_t *frame, const uint8_t *mac)
{
    copy(frame, frame + 6, 6);
    copy(frame + 6, mac, 6);
}

/* Makes the reply of a request for our address. */
static bool answer_arp(uint8_t *frame, long length, const uint8_t *mac, const uint8_t *address)
{
    uint8_t *arp = frame + ETHERNET;
    if (length < ETHERNET + ARP || be16(arp + 6) != 1 || !equal(arp + 24, address, 4))
        return false;
    return_to_sender(frame, mac);
    arp[7] = 2;
    copy(arp + 18, arp + 8, 10);
    copy(arp + 8, mac, 6);
    copy(arp + 14, address, 4);
    return true;
}

static void fill_checksum(uint8_t *icmp, size_t length)
{
    uint32_t sum = 0;
    icmp[2] = icmp[3] = 0;
    for (size_t i = 0; i + 1 < length; i += 2)
        sum += be16(icmp + i);
    if (length % 2 != 0)
        sum += (uint32_t)icmp[length - 1] << 8;
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    icmp[2] = (uint8_t)(~sum >> 8);
    icmp[3] = (uint8_t)~sum;
}

/* Makes the reply of an echo request; its bytes behind the header, or -1. */
static long answer_echo(uint8_t *frame, long length, const uint8_t *mac, const uint8_t *address)
{
    uint8_t *ip = frame + ETHERNET, *icmp = ip + IPV4;
    long total = length >= ETHERNET + IPV4 + ICMP ? be16(ip + 2) : 0;
    if (total < IPV4 + ICMP || total > length - ETHERNET || ip[0] != 0x45 || ip[9] != PROTOCOL_ICMP ||
        !equal(ip + 16, address, 4) || icmp[0] != ECHO_REQUEST)
        return -1;
    return_to_sender(frame, mac);
    copy(ip + 16, ip + 12, 4);
    copy(ip + 12, address, 4);
    icmp[0] = ECHO_REPLY;
    fill_checksum(icmp, (size_t)(total - IPV4));
    return total - IPV4 - ICMP;
}

void answer_echoes(const struct manifest *manifest, uint32_t index, const char *address_text, unsigned count)
{
    static uint8_t frame[MAX_FRAME];
    const struct device *device = &manifest->devices[index];
    uint8_t address[4];
    uint64_t bytes = 0;
    unsigned echoes = 0;
    parse_address(address_text, address);
    print("net %s: answering\n", device->name);
    while (echoes < count) {
        long length = target_receive(manifest, index, frame, sizeof frame);
        uint16_t type = length >= ETHERNET ? be16(frame + 12) : 0;
        if (type == TYPE_ARP && answer_arp(frame, length, device->net.mac, address))
            target_send(manifest, index, frame, (size_t)length);
        long echo = type == TYPE_IPV4 ? answer_echo(frame, length, device->net.mac, address) : -1;
        if (echo < 0 || !target_send(manifest, index, frame, (size_t)length))
            continue;
        echoes++;
        bytes += (uint64_t)echo;
    }
    print("net %s: answered %u echoes of %u bytes\n", device->name, echoes, (uint32_t)bytes);
}
