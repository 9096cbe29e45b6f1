//! What would cost bytes of the program that nobody sees when it is written.

use crate::rust_text;
use crate::tree::{self, TextFile, assert_none, one};

/// Where lists are as long as all that a home tells, or all that a model holds: std sorts them in place.
const LONG_LISTS: [&str; 7] = [
    "src/base/sort.rs",
    "src/datamodel/model/notify.rs",
    "src/datamodel/model/objects.rs",
    "src/luup/home/depth.rs",
    "src/luup/home/view.rs",
    "src/luup/snapshot/",
    "src/luup/values/seen.rs",
];

/// Sorts of std, which are compiled anew for each type, in what is shipped.
fn sorts(files: &[TextFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is(&[".rs"])) {
        if file.is(&["/tests.rs"])
            || file.path.contains("/tests/")
            || LONG_LISTS.iter().any(|long| file.path.starts_with(long))
        {
            continue;
        }
        let parts = rust_text::parse(&file.text);
        let shipped = parts.code.lines().take(parts.shipped_lines()).enumerate();
        for (number, line) in shipped.filter(|(_, line)| line.contains(".sort")) {
            found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
        }
    }
    found
}

#[test]
fn short_lists_are_sorted_by_one_sort_for_all_types() {
    let found = sorts(&tree::files("src"));
    assert_none("use base::sort, for the size of the program:", &found);
}

#[test]
fn a_sort_of_its_own_is_found() {
    let text = "fn f() {\n    list.sort_unstable_by_key(|one| one.key);\n}\n\
                #[cfg(test)]\nmod tests {\n fn g() { list.sort(); }\n}\n";
    let found = sorts(&[one("src/a.rs", text), one("src/luup/snapshot/a.rs", text)]);
    assert_eq!(
        found,
        ["src/a.rs:2: list.sort_unstable_by_key(|one| one.key);"]
    );
}

/// What each part costs, in kB: as the README measures it, and as OpenWrt's menuconfig says it.
#[test]
fn menuconfig_says_what_the_readme_measured() {
    let readme = tree::read("README.md");
    let makefile = tree::read("openwrt-package/Makefile");
    let mut parts = 0;
    for section in makefile.split("config CWMPD_").skip(1) {
        let name = section.split('\n').next().unwrap().to_lowercase();
        let row = format!("| without `{name}` | ");
        let measured = readme.lines().find_map(|line| line.strip_prefix(&row));
        let measured = measured.and_then(|row| row.split(",000 fewer").next());
        let said = section.split(" kB.").next().unwrap();
        let said = said.split_whitespace().next_back();
        assert_eq!(said, measured, "{name}");
        parts += 1;
    }
    assert!(parts >= 5, "{parts}");
}
