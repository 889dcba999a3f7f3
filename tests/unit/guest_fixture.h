/* What the guest drivers' tests share: an input to fill in, a plan to look at. */
#ifndef GUEST_FIXTURE_H
#define GUEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/guests/guest.h"

struct fixture {
    struct strings args;
    struct strings env;
    struct network network;
    struct kernel_probe kernel;
    struct guest_input input;
    struct boot boot;
    struct error error;
};

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->network = (struct network){.interface = "eth0",
                                        .address = "10.88.0.5",
                                        .prefix = 16,
                                        .netmask = "255.255.0.0",
                                        .gateway = "10.88.0.1",
                                        .dns = "10.88.0.53"};
    fixture->kernel.architecture = "amd64";
    fixture->input =
        (struct guest_input){.args = &fixture->args, .env = &fixture->env, .kernel = &fixture->kernel};
    *state = fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    strings_free(&fixture->args);
    strings_free(&fixture->env);
    boot_free(&fixture->boot);
    error_clear(&fixture->error);
    free(fixture);
    return 0;
}

static inline void set_args(struct fixture *fixture, const char *const *args)
{
    strings_free(&fixture->args);
    for (; *args != NULL; args++)
        strings_add(&fixture->args, *args);
}
#define SET_ARGS(fixture, ...) set_args(fixture, (const char *const[]){__VA_ARGS__, NULL})

static inline int plan(struct fixture *fixture, const char *name)
{
    boot_free(&fixture->boot);
    fixture->boot = (struct boot){.status_fd = -1};
    error_clear(&fixture->error);
    return guest_find(name)->plan(&fixture->input, &fixture->boot, &fixture->error);
}

#define assert_plan(fixture, name, line)                                                                     \
    do {                                                                                                     \
        assert_int_equal(plan(fixture, name), 0);                                                            \
        assert_string_equal((fixture)->boot.command_line, line);                                             \
    } while (0)

#define assert_refused(fixture, name, text)                                                                  \
    do {                                                                                                     \
        assert_int_equal(plan(fixture, name), -1);                                                           \
        assert_string_equal((fixture)->error.message, text);                                                 \
        assert_null((fixture)->boot.command_line);                                                           \
    } while (0)

#define guest_test(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

#endif
