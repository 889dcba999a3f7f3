/*
 * The program's standard input, output and error.
 *
 * Where the host has the channel, the program gets pipes, or a terminal of its own, and this process moves
 * the bytes between them and the ports. It does not get the ports themselves: those can be opened once, so
 * that opening /dev/stdout, as many a server's log file does, would fail. Elsewhere all three are the
 * console.
 */
#ifndef RUNTIME_INIT_STREAMS_H
#define RUNTIME_INIT_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/init/cmdline.h"
#include "runtime/init/program/stdio.h"
#include "runtime/init/program/stream.h"

struct streams {
    bool on_console;
    int control;                    /* the control port; -1: none */
    int window;                     /* the port of the terminal's later sizes; -1: none */
    int terminal;                   /* its master; -1: none */
    int program[STREAMS];           /* the program's ends; on a terminal all are the same */
    struct stream streams[STREAMS]; /* those that are not there have ended */
};

/* Opens the ports where the command line says that there are any, and what the program will get. */
void streams_open(struct streams *streams, const struct cmdline *cmdline);

/* In the program's process: a session of its own, and its standard input, output and error, whose owner
 * becomes `uid`, so that /dev/stdout can be opened. */
void streams_give(const struct streams *streams, uint32_t uid);

/* In this process, once the program has them. */
void streams_given(struct streams *streams);

/* Moves bytes; closes the program's standard input where the host's has ended. */
enum stream_state streams_move(struct streams *streams, int number);

#endif
