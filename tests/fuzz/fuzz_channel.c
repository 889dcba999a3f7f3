/* Frames of the channel from the other side: any bytes, in pieces, give the frames that they give at once. */
#include <string.h>

#include "runtime/channel.h"
#include "tests/fuzz/fuzz.h"

struct summary {
    size_t frames;
    size_t overlong;
    size_t payload; /* bytes */
    uint64_t sum;   /* of everything in all frames; as wide as the rest, so that there is no padding */
};

static void count(struct summary *summary, enum channel_result result, const struct channel_frame *frame)
{
    summary->overlong += result == CHANNEL_OVERLONG;
    if (result != CHANNEL_FRAME)
        return;
    CHECK(frame->length <= CHANNEL_PAYLOAD_MAX);
    summary->frames++;
    summary->payload += frame->length;
    summary->sum = summary->sum * 31 + frame->type + frame->session;
    for (uint32_t i = 0; i < frame->length; i++)
        summary->sum = summary->sum * 31 + frame->payload[i];
}

static struct summary read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
    static struct channel_reader reader;
    memset(&reader, 0, sizeof reader);
    struct summary summary = {0};
    while (size > 0) {
        size_t left = size < piece ? size : piece;
        const uint8_t *bytes = data;
        data += left;
        size -= left;
        while (left > 0) {
            struct channel_frame frame;
            size_t before = left;
            enum channel_result result = channel_read(&reader, &bytes, &left, &frame);
            CHECK(left < before && bytes == data - left);
            count(&summary, result, &frame);
        }
    }
    return summary;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct summary whole = read_in_pieces(data, size, size);
    struct summary pieces = read_in_pieces(data, size, 1 + data[0] % 16);
    CHECK(memcmp(&whole, &pieces, sizeof whole) == 0);
    return 0;
}
