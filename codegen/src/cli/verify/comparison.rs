//! The outputs of one model against its recording: of generated code, of the evaluator, and of a float model.

use super::outputs;
use super::report::Row;
use super::{On, Stop, Verify};
use crate::boards::Target;
use crate::cli::session::{Session, in_file};
use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::ir::Graph;
use crate::measure::{self, Golden, Program};
use crate::options::{CoreClass, Optimize, Reference};
use crate::pipeline::{self, Source};
use std::path::Path;

/// A model against its recording.
pub(super) struct Comparison<'a> {
    pub(super) verify: &'a Verify,
    pub(super) golden: &'a Golden,
    pub(super) engine: &'a str,
    /// The recording's file.
    pub(super) file: &'a Path,
    pub(super) reference: Reference,
}

impl Comparison<'_> {
    /// The figures of generated code on one target.
    pub(super) fn built(&self, session: &Session, source: &Source<'_>, target: &Target<'_>) -> Result<Row, Stop> {
        let Verify { optimize, samples, .. } = self.verify;
        let compiled = pipeline::compile(source, &self.verify.options(target.class(), self.reference))?;
        if session.verbose {
            session.say(&compiled.plan.to_string());
        }
        let program = Program::of_plan(&compiled.plan);
        let samples = self.in_golden(self.golden.samples(&program.inputs, *samples))?;
        let doing = session.doing(&format!("building and running on {}", target.name()));
        let settings = measure::Options { size: *optimize == Optimize::Size, ..measure::Options::default() };
        let run = measure::run(&program, &samples, target, &settings).map_err(Stop::Measure)?;
        drop(doing);
        let row = row(self.in_golden(measure::compare(&run, &program.outputs, self.golden, self.engine))?);
        Ok(Row {
            instructions: run.instructions.map(|instructions| instructions.mean),
            ram_bytes: Some(run.ram_bytes),
            stack_bytes: run.stack_bytes,
            stack_bound_bytes: run.stack_bound_bytes.filter(|_| !target.is_host()),
            ..row
        })
    }

    /// The figures of a quantized model in this process.
    pub(super) fn evaluated(&self, source: &Source<'_>) -> Result<Row, Stop> {
        let compiled = pipeline::compile(source, &self.verify.options(CoreClass::Host, self.reference))?;
        let Program { inputs, outputs, source: _ } = Program::of_plan(&compiled.plan);
        let samples = self.in_golden(self.golden.samples(&inputs, self.verify.samples))?;
        let run = outputs::of_program(&compiled.program, &inputs, &samples)?;
        Ok(row(self.in_golden(measure::compare(&run, &outputs, self.golden, self.engine))?))
    }

    /// The figures of a float model, which is evaluated in this process.
    pub(super) fn float(&self, graph: &Graph, shown: &str, place: &On<'_>) -> Result<Row, Stop> {
        let name = place.name();
        if matches!(place, On::Target(target) if !target.is_host() || target.board.is_some()) {
            let message = format!("a float model cannot be run on {name}: code is generated for quantized models only");
            let help = "verify it with `--on host`, or quantize it first: `tinybake quantize MODEL --data DATA.safetensors -o OUT.safetensors`";
            let place = Place { file: Some(shown.into()), ..Place::default() };
            return Err(Diagnostics::from(Diagnostic { code: "verify::float", message, place, help: help.into() }).into());
        }
        let [inputs, outputs] = outputs::ports(graph);
        let samples = self.in_golden(self.golden.samples(&inputs, self.verify.samples))?;
        let run = outputs::of_floats(graph, &inputs, &samples)?;
        let tolerance = Some(self.verify.tolerance);
        Ok(row(self.in_golden(measure::compare_within(&run, &outputs, self.golden, self.engine, tolerance))?))
    }

    /// Names the recording in diagnostics of it.
    fn in_golden<T>(&self, result: Result<T, Diagnostics>) -> Result<T, Diagnostics> {
        result.map_err(|diagnostics| in_file(diagnostics, self.file))
    }
}

fn row(comparison: measure::Comparison) -> Row {
    let measure::Comparison { samples, elements, unequal, max_difference } = comparison;
    let (samples, elements, unequal) = (Some(samples), Some(elements), Some(unequal));
    Row { samples, elements, unequal, max_difference: Some(max_difference), ..Row::default() }
}
