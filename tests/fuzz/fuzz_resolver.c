/* A resolv.conf of the container: whatever it says, servers are addresses, and no word that a guest is told
 * ends where another one's place begins. */
#include <arpa/inet.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/network/network.h"
#include "tests/fuzz/fuzz.h"

static bool is_address(const char *text)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static void check_words(const char *words)
{
    CHECK(memchr(words, '\0', NETWORK_WORDS) != NULL);
    CHECK(words[strcspn(words, " \t\r\n\"'%\\/#;=")] == '\0');
    CHECK(strstr(words, ",,") == NULL && words[0] != ',');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network network;
    memset(&network, 0xff, sizeof network);
    cleanup_free char *text = xstrndup((const char *)data, size);
    network_read_dns(text, &network);
    CHECK(network.server_count <= NETWORK_SERVERS);
    for (size_t i = 0; i < network.server_count; i++)
        CHECK(is_address(network.servers[i]));
    CHECK(*network.dns == '\0' || is_address(network.dns));
    check_words(network.search);
    check_words(network.options);
    return 0;
}
