//! What templates are filled with.

mod answers;

use super::kit::Kit;
use super::ports::{Input, Output};
use super::{Dependency, Request, samples};
use crate::boards::Hal;
use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::emit::{accessors, snake_case};
use crate::eval;
use crate::measure::{Samples, memory_x};
use crate::text::number;
use askama::Template;
use std::path::Path;

/// Everything that a template can ask for.
pub(super) struct Context<'a> {
    pub(super) name: &'a str,
    kit: Kit<'a>,
    /// Where the program runs, as "the Raspberry Pi Pico (RP2040)".
    on: String,
    title: String,
    /// Name of the board or core.
    target: &'a str,
    core: &'a str,
    pub(super) triple: &'a str,
    cpu: Option<&'a str>,
    pub(super) model_file: String,
    options: &'a crate::options::Options,
    pub(super) tinybake: Dependency<'a>,
    ram: String,
    weights: String,
    macs: String,
    pub(super) inputs: Vec<Input>,
    outputs: Vec<Output>,
    samples: usize,
    recorded: bool,
    /// What each sample gives.
    told: Vec<Vec<String>>,
}

/// Declares a template's type, all of one shape.
macro_rules! template {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $name<'a> {
            p: &'a Context<'a>,
        }
    };
}
template!(Manifest, "Cargo.toml.j2");
template!(Config, "config.toml.j2");
template!(BuildScript, "build.rs.j2");
template!(Memory, "memory.x.j2");
template!(Readme, "README.md.j2");
template!(MainSemihosting, "main_semihosting.rs.j2");
template!(MainEmbassy, "main_embassy.rs.j2");
template!(MainEsp, "main_esp.rs.j2");

impl<'a> Context<'a> {
    pub(super) fn new(request: &Request<'a>, kit: Kit<'a>, samples: &Samples) -> Result<Self, Diagnostics> {
        let Request { name, model, topology: _, compiled, target, golden, tinybake } = *request;
        let plan = &compiled.plan;
        let accessors = accessors(plan);
        let sizes: Vec<usize> = plan.inputs.iter().map(crate::plan::Port::elements).collect();
        let alone = plan.outputs.len() == 1;
        let outputs: Vec<Output> = plan
            .outputs
            .iter()
            .zip(accessors.outputs.into_iter().zip(accessors.output_infos))
            .map(|(port, (method, info))| Output::new(port, method, info, &sizes, alone))
            .collect();
        let told = (0..samples.count).map(|index| {
            let data = eval::run(&compiled.program, &samples::data(plan, samples, index)).map_err(|error| broken(&error))?;
            Ok(outputs.iter().zip(&data).flat_map(|(output, data)| output.told(data)).collect())
        });
        let (on, title) = match kit {
            Kit::Emulated(machine) => (
                format!("an emulated {} (QEMU's {})", target.core.title, machine.name),
                format!("QEMU's machine {}", machine.name),
            ),
            Kit::Board(board, _) => (format!("the {}", board.title), board.title.clone()),
        };
        Ok(Self {
            name,
            kit,
            on,
            title,
            target: target.name(),
            core: &target.core.name,
            triple: target.core.triple.as_deref().unwrap_or_default(),
            cpu: target.core.cpu.as_deref(),
            model_file: format!("models/{}", file_name(model.0)),
            options: &plan.options,
            tinybake,
            ram: number(plan.ram_bytes() as u64),
            weights: number(plan.weight_bytes() as u64),
            macs: number(plan.macs),
            inputs: plan.inputs.iter().zip(accessors.inputs).map(|(port, method)| Input::new(port, method)).collect(),
            told: told.collect::<Result<_, Diagnostics>>()?,
            outputs,
            samples: samples.count,
            recorded: golden.is_some(),
        })
    }

    /// Every text file of the project, by path.
    pub(super) fn render(&self) -> Result<Vec<(&'static str, String)>, Diagnostics> {
        let mut files = vec![
            (".gitignore", Ok("/target\n".to_string())),
            (".cargo/config.toml", Config { p: self }.render()),
            ("Cargo.toml", Manifest { p: self }.render()),
            ("README.md", Readme { p: self }.render()),
            ("build.rs", BuildScript { p: self }.render()),
        ];
        match self.kit {
            Kit::Emulated(machine) => {
                files.push(("memory.x", Ok(format!("/* {} */\n{}", self.title, memory_x(machine, self.triple)))));
                files.push(("src/main.rs", MainSemihosting { p: self }.render()));
            }
            Kit::Board(_, firmware) => match firmware.hal {
                Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32 => {
                    files.push(("memory.x", Memory { p: self }.render()));
                    files.push(("src/main.rs", MainEmbassy { p: self }.render()));
                }
                Hal::EspHal => files.push(("src/main.rs", MainEsp { p: self }.render())),
            },
        }
        files
            .into_iter()
            .map(|(path, text)| {
                let mut text = text.map_err(|error| broken(&error))?;
                text.truncate(text.trim_end().len());
                text.push('\n');
                Ok((path, text))
            })
            .collect()
    }
}

/// The model's file name where it needs no escapes anywhere, or one like it.
fn file_name(given: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if given.chars().all(plain) && !given.starts_with('.') {
        return given.into();
    }
    let path = Path::new(given);
    let part = |part: Option<&std::ffi::OsStr>| part.map(|part| snake_case(&part.to_string_lossy())).unwrap_or_default();
    match path.extension() {
        Some(extension) => format!("{}.{}", part(path.file_stem()), part(Some(extension))),
        None => part(path.file_stem()),
    }
}

/// A template or an evaluation that fails: neither depends on what a user gives.
fn broken(error: &dyn std::error::Error) -> Diagnostics {
    Diagnostic {
        code: "new::broken",
        message: error.to_string(),
        place: Place::default(),
        help: "this is a fault of tinybake; please report it with the model".into(),
    }
    .into()
}
