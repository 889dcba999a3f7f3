#include "runtime/lifecycle/exec/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "runtime/lifecycle/channel_call.h"
#include "runtime/lifecycle/exec/exec_items.h"
#include "runtime/lifecycle/exec/exec_port.h"
#include "runtime/lifecycle/exec/exec_relay.h"
#include "runtime/lifecycle/pid_file.h"
#include "runtime/sandbox/console.h"
#include "runtime/sandbox/descriptors.h"
#include "runtime/sandbox/privileges/capabilities.h"
#include "runtime/sandbox/privileges/privileges.h"

int exec_load(const struct runtime *runtime, const char *id, struct state *state, struct error *error)
{
    cleanup_close int directory = container_load(runtime, id, state, error);
    if (directory < 0)
        return -1;
    enum status status = state_status(directory, state);
    if (status == STATUS_STOPPED)
        return error_set(error, "cannot exec in a stopped container");
    if (status == STATUS_PAUSED)
        return error_set(error, "cannot exec in a paused container: resume it first");
    if (status != STATUS_RUNNING)
        return error_set(error, "container \"%s\" is %s: its guest runs after `start`", id,
                         status_name(status));
    if (!channel_exists(directory))
        return error_set(error,
                         "container \"%s\": exec needs a Linux guest on QEMU whose init is urunc-init; this "
                         "guest is one program, or has nobody to start another",
                         id);
    return take_fd(directory);
}

/* One execution, in the process that stands for the program. */
struct execution {
    struct exec_request *request;
    int directory;
    struct state *state;
    struct buffer items;
    struct exec_port port;
    struct exec_relay relay;
    struct termios modes; /* of the caller's terminal, where `raw` */
    bool raw;
};

static void restore_terminal(const struct execution *execution)
{
    if (execution->raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &execution->modes);
}

/* The guest's terminal edits, echoes and translates: this one passes bytes on as they are. */
static void take_terminal(struct execution *execution)
{
    struct termios settings;
    if (!execution->request->process.terminal || tcgetattr(STDIN_FILENO, &settings) < 0)
        return;
    execution->modes = settings;
    execution->raw = true;
    cfmakeraw(&settings);
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

static void find_size(struct process *process)
{
    struct winsize size;
    if (!process->terminal || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
        return;
    process->console_height = size.ws_row;
    process->console_width = size.ws_col;
}

/* What is left to do is reading and writing what is open, and removing the port, whose socket is the user's
 * own. From here on the guest is listened to. */
static int give_up_privileges(struct error *error)
{
    static const struct capabilities none;
    return capabilities_apply(&none, error) < 0 || privileges_seal(error) < 0 ||
                   privileges_hide_process(error) < 0
               ? -1
               : 0;
}

static int begin(struct execution *execution, struct error *error)
{
    const struct process *process = &execution->request->process;
    find_size(&execution->request->process);
    if (exec_items_add(&execution->items, process, execution->request->sealed, error) < 0 ||
        exec_port_open(execution->directory, &execution->port, error) < 0 ||
        (!execution->request->detach && pid_file_write(execution->request->pid_file, getpid(), error) < 0) ||
        give_up_privileges(error) < 0 ||
        exec_relay_init(&execution->relay, execution->port.fd, process->terminal, error) < 0)
        return -1;
    return exec_relay_start(&execution->relay, &execution->items, process->args.items[0], process->cwd,
                            error);
}

static int run(struct execution *execution, struct error *error)
{
    take_terminal(execution);
    int status = exec_relay_run(&execution->relay, error);
    restore_terminal(execution);
    return status;
}

static void finish(struct execution *execution)
{
    exec_port_remove(execution->directory, &execution->port);
    exec_relay_free(&execution->relay);
    buffer_free(&execution->items);
}

static struct execution execution_of(struct exec_request *request, int directory, struct state *state)
{
    return (struct execution){
        .request = request,
        .directory = directory,
        .state = state,
        .port = EXEC_PORT_NONE,
        .relay = {.signals = -1},
    };
}

static int execute_here(struct execution *execution, struct error *error)
{
    int status = begin(execution, error);
    if (status == 0)
        status = run(execution, error);
    finish(execution);
    return status;
}

/* ---- a process of its own: for engines, which do not wait for the command but for that process ---- */

/* In it: its terminal, cgroups and session. */
static int settle_apart(struct execution *execution, const struct console *console, struct error *error)
{
    if (setsid() < 0)
        return error_errno(error, errno, "setsid");
    if (console->slave >= 0 && console_take(console, error) < 0)
        return -1;
    return cgroups_enter(&execution->state->cgroups, error);
}

/* `report` gets a NUL once the program runs, or the error. */
static _Noreturn void stand_for_program(struct execution *execution, struct console *console, int report)
{
    cleanup_error struct error error = {0};
    descriptors_close_inherited();
    int status = settle_apart(execution, console, &error);
    console_close(console);
    if (status == 0)
        status = begin(execution, &error);
    const char *text = status < 0 ? error.message : "";
    if (write(report, text, strlen(text) + 1) < 0)
        status = -1;
    close(report);
    if (status == 0)
        status = run(execution, &error);
    finish(execution);
    _exit(status >= 0 ? status : EXIT_FAILURE);
}

enum { REPORT_MAX = 8192 }; /* bytes: more than an error message has */

/* Waits until the program runs. */
static int read_report(int report, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_all(report, REPORT_MAX, &text, "exec", error) < 0)
        return -1;
    if (text.length == 1)
        return 0;
    return error_set(error, "%s", text.length > 0 ? text.data : "exec: the program's process was killed");
}

static int open_console(const struct exec_request *request, struct console *console, struct error *error)
{
    if (request->console_socket == NULL)
        return 0;
    const struct process *process = &request->process;
    if (console_open(process->console_height, process->console_width, geteuid(), console, error) < 0)
        return -1;
    return console_send(console, request->console_socket, error);
}

static int execute_apart(struct execution *execution, pid_t *pid, struct error *error)
{
    int report[2];
    struct console console = CONSOLE_NONE;
    if (open_console(execution->request, &console, error) < 0) {
        console_close(&console);
        return -1;
    }
    if (pipe2(report, O_CLOEXEC) < 0) {
        console_close(&console);
        return error_errno(error, errno, "cannot make a pipe");
    }
    *pid = fork();
    if (*pid == 0) {
        close(report[0]);
        stand_for_program(execution, &console, report[1]);
    }
    close(report[1]);
    console_close(&console);
    int status = *pid > 0 ? read_report(report[0], error) : error_errno(error, errno, "cannot fork");
    close(report[0]);
    return status;
}

static int detach(struct execution *execution, struct error *error)
{
    pid_t pid = 0;
    int status = execute_apart(execution, &pid, error);
    if (status == 0)
        status = pid_file_write(execution->request->pid_file, pid, error);
    if (status < 0 && pid > 0) {
        kill(pid, SIGKILL); /* our child, not waited for: the number is still its own */
        waitpid(pid, NULL, 0);
    }
    return status;
}

static int check_terminal(const struct exec_request *request, struct error *error)
{
    if (request->process.terminal && request->detach && request->console_socket == NULL)
        return error_set(error, "exec: a detached program with a terminal needs --console-socket");
    if (request->console_socket != NULL && !(request->detach && request->process.terminal))
        return error_set(error,
                         "exec: --console-socket is for a terminal (--tty) of a detached program (--detach)");
    return 0;
}

int container_exec(struct exec_request *request, int directory, struct state *state, struct error *error)
{
    struct execution execution = execution_of(request, directory, state);
    if (check_terminal(request, error) < 0)
        return -1;
    return request->detach ? detach(&execution, error) : execute_here(&execution, error);
}
