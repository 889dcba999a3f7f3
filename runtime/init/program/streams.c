#include "runtime/init/program/streams.h"

#include <string.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/program/ports.h"
#include "runtime/init/program/terminal.h"

static bool open_pipe(int ends[2], int own)
{
    if (stdio_pipe(ends, own))
        return true;
    complain("cannot make a pipe for the program:");
    return false;
}

static struct stream *set_stream(struct streams *streams, int number, int from, int to)
{
    struct stream *stream = &streams->streams[number];
    stream->from = from;
    stream->to = to;
    stream->ended = false;
    return stream;
}

static bool open_pipes(struct streams *streams, const struct ports *ports)
{
    int in[2];
    int out[2];
    int err[2];
    if (!open_pipe(in, 1) || !open_pipe(out, 0) || !open_pipe(err, 0))
        return false;
    set_stream(streams, STREAM_STDIN, ports->fds[PORT_STDIN], in[1]);
    set_stream(streams, STREAM_STDOUT, out[0], ports->fds[PORT_STDOUT]);
    set_stream(streams, STREAM_STDERR, err[0], ports->fds[PORT_STDERR]);
    streams->program[STREAM_STDIN] = in[0];
    streams->program[STREAM_STDOUT] = out[1];
    streams->program[STREAM_STDERR] = err[1];
    return true;
}

static bool open_terminal(struct streams *streams, const struct ports *ports, const struct cmdline *cmdline)
{
    int slave = -1;
    if (!terminal_open(&streams->terminal, &slave))
        return false;
    if (cmdline->rows != 0)
        terminal_resize(streams->terminal, cmdline->rows, cmdline->columns);
    set_stream(streams, STREAM_STDIN, ports->fds[PORT_STDIN], streams->terminal);
    set_stream(streams, STREAM_STDOUT, streams->terminal, ports->fds[PORT_STDOUT]);
    for (int i = 0; i < STREAMS; i++)
        streams->program[i] = slave;
    return true;
}

void streams_open(struct streams *streams, const struct cmdline *cmdline)
{
    struct ports ports;
    streams->on_console = true;
    streams->control = streams->window = streams->terminal = -1;
    for (int i = 0; i < STREAMS; i++)
        set_stream(streams, i, -1, -1)->ended = true;
    if (!cmdline->channel || !ports_open(&ports))
        return;
    streams->control = ports.fds[PORT_CONTROL];
    streams->window = ports.fds[PORT_WINDOW];
    dup2(ports.fds[PORT_STDERR], STDERR_FILENO); /* complaints reach whoever reads the program's */
    streams->on_console =
        cmdline->terminal ? !open_terminal(streams, &ports, cmdline) : !open_pipes(streams, &ports);
}

void streams_give(const struct streams *streams, uint32_t uid)
{
    if (streams->on_console) {
        console_give(uid);
        return;
    }
    stdio_give(streams->program, streams->terminal >= 0, uid);
}

void streams_given(struct streams *streams)
{
    if (streams->on_console)
        return;
    close(streams->program[STREAM_STDIN]);
    if (streams->terminal < 0) {
        close(streams->program[STREAM_STDOUT]);
        close(streams->program[STREAM_STDERR]);
    }
}

/* The host's standard input has ended: the program's does, or its terminal hangs up. */
static void end_input(struct streams *streams)
{
    struct stream *input = &streams->streams[STREAM_STDIN];
    if (input->to < 0)
        return;
    close(input->to);
    input->to = -1;
    if (streams->terminal >= 0) {
        streams->terminal = -1;
        streams->streams[STREAM_STDOUT].ended = true;
    }
}

enum stream_state streams_move(struct streams *streams, int number)
{
    struct stream *stream = &streams->streams[number];
    enum stream_state state = stream_move(stream);
    if (number == STREAM_STDIN && state == STREAM_ENDED)
        end_input(streams);
    return state;
}
