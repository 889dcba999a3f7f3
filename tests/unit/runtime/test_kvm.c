/* Whether guests run on the host's KVM: what can be said on any host, with it or without. */
#include "runtime/monitors/kvm.h"

#include <errno.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "runtime/monitors/monitor.h"
#include "tests/unit/fixtures/temporary.h"

static void a_device_that_is_none_is_named(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(kvm_probe("/nonexistent/kvm", &error), -1);
    assert_int_equal(error.number, ENOENT);
    assert_int_equal(kvm_probe("/dev/null", &error), -1);
    assert_string_equal(error.message, "/dev/null: not the device that its name says");
    assert_int_not_equal(error.number, 0);
}

static void need_kvm(void)
{
    if (access(KVM_DEVICE, R_OK | W_OK) != 0)
        skip();
}

/* The finding of the host; false where there is none to keep. */
static bool find(const char *directory, struct error *error)
{
    return kvm_find(directory, error) == 0 || error->number == 0;
}

static void read_finding(const char *directory, struct buffer *text)
{
    char path[300];
    cleanup_error struct error error = {0};
    snprintf(path, sizeof path, "%s/kvm@host", directory);
    assert_int_equal(read_file(AT_FDCWD, path, 4096, text, &error), 0);
}

static void a_finding_is_kept_for_this_boot(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer kept = {0};
    need_kvm();
    if (!find(temporary->path, &error))
        skip();
    read_finding(temporary->path, &kept);
    /* The answer is that of the file, once another one stands there under the same key. */
    char *answer = strchr(kept.data, '\n') + 1;
    *answer = '\0';
    char text[600];
    snprintf(text, sizeof text, "%sbroken\n", kept.data);
    temporary_write_text(temporary, "kvm@host", text);
    error_clear(&error);
    assert_int_equal(kvm_find(temporary->path, &error), -1);
    assert_string_equal(error.message, "broken");
    snprintf(text, sizeof text, "%sfast\n", kept.data);
    temporary_write_text(temporary, "kvm@host", text);
    error_clear(&error);
    assert_int_equal(kvm_find(temporary->path, &error), 0);
}

static void another_boots_finding_is_not_taken(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer kept = {0};
    need_kvm();
    temporary_write_text(
        temporary, "kvm@host",
        "1 2 0 another-boot, as long as a key can be, so that its length tells nothing.........."
        "..................................................\nbroken\n");
    if (!find(temporary->path, &error))
        skip();
    read_finding(temporary->path, &kept);
    assert_null(strstr(kept.data, "another-boot"));
    assert_null(strstr(kept.data, "broken"));
}

static void auto_is_settled_where_there_is_a_choice(void **state)
{
    const struct temporary *temporary = *state;
    struct monitor_config config = {.acceleration = ACCELERATION_AUTO};
    cleanup_error struct error error = {0};
    bool fast = kvm_find(temporary->path, &error) == 0;
    monitor_settle_acceleration(monitor_find(HYPERVISOR_QEMU), temporary->path, &config);
    assert_int_equal(config.acceleration, fast ? ACCELERATION_KVM : ACCELERATION_TCG);
    config.acceleration = ACCELERATION_KVM;
    monitor_settle_acceleration(monitor_find(HYPERVISOR_QEMU), temporary->path, &config);
    assert_int_equal(config.acceleration, ACCELERATION_KVM);
    config.acceleration = ACCELERATION_AUTO;
    monitor_settle_acceleration(monitor_find(HYPERVISOR_SPT), temporary->path, &config);
    assert_int_equal(config.acceleration, ACCELERATION_AUTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_that_is_none_is_named),
        with_temporary(a_finding_is_kept_for_this_boot),
        with_temporary(another_boots_finding_is_not_taken),
        with_temporary(auto_is_settled_where_there_is_a_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
