//! `tinybake verify`.

mod comparison;
mod outputs;
mod recorded;
mod report;

use super::choices;
use super::session::{self, Session, in_file};
use super::{Ended, Outcome, guarantees};
use crate::boards::Target;
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::measure::{self, Golden, GoldenError, MeasureError};
use crate::options::{CoreClass, Interface, Optimize, Options, Reference};
use crate::pipeline;
use crate::script::Files;
use crate::valid::{self, Kind};
use comparison::Comparison;
use recorded::Recorded;
use report::{Refused, Report, Row, Summary};
use std::path::{Path, PathBuf};

/// Verifies that generated code reproduces recorded outputs, on the host or emulated cores.
///
/// Every element of every output is compared. A float model is evaluated on the host instead, within --tolerance.
/// `--on evaluator` evaluates quantized models in this process, without building anything: hundreds of models in seconds.
/// Several models and folders can be verified in one call. Exit code 1: an element differs, nothing could run, or one of several models is
/// rejected.
///
/// --guarantees checks the linked code instead: no panics, no software floats, no allocation, the stated RAM, and on emulated cores the stated
/// stack usage. Exit code 1: a guarantee is broken, or nothing could be linked.
#[derive(clap::Args)]
pub(super) struct Verify {
    /// Models: .tflite or .onnx files, .safetensors files with their topology, or folders (all models in them that have a recording).
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Recording: safetensors with `input.J` and `output.J.ENGINE`, each [samples, ...]. Default: NAME.golden.safetensors beside the
    /// model.
    #[arg(long, value_name = "FILE")]
    golden: Option<PathBuf>,
    /// Checks the guarantees of the generated code instead of its outputs.
    #[arg(long, conflicts_with_all = ["golden", "samples"])]
    guarantees: bool,
    /// Engine whose recorded outputs are compared. Default: `ort` for .onnx files, otherwise the first of `tflm`, `xnnpack` and `litert_ref`
    /// that is recorded and whose kernels are known (`litert_ref` first for float models, and where TFLM pads with undefined values), or the only one.
    #[arg(long, value_name = "NAME")]
    engine: Option<String>,
    /// Where to run: cores and boards, separated by commas. `host`: this computer; `all`: every core that can be emulated here; `evaluator`:
    /// in this process, without a build.
    #[arg(long, default_value = "host", value_delimiter = ',', value_name = "NAMES")]
    on: Vec<String>,
    /// Optimization goal: size (least flash), speed (fewest instructions), or balanced (least product of the two).
    #[arg(long, default_value = Optimize::default().name(), value_parser = choices::optimize())]
    pub(super) optimize: Optimize,
    #[command(flatten)]
    pub(super) limits: choices::Limits,
    /// Element types of inputs and outputs: `model` keeps those of the file, `int8` drops its outer quantize and dequantize operators.
    #[arg(long, default_value = Interface::default().name(), value_parser = choices::interface())]
    pub(super) interface: Interface,
    /// Reference engine whose outputs are reproduced bit for bit. Default: the engine of the recording, if it is one of these.
    #[arg(long, value_parser = choices::reference())]
    reference: Option<Reference>,
    /// Maximum number of recorded samples to run.
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// Maximum absolute difference to the recorded outputs, for float models.
    #[arg(long, default_value_t = 1e-4, value_name = "X")]
    tolerance: f64,
}

/// Where a model is run.
enum On<'a> {
    /// In this process.
    Evaluator,
    /// As generated code.
    Target(Target<'a>),
}

impl On<'_> {
    fn name(&self) -> &str {
        match self {
            On::Evaluator => EVALUATOR,
            On::Target(target) => target.name(),
        }
    }
}

/// The name of [`On::Evaluator`].
const EVALUATOR: &str = "evaluator";

/// The engine of LiteRT's reference kernels, whose arithmetic is TFLM's but for the rounding of fully connected layers.
const LITERT: &str = "litert_ref";

/// Why there are no figures of a target.
enum Stop {
    /// The user's input is wrong: no target can be run.
    Input(Diagnostics),
    /// It cannot be built or run here.
    Measure(MeasureError),
}

impl From<Diagnostics> for Stop {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Input(diagnostics)
    }
}

impl Verify {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let places = self.places(session)?;
        let single = match self.models.as_slice() {
            [model] if !model.is_dir() => Some(model),
            _ => None,
        };
        if self.guarantees || self.golden.is_some() {
            let Some(model) = single else { return Err(one_model().into()) };
            let Some(golden) = self.golden.clone().filter(|_| !self.guarantees) else {
                return self.promises(session, model, &places);
            };
            return self.single(session, &Recorded { model: model.clone(), golden }, &places);
        }
        let found = recorded::find(&self.models)?;
        match (single, found.recorded.as_slice()) {
            (Some(_), [recorded]) => self.single(session, recorded, &places),
            _ => self.several(session, &found, &places),
        }
    }

    /// What the code promises.
    fn promises(&self, session: &Session, model: &Path, places: &[On<'_>]) -> Ended {
        let mut targets = Vec::new();
        for place in places {
            match place {
                On::Target(target) => targets.push(*target),
                On::Evaluator => {
                    let message = "the evaluator links no code, whose promises could be checked".to_string();
                    let help = "name cores or boards with --on".to_string();
                    return Err(Diagnostic { code: "verify::evaluator", message, place: Place::default(), help }.into());
                }
            }
        }
        let options = self.options(CoreClass::default(), self.reference(model, self.engine.as_deref().unwrap_or_default()));
        guarantees::run(model, &options, session, &targets)
    }

    fn single(&self, session: &Session, recorded: &Recorded, places: &[On<'_>]) -> Ended {
        let (report, failed) = self.report(session, recorded, places)?;
        session.result(&report.text(), &report)?;
        let broken = !failed.is_empty();
        if broken {
            session.warn(&Diagnostics(failed));
        }
        Ok(if broken || !report.holds() { Outcome::CheckFailed } else { Outcome::Done })
    }

    /// Verifies every model, also where one is refused.
    fn several(&self, session: &Session, found: &recorded::Found, places: &[On<'_>]) -> Ended {
        let without_recording = found.alone.iter().map(|model| model.display().to_string()).collect();
        let mut summary = Summary { without_recording, ..Summary::default() };
        let mut broken = Vec::new();
        let progress = session.progress(found.recorded.len());
        for recorded in &found.recorded {
            match self.report(session, recorded, places) {
                Ok((report, failed)) => {
                    summary.models.push(report);
                    broken.extend(failed);
                }
                Err(diagnostics) => {
                    summary.refused.push(Refused::of(recorded.model.display().to_string(), &diagnostics));
                }
            }
            progress.tick();
        }
        drop(progress);
        session.result(&summary.text(), &summary)?;
        let holds = broken.is_empty() && summary.holds();
        if !broken.is_empty() {
            session.warn(&Diagnostics(broken));
        }
        Ok(if holds { Outcome::Done } else { Outcome::CheckFailed })
    }

    /// Results of one model, and what should have built and run, and did not.
    fn report(
        &self,
        session: &Session,
        recorded: &Recorded,
        places: &[On<'_>],
    ) -> Result<(Report, Vec<Diagnostic>), Diagnostics> {
        let Recorded { model, golden: file } = recorded;
        let files = Files::read(model)?;
        let shown = model.display().to_string();
        let source = files.source(&shown);
        let graph = pipeline::read(&source)?;
        let float = valid::kind(&graph) == Kind::Float;
        let undefined_padding = pipeline::undefined_padding(&source);
        let (mut golden, engine) = self.recording(model, float || undefined_padding, file)?;
        let turned = pipeline::turned_images(&source);
        // Some operators of such a recording may have no kernel that equals XNNPACK's.
        let unnamed = self.engine.is_none() && self.reference.is_none() && golden.engines().iter().any(|name| name == LITERT);
        let xnnpack = self.options(CoreClass::Host, Reference::Xnnpack);
        let engine = match engine.as_str() {
            "xnnpack" if unnamed && pipeline::compile(&source, &xnnpack).is_err() => LITERT.to_string(),
            _ => engine,
        };
        golden.channels_last(&turned.inputs, &turned.outputs);
        let reference = self.reference(model, &engine);
        let comparison = Comparison { verify: self, golden: &golden, engine: &engine, file, reference };
        let (mut rows, mut failed) = (Vec::new(), Vec::new());
        for place in places {
            let made = match (float, place) {
                (true, place) => comparison.float(&graph, &shown, place),
                (false, On::Evaluator) => comparison.evaluated(&source),
                (false, On::Target(target)) => comparison.built(session, &source, target),
            };
            match made {
                Ok(row) => rows.push(Row { on: place.name().into(), ..row }),
                Err(Stop::Input(diagnostics)) => return Err(in_file(diagnostics, model)),
                Err(Stop::Measure(error)) => {
                    let missing = error.is_missing_tool();
                    let note = if missing { format!("not run: {error}; {}", error.help()) } else { "failed".into() };
                    rows.push(Row { on: place.name().into(), note: Some(note), ..Row::default() });
                    if !missing {
                        failed.push(error.at(Place { file: Some(shown.clone()), ..Place::default() }));
                    }
                }
            }
        }
        let differ = rows.iter().any(|row| row.unequal.is_some_and(|unequal| unequal > 0));
        let engine_note = match engine.as_str() {
            "ort" if differ => report::saturation(&pipeline::saturating_layers(&source)),
            "tflm" if undefined_padding && differ => Some(report::UNDEFINED_PADDING.to_string()),
            _ => None,
        };
        let report = Report {
            model: shown.clone(),
            reference: if float { "float" } else { reference.name() },
            engine,
            optimize: self.optimize.name(),
            tolerance: float.then_some(self.tolerance),
            runs: rows,
            engine_note,
        };
        Ok((report, failed))
    }

    /// Where to run.
    fn places<'a>(&self, session: &'a Session) -> Result<Vec<On<'a>>, Diagnostics> {
        let (mut places, mut unknown) = (Vec::new(), Vec::new());
        for name in self.on.iter().map(|name| name.trim()) {
            match session.catalogue.find(name) {
                Ok(target) => places.push(On::Target(target)),
                Err(_) if name == "all" => places.extend(every(session).map(On::Target)),
                Err(_) if name == EVALUATOR => places.push(On::Evaluator),
                Err(error) => unknown.push(error.at(Place::default())),
            }
        }
        if unknown.is_empty() { Ok(places) } else { Err(Diagnostics(unknown)) }
    }

    /// The recording of a model, and the engine in it whose outputs are compared.
    /// LiteRT comes before TFLM where `litert_first`: for float models, whose weights it dequantizes by channels, and where TFLM's
    /// padding is undefined.
    fn recording(&self, model: &Path, litert_first: bool, file: &Path) -> Result<(Golden, String), Diagnostics> {
        let bytes = session::read(file)?;
        let golden = Golden::parse(&bytes).map_err(|diagnostics| in_file(diagnostics, file))?;
        let present = golden.engines();
        let usual = pipeline::reference_of(&model.to_string_lossy());
        let candidates: &[&str] = match (&self.engine, usual) {
            (Some(engine), _) => &[engine],
            (None, Reference::Ort) => &["ort"],
            (None, Reference::Tflm | Reference::Xnnpack) if litert_first => &["litert", "litert_ref", "tflm", "xnnpack"],
            (None, Reference::Tflm | Reference::Xnnpack) => &["tflm", "xnnpack", "litert_ref", "litert"],
        };
        let found = candidates.iter().find(|engine| present.iter().any(|name| name == *engine));
        let found = found.map(|engine| (*engine).to_string());
        match found.or_else(|| present.first().filter(|_| self.engine.is_none() && present.len() == 1).cloned()) {
            Some(engine) => Ok((golden, engine)),
            None => {
                let engine = candidates.first().copied().unwrap_or_default().into();
                Err(in_file(GoldenError::NoEngine { engine, present }.at(Place::default()).into(), file))
            }
        }
    }

    /// The reference whose outputs the code of `model` equals, where outputs of `engine` are compared.
    fn reference(&self, model: &Path, engine: &str) -> Reference {
        let usual = pipeline::reference_of(&model.to_string_lossy());
        self.reference.unwrap_or_else(|| engine.parse().unwrap_or(usual))
    }

    /// What is generated for a core.
    fn options(&self, core: CoreClass, reference: Reference) -> Options {
        let choices::Limits { max_flash, max_ram } = self.limits;
        let (optimize, interface) = (self.optimize, self.interface);
        Options { reference: Some(reference), optimize, interface, core, max_flash, max_ram, ..Options::default() }
    }
}

/// An option that is of one model was given with several.
fn one_model() -> Diagnostic {
    Diagnostic {
        code: "verify::one_model",
        message: "--golden and --guarantees are of one model, and several or a folder are named".into(),
        place: Place::default(),
        help: "name one model file; recordings NAME.golden.safetensors beside models are found without --golden".into(),
    }
}

/// This computer and every core whose Rust target and emulator are installed.
fn every(session: &Session) -> impl Iterator<Item = Target<'_>> {
    let cores = session.catalogue.cores().iter().filter_map(|core| session.catalogue.find(&core.name).ok());
    cores.filter(|target| measure::available(target).is_ok())
}
