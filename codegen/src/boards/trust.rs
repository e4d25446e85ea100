//! A table of boards may come from anywhere: its names go into paths, command lines and generated files, and its emulators are run.

use super::{Board, BoardError, Catalogue, Core, Firmware, Machine};

/// Which programs the machines of a table may name as their emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulators {
    /// QEMU's system emulators, found in `PATH`.
    Known,
    /// Any program: the user vouches for the table.
    Any,
}

/// The emulators that are run without asking.
pub(super) const EMULATORS: [&str; 3] = ["qemu-system-arm", "qemu-system-riscv32", "qemu-system-riscv64"];

/// Checks every name of a table that is used for more than to be shown.
pub(super) fn check(table: &Catalogue, emulators: Emulators) -> Result<(), BoardError> {
    for Core { name, title, triple, cpu, isa: _, machine } in &table.cores {
        let optional = [("triple", triple), ("cpu", cpu), ("machine", machine)];
        names(name, optional.into_iter().filter_map(|(what, value)| Some((what, value.as_deref()?))))?;
        title_of(name, title)?;
        // A target that ends so is a path to a specification.
        if let Some(triple) = triple.as_deref().filter(|triple| triple.ends_with(".json")) {
            return Err(BoardError::Name { entry: name.clone(), what: "triple", given: triple.into() });
        }
    }
    for Machine { name, emulator, flash: _, ram: _, boot: _, counter, icount_shift: _ } in &table.machines {
        names(name, [("counter", counter.as_str())])?;
        if emulators == Emulators::Known && !EMULATORS.contains(&emulator.as_str()) {
            return Err(BoardError::Emulator { machine: name.clone(), given: emulator.clone() });
        }
    }
    for Board { name, title, core, flash_bytes: _, ram_bytes: _, clock_mhz: _, notes: _, firmware, source: _ } in &table.boards {
        names(name, [("core", core.as_str())])?;
        title_of(name, title)?;
        if let Some(Firmware { hal: _, feature, chip, flash_origin: _, ram_origin: _ }) = firmware {
            names(name, [("feature", feature.as_str()), ("chip", chip.as_str())])?;
        }
    }
    Ok(())
}

/// Checks the name of an entry, and more fields of it.
fn names<'a>(entry: &'a str, fields: impl IntoIterator<Item = (&'static str, &'a str)>) -> Result<(), BoardError> {
    for (what, given) in core::iter::once(("name", entry)).chain(fields) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
        if given.is_empty() || given.starts_with('.') || !given.bytes().all(plain) {
            return Err(BoardError::Name { entry: entry.into(), what, given: given.into() });
        }
    }
    Ok(())
}

/// Checks a title, which goes into comments and strings of generated projects.
fn title_of(entry: &str, title: &str) -> Result<(), BoardError> {
    let ends = title.contains(|letter: char| letter.is_control() || "\"\\".contains(letter)) || title.contains("*/");
    if ends { Err(BoardError::Title { entry: entry.into(), given: title.into() }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "[[core]]\nname = \"mine\"\ntitle = \"Mine\"\ntriple = \"thumbv7m-none-eabi\"\nisa = []\nmachine = \"m\"\n\
        [[machine]]\nname = \"m\"\nemulator = \"qemu-system-arm\"\nflash = { origin = 0, length = 9 }\nram = { origin = 16, length = 9 }\n\
        counter = \"Mps2\"\nicount_shift = 6\n\
        [[board]]\nname = \"b\"\ntitle = \"B\"\ncore = \"mine\"\nflash_bytes = 9\nram_bytes = 9\nclock_mhz = 8\n\
        firmware = { hal = \"esp-hal\", feature = \"esp32c3\", chip = \"esp32c3\" }\n";

    fn read(text: &str, emulators: Emulators) -> Result<Catalogue, BoardError> {
        Catalogue::builtin().with(text, emulators)
    }

    #[test]
    fn names_that_mean_something_in_a_path_or_a_command_are_refused() {
        assert!(read(MACHINE, Emulators::Known).is_ok());
        let fields = [
            ("name = \"mine\"", "name = \"../../mine\""),
            ("name = \"mine\"", "name = \"\""),
            ("triple = \"thumbv7m-none-eabi\"", "triple = \"/tmp/x.json\""),
            ("triple = \"thumbv7m-none-eabi\"", "triple = \"x.json\""),
            ("triple = \"thumbv7m-none-eabi\"", "triple = \"thumbv7m-none-eabi\"\ncpu = \"a\\u001F-Clinker=x\""),
            ("[[machine]]\nname = \"m\"", "[[machine]]\nname = \"m,accel=x\""),
            ("counter = \"Mps2\"", "counter = \"Mps2;panic!()\""),
            ("[[board]]\nname = \"b\"", "[[board]]\nname = \"b\\n\""),
            ("feature = \"esp32c3\"", "feature = \"x\\\", path = \\\"y\""),
            ("chip = \"esp32c3\"", "chip = \"`id`\""),
        ];
        for (from, to) in fields {
            let text = MACHINE.replacen(from, to, 1);
            assert_ne!(text, MACHINE, "{from}");
            assert!(
                matches!(read(&text, Emulators::Known), Err(BoardError::Name { .. })),
                "{to}: {:?}",
                read(&text, Emulators::Known)
            );
        }
    }

    #[test]
    fn a_title_stays_within_a_comment_or_a_string() {
        for title in ["a\\nb", "a */ b", "a\\\"b", "a\\\\"] {
            let text = MACHINE.replacen("title = \"B\"", &format!("title = \"{title}\""), 1);
            assert!(
                matches!(read(&text, Emulators::Known), Err(BoardError::Title { .. })),
                "{title}: {:?}",
                read(&text, Emulators::Known)
            );
        }
    }

    #[test]
    fn only_known_emulators_are_run_unless_the_user_vouches_for_the_table() {
        for program in ["/tmp/qemu-system-arm", "./qemu-system-arm", "sh", "qemu-system-arm -S"] {
            let text = MACHINE.replace("\"qemu-system-arm\"", &format!("{program:?}"));
            assert!(matches!(read(&text, Emulators::Known), Err(BoardError::Emulator { .. })), "{program}");
            assert!(read(&text, Emulators::Any).is_ok(), "{program}");
        }
    }
}
