//! Boards, cores and emulated machines as data.
//!
//! A core names what code is compiled for and, where one exists, the emulated machine that runs it. A board has a core and
//! sizes. Wherever a target is asked for, a core or a board can be named: [`Catalogue::find`] resolves both. The table is
//! `boards.toml`; a user's own file, of the same form, adds to it or replaces entries of the same name.

mod trust;

use crate::diag::Explain;
use crate::nearest::nearest;
use crate::options::CoreClass;
use serde::Deserialize;
pub use trust::Emulators;

/// What code is compiled for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// Its name, as `cortex-m4`; `host` is this computer.
    pub name: String,
    /// Its name in full.
    pub title: String,
    /// Rust target; absent for the host.
    pub triple: Option<String>,
    /// `-C target-cpu`; absent where the target's default is right.
    pub cpu: Option<String>,
    /// Extensions that matter to the kernels chosen.
    pub isa: Vec<Isa>,
    /// Name of the emulated machine that runs it.
    pub machine: Option<String>,
}

impl Core {
    /// Its class, for the choice of kernels.
    pub fn class(&self) -> CoreClass {
        match &self.triple {
            Some(triple) => CoreClass::of_target(triple, self.cpu.as_deref().unwrap_or_default()),
            None => CoreClass::Host,
        }
    }
}

/// Instruction set extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isa {
    /// Single-precision floating point.
    Fpu,
    /// Double-precision floating point.
    Fpu64,
    /// Armv7E-M and Armv8-M DSP: two 16-bit multiply-accumulates in one instruction.
    Dsp,
    /// M-profile Vector Extension (Helium): 128-bit vectors.
    Mve,
}

/// A machine that QEMU emulates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// QEMU's name of it.
    pub name: String,
    /// The QEMU program.
    pub emulator: String,
    /// Where code and constants are linked.
    pub flash: Region,
    /// Where variables and the stack are.
    pub ram: Region,
    /// Where the core reads its reset vector, when that is not the start of `flash`.
    pub boot: Option<u32>,
    /// Variant of `tinybake_runtime::harness::Counter` that counts instructions on it.
    pub counter: String,
    /// QEMU's `-icount shift`: an instruction takes 2^shift ns of virtual time.
    pub icount_shift: u8,
}

/// A range of addresses, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// First address.
    pub origin: u32,
    /// Bytes.
    pub length: u32,
}

/// A board that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its name, as `nrf52840-dk`.
    pub name: String,
    /// Its name in full, with the chip.
    pub title: String,
    /// Name of its core.
    pub core: String,
    /// Bytes of flash that a program can use; absent where it depends on the module.
    pub flash_bytes: Option<u64>,
    /// Bytes of RAM in the largest bank.
    pub ram_bytes: u64,
    /// Highest clock in MHz.
    pub clock_mhz: u32,
    /// What the sizes leave out.
    pub notes: Option<String>,
    /// What a firmware project for it is made of; absent where `tinybake new` has no template.
    pub firmware: Option<Firmware>,
    /// Where the figures are from.
    #[serde(default)]
    pub source: String,
}

/// What a firmware project for a board is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firmware {
    /// The crate that knows its chip.
    pub hal: Hal,
    /// The feature of that crate that stands for the chip.
    pub feature: String,
    /// The chip's name for the program that flashes it: probe-rs, or espflash.
    pub chip: String,
    /// First address of flash; absent where the HAL has the linker script.
    pub flash_origin: Option<u32>,
    /// First address of RAM, likewise.
    pub ram_origin: Option<u32>,
}

/// Hardware abstraction layers that `tinybake new` has templates for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hal {
    /// Raspberry Pi RP2040 and RP2350.
    EmbassyRp,
    /// Nordic nRF.
    EmbassyNrf,
    /// ST STM32.
    EmbassyStm32,
    /// Espressif ESP32.
    EspHal,
}

impl Hal {
    /// The name of the crate.
    pub fn name(self) -> &'static str {
        match self {
            Hal::EmbassyRp => "embassy-rp",
            Hal::EmbassyNrf => "embassy-nrf",
            Hal::EmbassyStm32 => "embassy-stm32",
            Hal::EspHal => "esp-hal",
        }
    }
}

/// All that is known; names are unique within cores, machines and boards.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    #[serde(default, rename = "core")]
    cores: Vec<Core>,
    #[serde(default, rename = "machine")]
    machines: Vec<Machine>,
    #[serde(default, rename = "board")]
    boards: Vec<Board>,
    #[serde(default)]
    chips: Vec<Chips>,
}

/// Chips of one core: for those who name a chip where a core or a board is meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chips {
    /// The core that they have; `xtensa` where there is no code for it.
    core: String,
    /// What their names begin with; the longest that fits counts.
    names: Vec<String>,
}

/// What a name stands for: a core, and the board where a board was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The core that was named, or the board's.
    pub core: &'a Core,
    /// The machine that emulates it.
    pub machine: Option<&'a Machine>,
    /// The board that was named.
    pub board: Option<&'a Board>,
}

impl<'a> Target<'a> {
    /// The name that was asked for: the board's, or the core's.
    pub fn name(&self) -> &'a str {
        self.board.map_or(&self.core.name, |board| &board.name)
    }

    /// The class of its core, for the choice of kernels.
    pub fn class(&self) -> CoreClass {
        self.core.class()
    }

    /// Whether this is the computer that the compiler runs on.
    pub fn is_host(&self) -> bool {
        self.core.triple.is_none()
    }
}

/// What can be wrong with a name or a table of boards.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// Neither a core nor a board.
    #[error("no core or board is named `{given}`")]
    Unknown {
        /// The name asked for.
        given: String,
        /// Names like it, nearest first.
        nearest: Vec<String>,
        /// The core of the chip that it names.
        core: Option<String>,
    },
    /// A board or core refers to what does not exist.
    #[error("`{name}` has the {what} `{given}`, which does not exist")]
    Dangling {
        /// The entry.
        name: String,
        /// `core` or `machine`.
        what: &'static str,
        /// What it names.
        given: String,
    },
    /// A name that goes into paths, command lines or generated files, with characters that have a meaning there.
    #[error("`{entry}` has the {what} {given:?}: only letters, digits, `-`, `_`, `.`, `+` may be in it, and no `.` in front")]
    Name {
        /// The entry.
        entry: String,
        /// The field.
        what: &'static str,
        /// Its value.
        given: String,
    },
    /// A title that would end the comment or string of a generated file that it stands in.
    #[error("`{entry}` has the title {given:?}: control characters, `\"`, `\\` and `*/` may not be in it")]
    Title {
        /// The entry.
        entry: String,
        /// Its title.
        given: String,
    },
    /// A table names a program that tinybake does not know, which it would run.
    #[error("the machine `{machine}` is run by `{given}`, which is no emulator that tinybake knows")]
    Emulator {
        /// The machine.
        machine: String,
        /// The program.
        given: String,
    },
    /// A project for a board needs to know where its memory is.
    #[error("`{name}` has `firmware` of {} without flash_bytes, flash_origin and ram_origin", hal.name())]
    NoMemory {
        /// The board.
        name: String,
        /// Its HAL, which leaves the memory map to the project.
        hal: Hal,
    },
    /// The text is not a table of boards.
    #[error("not a table of boards: {message}")]
    Syntax {
        /// The parser's message, with line and column.
        message: String,
    },
}

impl Explain for BoardError {
    fn code(&self) -> &'static str {
        match self {
            BoardError::Unknown { .. } => "boards::unknown",
            BoardError::Dangling { .. } => "boards::dangling",
            BoardError::Name { .. } => "boards::name",
            BoardError::Title { .. } => "boards::title",
            BoardError::Emulator { .. } => "boards::emulator",
            BoardError::NoMemory { .. } => "boards::no_memory",
            BoardError::Syntax { .. } => "boards::syntax",
        }
    }

    fn help(&self) -> String {
        match self {
            BoardError::Unknown { given, nearest, core: Some(core) } => match core.as_str() {
                "xtensa" => format!("`{given}` has an Xtensa core, for which no code is generated: `host` gives portable code"),
                core => {
                    let chip = given.to_ascii_lowercase().replace('_', "-");
                    let boards: Vec<&str> = nearest.iter().map(String::as_str).filter(|name| name.contains(&chip)).collect();
                    let or = if boards.is_empty() { String::new() } else { format!(", or did you mean {}", boards.join(" or ")) };
                    format!("`{given}` has the core `{core}`: name that{or}; `tinybake boards` lists cores and boards")
                }
            },
            BoardError::Unknown { nearest, .. } if nearest.is_empty() => "`tinybake boards` lists the names".into(),
            BoardError::Unknown { nearest, .. } => {
                format!("did you mean {}? `tinybake boards` lists the names", nearest.join(" or "))
            }
            BoardError::Dangling { what, .. } => format!("name an existing {what}, or add it to the file as `[[{what}]]`"),
            BoardError::Name { .. } | BoardError::Title { .. } => "rename it".into(),
            BoardError::Emulator { .. } => {
                format!("name one of {} (found in PATH), or trust the file with --allow-emulator", trust::EMULATORS.join(", "))
            }
            BoardError::NoMemory { .. } => "add them: the linker places the program by them".into(),
            BoardError::Syntax { .. } => {
                "each entry is a `[[board]]` with name, title, core, ram_bytes, clock_mhz and, optionally, flash_bytes, notes and firmware"
                    .into()
            }
        }
    }
}

impl Catalogue {
    /// The table that comes with the crate.
    ///
    /// # Panics
    /// Never: a test parses the embedded table.
    pub fn builtin() -> Self {
        match Self::parse(include_str!("boards.toml")) {
            Ok(catalogue) => catalogue,
            Err(error) => unreachable!("boards.toml: {error}"),
        }
    }

    /// This table with the entries of `text`, a table of the same form, added, or in place of those of the same name.
    /// `emulators` says which programs its machines may name.
    ///
    /// # Errors
    /// Where `text` is not such a table, names a core or machine that neither has, or has a name or program that is not trusted.
    pub fn with(self, text: &str, emulators: Emulators) -> Result<Self, BoardError> {
        let mut own: Self = toml::from_str(text).map_err(|error| BoardError::Syntax { message: error.to_string() })?;
        trust::check(&own, emulators)?;
        add_new(&mut own.cores, self.cores, |core| &core.name);
        add_new(&mut own.machines, self.machines, |machine| &machine.name);
        add_new(&mut own.boards, self.boards, |board| &board.name);
        own.chips.extend(self.chips);
        own.check()?;
        Ok(own)
    }

    fn parse(text: &str) -> Result<Self, BoardError> {
        Self { cores: Vec::new(), machines: Vec::new(), boards: Vec::new(), chips: Vec::new() }.with(text, Emulators::Known)
    }

    fn check(&self) -> Result<(), BoardError> {
        for board in &self.boards {
            if self.core(&board.core).is_none() {
                return Err(BoardError::Dangling { name: board.name.clone(), what: "core", given: board.core.clone() });
            }
            if let Some(Firmware { hal, feature: _, chip: _, flash_origin, ram_origin }) = &board.firmware
                && *hal != Hal::EspHal
                && (board.flash_bytes.is_none() || flash_origin.is_none() || ram_origin.is_none())
            {
                return Err(BoardError::NoMemory { name: board.name.clone(), hal: *hal });
            }
        }
        for core in &self.cores {
            if let Some(machine) = &core.machine
                && self.machine(machine).is_none()
            {
                return Err(BoardError::Dangling { name: core.name.clone(), what: "machine", given: machine.clone() });
            }
        }
        Ok(())
    }

    /// The cores, in the table's order.
    pub fn cores(&self) -> &[Core] {
        &self.cores
    }

    /// The boards, in the table's order.
    pub fn boards(&self) -> &[Board] {
        &self.boards
    }

    /// The class of cores that `name` stands for: a core, a board, or a target triple.
    ///
    /// # Errors
    /// [`BoardError::Unknown`], with the nearest names.
    pub fn class_of(&self, name: &str) -> Result<CoreClass, BoardError> {
        match self.find(name) {
            Ok(target) => Ok(target.class()),
            Err(error) => match CoreClass::of_target(name, "") {
                CoreClass::Generic => Err(error),
                class => Ok(class),
            },
        }
    }

    /// The class of a board's core.
    pub fn class_of_board(&self, board: &Board) -> CoreClass {
        self.core(&board.core).map_or(CoreClass::Generic, Core::class)
    }

    /// The core of the chip that `name` begins like.
    fn core_of_chip(&self, name: &str) -> Option<String> {
        let name = name.replace('-', "");
        let chips = self.chips.iter().flat_map(|chips| chips.names.iter().map(|begin| (begin, &chips.core)));
        let named = chips.filter(|(begin, _)| name.starts_with(begin.as_str()));
        named.max_by_key(|(begin, _)| begin.len()).map(|(_, core)| core.clone())
    }

    fn core(&self, name: &str) -> Option<&Core> {
        self.cores.iter().find(|core| core.name == name)
    }

    fn machine(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    /// The core or board called `name`; case and `_` for `-` do not matter.
    ///
    /// # Errors
    /// [`BoardError::Unknown`], with the nearest names.
    pub fn find(&self, name: &str) -> Result<Target<'_>, BoardError> {
        let wanted = plain(name);
        let board = named(&self.boards, name, |board| &board.name);
        let core = match board {
            Some(board) => self.core(&board.core),
            None => named(&self.cores, name, |core| &core.name),
        };
        match core {
            Some(core) => Ok(Target { core, machine: core.machine.as_deref().and_then(|name| self.machine(name)), board }),
            None => {
                let names = self.cores.iter().map(|core| &core.name).chain(self.boards.iter().map(|board| &board.name));
                Err(BoardError::Unknown {
                    given: name.into(),
                    nearest: nearest(&wanted, names.map(String::as_str)),
                    core: self.core_of_chip(&wanted),
                })
            }
        }
    }
}

/// The entry of this name, or of one that differs in case and in `_` for `-` only.
fn named<'a, T>(entries: &'a [T], wanted: &str, name: impl Fn(&T) -> &str) -> Option<&'a T> {
    let exact = entries.iter().find(|entry| name(entry) == wanted);
    exact.or_else(|| entries.iter().find(|entry| plain(name(entry)) == plain(wanted)))
}

/// A name without what does not matter in it.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// Adds those of `more` whose name `entries` has not.
fn add_new<T>(entries: &mut Vec<T>, more: Vec<T>, name: impl Fn(&T) -> &str) {
    for entry in more {
        if entries.iter().all(|own| name(own) != name(&entry)) {
            entries.push(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_resolve_to_cores_and_boards() {
        let catalogue = Catalogue::builtin();
        let core = catalogue.find("cortex-m55").unwrap();
        assert_eq!(core.machine.unwrap().name, "mps3-an547");
        assert!(core.core.isa.contains(&Isa::Mve));
        let board = catalogue.find("nRF52840_DK").unwrap();
        assert_eq!((board.name(), board.core.name.as_str()), ("nrf52840-dk", "cortex-m4"));
        assert!(catalogue.find("host").unwrap().is_host());
    }

    #[test]
    fn case_does_not_matter_in_the_names_of_a_users_table_either() {
        let text = "[[board]]\nname = \"My_Board\"\ntitle = \"Mine\"\ncore = \"cortex-m3\"\nram_bytes = 9\nclock_mhz = 8\n\
            [[board]]\nname = \"my-board\"\ntitle = \"Mine too\"\ncore = \"cortex-m4\"\nram_bytes = 9\nclock_mhz = 8\n\
            [[core]]\nname = \"Core_X\"\ntitle = \"X\"\ntriple = \"thumbv7m-none-eabi\"\nisa = []\n";
        let catalogue = Catalogue::builtin().with(text, Emulators::Known).unwrap();
        for (given, name, core) in [
            ("My_Board", "My_Board", "cortex-m3"),
            ("my-board", "my-board", "cortex-m4"),
            ("MY-BOARD", "My_Board", "cortex-m3"),
            ("core-x", "Core_X", "Core_X"),
        ] {
            let found = catalogue.find(given).unwrap();
            assert_eq!((found.name(), found.core.name.as_str()), (name, core), "{given}");
        }
    }

    #[test]
    fn names_are_unique() {
        let catalogue = Catalogue::builtin();
        let mut names: Vec<_> = catalogue.cores.iter().map(|core| &core.name).collect();
        names.extend(catalogue.boards.iter().map(|board| &board.name));
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn an_unknown_name_is_told_its_neighbours() {
        let Err(BoardError::Unknown { nearest, .. }) = Catalogue::builtin().find("cortex-m5") else { panic!("found") };
        assert_eq!(nearest, ["cortex-m55", "cortex-m0", "cortex-m3"]);
        let Err(error) = Catalogue::builtin().find("zzzzzzzzzzzzzz") else { panic!("found") };
        assert_eq!(error.help(), "`tinybake boards` lists the names");
    }

    #[test]
    fn a_chip_is_told_its_core() {
        let catalogue = Catalogue::builtin();
        let chips = [
            ("stm32f405", "cortex-m4"),
            ("STM32F405RGT6", "cortex-m4"),
            ("stm32h743zi", "cortex-m7"),
            ("stm32-f103", "cortex-m3"),
            ("nrf52832", "cortex-m4"),
            ("nRF5340", "cortex-m33"),
            ("esp32c3", "riscv32imc"),
            ("esp32-c6fh4", "riscv32imac"),
            ("atsamd51", "cortex-m4"),
            ("rp2350", "cortex-m33"),
            ("esp32s3", "Xtensa"),
        ];
        for (chip, core) in chips {
            let error = catalogue.find(chip).unwrap_err();
            assert!(error.help().contains(core), "{chip}: {}", error.help());
        }
        // Every chip has a core that there is.
        for Chips { core, names } in &catalogue.chips {
            assert!(core == "xtensa" || catalogue.core(core).is_some(), "{core}: {names:?}");
        }
    }

    #[test]
    fn a_users_table_adds_and_replaces() {
        let text = "[[board]]\nname = \"mine\"\ntitle = \"Mine\"\ncore = \"cortex-m3\"\nram_bytes = 1000\nclock_mhz = 8\n";
        let catalogue = Catalogue::builtin().with(text, Emulators::Known).unwrap();
        assert_eq!(catalogue.find("mine").unwrap().board.unwrap().ram_bytes, 1000);
        let firmware =
            text.to_string() + "firmware = { hal = \"embassy-nrf\", feature = \"nrf52832\", chip = \"nRF52832_xxAA\" }\n";
        assert!(matches!(
            Catalogue::builtin().with(&firmware, Emulators::Known),
            Err(BoardError::NoMemory { hal: Hal::EmbassyNrf, .. })
        ));
        let dangling = Catalogue::builtin().with(&text.replace("cortex-m3", "cortex-m9"), Emulators::Known);
        assert!(matches!(dangling, Err(BoardError::Dangling { what: "core", .. })));
        assert!(matches!(Catalogue::builtin().with("board = 3", Emulators::Known), Err(BoardError::Syntax { .. })));
    }
}
