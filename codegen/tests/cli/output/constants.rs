//! The file of constants beside a module.

use super::*;

/// The files of constants in a folder.
fn constants(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".bin"));
    names.sort();
    names
}

#[test]
fn modules_of_one_stem_have_constants_of_their_own() {
    let folder = folder("constants_stem");
    let path = |name: &str| text(&folder.join(name));
    let generate = |model: &str, output: &str, core: &str| {
        let ran = run(&["generate", model, "-o", &path(output), "--optimize", "speed", "--target", core]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    };
    let check = |model: &str, output: &str, core: &str| {
        run(&["generate", model, "-o", &path(output), "--optimize", "speed", "--target", core, "--check"]).code
    };
    fs::copy(model("palettized/separable_stack"), folder.join("a-b.tflite")).unwrap();
    fs::copy(model("sparse/separable_stack"), folder.join("a_b.tflite")).unwrap();
    let all = [("a-b", "one.rs", "cortex-m4"), ("a_b", "two.rs", "cortex-m4"), ("a-b", "three.rs", "cortex-m0plus")];
    for (stem, output, core) in all {
        generate(&path(&format!("{stem}.tflite")), output, core);
    }
    let included = || {
        let mut names: Vec<String> = Vec::new();
        for (_, output, _) in all {
            let module = fs::read_to_string(folder.join(output)).unwrap();
            assert!(module.matches("include_bytes").count() <= 1, "{output}");
            names.extend(module.split('"').filter(|word| word.ends_with(".bin")).map(str::to_owned));
        }
        names.sort();
        names.dedup();
        names
    };
    for (stem, output, core) in all {
        assert_eq!(check(&path(&format!("{stem}.tflite")), output, core), Some(0), "{output}");
    }
    assert!(included().len() > 1 && constants(&folder) == included());
    // Constants that no module names any more go, and others stay.
    generate(&path("a-b.tflite"), "two.rs", "cortex-m4");
    assert_eq!(constants(&folder), included());
    fs::write(folder.join("one.rs"), "").unwrap();
    generate(&model("relu/rank2"), "two.rs", "cortex-m4");
    assert_eq!(constants(&folder), included());
    assert_eq!(check(&path("a-b.tflite"), "three.rs", "cortex-m0plus"), Some(0));
}

#[test]
fn constants_replace_no_file_of_others_and_are_checked() {
    let folder = folder("constants_foreign");
    let output = text(&folder.join("net.rs"));
    let generate = |more: &[&str]| run(&[&["generate", "--format", "json", &large(), "-o", &output], more].concat());
    assert_eq!(generate(&[]).code, Some(0));
    let [name] = constants(&folder).try_into().unwrap();
    let file = folder.join(&name);
    let written = fs::read(&file).unwrap();
    // Damaged, and then missing.
    let mut damaged = written.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&file, &damaged).unwrap();
    let checked = generate(&["--check"]);
    assert!(checked.code == Some(1) && checked.stderr.contains(&name), "{}", checked.stderr);
    fs::remove_file(&file).unwrap();
    assert_eq!(generate(&["--check"]).code, Some(1));
    assert_eq!(generate(&[]).code, Some(0));
    assert_eq!(fs::read(&file).unwrap(), written);
    // Somebody else's file of that name, and one of a name of that form.
    fs::write(&file, "mine").unwrap();
    let theirs = folder.join("theirs.0123456789abcdef.bin");
    fs::write(&theirs, "theirs").unwrap();
    fs::remove_file(&output).unwrap();
    refused(&generate(&[]), "write::foreign");
    assert!(!Path::new(&output).exists());
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    fs::remove_file(&file).unwrap();
    assert_eq!(generate(&[]).code, Some(0));
    assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
}
