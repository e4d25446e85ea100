//! Who embeds a model builds nothing of what training needs.

use std::process::Command;

fn tree(package: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--offline", "--package", package, "--all-features", "--edges", "normal,build", "--prefix", "none"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_other_package_builds_burn() {
    for package in ["tinybake", "tinybake-runtime", "tinybake-macros", "tinybake-codegen"] {
        let tree = tree(package);
        assert!(tree.contains(package));
        for line in tree.lines() {
            assert!(
                !line.starts_with("burn") && !line.starts_with("gemm") && !line.starts_with("tinybake-train"),
                "{package}: {line}"
            );
        }
    }
    assert!(tree("tinybake-train").contains("burn-tensor"));
}
