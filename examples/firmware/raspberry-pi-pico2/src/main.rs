//! Runs the network of `models/digits.tflite` on the Raspberry Pi Pico 2 (RP2350): `cargo run --release`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use defmt::info;
use embassy_executor::Spawner;
use embassy_time::{Instant, Timer};
use static_cell::ConstStaticCell;
use {defmt_rtt as _, panic_probe as _};

tinybake::include_model!(
    mod network = "models/digits.tflite", target = "raspberry-pi-pico2", optimize = "balanced"
);

/// All the memory that the network works in, beside the stack: `network::RAM_BYTES`.
static MODEL: ConstStaticCell<network::Model> = ConstStaticCell::new(network::Model::new());

/// Inputs in `samples/` to try the network with.
const SAMPLES: usize = 3;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let _peripherals = embassy_rp::init(Default::default());
    let model = MODEL.take();
    loop {
        for sample in 0..SAMPLES {
            fill(model, sample);
            let start = Instant::now();
            model.run();
            let time = start.elapsed();
            info!("sample {}: {} us", sample, time.as_micros());
            tell(model);
            Timer::after_secs(1).await;
        }
    }
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
    info!("class {}, score {}", class, score);
    let outputs = model.output();
    info!("outputs {:?}", outputs);
}
