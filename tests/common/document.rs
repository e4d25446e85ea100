//! The commands of `README.md`, so that tests can run each and compare what it prints.

use std::path::{Path, PathBuf};

/// A command of a `console` block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The line after the prompt, without a comment at its end.
    pub(crate) command: String,
    /// The lines below it, up to the next prompt or the end of the block.
    pub(crate) output: String,
    /// Where the output lies in the text, in bytes.
    pub(crate) span: core::ops::Range<usize>,
}

/// `README.md` at the root of the repository; `crate_root` is the manifest folder of a member or of the root itself.
pub(crate) fn path(crate_root: &str) -> PathBuf {
    let root = Path::new(crate_root);
    let root = if root.join("ARCHITECTURE.md").is_file() { root.to_path_buf() } else { root.join("..") };
    root.join("README.md")
}

/// All commands of all `console` blocks, in their order.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut in_block, mut at) = (false, 0);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if let Some(fence) = line.strip_prefix("```") {
            in_block = !in_block && fence.trim_end() == "console";
        } else if let (true, Some(command)) = (in_block, line.strip_prefix("$ ")) {
            let command = command.split("  #").next().unwrap_or_default().trim();
            steps.push(Step { command: command.to_string(), output: String::new(), span: end..end });
        } else if let (true, Some(step)) = (in_block, steps.last_mut()) {
            step.output.push_str(line);
            step.span.end = end;
        }
        at = end;
    }
    steps
}

#[test]
fn commands_and_outputs_are_told_apart() {
    let text = "```console\n$ a b   # why\none\n\n$ c\n```\n```text\n$ d\n```\n";
    let found: Vec<_> = steps(text).into_iter().map(|step| (step.command, step.output, &text[step.span])).collect();
    assert_eq!(found, [("a b".into(), "one\n\n".into(), "one\n\n"), ("c".into(), String::new(), "")]);
}
