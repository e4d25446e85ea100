//! A firmware project around a model: files as data, from templates.
//!
//! What differs between boards is data: `firmware` in `boards.toml` for boards, the emulated machine for cores. What differs
//! between HALs is in `templates/`, one `main` each on a shared one, and in [`Kit`]. [`project`] makes the files and
//! [`write()`] puts them on disk, whole or not at all.

mod context;
mod error;
mod kit;
mod manifest;
mod name;
mod ports;
mod samples;
mod write;

pub use error::ScaffoldError;
pub use kit::{Kit, templates};
pub use name::check as check_name;
pub use write::{vacant, write};

use crate::boards::{Catalogue, Target};
use crate::diag::{Diagnostics, Explain, Place};
use crate::measure::Golden;
use crate::pipeline::Compiled;
use context::Context;
use std::path::Path;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Name of the crate; [`check_name`] says which will do.
    pub name: &'a str,
    /// The model's file name, and its bytes.
    pub model: (&'a str, &'a [u8]),
    /// The topology beside it, where there is one.
    pub topology: Option<&'a str>,
    /// The model, compiled for `target`.
    pub compiled: &'a Compiled,
    /// The board, or the core of an emulated machine.
    pub target: Target<'a>,
    /// A recording of the model, whose first inputs the project tries; noise where there is none.
    pub golden: Option<&'a Golden>,
    /// Where the project finds tinybake.
    pub tinybake: Dependency<'a>,
}

/// How a project depends on tinybake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency<'a> {
    /// A checkout, by absolute path or relative to the project.
    Path(&'a Path),
    /// The published version of this program.
    Published,
}

/// A project as data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its files.
    pub files: Vec<File>,
    /// Commands that install what building and running it takes.
    pub install: Vec<String>,
}

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path within the project, with `/`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The files of the project that is wanted.
///
/// # Errors
/// A name that is none for a crate, a board without a template, a model that does not fit it, a recording of another model.
pub fn project(request: &Request<'_>, catalogue: &Catalogue) -> Result<Project, Diagnostics> {
    let wrong = |error: ScaffoldError| Diagnostics::from(error.at(Place::default()));
    check_name(request.name).map_err(wrong)?;
    let kit = Kit::of(&request.target, catalogue).map_err(wrong)?;
    let samples = samples::samples(&request.compiled.plan, request.golden)?;
    let bytes: usize = samples.inputs.iter().map(Vec::len).sum();
    kit.fit(&request.compiled.plan, bytes as u64, &request.target, catalogue)?;
    let context = Context::new(request, kit, &samples)?;
    let mut files: Vec<File> =
        context.render()?.into_iter().map(|(path, text)| File { path: path.into(), bytes: text.into_bytes() }).collect();
    let model = context.model_file.clone();
    if let Some(topology) = request.topology {
        files.push(File { path: Path::new(&model).with_extension("toml").display().to_string(), bytes: topology.into() });
    }
    files.push(File { path: model, bytes: request.model.1.into() });
    for (input, bytes) in context.inputs.iter().zip(samples.inputs) {
        files.push(File { path: format!("samples/{}", input.file), bytes });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Project { files, install: context.install() })
}
