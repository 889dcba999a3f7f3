/* Compiled into urunc and into the guest's init, so nothing but the C library is used. */
#include "runtime/channel.h"

#include <string.h>

enum { HEADER_SIZE = sizeof(struct channel_header) };

uint16_t channel_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t channel_get32(const uint8_t *bytes)
{
    return channel_get16(bytes) | (uint32_t)channel_get16(bytes + 2) << 16;
}

void channel_put16(uint8_t *bytes, uint16_t number)
{
    bytes[0] = (uint8_t)number;
    bytes[1] = (uint8_t)(number >> 8);
}

void channel_put32(uint8_t *bytes, uint32_t number)
{
    channel_put16(bytes, (uint16_t)number);
    channel_put16(bytes + 2, (uint16_t)(number >> 16));
}

size_t channel_write(uint8_t *out, enum channel_type type, uint16_t session, const void *payload,
                     uint32_t length)
{
    out[offsetof(struct channel_header, type)] = (uint8_t)type;
    out[offsetof(struct channel_header, reserved)] = 0;
    channel_put16(out + offsetof(struct channel_header, session), session);
    channel_put32(out + offsetof(struct channel_header, length), length);
    if (length > 0)
        memcpy(out + HEADER_SIZE, payload, length);
    return HEADER_SIZE + length;
}

/* Takes bytes until the reader has `want` of them. */
static void take(struct channel_reader *reader, size_t want, const uint8_t **bytes, size_t *size)
{
    size_t missing = reader->have < want ? want - reader->have : 0;
    size_t taken = *size < missing ? *size : missing;
    if (taken > 0)
        memcpy(reader->bytes + reader->have, *bytes, taken);
    reader->have += taken;
    *bytes += taken;
    *size -= taken;
}

static void pass_over(struct channel_reader *reader, const uint8_t **bytes, size_t *size)
{
    size_t passed = *size < reader->passed_over ? *size : reader->passed_over;
    reader->passed_over -= (uint32_t)passed;
    *bytes += passed;
    *size -= passed;
}

enum channel_result channel_read(struct channel_reader *reader, const uint8_t **bytes, size_t *size,
                                 struct channel_frame *frame)
{
    pass_over(reader, bytes, size);
    take(reader, HEADER_SIZE, bytes, size);
    if (reader->have < HEADER_SIZE)
        return CHANNEL_INCOMPLETE;
    *frame = (struct channel_frame){
        .type = reader->bytes[offsetof(struct channel_header, type)],
        .session = channel_get16(reader->bytes + offsetof(struct channel_header, session)),
        .length = channel_get32(reader->bytes + offsetof(struct channel_header, length)),
        .payload = reader->bytes + HEADER_SIZE,
    };
    if (frame->length > CHANNEL_PAYLOAD_MAX) {
        reader->have = 0;
        reader->passed_over = frame->length;
        return CHANNEL_OVERLONG;
    }
    take(reader, HEADER_SIZE + frame->length, bytes, size);
    if (reader->have < HEADER_SIZE + frame->length)
        return CHANNEL_INCOMPLETE;
    reader->have = 0;
    return CHANNEL_FRAME;
}
