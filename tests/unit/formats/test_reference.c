/* Names of images, completed as Docker completes them. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/oci/reference.h"

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void names_are_completed(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"web", "docker.io/library/web:latest"},
        {"web:1", "docker.io/library/web:1"},
        {"docker.io/web", "docker.io/library/web:latest"},
        {"index.docker.io/library/web", "docker.io/library/web:latest"},
        {"me/web:1.2-rc_3", "docker.io/me/web:1.2-rc_3"},
        {"localhost/web", "localhost/web:latest"},
        {"localhost:5000/a/b:c", "localhost:5000/a/b:c"},
        {"localhost:5000/a", "localhost:5000/a:latest"},
        {"harbor.nbfc.io/nubificus/urunc/nginx-qemu:latest",
         "harbor.nbfc.io/nubificus/urunc/nginx-qemu:latest"},
        {"[::1]:80/x", "[::1]:80/x:latest"},
        {"Host/x", "Host/x:latest"},
        {"a__b/c---d.e", "docker.io/a__b/c---d.e:latest"},
        {"web@sha256:" SUM, "docker.io/library/web@sha256:" SUM},
        {"web:1@sha256:" SUM, "docker.io/library/web:1@sha256:" SUM},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error error = {0};
        char *text = reference_normalize(names[i][0], &error);
        assert_non_null(text);
        assert_string_equal(text, names[i][1]);
        free(text);
    }
}

static void wrong_names_are_errors(void **state)
{
    (void)state;
    static const char *const names[] = {"",          "Web",       "web:",          "web:-1",        "a//b",
                                        "/a",        "a/",        "a..b",          "a___b",         "-a",
                                        "a-",        "a b",       "a\nb",          "web@sha256:12", "a.b:x/y",
                                        "a:80:90/x", "_host.x/y", "web:\xc3\xa4",  "../../etc",     "[::1/x",
                                        "a.-b/x",    "a@",        ("@sha256:" SUM)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error error = {0};
        char *text = reference_normalize(names[i], &error);
        if (text != NULL)
            print_message("taken: %s\n", names[i]);
        assert_null(text);
        assert_non_null(strstr(error.message, "not an image name"));
        error_clear(&error);
    }
}

static void tags_have_at_most_128_characters(void **state)
{
    (void)state;
    char tag[130];
    memset(tag, 'x', sizeof tag);
    tag[129] = '\0';
    assert_false(reference_tag_is_valid(tag));
    tag[128] = '\0';
    assert_true(reference_tag_is_valid(tag));
    assert_false(reference_tag_is_valid(""));
    assert_false(reference_tag_is_valid(".x"));
    assert_true(reference_tag_is_valid("_x.-"));
}

static void names_have_at_most_255_characters(void **state)
{
    (void)state;
    char name[] = "localhost/";
    char text[sizeof name + 246];
    memset(text, 'x', sizeof text);
    memcpy(text, name, sizeof name - 1);
    text[256] = '\0';
    struct error error = {0};
    assert_null(reference_normalize(text, &error));
    assert_non_null(strstr(error.message, "longer than 255 characters"));
    error_clear(&error);
    text[255] = '\0';
    char *normal = reference_normalize(text, &error);
    assert_non_null(normal);
    free(normal);
}

static void the_parts_are_told_apart(void **state)
{
    (void)state;
    struct error error = {0};
    struct reference reference;
    assert_int_equal(reference_parse("localhost:5000/a/b:c", &reference, &error), 0);
    assert_string_equal(reference.domain, "localhost:5000");
    assert_string_equal(reference.path, "a/b");
    assert_string_equal(reference.tag, "c");
    assert_null(reference.digest);
    reference_free(&reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_completed),
        cmocka_unit_test(wrong_names_are_errors),
        cmocka_unit_test(tags_have_at_most_128_characters),
        cmocka_unit_test(names_have_at_most_255_characters),
        cmocka_unit_test(the_parts_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
