//! What a runner reads and writes: inputs, outputs, and a record of every program.
//!
//! `inputs.bin` holds, program after program, the number of samples (u32) and the samples, each with its inputs in order.
//! `outputs.bin` holds the outputs likewise, without the number. `report.bin` holds u64 words: the calibration (expected,
//! counted) and the stack bytes watched, then for every program the samples, the model's bytes, and the instructions in all, least, most, and stack bytes.
//! All words are little-endian.

use crate::element::Element;
use crate::{File, Meter, Read, Write};

/// The files, the meter, and the record of the program that runs.
pub struct Session {
    inputs: File,
    outputs: File,
    report: File,
    meter: Meter,
    record: Record,
}

/// What is known of a program's inferences so far.
#[derive(Clone, Copy)]
struct Record {
    samples: u64,
    model_bytes: u64,
    total: u64,
    least: u64,
    most: u64,
    stack_bytes: u64,
}

/// Bytes moved between a file and a model at a time; a multiple of every element's size.
const CHUNK: usize = 512;

impl Session {
    /// Opens the files and starts the meter.
    pub fn start() -> Self {
        let (meter, head) = Meter::start();
        let mut report = crate::create(c"report.bin");
        write_words(&mut report, &head);
        let record = Record { samples: 0, model_bytes: 0, total: 0, least: u64::MAX, most: 0, stack_bytes: 0 };
        Self { inputs: crate::open(c"inputs.bin"), outputs: crate::create(c"outputs.bin"), report, meter, record }
    }

    /// Begins a program whose model takes `model_bytes`: its number of samples.
    pub fn begin(&mut self, model_bytes: usize) -> u32 {
        let mut bytes = [0; 4];
        self.inputs.read_exact(&mut bytes).expect("the number of samples is there");
        let samples = u32::from_le_bytes(bytes);
        self.record = Record {
            samples: samples.into(),
            model_bytes: model_bytes as u64,
            total: 0,
            least: u64::MAX,
            most: 0,
            stack_bytes: 0,
        };
        samples
    }

    /// Reads an input.
    pub fn load<T: Element>(&mut self, input: &mut [T]) {
        let mut buffer = [0; CHUNK];
        for part in input.chunks_mut(CHUNK / T::SIZE) {
            let bytes = &mut buffer[..part.len() * T::SIZE];
            self.inputs.read_exact(bytes).expect("a sample is there");
            for (element, bytes) in part.iter_mut().zip(bytes.chunks_exact(T::SIZE)) {
                *element = T::decode(bytes);
            }
        }
    }

    /// Runs one inference.
    pub fn infer<M>(&mut self, model: &mut M, run: fn(&mut M)) {
        let (instructions, stack_bytes) = self.meter.infer(model, run);
        let record = &mut self.record;
        record.total += instructions;
        record.least = record.least.min(instructions);
        record.most = record.most.max(instructions);
        record.stack_bytes = record.stack_bytes.max(stack_bytes);
    }

    /// Writes an output.
    pub fn store<T: Element>(&mut self, output: &[T]) {
        let mut buffer = [0; CHUNK];
        for part in output.chunks(CHUNK / T::SIZE) {
            let bytes = &mut buffer[..part.len() * T::SIZE];
            for (element, bytes) in part.iter().zip(bytes.chunks_exact_mut(T::SIZE)) {
                element.encode(bytes);
            }
            self.outputs.write_all(bytes).expect("an output is written");
        }
    }

    /// Ends a program: writes its record.
    pub fn end(&mut self) {
        let Record { samples, model_bytes, total, least, most, stack_bytes } = self.record;
        write_words(&mut self.report, &[samples, model_bytes, total, least, most, stack_bytes]);
    }
}

fn write_words(file: &mut File, words: &[u64]) {
    for word in words {
        file.write_all(&word.to_le_bytes()).expect("the report is written");
    }
}
