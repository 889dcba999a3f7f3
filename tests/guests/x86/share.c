/* A 9P2000.L client (diod's protocol.md; Plan 9, intro(5)) that reads one file of a share: "read=PATH". With
 * "write" it tells whether the file could be written to. */
#include "x86/transport.h"

enum {
    VERSION = 100,
    ATTACH = 104,
    WALK = 110,
    OPEN = 12,
    READ = 116,
    ERROR = 6, /* an answer is its request + 1 */
    MOUNT_TAG = 1 << 0,
    MESSAGE_SIZE = 4096,
    SHOWN_BYTES = 64,
    HEADER = 7,
    ROOT_FID = 0,
    FILE_FID = 1,
    READ_ONLY = 0,
    READ_WRITE = 2,
};
#define NO_FID  0xffffffffu
#define NO_USER 0xffffffffu

struct message {
    uint8_t bytes[MESSAGE_SIZE];
    uint32_t length;
};

static struct message sent, received;

static void put(uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        sent.bytes[sent.length++] = (uint8_t)(value >> 8 * i);
}

static void put_string(const char *text, size_t length)
{
    put(length, 2);
    for (size_t i = 0; i < length && sent.length < MESSAGE_SIZE - 64; i++)
        sent.bytes[sent.length++] = (uint8_t)text[i];
}

static uint32_t get32(unsigned at)
{
    uint32_t value;
    __builtin_memcpy(&value, received.bytes + at, sizeof value);
    return value;
}

static void begin(uint8_t type)
{
    sent.length = 0;
    put(0, 4); /* the size, which send() knows */
    put(type, 1);
    put(type == VERSION ? 0xffff : 0, 2);
}

/* Returns 0, or the error's number of the server; 1000 where it does not speak. */
static uint32_t send(const struct queue *queue)
{
    uint32_t length = sent.length;
    sent.length = 0;
    put(length, 4);
    const struct part parts[] = {{sent.bytes, length, false}, {received.bytes, MESSAGE_SIZE, true}};
    if (!queue_request(queue, parts, 2))
        return 1000;
    if (received.bytes[4] == ERROR + 1)
        return get32(HEADER);
    return received.bytes[4] == sent.bytes[4] + 1 ? 0 : 1000;
}

static uint32_t attach(const struct queue *queue)
{
    begin(VERSION);
    put(MESSAGE_SIZE, 4);
    put_string("9P2000.L", 8);
    uint32_t error = send(queue);
    if (error != 0)
        return error;
    begin(ATTACH);
    put(ROOT_FID, 4);
    put(NO_FID, 4);
    put_string("", 0);
    put_string("", 0);
    put(NO_USER, 4);
    return send(queue);
}

static size_t word_length(const char *text, char end)
{
    size_t length = 0;
    while (text[length] != '\0' && text[length] != ' ' && text[length] != end)
        length++;
    return length;
}

/* FILE_FID becomes the file, opened. */
static uint32_t open_file(const struct queue *queue, const char *path, uint32_t flags, uint32_t fid)
{
    begin(WALK);
    put(ROOT_FID, 4);
    put(fid, 4);
    uint32_t count_at = sent.length;
    uint8_t count = 0;
    put(0, 2);
    while (*path == '/') {
        size_t length = word_length(++path, '/');
        put_string(path, length);
        path += length;
        count++;
    }
    sent.bytes[count_at] = count;
    uint32_t error = send(queue);
    if (error != 0)
        return error;
    begin(OPEN);
    put(fid, 4);
    put(flags, 4);
    return send(queue);
}

static void print_file(const struct queue *queue, unsigned index, const char *path)
{
    print("share%u: %.*s: ", index, (int)word_length(path, ' '), path);
    uint32_t error = open_file(queue, path, READ_ONLY, FILE_FID);
    if (error == 0) {
        begin(READ);
        put(FILE_FID, 4);
        put(0, 8);
        put(SHOWN_BYTES, 4);
        error = send(queue);
    }
    if (error != 0) {
        print("error %u\n", error);
        return;
    }
    uint32_t count = get32(HEADER);
    for (uint32_t i = 0; i < count && i < SHOWN_BYTES; i++) {
        uint8_t c = received.bytes[HEADER + 4 + i];
        print("%c", c >= 0x20 && c < 0x7f ? c : '.');
    }
    print("\n");
}

void share_print(const struct virtio *device, unsigned index, const char *command_line)
{
    struct queue queue;
    uint32_t features = 0;
    if (!queue_start(device, MOUNT_TAG, &queue, &features)) {
        print("share%u: does not start (%s)\n", index, device->transport->name);
        return;
    }
    unsigned length = device->transport->config(device, 0) | device->transport->config(device, 1) << 8;
    print("share%u: tag ", index);
    for (unsigned i = 0; i < length; i++)
        print("%c", device->transport->config(device, 2 + i));
    print("\n");
    const char *path = find_word(command_line, "read=");
    uint32_t error = path != NULL ? attach(&queue) : 0;
    if (error != 0)
        print("share%u: cannot attach, error %u\n", index, error);
    else if (path != NULL)
        print_file(&queue, index, path);
    if (path != NULL && find_word(command_line, "write") != NULL) {
        error = open_file(&queue, path, READ_WRITE, FILE_FID + 1);
        print(error == 0 ? "share%u: can be written to\n" : "share%u: cannot be written to, error %u\n",
              index, error);
    }
    queue_stop(&queue);
}
