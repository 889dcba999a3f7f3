/* Files of a rootfs that are read as text: passwd and group for a user, resolv.conf for the nameserver. The
 * input is the user, passwd, group and resolv.conf, each up to a NUL. */
#include <arpa/inet.h>

#include "builder/bundle/image_user.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/network/network.h"
#include "tests/fuzz/directory.h"

enum { USER, PASSWD, GROUP, RESOLV_CONF, PARTS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = xstrndup("", 0);
    const char *parts[PARTS];
    struct buffer copy = {0};
    buffer_add(&copy, data, size);
    size_t at = 0;
    for (int i = 0; i < PARTS; i++) {
        parts[i] = at < size ? copy.data + at : text;
        at += strlen(parts[i]) + 1;
    }
    struct error error = {0};
    int directory = directory_open();
    mkdirat(directory, "etc", 0755);
    directory_write(directory, "etc/passwd", parts[PASSWD], strlen(parts[PASSWD]));
    directory_write(directory, "etc/group", parts[GROUP], strlen(parts[GROUP]));
    cleanup_image_user struct image_user user = {0};
    CHECK((image_user_find(directory, parts[USER], &user, &error) < 0) == (error.message != NULL));
    error_clear(&error);

    struct network network = {0};
    struct in_addr address;
    network_read_dns(parts[RESOLV_CONF], &network);
    CHECK(*network.dns == '\0' || inet_pton(AF_INET, network.dns, &address) == 1);
    buffer_free(&copy);
    return 0;
}
