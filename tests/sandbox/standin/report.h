/* The parts of the stand-in monitor's report, each one member of its JSON object. */
#ifndef TESTS_SANDBOX_STANDIN_REPORT_H
#define TESTS_SANDBOX_STANDIN_REPORT_H

/* "argv", "environment", "cwd", "hostname", "domainname" */
void report_words(char *const *argv, char *const *environment);
/* "ids", "groups", "capabilities", "no_new_privs", "seccomp", "dumpable", "securebits", "parent_death_signal"
 */
void report_identity(void);
/* "process", "umask", "rlimits", "personality", "nice", "blocked_signals", "ignored_signals" */
void report_process(void);
/* "descriptors": the open ones and what they are */
void report_descriptors(void);
/* "terminal": null where standard input is not one */
void report_terminal(void);
/* "root": all that can be found from "/", with types, modes and mount flags */
void report_root(void);
/* "calls": system calls that were tried, each in a child of its own, and how they ended */
void report_calls(void);

/* Of a guest that has the channel: prints what follows to the descriptor that QEMU would write to. */
void agent_take_output(char *const *argv);
/* Answers requests on the control socket in that manner, until it is ended. */
void agent_run(char *const *argv, const char *manner);

/* Runs further programs in that manner, until it is ended. */
void exec_run(char *const *argv, const char *how);

/* Is managed in that manner, until it is ended. */
void manage_run(char *const *argv, const char *manner);

/* The number behind `before` in a word of argv that has `after` (NULL: any) behind that, or -1. */
int find_number(char *const *argv, const char *before, const char *after);

/* The arguments that the settings in that initrd have for the guest's init (runtime/init/settings.h), with
 * blanks between; "" where there are none. The caller frees it. */
char *settings_arguments(const char *initrd);

/* As a monitor that makes its socket itself. */
_Noreturn void api_run(const char *manner);
/* The guest's command line in such a monitor's configuration, or NULL. */
char *api_command_line(const char *path);

#endif
