//! Paths of steps that run in containers, however they are spelled.

use super::*;

fn files(directory: &str, paths: &[&str]) -> Result<usize, String> {
    let given = paths.iter().map(|path| ((*path).to_owned(), "text".to_owned())).collect();
    step_files("step", directory, given).map(|files| files.len())
}

#[test]
fn a_steps_files_stand_outside_the_servers_directory_however_either_is_spelled() {
    assert_eq!(files("/data", &["/etc/steam.cfg", "/database/x", "/dat"]), Ok(3));
    for directory in ["/data", "/data/", "//data", "/./data/."] {
        for path in ["/data/x", "/data//x", "//data/x", "/./data/x", "/data/./x", "/data"] {
            let refused = files(directory, &[path]).unwrap_err();
            assert!(refused.contains("must be a file outside"), "{directory} {path}: {refused}");
        }
    }
}

#[test]
fn two_spellings_of_one_file_are_one_file_twice() {
    for twin in ["/etc/a", "/etc//a", "/./etc/a", "/etc/./a"] {
        assert!(files("/data", &["/etc/a", twin]).is_err(), "{twin}");
    }
}

#[test]
fn a_path_in_a_container_is_absolute_plain_and_not_the_root() {
    assert_eq!(absolute("it", "/opt/game".to_owned()), Ok("/opt/game".to_owned()));
    for path in
        ["", "opt", "./opt", "/", "//", "/.", "/./", "/a/../b", "/a:ro", "/a,b", "/a\u{2028}b", "/a\nb"]
    {
        assert!(absolute("it", path.to_owned()).is_err(), "{path:?}");
    }
}

#[test]
fn a_pattern_that_no_node_could_use_is_refused_with_its_fault() {
    let pattern = |value: &str| check::pattern("run spec: console probe", value.to_owned(), 1_024);
    assert_eq!(pattern(r"^Done \(\d+s\)").as_deref(), Ok(r"^Done \(\d+s\)"));
    let refused = pattern("^Ready(").unwrap_err();
    assert_eq!(refused, "run spec: console probe: \"^Ready(\" is no regular expression: unclosed group");
    assert!(pattern("(a{1000}){1000}").is_err(), "what takes megabytes once it is compiled");
}
