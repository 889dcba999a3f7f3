#include "builder/stage/facts.h"

#include "builder/stage/scope.h"
#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"
#include "formats/base/text.h"
#include "formats/contract/annotations.h"
#include "formats/contract/frameworks.h"

int facts_set(struct stage *stage, const char *key, const char *value, int line, struct error *error)
{
    const struct annotation *annotation = annotation_find(key);
    /* An empty value counts as absent: it takes back what came before. */
    if (annotation != NULL && *value != '\0' && annotation_check(annotation, value, error) < 0)
        return -1;
    /* A path can come from a symlink in the stage, whose target is any bytes. */
    if (!text_is_utf8(value))
        return error_set(error, "%s: \"%s\": must be UTF-8", key, value);
    stage_set_fact(stage, key, value, line);
    return 0;
}

int facts_take_label(const struct build *build, struct stage *stage, const char *key, const char *value,
                     int line, struct error *error)
{
    if (annotation_find(key) != NULL) {
        if (facts_set(stage, key, value, line, error) < 0)
            return -1;
        stage_set_fact(stage, key, value, line)->by_label = true;
    }
    if (annotation_is_unknown(key))
        build_warn(build, line, "%s: unknown key; urunc does not read it", key);
    return 0;
}

int facts_framework(const struct stage *stage)
{
    const struct fact *fact = stage_fact(stage, KEY_TYPE);
    return fact != NULL ? framework_from_name(fact->value) : -1;
}

int facts_set_word(struct build *build, struct stage *stage, const struct instruction *instruction,
                   size_t word, const char *key, struct error *error)
{
    cleanup_free char *value = scope_expand(build, stage, instruction->words.items[word], error);
    if (value == NULL)
        return error_prefix(error, "%s", instruction->kind->name);
    if (*value == '\0')
        return error_set(error, "%s: %s is empty", instruction->kind->name, instruction->words.items[word]);
    if (annotation_find(key)->validate(value, error) < 0) {
        cleanup_free char *quoted = text_quote(value);
        return error_prefix(error, "%s %s", instruction->kind->name, quoted);
    }
    stage_set_fact(stage, key, value, instruction->line);
    return 0;
}
