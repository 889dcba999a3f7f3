/* One direction of a guest program's input or output: nothing is lost, and nobody waits for it. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/formats_fixture.h"

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/program/stream.c"

static struct stream stream;
static int source; /* the writer's end of the source */
static int sink;   /* the reader's end of the sink */

static int open_stream(void **state)
{
    (void)state;
    int from[2];
    int to[2];
    assert_int_equal(pipe2(from, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(pipe2(to, O_NONBLOCK | O_CLOEXEC), 0);
    memset(&stream, 0, sizeof stream);
    stream.from = from[0];
    stream.to = to[1];
    source = from[1];
    sink = to[0];
    return 0;
}

static int close_stream(void **state)
{
    (void)state;
    close(stream.from);
    close(stream.to);
    close(source);
    close(sink);
    return 0;
}

static void bytes_go_through_and_end(void **state)
{
    (void)state;
    char bytes[8];
    assert_int_equal(stream_move(&stream), STREAM_WAITING);
    assert_int_equal(write(source, "hello", 5), 5);
    assert_int_equal(stream_move(&stream), STREAM_WAITING);
    assert_int_equal(read(sink, bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal(write(source, "end", 3), 3);
    close(source);
    source = -1;
    assert_int_equal(stream_move(&stream), STREAM_ENDED);
    assert_int_equal(read(sink, bytes, sizeof bytes), 3);
    assert_int_equal(stream_move(&stream), STREAM_ENDED);
}

/* A sink of one page, a source that is always full. */
static void a_full_sink_loses_nothing(void **state)
{
    (void)state;
    fcntl(sink, F_SETPIPE_SZ, 4096);
    uint8_t sent = 0;
    uint8_t expected = 0;
    size_t moved = 0;
    while (moved < (size_t)4 * STREAM_SIZE) {
        uint8_t bytes[5000];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(sent + i);
        ssize_t put = write(source, bytes, sizeof bytes);
        sent = (uint8_t)(sent + (put > 0 ? put : 0));
        assert_int_not_equal(stream_move(&stream), STREAM_ENDED);
        ssize_t got = read(sink, bytes, 3000);
        for (ssize_t i = 0; i < got; i++)
            assert_int_equal(bytes[i], expected++);
        moved += got > 0 ? (size_t)got : 0;
    }
}

static void a_sink_that_nobody_reads_ends_the_stream(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    close(sink);
    sink = -1;
    assert_int_equal(write(source, "hello", 5), 5);
    assert_int_equal(stream_move(&stream), STREAM_ENDED);
    assert_int_equal(write(source, "more", 4), 4);
    assert_int_equal(stream_move(&stream), STREAM_ENDED);
}

static void a_terminal_that_was_closed_ends_the_stream(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    close(stream.from);
    stream.from = master;
    assert_int_equal(write(slave, "last", 4), 4);
    assert_int_equal(stream_move(&stream), STREAM_WAITING);
    close(slave);
    assert_int_equal(stream_move(&stream), STREAM_ENDED);
    char bytes[8];
    assert_int_equal(read(sink, bytes, sizeof bytes), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_go_through_and_end, open_stream, close_stream),
        cmocka_unit_test_setup_teardown(a_full_sink_loses_nothing, open_stream, close_stream),
        cmocka_unit_test_setup_teardown(a_sink_that_nobody_reads_ends_the_stream, open_stream, close_stream),
        cmocka_unit_test_setup_teardown(a_terminal_that_was_closed_ends_the_stream, open_stream,
                                        close_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
