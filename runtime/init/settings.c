#include "runtime/init/settings.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/init/cmdline.h"

static void read_user(char *value, struct cmdline *cmdline)
{
    cmdline->group_count = 0;
    cmdline->has_user =
        cmdline_read_number(&value, ":", &cmdline->uid) && cmdline_read_number(&value, ":", &cmdline->gid);
    bool good = cmdline->has_user;
    while (good && *value != '\0') {
        uint32_t group = 0;
        good = cmdline->group_count < CMDLINE_GROUPS && cmdline_read_number(&value, ",", &group);
        if (good)
            cmdline->groups[cmdline->group_count++] = group;
    }
    cmdline->user_is_malformed = !good;
}

/* KIND:SOURCE:FLAGS:DIR */
static bool split_mount(char *value, struct mount_setting *mount)
{
    mount->kind = strsep(&value, ":");
    mount->source = strsep(&value, ":");
    mount->flags = strsep(&value, ":");
    mount->directory = value;
    return value != NULL && value[0] == '/';
}

static void read_mount(char *value, struct cmdline *cmdline)
{
    struct mount_setting mount = {0};
    if (!split_mount(value, &mount)) {
        cmdline->mounts_are_malformed = true;
        return;
    }
    cmdline->mounts = reallocarray(cmdline->mounts, cmdline->mount_count + 1, sizeof *cmdline->mounts);
    if (cmdline->mounts == NULL)
        abort(); /* the guest has not even memory for its settings */
    cmdline->mounts[cmdline->mount_count++] = mount;
}

static void read_record(char *record, struct cmdline *cmdline)
{
    char *value = strchr(record, '=');
    if (value == NULL)
        return;
    *value++ = '\0';
    if (strcmp(record, "env") == 0)
        words_add(&cmdline->env, value);
    else if (strcmp(record, "arg") == 0)
        words_add(&cmdline->args, value);
    else if (strcmp(record, "line") == 0)
        cmdline_split(value, &cmdline->args);
    else if (strcmp(record, "user") == 0)
        read_user(value, cmdline);
    else if (strcmp(record, "cwd") == 0)
        cmdline->cwd = value;
    else if (strcmp(record, "hostname") == 0)
        cmdline->hostname = value;
    else if (strcmp(record, "mount") == 0)
        read_mount(value, cmdline);
}

void settings_parse(char *bytes, size_t size, struct cmdline *cmdline)
{
    struct words behind = cmdline->args;
    cmdline->args = (struct words){0};
    for (size_t at = 0; at < size;) {
        size_t length = strlen(bytes + at);
        read_record(bytes + at, cmdline);
        at += length + 1;
    }
    if (cmdline->args.count == 0)
        cmdline->args = behind;
}
