//! Runs the network of `models/digits.tflite` on the ESP32-C3: `cargo run --release`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use esp_backtrace as _;
use esp_hal::clock::CpuClock;
use esp_hal::delay::Delay;
use esp_hal::time::Instant;
use esp_println::println;
use static_cell::ConstStaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

tinybake::include_model!(
    mod network = "models/digits.tflite", target = "esp32-c3", optimize = "balanced"
);

/// All the memory that the network works in, beside the stack: `network::RAM_BYTES`.
static MODEL: ConstStaticCell<network::Model> = ConstStaticCell::new(network::Model::new());

/// Inputs in `samples/` to try the network with.
const SAMPLES: usize = 3;

#[esp_hal::main]
fn main() -> ! {
    let _peripherals = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    let model = MODEL.take();
    let delay = Delay::new();
    loop {
        for sample in 0..SAMPLES {
            fill(model, sample);
            let start = Instant::now();
            model.run();
            let micros = start.elapsed().as_micros();
            println!("sample {sample}: {micros} us");
            tell(model);
            delay.delay_millis(1000);
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
    println!("class {class}, score {score}");
    let outputs = model.output();
    println!("outputs {outputs:?}");
}
