/*
 * QEMU: the guest's console, and the ports of a guest that has an agent of ours (runtime/channel.h).
 *
 * Without the channel the serial port is standard input and output. With it each stream is a port of a
 * virtio-serial device, and the serial port, which is left to the kernel's messages and the agent's
 * complaints, goes to standard error.
 *
 * Standard input is QEMU's "stdio", which notices its end of file; what that would write goes nowhere,
 * because descriptor 1 is /dev/null then (runtime/process/streams.h). Output is a "file" with append=on,
 * without which QEMU truncates what it opens, and by descriptor; or a socket.
 *
 * ioeventfd=off: QEMU has written what the guest gave to a port before the guest's processor goes on, so a
 * guest that has written may end.
 */
#include "runtime/channel.h"
#include "runtime/monitors/qemu/qemu.h"

/* Numbers of ports on the device; the guest hears of them in the order of the command line. */
enum { PORT_STDIN = 1, PORT_STDOUT, PORT_STDERR, PORT_CONTROL, PORT_WINDOW };

/* The terminal's signals reach the guest as characters: it is not for ^C to end the monitor. */
static void add_stdio(struct qemu_argv *argv, const char *id)
{
    qemu_format(argv, "-chardev", "stdio,id=%s,signal=off", id);
}

static void add_output(struct qemu_argv *argv, const char *id, struct boot_stream stream, int set)
{
    if (stream.socket)
        qemu_format(argv, "-chardev", "socket,id=%s,fd=%d", id, stream.fd);
    else
        qemu_format(argv, "-chardev", "file,id=%s,path=/dev/fdset/%d,append=on", id, set);
}

static void add_set(struct qemu_argv *argv, struct boot_stream stream, int set)
{
    if (!stream.socket)
        qemu_format(argv, "-add-fd", "fd=%d,set=%d", stream.fd, set);
}

static void add_port(struct qemu_argv *argv, int number, const char *name, const char *id)
{
    qemu_format(argv, "-device", "virtserialport,bus=channel.0,nr=%d,name=%s,chardev=%s", number, name, id);
}

static void add_ports(struct qemu_argv *argv)
{
    const struct boot_channel *channel = &argv->boot->channel;
    const struct boot_stream console = {
        .fd = channel->error.socket ? channel->console_fd : channel->error.fd,
        .socket = channel->error.socket,
    };
    add_set(argv, channel->output, QEMU_STDOUT_SET);
    add_set(argv, channel->error, QEMU_STDERR_SET);
    add_stdio(argv, "stdin");
    add_output(argv, "stdout", channel->output, QEMU_STDOUT_SET);
    add_output(argv, "stderr", channel->error, QEMU_STDERR_SET);
    add_output(argv, "console", console, QEMU_STDERR_SET);
    qemu_format(argv, "-chardev", "socket,id=control,fd=%d,server=on,wait=off", channel->control_fd);
    if (channel->window_fd >= 0)
        qemu_format(argv, "-chardev", "socket,id=window,fd=%d", channel->window_fd);
    qemu_add(argv, "-serial", "chardev:console");
    if (!argv->machine->pci)
        qemu_add(argv, "-global", "virtio-mmio.ioeventfd=off");
    qemu_add_virtio(argv, "serial", argv->machine->pci ? "id=channel,ioeventfd=off" : "id=channel");
    if (channel->window_fd >= 0)
        add_port(argv, PORT_WINDOW, CHANNEL_WINDOW_PORT, "window");
    add_port(argv, PORT_STDIN, CHANNEL_STDIN, "stdin");
    add_port(argv, PORT_STDOUT, CHANNEL_STDOUT, "stdout");
    add_port(argv, PORT_STDERR, CHANNEL_STDERR, "stderr");
    add_port(argv, PORT_CONTROL, CHANNEL_CONTROL, "control");
}

void qemu_add_console(struct qemu_argv *argv)
{
    qemu_add(argv, "-display", "none");
    if (argv->boot->quirks & BOOT_QUIRK_CHANNEL) {
        add_ports(argv);
        return;
    }
    add_stdio(argv, "console");
    qemu_add(argv, "-serial", "chardev:console");
}
