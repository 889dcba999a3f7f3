#include "runtime/config/toml_word.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

/* Appends the digits to `out`, which ends with NUL, without the single underscores that may stand between
 * them. Returns what is behind them, or NULL where there are none. */
static const char *take_digits(const char *word, const char *digits, char *out)
{
    out += strlen(out);
    const char *at = word;
    for (; *at != '\0' && (*at == '_' || strchr(digits, *at) != NULL); at++) {
        if (*at != '_')
            *out++ = *at;
        else if (at == word || at[-1] == '_')
            return NULL;
    }
    *out = '\0';
    return at > word && at[-1] != '_' ? at : NULL;
}

static json_t *whole_number(const char *digits, int base)
{
    errno = 0;
    long long number = strtoll(digits, NULL, base);
    return errno == 0 ? json_integer(number) : NULL;
}

/* 0x, 0o and 0b, which have no sign. */
static json_t *prefixed_number(const char *word)
{
    static const struct {
        const char *prefix;
        const char *digits;
        int base;
    } forms[] = {{"0x", "0123456789abcdefABCDEF", 16}, {"0o", "01234567", 8}, {"0b", "01", 2}};
    char plain[TOML_WORD_MAX + 1] = "";
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strncmp(word, forms[i].prefix, 2) == 0) {
            const char *end = take_digits(word + 2, forms[i].digits, plain);
            return end != NULL && *end == '\0' ? whole_number(plain, forms[i].base) : NULL;
        }
    return NULL;
}

/* Digits behind a letter that must be there; the word as it is where another stands there. */
static const char *take_part(const char *word, const char *letters, const char *signs, char *out)
{
    if (*word == '\0' || strchr(letters, *word) == NULL)
        return word;
    strncat(out, word++, 1);
    if (*word != '\0' && strchr(signs, *word) != NULL)
        strncat(out, word++, 1);
    return take_digits(word, "0123456789", out);
}

/* A sign, digits of which a zero is the only one where it is the first, a fraction, an exponent. */
static json_t *decimal_number(const char *word)
{
    char plain[TOML_WORD_MAX + 1] = "";
    if (*word == '+' || *word == '-')
        strncat(plain, word++, 1);
    const char *fraction = take_digits(word, "0123456789", plain);
    if (fraction == NULL || (word[0] == '0' && fraction != word + 1))
        return NULL;
    if (*fraction == '\0')
        return whole_number(plain, 10);
    const char *exponent = take_part(fraction, ".", "", plain);
    const char *end = exponent != NULL ? take_part(exponent, "eE", "+-", plain) : NULL;
    return end != NULL && *end == '\0' ? json_real(strtod(plain, NULL)) : NULL; /* no infinities: json_real */
}

/* ---- dates ---- */

/* Takes a text of this form, in which '0' stands for any digit. */
static bool take_form(const char **at, const char *form)
{
    size_t length = strlen(form);
    for (size_t i = 0; i < length; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)(*at)[i]) : (*at)[i] != form[i])
            return false;
    *at += length;
    return true;
}

static int number_at(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

static bool take_date(const char **at)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *start = *at;
    if (!take_form(at, "0000-00-00"))
        return false;
    int month = number_at(start + 5), day = number_at(start + 8);
    int year = number_at(start) * 100 + number_at(start + 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           (leap || month != 2 || day <= 28);
}

static bool take_hour(const char **at)
{
    const char *start = *at;
    return take_form(at, "00:00") && number_at(start) <= 23 && number_at(start + 3) <= 59;
}

/* With seconds, of which 60 is a leap second (RFC 3339). */
static bool take_time(const char **at)
{
    if (!take_hour(at) || !take_form(at, ":00") || number_at(*at - 2) > 60)
        return false;
    if (!take_form(at, ".0"))
        return **at != '.';
    while (isdigit((unsigned char)**at))
        ++*at;
    return true;
}

bool toml_is_date(const char *word)
{
    return take_date(&word) && *word == '\0';
}

static bool take_offset(const char **at)
{
    if (take_form(at, "Z") || take_form(at, "z"))
        return true;
    return (take_form(at, "+") || take_form(at, "-")) && take_hour(at);
}

/* A date, a time, or both with or without an offset. */
static bool is_date_or_time(const char *word)
{
    const char *at = word;
    if (take_time(&at))
        return *at == '\0';
    at = word;
    if (!take_date(&at))
        return false;
    if (*at == '\0')
        return true;
    if (strchr("Tt ", *at++) == NULL || !take_time(&at))
        return false;
    return *at == '\0' || (take_offset(&at) && *at == '\0');
}

json_t *toml_word(const char *word)
{
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
        return json_boolean(word[0] == 't');
    if (is_date_or_time(word))
        return json_string(word);
    json_t *number = prefixed_number(word);
    return number != NULL ? number : decimal_number(word);
}
