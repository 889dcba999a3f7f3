/* SHA-256 digests. The vectors are those of FIPS 180-4's examples. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/stream/digest.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void known_vectors_come_out(void **state)
{
    (void)state;
    struct digest digest;
    digest_of("", 0, &digest);
    assert_string_equal(digest.text, EMPTY);
    digest_of("abc", 3, &digest);
    assert_string_equal(digest.text, ABC);
    assert_string_equal(digest_hex(&digest), &ABC[7]);
}

static void a_sink_counts_and_hashes_pieces(void **state)
{
    (void)state;
    struct digest digest = {""};
    uint64_t size = 99;
    struct error error = {0};
    cleanup_sink struct sink *sink = digest_sink(NULL, &digest, &size);
    assert_int_equal(sink_write(sink, "a", 1, &error), 0);
    assert_int_equal(sink_write(sink, "", 0, &error), 0);
    assert_int_equal(sink_write(sink, "bc", 2, &error), 0);
    assert_int_equal(sink_finish(sink, &error), 0);
    assert_string_equal(digest.text, ABC);
    assert_int_equal(size, 3);
}

static void sinks_hand_on(void **state)
{
    (void)state;
    struct digest outer;
    struct digest inner;
    struct error error = {0};
    cleanup_sink struct sink *last = digest_sink(NULL, &inner, NULL);
    cleanup_sink struct sink *first = digest_sink(last, &outer, NULL);
    assert_int_equal(sink_write(first, "abc", 3, &error), 0);
    assert_int_equal(sink_finish(first, &error), 0);
    assert_string_equal(inner.text, ABC);
    assert_string_equal(outer.text, ABC);
}

static void only_whole_lower_case_sha256_is_valid(void **state)
{
    (void)state;
    assert_true(digest_is_valid(EMPTY));
    assert_false(digest_is_valid(""));
    assert_false(digest_is_valid("sha256:"));
    assert_false(digest_is_valid(EMPTY "0"));
    assert_false(digest_is_valid(EMPTY "/../x"));
    assert_false(digest_is_valid("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_false(digest_is_valid("sha256:E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_false(digest_is_valid("sha256:../../../../../../../../../../../../../../../../../../../../../e"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors_come_out),
        cmocka_unit_test(a_sink_counts_and_hashes_pieces),
        cmocka_unit_test(sinks_hand_on),
        cmocka_unit_test(only_whole_lower_case_sha256_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
