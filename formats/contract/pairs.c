#include "formats/contract/pairs.h"

#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"

#define STORAGE_FIELDS(enumeration, ...) {__VA_ARGS__},
static const struct {
    const char *name;
    const char *key;
    const char *words;
} storages[STORAGE_COUNT] = {STORAGES(STORAGE_FIELDS)};

#define ARCHITECTURE_NAME(enumeration, name) name,
static const char *const architectures[ARCHITECTURE_COUNT] = {ARCHITECTURES(ARCHITECTURE_NAME)};

const char *storage_name(enum storage_row storage)
{
    return storages[storage].name;
}

const char *storage_key(enum storage_row storage)
{
    return storages[storage].key;
}

const char *architecture_name(enum architecture_row architecture)
{
    return architectures[architecture];
}

static char *join_names(unsigned set, int count, const char *(*name)(int row), const char *separator)
{
    cleanup_buffer struct buffer names = {0};
    for (int row = 0; row < count; row++)
        if (set & (1U << row))
            buffer_format(&names, "%s%s", names.length > 0 ? separator : "", name(row));
    return names.data != NULL ? buffer_take(&names) : xstrdup("");
}

static const char *storage_row_name(int row)
{
    return storages[row].name;
}

static const char *storage_row_words(int row)
{
    return storages[row].words;
}

static const char *architecture_row_name(int row)
{
    return architectures[row];
}

static const char *hypervisor_row_name(int row)
{
    return hypervisor_name((enum hypervisor)row);
}

char *storage_names(unsigned set, const char *separator)
{
    return join_names(set, STORAGE_COUNT, storage_row_name, separator);
}

char *architecture_names(unsigned set, const char *separator)
{
    return join_names(set, ARCHITECTURE_COUNT, architecture_row_name, separator);
}

bool pair_exists(struct pair pair)
{
    return (framework_hypervisors(pair.framework) & (1U << pair.hypervisor)) != 0;
}

struct pair pair_next(struct pair pair)
{
    if (pair.hypervisor + 1 < HYPERVISOR_COUNT)
        return (struct pair){pair.framework, (enum hypervisor)(pair.hypervisor + 1)};
    return (struct pair){(enum framework)(pair.framework + 1), (enum hypervisor)0};
}

unsigned pair_storage(struct pair pair)
{
    return pair_exists(pair) ? framework_storage(pair.framework) & hypervisor_storage(pair.hypervisor) : 0;
}

unsigned pair_rootfs(struct pair pair)
{
    unsigned storage = pair_storage(pair);
    return storage & (storage & STORAGE_ROOTFS_DISK ? STORAGE_ROOTFS_DISK : STORAGE_9P);
}

unsigned pair_architectures(struct pair pair)
{
    if (!pair_exists(pair))
        return 0;
    return framework_architectures(pair.framework) & hypervisor_architectures(pair.hypervisor);
}

bool pair_has_network(struct pair pair)
{
    return pair_exists(pair) && framework_has_network(pair.framework);
}

int pair_check(struct pair pair, struct error *error)
{
    if (pair_exists(pair))
        return 0;
    if (framework_hypervisors(pair.framework) == 0)
        return error_set(error,
                         "%s runs on no hypervisor that urunc knows: its monitor is a library, not a program",
                         framework_name(pair.framework));
    cleanup_free char *names =
        join_names(framework_hypervisors(pair.framework), HYPERVISOR_COUNT, hypervisor_row_name, ", ");
    return error_set(error, "%s does not run on %s; it runs on: %s", framework_name(pair.framework),
                     hypervisor_name(pair.hypervisor), names);
}

int pair_check_drivers(struct pair pair, struct error *error)
{
    if (!framework_is_booted(pair.framework))
        return error_set(error, KEY_TYPE ": \"%s\" is not booted by this version of urunc",
                         framework_name(pair.framework));
    if (!hypervisor_is_driven(pair.hypervisor))
        return error_set(error, KEY_HYPERVISOR ": \"%s\" is not driven by this version of urunc",
                         hypervisor_name(pair.hypervisor));
    return 0;
}

int pair_check_architecture(struct pair pair, const char *architecture, struct error *error)
{
    unsigned set = pair_architectures(pair);
    for (int row = 0; row < ARCHITECTURE_COUNT; row++)
        if ((set & (1U << row)) && strcmp(architectures[row], architecture) == 0)
            return 0;
    cleanup_free char *names = architecture_names(set, ", ");
    return error_set(error, "%s on %s does not exist for %s; it exists for: %s",
                     framework_name(pair.framework), hypervisor_name(pair.hypervisor), architecture, names);
}

int pair_check_storage(struct pair pair, enum storage_row storage, struct error *error)
{
    unsigned consumed = framework_storage(pair.framework);
    unsigned offered = hypervisor_storage(pair.hypervisor);
    if (consumed & offered & (1U << storage))
        return 0;
    bool framework_can = (consumed & (1U << storage)) != 0;
    cleanup_free char *others = join_names(consumed & offered, STORAGE_COUNT, storage_row_words, ", ");
    return error_set(error, "the %s %s cannot %s %s; %s on %s has: %s",
                     framework_can ? "hypervisor" : "framework",
                     framework_can ? hypervisor_name(pair.hypervisor) : framework_name(pair.framework),
                     framework_can ? "offer" : "use", storages[storage].words, framework_name(pair.framework),
                     hypervisor_name(pair.hypervisor), *others != '\0' ? others : "no storage");
}
