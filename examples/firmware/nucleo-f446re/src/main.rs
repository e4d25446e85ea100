//! Runs the network of `models/digits.tflite` on the NUCLEO-F446RE: `cargo run --release`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use defmt::info;
use embassy_executor::Spawner;
use embassy_time::{Instant, Timer};
use static_cell::ConstStaticCell;
use {defmt_rtt as _, panic_probe as _};

tinybake::include_model!(
    mod network = "models/digits.tflite", target = "nucleo-f446re", optimize = "balanced"
);

/// All the memory that the network works in, beside the stack: `network::RAM_BYTES`.
static MODEL: ConstStaticCell<network::Model> = ConstStaticCell::new(network::Model::new());

/// Inputs in `samples/` to try the network with.
const SAMPLES: usize = 3;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let _peripherals = embassy_stm32::init(clocks());
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

/// The core at 180 MHz, from the internal oscillator of 16 MHz; without this it would run at those.
fn clocks() -> embassy_stm32::Config {
    use embassy_stm32::rcc::{APBPrescaler, Pll, PllMul, PllPDiv, PllPreDiv, Sysclk};
    let mut config = embassy_stm32::Config::default();
    let pll = Pll {
        prediv: PllPreDiv::DIV8,
        mul: PllMul::MUL180,
        divp: Some(PllPDiv::DIV2),
        divq: None,
        divr: None,
    };
    config.rcc.pll = Some(pll);
    config.rcc.sys = Sysclk::PLL1_P;
    config.rcc.apb1_pre = APBPrescaler::DIV4;
    config.rcc.apb2_pre = APBPrescaler::DIV2;
    config
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
