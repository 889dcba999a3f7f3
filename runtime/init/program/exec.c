#include "runtime/init/program/exec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/init/program/exec_start.h"
#include "runtime/init/program/terminal.h"

enum {
    FRAME_ROOM = CHANNEL_FRAME_MAX, /* of the queue, for the largest frame */
    SMALL_FRAMES = 64,              /* that room in the queue is kept for: started, taken, exited */
    TAKEN_STEP = CHANNEL_INPUT_WINDOW / 4,
};

static void close_at(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void watch(const struct exec *exec, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = exec->event};
    epoll_ctl(exec->events, EPOLL_CTL_ADD, fd, &event);
}

struct exec *exec_new(uint32_t number, int port, int events, uint32_t event)
{
    struct exec *exec = calloc(1, sizeof *exec);
    if (exec == NULL)
        return NULL;
    exec->number = number;
    exec->port = port;
    exec->events = events;
    exec->event = event;
    exec->report = exec->input = exec->output[0] = exec->output[1] = -1;
    watch(exec, port);
    return exec;
}

static void close_input(struct exec *exec)
{
    if (exec->terminal)
        exec->input = -1; /* it is the output as well */
    close_at(&exec->input);
}

static void close_all(struct exec *exec)
{
    close_input(exec);
    close_at(&exec->report);
    close_at(&exec->output[0]);
    close_at(&exec->output[1]);
    close_at(&exec->port);
}

static void leave(struct exec *exec)
{
    if (exec->pid > 0 && !exec->reaped)
        kill(exec->pid, SIGKILL);
    close_all(exec);
    exec->phase = EXEC_GONE;
}

void exec_free(struct exec *exec)
{
    leave(exec);
    free(exec->request);
    free(exec);
}

/* ---- frames to the host ---- */

static size_t room(const struct exec *exec)
{
    return EXEC_QUEUE - exec->queue_end;
}

static void queue(struct exec *exec, enum channel_type type, const void *payload, uint32_t length)
{
    if (room(exec) >= sizeof(struct channel_header) + length)
        exec->queue_end += channel_write(exec->queue + exec->queue_end, type, 0, payload, length);
}

static void queue_number(struct exec *exec, enum channel_type type, uint32_t number)
{
    uint8_t payload[4];
    channel_put32(payload, number);
    queue(exec, type, payload, sizeof payload);
}

static void queue_started(struct exec *exec, uint32_t number, enum channel_step step)
{
    uint8_t payload[5] = {0, 0, 0, 0, (uint8_t)step};
    channel_put32(payload, number);
    queue(exec, CHANNEL_STARTED, payload, sizeof payload);
    exec->phase = number == 0 ? EXEC_RUNNING : EXEC_TOLD;
}

static bool send_queue(struct exec *exec)
{
    bool moved = false;
    while (exec->queue_start < exec->queue_end) {
        ssize_t put = write(exec->port, exec->queue + exec->queue_start, exec->queue_end - exec->queue_start);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return moved; /* a client that has left is seen by reading */
        exec->queue_start += (size_t)put;
        moved = true;
    }
    exec->queue_start = exec->queue_end = 0;
    return moved;
}

/* ---- frames from the host ---- */

static void add_to_request(struct exec *exec, const struct channel_frame *frame)
{
    size_t size = exec->request_size + frame->length;
    if (exec->phase != EXEC_REQUESTED || size > CHANNEL_REQUEST_MAX) {
        queue_started(exec, E2BIG, CHANNEL_STEP_REQUEST);
        return;
    }
    if (size > exec->request_capacity) {
        size_t capacity = size * 2;
        char *request = realloc(exec->request, capacity);
        if (request == NULL) {
            queue_started(exec, ENOMEM, CHANNEL_STEP_REQUEST);
            return;
        }
        exec->request = request;
        exec->request_capacity = capacity;
    }
    if (frame->length > 0)
        memcpy(exec->request + exec->request_size, frame->payload, frame->length);
    exec->request_size = size;
}

static void start(struct exec *exec)
{
    enum channel_step step = CHANNEL_STEP_PROCESS;
    int number = exec_start(exec, &step);
    if (number != 0) {
        queue_started(exec, (uint32_t)number, step);
        return;
    }
    exec->phase = EXEC_STARTING;
    watch(exec, exec->report);
    watch(exec, exec->output[0]);
    if (exec->output[1] >= 0)
        watch(exec, exec->output[1]);
    if (!exec->terminal)
        watch(exec, exec->input);
}

/* A host that sends more than it was allowed to has broken the conversation. */
static void add_input(struct exec *exec, const struct channel_frame *frame)
{
    size_t waiting = exec->waiting_end - exec->waiting_start;
    if (waiting + exec->taken + frame->length > CHANNEL_INPUT_WINDOW) {
        leave(exec);
        return;
    }
    memmove(exec->waiting, exec->waiting + exec->waiting_start, waiting);
    if (frame->length > 0)
        memcpy(exec->waiting + waiting, frame->payload, frame->length);
    exec->waiting_start = 0;
    exec->waiting_end = waiting + frame->length;
    exec->input_ends = exec->input_ends || frame->length == 0;
}

static void execute(struct exec *exec, const struct channel_frame *frame)
{
    bool has_process = exec->pid > 0 && !exec->reaped;
    uint32_t number = frame->length == 4 ? channel_get32(frame->payload) : 0;
    switch (frame->type) {
    case CHANNEL_REQUEST:
        if (exec->phase == EXEC_REQUESTED)
            add_to_request(exec, frame);
        break;
    case CHANNEL_START:
        if (exec->phase == EXEC_REQUESTED)
            start(exec);
        break;
    case CHANNEL_INPUT:
        add_input(exec, frame);
        break;
    case CHANNEL_SIGNAL:
        if (has_process && number > 0 && number < NSIG)
            kill(exec->pid, (int)number);
        break;
    case CHANNEL_WINDOW:
        if (exec->terminal && exec->output[0] >= 0 && frame->length == 4)
            terminal_resize(exec->output[0], channel_get16(frame->payload),
                            channel_get16(frame->payload + 2));
        break;
    default:
        break;
    }
}

/* A port that the host has not connected yet reads like one that it has left: 0. */
static void note_end(struct exec *exec, ssize_t got, int number)
{
    if (got < 0 && number == EAGAIN)
        exec->connected = true;
    else if (exec->connected || got < 0)
        leave(exec);
}

static bool receive(struct exec *exec)
{
    uint8_t bytes[CHANNEL_FRAME_MAX];
    ssize_t got = read(exec->port, bytes, sizeof bytes);
    if (got <= 0) {
        if (got == 0 || errno != EINTR)
            note_end(exec, got, errno);
        return false;
    }
    exec->connected = true;
    size_t left = (size_t)got;
    for (const uint8_t *at = bytes; left > 0 && exec->phase != EXEC_GONE;) {
        struct channel_frame frame;
        if (channel_read(&exec->reader, &at, &left, &frame) == CHANNEL_FRAME)
            execute(exec, &frame);
    }
    return true;
}

/* ---- the program ---- */

/* The child's report: nothing but its end where the program runs. */
static void read_report(struct exec *exec)
{
    uint8_t report[5];
    ssize_t got = read(exec->report, report, sizeof report);
    if (got < 0)
        return;
    close_at(&exec->report);
    if (got == sizeof report)
        queue_started(exec, channel_get32(report), (enum channel_step)report[4]);
    else
        queue_started(exec, 0, CHANNEL_STEP_REQUEST);
}

/* Input that the program does not read any more has been taken, too. */
static bool write_input(struct exec *exec)
{
    bool moved = false;
    while (exec->waiting_start < exec->waiting_end) {
        size_t size = exec->waiting_end - exec->waiting_start;
        ssize_t put =
            exec->input >= 0 ? write(exec->input, exec->waiting + exec->waiting_start, size) : (ssize_t)size;
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            break;
        if (put < 0) {
            close_input(exec);
            continue;
        }
        exec->waiting_start += (size_t)put;
        exec->taken += (uint32_t)put;
        moved = true;
    }
    bool all = exec->waiting_start == exec->waiting_end;
    if (all && exec->input_ends && !exec->terminal)
        close_input(exec);
    bool worth_telling = exec->taken >= TAKEN_STEP || (all && exec->taken > 0);
    if (worth_telling && room(exec) >= SMALL_FRAMES) {
        queue_number(exec, CHANNEL_TAKEN, exec->taken);
        exec->taken = 0;
    }
    return moved;
}

/* Queues what the program wrote; `moved` becomes true where that was anything. True: nothing is left now. */
static bool read_output(struct exec *exec, int index, bool *moved)
{
    static const enum channel_type types[] = {CHANNEL_OUTPUT, CHANNEL_ERROR};
    char bytes[CHANNEL_PAYLOAD_MAX];
    while (exec->output[index] >= 0) {
        if (room(exec) < FRAME_ROOM + SMALL_FRAMES)
            return false;
        ssize_t got = read(exec->output[index], bytes, sizeof bytes);
        if (got > 0) {
            queue(exec, types[index], bytes, (uint32_t)got);
            *moved = true;
        } else if (got < 0 && errno == EAGAIN) {
            break;
        } else if (got == 0 || errno != EINTR) { /* EIO: the last process has closed the terminal */
            if (exec->terminal)
                close_input(exec);
            close_at(&exec->output[index]);
        }
    }
    return true;
}

static bool move_streams(struct exec *exec)
{
    bool ended = exec->reaped; /* all that it wrote is in the pipes from then on */
    bool moved = write_input(exec);
    bool read_all = read_output(exec, 0, &moved);
    read_all = read_output(exec, 1, &moved) && read_all;
    if (ended && read_all && room(exec) >= SMALL_FRAMES) {
        queue_number(exec, CHANNEL_EXITED, (uint32_t)exec->status);
        exec->phase = EXEC_TOLD;
    }
    return moved;
}

bool exec_turn(struct exec *exec)
{
    bool moved = receive(exec);
    if (exec->phase == EXEC_STARTING)
        read_report(exec);
    if (exec->phase == EXEC_RUNNING)
        moved = move_streams(exec) || moved;
    if (exec->phase != EXEC_GONE)
        moved = send_queue(exec) || moved;
    if (exec->phase == EXEC_TOLD && exec->queue_end == 0)
        leave(exec);
    return moved && exec->phase != EXEC_GONE;
}

void exec_reaped(struct exec *exec, int status)
{
    exec->reaped = true;
    exec->status = status;
}
