//! `tinybake compare`, on boards of one core that can be emulated, one that cannot, and one whose target rustup does not have.

use super::{fields, folder, model, ran, run, tinybake};
use serde_json::{Value, json};

const BOARDS: &str = "nrf52840-dk,microbit-v2,ek-ra8p1,esp32-s3";

/// Rows of a run, and whether the Rust target of the first board is installed.
fn rows(arguments: &[&str]) -> (Vec<Value>, bool) {
    let ran = run(&[&["compare", "--format", "json"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rows = ran.json()["rows"].as_array().unwrap().clone();
    let installed = rows.iter().any(|row| row["flash_bytes"].is_u64());
    if !installed {
        println!("skipped: no Rust target of the boards is installed");
    }
    (rows, installed)
}

#[test]
fn every_combination_has_its_row() {
    let (model, folder) = (model("conv_2d/k3x3_same"), folder("compare"));
    let file = |name: &str| folder.join(name).display().to_string();
    let (json, csv, again) = (file("all.json"), file("all.csv"), file("again.json"));
    let (rows, installed) = rows(&[&model, "--boards", BOARDS, "--json", &json, "--csv", &csv]);
    assert_eq!(rows.len(), 8);
    let names = [
        "board",
        "code_bytes",
        "cpu",
        "estimated_ms",
        "fits",
        "flash_bytes",
        "instructions",
        "model",
        "note",
        "optimize",
        "ram_bytes",
        "stack_bound_bytes",
        "stack_bytes",
        "table_bytes",
        "target",
        "weight_bytes",
    ];
    assert_eq!(fields(&rows[0]), names);
    let row = |board: &str| rows.iter().find(|row| row["board"] == board).unwrap();
    let absent = row("esp32-s3");
    assert!(absent["flash_bytes"].is_null() && absent["note"].as_str().unwrap().contains("espup install"), "{absent}");
    let lines = std::fs::read_to_string(&csv).unwrap();
    assert_eq!((lines.lines().count(), lines.lines().next().unwrap().split(',').count()), (9, 16));
    if !installed {
        return;
    }
    let (dk, micro) = (row("nrf52840-dk"), row("microbit-v2"));
    let sum: u64 = ["code_bytes", "table_bytes", "weight_bytes"].iter().map(|name| dk[*name].as_u64().unwrap()).sum();
    assert_eq!((dk["flash_bytes"].as_u64(), dk["fits"].as_bool()), (Some(sum), Some(true)));
    assert_eq!((&dk["code_bytes"], &dk["instructions"]), (&micro["code_bytes"], &micro["instructions"]));

    run(&["compare", &model, "--boards", BOARDS, "--json", &again]);
    assert_eq!(std::fs::read(&json).unwrap(), std::fs::read(&again).unwrap());
    let parts = ["1/3", "2/3", "3/3"].map(|part| {
        let file = file(&format!("{}.json", part.replace('/', "of")));
        run(&["compare", &model, "--boards", BOARDS, "--shard", part, "--json", &file]);
        file
    });
    let merged = run(&["compare", "--json", &again, "--merge", &parts[2], &parts[0], &parts[1]]);
    assert_eq!(merged.code, Some(0), "{}", merged.stderr);
    assert_eq!(std::fs::read(&json).unwrap(), std::fs::read(&again).unwrap());
}

#[test]
fn what_does_not_fit_says_by_how_much() {
    let folder = folder("compare_fits");
    let boards = folder.join("boards.toml");
    let small = "[[board]]\nname = \"small\"\ntitle = \"Small\"\ncore = \"cortex-m4\"\nflash_bytes = 999\nram_bytes = 64\n\
                 clock_mhz = 10\n";
    std::fs::write(&boards, small).unwrap();
    let boards = boards.display().to_string();
    let (rows, installed) = rows(&[&model("conv_2d/k3x3_same"), "--boards-file", &boards, "--boards", "small"]);
    if installed {
        let note = rows[0]["note"].as_str().unwrap();
        assert_eq!(rows[0]["fits"], false);
        let over = rows[0]["flash_bytes"].as_u64().unwrap() - 999;
        // The stack is what the module states, which is no less than what it was seen to take.
        let [ram, stack, used] =
            ["ram_bytes", "stack_bound_bytes", "stack_bytes"].map(|name| rows[0][name].as_u64().unwrap_or(0));
        assert!(stack > 100 && stack >= used, "{stack} {used}");
        let short = format!("RAM is {} bytes too small, with {stack} of stack", ram + stack - 64);
        assert!(note.contains(&format!("flash is {over} bytes too small")) && note.contains(&short), "{note}");
    }
}

#[test]
fn the_page_shows_its_charts_without_errors() {
    let folder = folder("compare_page");
    let page = folder.join("page.html").display().to_string();
    let ran = run(&[
        "compare",
        &model("graphs/branch_and_concat"),
        &model("conv_2d/k3x3_same"),
        "--boards",
        "nrf52840-dk",
        "--html",
        &page,
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let text = std::fs::read_to_string(&page).unwrap();
    assert_eq!(text.matches("class=\"memory\"").count(), 2);
    assert!(!text.contains("src=") && !text.contains("http"), "the page loads nothing");
    let browser = ["chromium", "chromium-browser", "google-chrome"];
    let mut flags = vec!["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"];
    flags.extend(["--no-first-run", "--disable-component-update", "--enable-logging=stderr", "--dump-dom"]);
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let shown = browser
        .iter()
        .find_map(|name| std::process::Command::new(name).args(&flags).args([&profile, &format!("file://{page}")]).output().ok());
    let Some(shown) = shown else {
        println!("skipped: no Chromium is installed");
        return;
    };
    let (dom, log) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
    assert!(!log.contains("CONSOLE"), "{log}");
    for tag in ["<svg", "<rect", "<table"] {
        assert_eq!(dom.matches(tag).count(), text.matches(tag).count(), "{tag}");
    }
    assert!(text.matches("<svg").count() >= 2, "{text}");
}

/// Rows as a file that `--json` writes.
fn kept(flash: u64, folder: &std::path::Path, name: &str) -> String {
    let row = json!({"model": "m", "board": "nrf52840-dk", "optimize": "size", "flash_bytes": flash, "ram_bytes": 5});
    let file = folder.join(name);
    std::fs::write(&file, json!({"rows": [row]}).to_string()).unwrap();
    file.display().to_string()
}

#[test]
fn growth_ends_with_1_and_names_what_grew() {
    let folder = folder("compare_growth");
    let (old, new) = (kept(1000, &folder, "old.json"), kept(1015, &folder, "new.json"));
    let with = |growth: &str| run(&["compare", "--merge", &new, "--baseline", &old, "--max-growth", growth]);
    let grown = with("1%");
    assert_eq!(grown.code, Some(1));
    assert!(grown.stderr.contains("m on nrf52840-dk, optimize size: flash bytes grew from 1,000 to 1,015 (+1.50%)"));
    assert_eq!(with("1.5%").code, Some(0));
    assert_eq!(run(&["compare", "--merge", &old, "--baseline", &new]).code, Some(0));
    // Nothing compared, or fewer figures than before, is no success.
    let text = std::fs::read_to_string(&old).unwrap();
    let other = folder.join("other_model.json").display().to_string();
    std::fs::write(&other, text.replace("\"m\"", "\"n\"")).unwrap();
    let nothing = run(&["compare", "--merge", &other, "--baseline", &old]);
    assert_eq!(nothing.code, Some(1));
    assert!(
        nothing.stderr.contains("0 combinations compared") && nothing.stderr.contains("not measured now"),
        "{}",
        nothing.stderr
    );
    let empty = folder.join("empty.json").display().to_string();
    std::fs::write(&empty, "{\"rows\": []}").unwrap();
    assert_eq!(run(&["compare", "--merge", &old, "--baseline", &empty]).code, Some(1));
    assert_eq!(run(&["compare", "--merge", &empty, "--baseline", &old]).code, Some(1));
}

#[test]
fn input_that_is_wrong_ends_with_2() {
    let folder = folder("compare_wrong");
    let (old, other) = (kept(1, &folder, "old.json"), kept(2, &folder, "other.json"));
    let broken = folder.join("broken.json");
    std::fs::write(&broken, "{\"rows\": [{\"model\"").unwrap();
    let (broken, model) = (broken.display().to_string(), model("conv_2d/k3x3_same"));
    for (arguments, expected) in [
        (vec![model.as_str(), "--boards", "nrf52840"], "boards::unknown"),
        (vec!["--merge", &old, "--baseline", &broken], "compare::syntax"),
        (vec!["--merge", &old, "--baseline", "absent.json"], "read::file"),
        (vec!["--merge", &old, &other], "compare::conflict"),
        (vec!["--merge", &old, "--csv", "no/such/folder/x.csv"], "write::file"),
        (vec!["absent.tflite"], "read::file"),
    ] {
        let ran = run(&[&["compare", "--format", "json"], arguments.as_slice()].concat());
        assert_eq!((ran.code, ran.diagnostics()), (Some(2), vec![expected.to_string()]), "{arguments:?}");
    }
    for usage in [vec!["compare"], vec!["compare", "x", "--shard", "3/2"], vec!["compare", "--merge", &old, "--max-growth", "-1"]]
    {
        assert_eq!(run(&usage).code, Some(2), "{usage:?}");
    }
    let mut command = tinybake(&["compare", &model, "--format", "json"]);
    command.env("PATH", "").env_remove("CARGO").env_remove("RUSTC");
    let none = ran(command);
    assert_eq!((none.code, none.diagnostics()), (Some(2), vec!["measure::cargo_missing".to_string()]));
}
