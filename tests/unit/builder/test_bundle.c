/* Bundles: config.json from an image's configuration, users from the image's files, nothing left behind. */
#include "tests/unit/fixtures/layers.h"

#include "builder/bundle/bundle.h"
#include "builder/bundle/config_json.h"
#include "builder/bundle/image_user.h"
#include "builder/commands/command.h"

static void make_accounts(const struct temporary *temporary)
{
    assert_int_equal(mkdirat(temporary->fd, "etc", 0755), 0);
    temporary_write_text(temporary, "etc/passwd",
                         "root:x:0:0:root:/root:/bin/sh\nbroken line\nshort:x:1\nbig:x:4294967295:1:::\n"
                         "neg:x:-1:1:::\nweb:x:33:44:Web:/srv:/bin/sh\nweb:x:99:99:::\n7:x:8:8:::\n");
    temporary_write_text(temporary, "etc/group",
                         "root:x:0:\nstaff:x:50:web,other\nx:x:bad:web\nwww:x:51:other,web");
}

static void expect_user(const struct temporary *rootfs, const char *text, uint32_t uid, uint32_t gid,
                        size_t groups)
{
    struct image_user user;
    struct error error = {0};
    int result = image_user_find(rootfs->fd, text, &user, &error);
    if (result < 0)
        print_message("%s\n", error.message);
    assert_int_equal(result, 0);
    assert_int_equal(user.uid, uid);
    assert_int_equal(user.gid, gid);
    assert_int_equal(user.group_count, groups);
    image_user_free(&user);
}

static void expect_no_user(const struct temporary *rootfs, const char *text, const char *message)
{
    struct image_user user;
    struct error error = {0};
    assert_int_equal(image_user_find(rootfs->fd, text, &user, &error), -1);
    assert_string_equal(error.message, message);
    error_clear(&error);
}

static void users_are_looked_up_in_the_image(void **state)
{
    struct temporary *rootfs = *state;
    make_accounts(rootfs);
    expect_user(rootfs, NULL, 0, 0, 0);
    expect_user(rootfs, "", 0, 0, 0);
    expect_user(rootfs, "web", 33, 44, 2);
    expect_user(rootfs, "33", 33, 44, 2);
    expect_user(rootfs, "web:staff", 33, 50, 0);
    expect_user(rootfs, "web:7", 33, 7, 0);
    expect_user(rootfs, "1234", 1234, 0, 0);
    expect_user(rootfs, "1234:5678", 1234, 5678, 0);
    expect_user(rootfs, ":staff", 0, 50, 0);
}

static void unknown_users_are_errors(void **state)
{
    struct temporary *rootfs = *state;
    make_accounts(rootfs);
    expect_no_user(rootfs, "nobody", "user \"nobody\": not in the image's /etc/passwd");
    expect_no_user(rootfs, "web:nobody", "group \"nobody\": not in the image's /etc/group");
    expect_no_user(rootfs, "big", "user \"big\": not in the image's /etc/passwd");
    expect_no_user(rootfs, "neg", "user \"neg\": not in the image's /etc/passwd");
    expect_no_user(rootfs, "4294967295", "user \"4294967295\": not in the image's /etc/passwd");
    expect_no_user(rootfs, "-1", "user \"-1\": not in the image's /etc/passwd");
    expect_no_user(rootfs, "99999999999", "user \"99999999999\": not in the image's /etc/passwd");
}

static void numbers_need_no_files(void **state)
{
    expect_user(*state, "12:34", 12, 34, 0);
    expect_no_user(*state, "web", "user \"web\": not in the image's /etc/passwd");
}

static void the_hosts_passwd_is_not_reached(void **state)
{
    struct temporary *rootfs = *state;
    assert_int_equal(symlinkat("/etc", rootfs->fd, "etc"), 0);
    struct image_user user;
    struct error error = {0};
    assert_int_equal(image_user_find(rootfs->fd, "daemon", &user, &error), -1);
    error_clear(&error);
}

static json_t *config_of(const struct temporary *rootfs, const char *manifest_text, const char *config_text)
{
    struct error error = {0};
    json_t *manifest = json_loads(manifest_text, 0, NULL);
    json_t *config = json_loads(config_text, 0, NULL);
    assert_non_null(config);
    json_t *result = config_json_of_image(manifest, config, rootfs->fd, &error);
    if (result == NULL)
        print_message("%s\n", error.message);
    json_decref(manifest);
    json_decref(config);
    error_clear(&error);
    return result;
}

static char *dump(const json_t *object, const char *key)
{
    return json_dumps(json_object_get(object, key), JSON_COMPACT | JSON_ENCODE_ANY);
}

static void expect_dump(const json_t *object, const char *key, const char *expected)
{
    char *text = dump(object, key);
    assert_string_equal(text, expected);
    free(text);
}

static void a_process_has_what_the_image_says(void **state)
{
    make_accounts(*state);
    json_t *document =
        config_of(*state, "{}",
                  "{\"config\":{\"Entrypoint\":[\"/init\"],\"Cmd\":[\"a b\",\"-c\"],\"Env\":[\"A=1\"],"
                  "\"WorkingDir\":\"/srv\",\"User\":\"web\"}}");
    json_t *process = json_object_get(document, "process");
    expect_dump(process, "args", "[\"/init\",\"a b\",\"-c\"]");
    expect_dump(
        process, "env",
        "[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"A=1\",\"HOME=/srv\"]");
    expect_dump(process, "cwd", "\"/srv\"");
    expect_dump(process, "user", "{\"uid\":33,\"gid\":44,\"additionalGids\":[50,51]}");
    expect_dump(process, "noNewPrivileges", "true");
    expect_dump(document, "ociVersion", "\"1.1.0\"");
    expect_dump(document, "root", "{\"path\":\"rootfs\",\"readonly\":false}");
    expect_dump(json_object_get(document, "linux"), "resources",
                "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}");
    json_decref(document);
}

static void an_images_own_path_and_home_stay(void **state)
{
    make_accounts(*state);
    json_t *document =
        config_of(*state, "{}", "{\"config\":{\"Env\":[\"PATH=/x\",\"HOME=/y\"],\"User\":\"web\"}}");
    expect_dump(json_object_get(document, "process"), "env", "[\"PATH=/x\",\"HOME=/y\"]");
    assert_null(json_object_get(json_object_get(document, "process"), "args"));
    json_decref(document);
}

static void an_image_without_configuration_is_fine(void **state)
{
    json_t *document = config_of(*state, "{}", "{\"config\":null}");
    expect_dump(json_object_get(document, "process"), "cwd", "\"/\"");
    expect_dump(json_object_get(document, "process"), "user", "{\"uid\":0,\"gid\":0}");
    json_decref(document);
}

static void annotations_come_from_manifest_labels_and_config(void **state)
{
    json_t *document = config_of(*state, "{\"annotations\":{\"a\":\"manifest\"}}",
                                 "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"t\",\"config\":{"
                                 "\"StopSignal\":\"SIGINT\",\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{"
                                 "\"a\":\"label\",\"com.urunc.unikernel.binary\":\"/k\",\"x\":null}}}");
    expect_dump(
        document, "annotations",
        "{\"a\":\"manifest\",\"com.urunc.unikernel.binary\":\"/k\","
        "\"org.opencontainers.image.os\":\"linux\",\"org.opencontainers.image.architecture\":\"amd64\","
        "\"org.opencontainers.image.created\":\"t\",\"org.opencontainers.image.stopSignal\":\"SIGINT\","
        "\"org.opencontainers.image.exposedPorts\":\"80/tcp\"}");
    json_decref(document);
}

static void a_set_of_the_contract_comes_whole_from_one_place(void **state)
{
    json_t *document = config_of(*state, "{\"annotations\":{\"com.urunc.unikernel.binary\":\"L2s=\"}}",
                                 "{\"config\":{\"Labels\":{\"com.urunc.unikernel.binary\":\"/k\","
                                 "\"com.urunc.unikernel.hypervisor\":\"qemu\",\"other\":\"x\"}}}");
    expect_dump(document, "annotations", "{\"com.urunc.unikernel.binary\":\"L2s=\",\"other\":\"x\"}");
    json_decref(document);
}

static void expect_refused_config(void *state, const char *manifest, const char *config, const char *message)
{
    const struct temporary *rootfs = state;
    struct error error = {0};
    json_t *manifest_json = json_loads(manifest, 0, NULL);
    json_t *config_json = json_loads(config, 0, NULL);
    assert_null(config_json_of_image(manifest_json, config_json, rootfs->fd, &error));
    assert_string_equal(error.message, message);
    error_clear(&error);
    json_decref(manifest_json);
    json_decref(config_json);
}

static void wrong_configurations_are_errors(void **state)
{
    static const struct {
        const char *parameters;
        const char *message;
    } cases[] = {
        {"\"Cmd\":\"a\"", "image config: Cmd: not an array"},
        {"\"Cmd\":[7]", "image config: Cmd[0]: not a string"},
        {"\"Env\":{}", "image config: Env: not an array"},
        {"\"WorkingDir\":\"srv\"", "image config: WorkingDir \"srv\": must be an absolute path"},
        {"\"WorkingDir\":7", "image config: WorkingDir: not a string"},
        {"\"User\":\"nobody\"", "user \"nobody\": not in the image's /etc/passwd"},
        {"\"User\":0", "image config: User: not a string"},
        {"\"User\":[\"1000\"]", "image config: User: not a string"},
        {"\"Labels\":[\"a\"]", "image config: Labels: not an object"},
        {"\"Labels\":{\"a\":1}", "image config: Labels: a: not a string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *config = xasprintf("{\"config\":{%s}}", cases[i].parameters);
        expect_refused_config(*state, "{}", config, cases[i].message);
        free(config);
    }
    expect_refused_config(*state, "{}", "{\"config\":[]}", "image config: config: not an object");
    expect_refused_config(*state, "{\"annotations\":{\"a\":7}}", "{}",
                          "image manifest: annotations: a: not a string");
}

static const struct item files[] = {{'d', "boot", NULL, 0750}, {'f', "boot/kernel", "K"}, {0}};

static void make_layout(const struct temporary *temporary, const struct item *items)
{
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_GZIP, items);
    write_image(&image, temporary, "oci", "layout", "web:1");
}

/* Runs the command on layout:1 and DIR/name; the error's text, or NULL. */
static char *run_bundle(const struct temporary *temporary, const char *name)
{
    struct error error = {0};
    char *image = xasprintf("%s/layout:1", temporary->path);
    char *directory = xasprintf("%s/%s", temporary->path, name);
    char *argv[] = {(char *)"bundle", image, directory, NULL};
    struct error none = {0};
    const struct command *command = command_find("bundle", &none);
    int result = command->run(command, argv, &error);
    assert_true((result < 0) == error_is_set(&error));
    free(image);
    free(directory);
    return error.message;
}

static void a_bundle_is_made(void **state)
{
    struct temporary *temporary = *state;
    make_layout(temporary, files);
    assert_null(run_bundle(temporary, "bundle/"));
    char *text = temporary_read(temporary, "bundle/rootfs/boot/kernel");
    assert_string_equal(text, "K");
    free(text);
    text = temporary_read(temporary, "bundle/config.json");
    json_t *document = json_loads(text, 0, NULL);
    assert_non_null(document);
    json_decref(document);
    free(text);
    assert_int_equal(temporary_count(temporary, "bundle"), 2);
    assert_int_equal(temporary_count(temporary, "."), 2);
    struct stat status; /* an image's setuid programs are not for the users of this machine */
    assert_int_equal(fstatat(temporary->fd, "bundle", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
}

static void an_empty_directory_is_taken(void **state)
{
    struct temporary *temporary = *state;
    make_layout(temporary, files);
    assert_int_equal(mkdirat(temporary->fd, "bundle", 0755), 0);
    assert_null(run_bundle(temporary, "bundle"));
    assert_int_equal(temporary_count(temporary, "bundle"), 2);
}

static void a_directory_in_use_is_left_alone(void **state)
{
    struct temporary *temporary = *state;
    make_layout(temporary, files);
    assert_int_equal(mkdirat(temporary->fd, "bundle", 0755), 0);
    temporary_write_text(temporary, "bundle/mine", "x");
    char *message = run_bundle(temporary, "bundle");
    assert_non_null(strstr(message, "/bundle: the directory is not empty"));
    free(message);
    message = run_bundle(temporary, "bundle/mine");
    assert_non_null(strstr(message, "exists and is not a directory"));
    free(message);
    assert_int_equal(temporary_count(temporary, "bundle"), 1);
}

static void a_broken_image_leaves_nothing_behind(void **state)
{
    struct temporary *temporary = *state;
    static const struct item hostile[] = {{'d', "d", NULL, 0}, {'f', "d/x", "1"}, {'f', "../evil", "x"}, {0}};
    make_layout(temporary, hostile);
    char *message = run_bundle(temporary, "bundle");
    assert_non_null(strstr(message, "leaves the image"));
    assert_ptr_equal(strstr(message, "bundle: "), message);
    free(message);
    assert_int_equal(temporary_count(temporary, "."), 1);
}

static void wrong_command_lines_are_errors(void **state)
{
    (void)state;
    static const char *const lines[][4] = {{"bundle", NULL},
                                           {"bundle", "a", NULL},
                                           {"bundle", "--x", "a", NULL},
                                           {"bundle", "--platform", NULL}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct error error = {0};
        int count = 0;
        char *argv[5] = {NULL};
        for (; count < 4 && lines[i][count] != NULL; count++)
            argv[count] = (char *)lines[i][count];
        const struct command *command = command_find("bundle", &error);
        assert_int_equal(command->run(command, argv, &error), -1);
        assert_ptr_equal(strstr(error.message, "bundle: "), error.message);
        error_clear(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(users_are_looked_up_in_the_image),
        with_temporary(unknown_users_are_errors),
        with_temporary(numbers_need_no_files),
        with_temporary(the_hosts_passwd_is_not_reached),
        with_temporary(a_process_has_what_the_image_says),
        with_temporary(an_images_own_path_and_home_stay),
        with_temporary(an_image_without_configuration_is_fine),
        with_temporary(annotations_come_from_manifest_labels_and_config),
        with_temporary(a_set_of_the_contract_comes_whole_from_one_place),
        with_temporary(wrong_configurations_are_errors),
        with_temporary(a_bundle_is_made),
        with_temporary(an_empty_directory_is_taken),
        with_temporary(a_directory_in_use_is_left_alone),
        with_temporary(a_broken_image_leaves_nothing_behind),
        cmocka_unit_test(wrong_command_lines_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
