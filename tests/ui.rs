//! What users of the macro see when they make a mistake: one `.stderr` for each.

use std::fs;
use std::path::Path;

#[test]
fn mistakes_are_told() {
    // The macro resolves paths against the crate that is compiled, and that is the one that trybuild writes.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let project = target.join("tests/trybuild").join(env!("CARGO_PKG_NAME"));
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/models");
    fs::create_dir_all(project.join("models")).expect("the folder of models");
    for entry in fs::read_dir(models).expect("tests/ui/models") {
        let entry = entry.expect("a model");
        fs::copy(entry.path(), project.join("models").join(entry.file_name())).expect("a copy");
    }
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/*.rs");
    tests.pass("tests/ui/pass/*.rs");
}
