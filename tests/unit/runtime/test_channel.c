/* Frames of the channel: what one side writes the other reads, in pieces of any size; rubbish is passed over.
 */
#include <string.h>

#include "runtime/channel.h"
#include "tests/unit/fixtures/formats_fixture.h"

static uint8_t sent[4 * CHANNEL_FRAME_MAX];

/* Feeds `size` bytes of `sent` in pieces; returns how many frames came, the last of them in `frame`. */
static size_t feed(struct channel_reader *reader, size_t size, size_t piece, struct channel_frame *frame)
{
    size_t frames = 0;
    for (size_t at = 0; at < size; at += piece) {
        const uint8_t *bytes = sent + at;
        size_t left = size - at < piece ? size - at : piece;
        while (left > 0)
            frames += channel_read(reader, &bytes, &left, frame) == CHANNEL_FRAME;
    }
    return frames;
}

static void a_header_is_little_endian(void **state)
{
    (void)state;
    static const uint8_t expected[] = {CHANNEL_SIGNAL, 0, 0x02, 0x01, 4, 0, 0, 0, 15, 0, 0, 0};
    uint8_t number[4];
    channel_put32(number, 15);
    assert_int_equal(channel_write(sent, CHANNEL_SIGNAL, 0x0102, number, sizeof number), sizeof expected);
    assert_memory_equal(sent, expected, sizeof expected);
}

static void numbers_come_back(void **state)
{
    (void)state;
    uint8_t bytes[4];
    channel_put32(bytes, 0xfedcba98);
    assert_int_equal(channel_get32(bytes), 0xfedcba98);
    assert_int_equal(channel_get16(bytes + 2), 0xfedc);
    channel_put16(bytes, 0x8001);
    assert_int_equal(channel_get16(bytes), 0x8001);
}

static void frames_come_back_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= 40; piece++) {
        struct channel_reader reader = {0};
        struct channel_frame frame = {0};
        size_t size = channel_write(sent, CHANNEL_HELLO, 1, NULL, 0);
        size += channel_write(sent + size, CHANNEL_WINDOW, 65535, "\x18\0\x50\0", 4);
        assert_int_equal(feed(&reader, size, piece, &frame), 2);
        assert_int_equal(frame.type, CHANNEL_WINDOW);
        assert_int_equal(frame.session, 65535);
        assert_int_equal(frame.length, 4);
        assert_memory_equal(frame.payload, "\x18\0\x50\0", 4);
    }
}

static void the_largest_frame_comes_back(void **state)
{
    (void)state;
    static uint8_t payload[CHANNEL_PAYLOAD_MAX];
    memset(payload, 0xa5, sizeof payload);
    struct channel_reader reader = {0};
    struct channel_frame frame = {0};
    size_t size = channel_write(sent, 99, 7, payload, sizeof payload);
    assert_int_equal(size, CHANNEL_FRAME_MAX);
    assert_int_equal(feed(&reader, size, 1000, &frame), 1);
    assert_memory_equal(frame.payload, payload, sizeof payload);
}

static void an_overlong_frame_is_told_and_passed_over(void **state)
{
    (void)state;
    struct channel_reader reader = {0};
    struct channel_frame frame = {0};
    size_t overlong = CHANNEL_PAYLOAD_MAX + 1;
    channel_write(sent, CHANNEL_SIGNAL, 3, NULL, 0);
    channel_put32(sent + 4, (uint32_t)overlong);
    memset(sent + 8, CHANNEL_SIGNAL, overlong);
    size_t size = 8 + overlong;
    const uint8_t *bytes = sent;
    size_t left = size;
    assert_int_equal(channel_read(&reader, &bytes, &left, &frame), CHANNEL_OVERLONG);
    assert_int_equal(left, overlong);
    assert_int_equal(channel_read(&reader, &bytes, &left, &frame), CHANNEL_INCOMPLETE);
    assert_int_equal(left, 0);
    size = channel_write(sent, CHANNEL_HELLO, 4, NULL, 0);
    assert_int_equal(feed(&reader, size, 3, &frame), 1);
    assert_int_equal(frame.session, 4);
}

static void the_longest_announced_frame_does_not_overflow(void **state)
{
    (void)state;
    struct channel_reader reader = {0};
    struct channel_frame frame = {0};
    memset(sent, 0xff, sizeof sent);
    assert_int_equal(feed(&reader, sizeof sent, sizeof sent, &frame), 0);
    assert_int_equal(reader.passed_over, UINT32_MAX - (sizeof sent - 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_little_endian),
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(frames_come_back_in_pieces_of_any_size),
        cmocka_unit_test(the_largest_frame_comes_back),
        cmocka_unit_test(an_overlong_frame_is_told_and_passed_over),
        cmocka_unit_test(the_longest_announced_frame_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
