/* Names of signals. */
#include "formats/base/signal.h"

#include <signal.h>

#include "tests/unit/fixtures/temporary.h"

static void signals_have_names_and_numbers(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int number;
    } known[] = {
        {"TERM", SIGTERM},
        {"SIGKILL", SIGKILL},
        {"sigusr1", SIGUSR1},
        {"SIGCLD", SIGCHLD},
        {"9", 9},
        {"1", 1},
        {"64", 64},
        {"RTMIN", SIGRTMIN},
        {"SIGRTMIN+3", SIGRTMIN + 3},
        {"rtmax-2", SIGRTMAX - 2},
        {"RTMIN+30", SIGRTMAX},
        {"RTMAX-30", SIGRTMIN},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_int_equal(signal_from_name(known[i].name), known[i].number);
}

static void anything_else_has_no_number(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "",        "SIG",      "0",        "65",     "999",     "9x",          "-9",
        "+9",      " 9",       "SIG15",    "NOPE",   "RTMIN-1", "RTMAX+1",     "RTMIN+",
        "RTMIN+x", "RTMIN+31", "RTMAX-31", "RTMIN3", "TERM ",   "RTMINBANANA", "SIGSIGTERM"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        if (signal_from_name(unknown[i]) != -1)
            fail_msg("\"%s\" is taken for a signal", unknown[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_have_names_and_numbers),
        cmocka_unit_test(anything_else_has_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
