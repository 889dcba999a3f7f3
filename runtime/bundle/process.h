/* config.json: process (runtime-spec, config.md, "Process"): what the container runs and as whom. */
#ifndef RUNTIME_BUNDLE_PROCESS_H
#define RUNTIME_BUNDLE_PROCESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/sandbox/privileges/capabilities.h"
#include "runtime/sandbox/privileges/privileges.h"
#include "runtime/sandbox/scheduling.h"

/* All memory is owned. */
struct process {
    struct strings args; /* may be empty: the cmdline annotation may say it */
    struct strings env;
    char *cwd;
    uid_t uid;
    gid_t gid;
    mode_t umask;
    uint32_t *additional_gids;
    size_t additional_gid_count;
    bool terminal;
    uint16_t console_height; /* characters; 0: not given */
    uint16_t console_width;
    struct capabilities capabilities;
    struct strings
        unknown_capabilities; /* that this build does not know; the specification wants a warning */
    struct rlimit_request *rlimits;
    size_t rlimit_count;
    bool has_oom_score_adj;
    int oom_score_adj;
    struct scheduling scheduling;
    char *apparmor_profile; /* or NULL */
    char *selinux_label;    /* or NULL */
};

/* Reads and validates the object; `file` stands in errors. */
int process_read(const json_t *object, const char *file, struct process *process, struct error *error);
void process_free(struct process *process);

#endif
