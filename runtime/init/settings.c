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

static bool read_octal(char *text, uint32_t *number)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 8);
    *number = (uint32_t)value;
    return *text >= '0' && *text <= '7' && *end == '\0' && value <= 0777;
}

/* DEVICE:MODE:UID:GID:PATH */
static bool split_node(char *value, struct node_setting *node)
{
    node->device = strsep(&value, ":");
    char *mode = strsep(&value, ":");
    return mode != NULL && value != NULL && read_octal(mode, &node->mode) &&
           cmdline_read_number(&value, ":", &node->uid) && cmdline_read_number(&value, ":", &node->gid) &&
           *(node->path = value) == '/';
}

static void read_node(char *value, struct cmdline *cmdline)
{
    struct node_setting node = {0};
    if (!split_node(value, &node)) {
        cmdline->mounts_are_malformed = true;
        return;
    }
    cmdline->nodes = reallocarray(cmdline->nodes, cmdline->node_count + 1, sizeof *cmdline->nodes);
    if (cmdline->nodes == NULL)
        abort(); /* as above */
    cmdline->nodes[cmdline->node_count++] = node;
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
    else if (strcmp(record, "node") == 0)
        read_node(value, cmdline);
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
