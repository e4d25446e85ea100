//! Runs the network of `models/digits.tflite` on an emulated Arm Cortex-M4F (QEMU's mps2-an386): `cargo run --release`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use semihosting::{println, process};
use static_cell::ConstStaticCell;

tinybake::include_model!(
    mod network = "models/digits.tflite", target = "cortex-m4", optimize = "balanced"
);

/// All the memory that the network works in, beside the stack: `network::RAM_BYTES`.
static MODEL: ConstStaticCell<network::Model> = ConstStaticCell::new(network::Model::new());

/// Inputs in `samples/` to try the network with.
const SAMPLES: usize = 3;

#[cortex_m_rt::entry]
fn main() -> ! {
    let model = MODEL.take();
    for sample in 0..SAMPLES {
        fill(model, sample);
        model.run();
        println!("sample {sample}:");
        tell(model);
    }
    process::exit(0)
}

/// Fills the input with a sample. In a program of your own, the values of a sensor go here.
fn fill(model: &mut network::Model, sample: usize) {
    static INPUT: &[u8] = include_bytes!("../samples/input.bin");
    let bytes = INPUT.chunks_exact(64).nth(sample).unwrap_or_default();
    for (value, &byte) in model.input_mut().iter_mut().zip(bytes) {
        *value = byte.cast_signed();
    }
}

/// Says what the network makes of its input.
fn tell(model: &network::Model) {
    let (class, score) = tinybake::argmax(model.output());
    let score = network::OUTPUT.dequantize(score);
    println!("class {class}, score {score}");
    let outputs = model.output();
    println!("outputs {outputs:?}");
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    println!("{info}");
    process::exit(1)
}
