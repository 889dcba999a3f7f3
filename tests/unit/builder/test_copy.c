/* COPY: where files end up, and what they look like there. */
#include "tests/unit/fixtures/builder_fixture.h"

static void put_standard_files(struct fixture *fixture)
{
    put_file(fixture, "a", "A");
    put_file(fixture, "b", "B");
    put_file(fixture, "d/x", "X");
    put_file(fixture, "d/sub/y", "Y");
    assert_int_equal(fchmodat(fixture->fd, "d", 0700, 0), 0);
    assert_int_equal(fchmodat(fixture->fd, "d/sub", 0750, 0), 0);
}

#define SCRATCH "FROM scratch\n"

static void a_file_goes_to_a_name_or_into_a_directory(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage =
        assert_runs(fixture, SCRATCH "COPY a /p/q\nCOPY a /dir/\nCOPY b /dir\nCOPY a .\nCOPY a r/./../s\n");
    assert_content(stage->root, "p/q", "A");
    assert_content(stage->root, "dir/a", "A");
    assert_content(stage->root, "dir/b", "B");
    assert_content(stage->root, "a", "A");
    assert_content(stage->root, "s", "A");
    stage = assert_runs(fixture, SCRATCH "COPY d/x/ /y\nFROM scratch\nCOPY --from=0 /y/ /z\n");
    assert_content(stage->root, "z", "X");
}

static void directories_that_copy_makes_take_the_owner_and_the_mode(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage = assert_runs(
        fixture, SCRATCH "WORKDIR /w\nCOPY --chown=5:6 --chmod=600 a /p/q/r\nCOPY --chown=7 d /w/v/u\n"
                         "COPY --chmod=2711 d /new/dir\n");
    assert_int_equal(find(stage->root, "p")->uid, 5);
    assert_int_equal(find(stage->root, "p/q")->mode, S_IFDIR | 0600);
    assert_int_equal(find(stage->root, "new")->mode, S_IFDIR | 02711);
    assert_int_equal(find(stage->root, "new/dir")->mode, S_IFDIR | 02711);
    assert_int_equal(find(stage->root, "w")->mode, S_IFDIR | 0755); /* was there: stays */
    assert_int_equal(find(stage->root, "p/q")->uid, 5);
    assert_int_equal(find(stage->root, "p/q")->gid, 6);
    assert_int_equal(find(stage->root, "w")->uid, 0); /* was there: stays */
    assert_int_equal(find(stage->root, "w/v")->uid, 7);
    assert_int_equal(find(stage->root, "w/v/u")->uid, 7);
    assert_int_equal(find(stage->root, "w/v/u")->mode, S_IFDIR | 0755);
    assert_int_equal(find(stage->root, "p/q/r")->mode, S_IFREG | 0600);
    assert_int_equal(find(stage->root, "p/q/r")->uid, 5);
    assert_int_equal(find(stage->root, "p/q/r")->gid, 6);
}

static void of_a_directory_the_contents_are_copied(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage = assert_runs(fixture, SCRATCH "COPY d /new\nCOPY a /old/z\nCOPY d /old\n");
    assert_content(stage->root, "new/x", "X");
    assert_content(stage->root, "old/sub/y", "Y");
    assert_content(stage->root, "old/z", "A");
    assert_int_equal(find(stage->root, "new")->mode, S_IFDIR | 0755); /* made: not the source's 0700 */
    assert_int_equal(find(stage->root, "old")->mode, S_IFDIR | 0755); /* was there: stays */
    assert_int_equal(find(stage->root, "old/sub")->mode, S_IFDIR | 0750);
}

static void relative_destinations_start_at_workdir(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage =
        assert_runs(fixture, SCRATCH "WORKDIR /w\nWORKDIR v/../u\nCOPY a b ./\nCOPY a ../c\n");
    assert_content(stage->root, "w/u/a", "A");
    assert_content(stage->root, "w/u/b", "B");
    assert_content(stage->root, "w/c", "A");
    assert_string_equal(stage->config.working_dir, "/w/u");
}

static void several_sources_need_a_directory(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    assert_fails(fixture, SCRATCH "COPY a b /x\n", 2, "several sources");
    assert_fails(fixture, SCRATCH "COPY a /x\nCOPY a b /x\n", 3, "several sources");
    struct stage *stage =
        assert_runs(fixture, SCRATCH "COPY d /x\nCOPY a b /x\nWORKDIR /w\nCOPY a b .\nCOPY a b ..\n");
    assert_content(stage->root, "x/a", "A");
    assert_content(stage->root, "w/b", "B");
    assert_content(stage->root, "b", "B");
    stage = assert_runs(fixture, SCRATCH "COPY [ab] /x\n");
    assert_content(stage->root, "x/a", "A");
    assert_content(stage->root, "x/b", "B");
}

static void wildcards_may_match_nothing_beside_a_match(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage = assert_runs(fixture, SCRATCH "COPY a none* /x/\n");
    assert_int_equal(find(stage->root, "x")->child_count, 1);
    assert_fails(fixture, SCRATCH "COPY none* /x/\n", 2, "no file matches none*");
    assert_fails(fixture, SCRATCH "COPY a none /x/\n", 2, "none: not in the build context");
}

static void excluded_files_are_no_match_of_a_wildcard(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    put_file(fixture, ".dockerignore", "b\n!nothing\n");
    struct stage *stage = assert_runs(fixture, SCRATCH "COPY ? /x/\n");
    assert_non_null(find(stage->root, "x/a"));
    assert_null(find(stage->root, "x/b"));
}

static void an_excluded_file_that_is_named_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    put_file(fixture, ".dockerignore", "b\n");
    assert_fails(fixture, SCRATCH "COPY a b /x/\n", 2, "b: ");
}

static void symlinks_in_the_stage_lead_within_it(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    mkdirat(fixture->fd, "links", 0755);
    assert_int_equal(symlinkat("/real", fixture->fd, "links/abs"), 0);
    assert_int_equal(symlinkat("../../../../real", fixture->fd, "links/up"), 0);
    assert_int_equal(symlinkat("me", fixture->fd, "links/me"), 0);
    struct stage *stage = assert_runs(fixture, SCRATCH "COPY links /l/\nCOPY a /l/abs/a\nCOPY b /l/up/\n");
    assert_content(stage->root, "real/a", "A");
    assert_content(stage->root, "real/b", "B");
    assert_true(S_ISLNK(find(stage->root, "l/abs")->mode));
    assert_fails(fixture, SCRATCH "COPY links /l/\nCOPY a /l/me/x\n", 3, "a loop of symlinks");
}

static void kinds_of_files_do_not_replace_each_other(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    put_file(fixture, "e/a/file", "");
    put_file(fixture, "f/sub", "");
    assert_fails(fixture, SCRATCH "COPY a /t/a\nCOPY e /t\n", 3, "/t/a: a file in the stage");
    assert_fails(fixture, SCRATCH "COPY d /t\nCOPY f /t\n", 3, "/t/sub: a directory in the stage");
    assert_fails(fixture, SCRATCH "COPY e /t\nCOPY a /t/\n", 3, "/t/a: a directory in the stage");
    assert_fails(fixture, SCRATCH "COPY a /t\nCOPY d /t\n", 3, "/t: not a directory");
    assert_fails(fixture, SCRATCH "COPY a /t\nCOPY b /t/\n", 3,
                 "/t/: a file stands where a directory is needed");
    assert_fails(fixture, SCRATCH "COPY a /t\nCOPY b /t/u/v\n", 3,
                 "a file stands where a directory is needed");
}

static void a_file_replaces_a_file_and_a_symlink(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    assert_int_equal(symlinkat("/elsewhere", fixture->fd, "d/b"), 0);
    struct stage *stage = assert_runs(fixture, SCRATCH "COPY a /t/a\nCOPY d /t/\nCOPY b /t/a\nCOPY b /t/\n");
    assert_content(stage->root, "t/a", "B");
    assert_content(stage->root, "t/b", "B");
    assert_null(find(stage->root, "elsewhere"));
}

static void stages_are_sources_by_name_and_number(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage =
        assert_runs(fixture, SCRATCH "COPY --chown=3:4 a /one\n"
                                     "FROM scratch AS Two\nCOPY d /d/\n"
                                     "FROM scratch\nCOPY --from=0 /one /\nCOPY --from=two d/* /e/\n");
    assert_content(stage->root, "one", "A");
    assert_int_equal(find(stage->root, "one")->uid, 3); /* kept from the stage */
    assert_content(stage->root, "e/x", "X");
    assert_content(stage->root, "e/y", "Y");
    assert_fails(fixture, SCRATCH "FROM scratch\nCOPY --from=0 /none /\n", 3, "/none: not in the stage 0");
}

static void changed_copies_leave_the_source_stage_alone(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    assert_int_equal(linkat(fixture->fd, "d/x", fixture->fd, "d/z", 0), 0);
    struct stage *stage = assert_runs(
        fixture, SCRATCH "COPY d /d/\nFROM scratch\nCOPY --from=0 --chown=9 --chmod=4711 /d /d\n");
    assert_int_equal(find(stage->root, "d/x")->mode, S_IFREG | 04711);
    assert_int_equal(find(stage->root, "d/x")->gid, 9);
    assert_int_equal(find(stage->root, "d/sub")->mode, S_IFDIR | 04711);
    assert_ptr_equal(find(stage->root, "d/x"), find(stage->root, "d/z"));
    struct inode *source = fixture->build.stages[0].root;
    assert_int_equal(find(source, "d/x")->mode, S_IFREG | 0644);
    assert_int_equal(find(source, "d/x")->uid, 0);
    assert_int_equal(find(source, "d/sub")->mode, S_IFDIR | 0750);
}

static void owners_by_name_come_from_the_stage(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\nbad:x:y:z\n");
    put_file(fixture, "group", "root:x:0:\nstaff:x:50:\n");
    put_file(fixture, "a", "");
#define DATABASES SCRATCH "COPY passwd group /etc/\n"
    struct stage *stage =
        assert_runs(fixture, DATABASES "COPY --chown=web a /1\nCOPY --chown=web:staff a /2\n"
                                       "COPY --chown=7:staff a /3\nCOPY --chown=8 a /4\n");
    assert_int_equal(find(stage->root, "1")->uid, 33);
    assert_int_equal(find(stage->root, "1")->gid, 34);
    assert_int_equal(find(stage->root, "2")->gid, 50);
    assert_int_equal(find(stage->root, "3")->uid, 7);
    assert_int_equal(find(stage->root, "4")->gid, 8);
    assert_fails(fixture, DATABASES "COPY --chown=we a /\n", 3,
                 "we: neither a number nor a name in /etc/passwd");
    assert_fails(fixture, DATABASES "COPY --chown=web:x a /\n", 3,
                 "x: neither a number nor a name in /etc/group");
    assert_fails(fixture, DATABASES "COPY --chown=bad a /\n", 3, "holds no number");
    assert_fails(fixture, DATABASES "COPY --chown=: a /\n", 3, "no user");
    assert_fails(fixture, DATABASES "COPY --chown=4294967295 a /\n", 3, "neither a number");
}

static void modes_are_octal(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "a", "");
    static const char *const wrong[] = {"u+x", "8", "10000", "0644x", "-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cleanup_free char *spec = xasprintf(SCRATCH "COPY --chmod=%s a /\n", wrong[i]);
        assert_fails(fixture, spec, 2, "must be an octal mode");
    }
}

static void heredocs_become_files(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, SCRATCH "ENV x=y\nCOPY --chmod=755 <<run <<'lit' /bin/\necho $x\nrun\n$x\nlit\n"
                                     "COPY <<EOF /etc/motd\nhello\nEOF\n");
    assert_content(stage->root, "bin/run", "echo y\n");
    assert_content(stage->root, "bin/lit", "$x\n");
    assert_int_equal(find(stage->root, "bin/run")->mode, S_IFREG | 0755);
    assert_content(stage->root, "etc/motd", "hello\n");
    assert_fails(fixture, SCRATCH "COPY <<../x /d/\n../x\n", 2, "not a name that a file can have");
}

static void words_are_expanded(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage =
        assert_runs(fixture, SCRATCH "ARG f=a\nENV dest=/w\nCOPY ${f} $dest/$f\nCOPY [\"$f\", \"/b c\"]\n");
    assert_content(stage->root, "w/a", "A");
    assert_content(stage->root, "b c", "A");
    assert_fails(fixture, SCRATCH "COPY $none /\n", 2, "a source is empty: $none");
    assert_fails(fixture, SCRATCH "COPY a $none\n", 2, "the destination is empty: $none");
}

static void a_layer_holds_the_change_and_the_way_to_it(void **state)
{
    struct fixture *fixture = *state;
    put_standard_files(fixture);
    struct stage *stage = assert_runs(fixture, SCRATCH "COPY d /p/\nCOPY a /p/sub/z\n");
    assert_int_equal(stage->layer_count, 2);
    struct inode *layer = stage->layers[1].tree;
    assert_null(find(layer, "p/x"));
    assert_null(find(layer, "p/sub/y"));
    assert_content(layer, "p/sub/z", "A");
    assert_int_equal(find(layer, "p/sub")->mode, S_IFDIR | 0750); /* as it is in the stage */
    assert_string_equal(stage->layers[1].created_by, "COPY a /p/sub/z");
    assert_null(find(stage->layers[0].tree, "p/sub/z"));
}

static void unreadable_files_are_named(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() == 0)
        skip_because("root reads everything");
    put_file(fixture, "a", "");
    assert_int_equal(fchmodat(fixture->fd, "a", 0, 0), 0);
    assert_fails(fixture, SCRATCH "COPY a /\n", 2, "a: cannot read it");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_goes_to_a_name_or_into_a_directory),
        TEST(directories_that_copy_makes_take_the_owner_and_the_mode),
        TEST(of_a_directory_the_contents_are_copied),
        TEST(relative_destinations_start_at_workdir),
        TEST(several_sources_need_a_directory),
        TEST(wildcards_may_match_nothing_beside_a_match),
        TEST(excluded_files_are_no_match_of_a_wildcard),
        TEST(an_excluded_file_that_is_named_is_an_error),
        TEST(symlinks_in_the_stage_lead_within_it),
        TEST(kinds_of_files_do_not_replace_each_other),
        TEST(a_file_replaces_a_file_and_a_symlink),
        TEST(stages_are_sources_by_name_and_number),
        TEST(changed_copies_leave_the_source_stage_alone),
        TEST(owners_by_name_come_from_the_stage),
        TEST(modes_are_octal),
        TEST(heredocs_become_files),
        TEST(words_are_expanded),
        TEST(a_layer_holds_the_change_and_the_way_to_it),
        TEST(unreadable_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
