//! Handwritten digits on an emulated Cortex-M4: `cargo run --release` in this folder.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use semihosting::{print, println, process};
use static_cell::ConstStaticCell;

tinybake::include_model!(mod digits = "../../models/digits.tflite", target = "cortex-m4", optimize = "speed");

/// The only RAM that the network has, beside the stack.
static MODEL: ConstStaticCell<digits::Model> = ConstStaticCell::new(digits::Model::new());
static IMAGES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/images.bin"));
static LABELS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/labels.bin"));

#[cortex_m_rt::entry]
fn main() -> ! {
    let model = MODEL.take();
    let mut correct = 0;
    for (index, (image, &label)) in IMAGES.chunks_exact(64).zip(LABELS).enumerate() {
        for (pixel, &byte) in model.input_mut().iter_mut().zip(image) {
            *pixel = byte as i8;
        }
        let (digit, _) = tinybake::argmax(model.run());
        correct += usize::from(digit == usize::from(label));
        if index < 3 {
            picture(image);
            println!("is a {}; it is a {}", digit, label);
        }
    }
    println!("{} of {} held-out digits are right", correct, LABELS.len());
    println!("{} bytes of weights, {} bytes of RAM", digits::WEIGHT_BYTES, digits::RAM_BYTES);
    process::exit(0)
}

/// Eight rows of two characters a pixel; stored -128 is white.
fn picture(image: &[u8]) {
    for row in image.chunks_exact(8) {
        for &byte in row {
            print!("{}", ["  ", "..", "oo", "@@"].get(usize::from(byte.wrapping_add(128)) / 64).unwrap_or(&"  "));
        }
        println!();
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    println!("{}", info);
    process::exit(1)
}
