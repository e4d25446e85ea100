//! Handwritten digits on the host: embeds the model with the macro, classifies the held-out images, and shows a few.
//!
//! `cargo run --release -p digits`

tinybake::include_model!(
    /// A convolutional network that tells digits of 8x8 pixels apart.
    mod digits = "../models/digits.tflite"
);

/// Held-out images as the network takes them: 64 bytes an image, each an `i8`. `tools/digits.py` makes this file and the next.
const IMAGES: &[u8] = include_bytes!("../images.bin");
/// The digit that each image shows, one byte an image.
const LABELS: &[u8] = include_bytes!("../labels.bin");
/// Number of images that are drawn in the terminal.
const SHOWN: usize = 4;

fn main() {
    let mut model = digits::Model::new();
    let (mut correct, mut total) = (0, 0);
    for (image, &label) in IMAGES.chunks_exact(64).zip(LABELS) {
        for (pixel, &byte) in model.input_mut().iter_mut().zip(image) {
            *pixel = byte as i8;
        }
        let (digit, score) = tinybake::argmax(model.run());
        if total < SHOWN {
            println!("{}", picture(image));
            println!(
                "is a {digit}, says the network ({:.0} % sure); it is a {label}\n",
                digits::OUTPUT.dequantize(score) * 100.0
            );
        }
        correct += usize::from(digit == usize::from(label));
        total += 1;
    }
    println!("{correct} of {total} held-out digits are right: {:.1} %", 100.0 * correct as f64 / total as f64);
    println!(
        "{} bytes of weights and tables, {} bytes of RAM, {} multiply-accumulates a digit",
        digits::WEIGHT_BYTES,
        digits::RAM_BYTES,
        digits::MACS
    );
}

/// Eight rows of two characters a pixel; stored -128 is white.
fn picture(image: &[u8]) -> String {
    const SHADES: [&str; 5] = ["  ", "░░", "▒▒", "▓▓", "██"];
    let shade = |&byte: &u8| SHADES[(i32::from(byte as i8) + 128) as usize * SHADES.len() / 256];
    image.chunks_exact(8).map(|row| row.iter().map(shade).collect::<String>()).collect::<Vec<_>>().join("\n")
}
