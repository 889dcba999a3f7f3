#include "runtime/storage/module_list.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

void module_list_free(struct module_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
        free(list->items[i].needs);
    }
    free(list->items);
    *list = (struct module_list){0};
}

static void add_line(struct module_list *list, char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || *line == '/')
        return;
    *colon = '\0';
    char *path = path_clean(line, PATH_DOTS_REFUSE);
    if (path == NULL || *path == '\0') {
        free(path);
        return;
    }
    list->items = xreallocarray(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct module_line){.path = path, .needs = xstrdup(colon + 1)};
}

void module_list_parse(const char *text, struct module_list *list)
{
    cleanup_free char *copy = xstrdup(text);
    char *rest = copy;
    list->bytes = strlen(text);
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        add_line(list, line);
}

static bool has_name(const char *path, const char *name)
{
    const char *base = path_base(path), *suffix = strstr(base, ".ko");
    size_t length = suffix != NULL ? (size_t)(suffix - base) : strlen(base);
    if (length != strlen(name) || length == 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((base[i] == '-' ? '_' : base[i]) != (name[i] == '-' ? '_' : name[i]))
            return false;
    return true;
}

/* Counts one look through the list; false where there have been too many. */
static bool may_look(struct module_list *list)
{
    list->work += list->bytes;
    return list->work <= MODULE_LIST_WORK_MAX;
}

const struct module_line *module_list_find(struct module_list *list, const char *name)
{
    for (size_t i = may_look(list) ? 0 : list->count; i < list->count; i++)
        if (has_name(list->items[i].path, name))
            return &list->items[i];
    return NULL;
}

static const struct module_line *find_path(struct module_list *list, const char *path)
{
    for (size_t i = may_look(list) ? 0 : list->count; i < list->count; i++)
        if (strcmp(list->items[i].path, path) == 0)
            return &list->items[i];
    return NULL;
}

static void add_once(struct module_list *list, const char *path, struct strings *paths)
{
    if (may_look(list) && !strings_contain(paths, path))
        strings_add(paths, path);
}

/* depmod lists all that a module needs, what those need included, and what has to be there first last. */
void module_list_choose(struct module_list *list, const char *name, struct strings *paths)
{
    const struct module_line *module = module_list_find(list, name);
    cleanup_free char *needs = xstrdup(module != NULL ? module->needs : "");
    for (char *end = needs + strlen(needs); end > needs;) {
        char *start = end;
        while (start > needs && start[-1] != ' ')
            start--;
        *end = '\0';
        const struct module_line *needed = find_path(list, start);
        if (needed != NULL)
            add_once(list, needed->path, paths);
        end = start > needs ? start - 1 : needs;
    }
    if (module != NULL)
        add_once(list, module->path, paths);
}

void module_list_print(struct module_list *list, const char *path, struct buffer *text)
{
    const struct module_line *module = find_path(list, path);
    if (module != NULL)
        buffer_format(text, "%s:%s\n", module->path, module->needs);
}
