//! Pruned networks that are trained on: the steps of the flagship example, with fewer digits and without its teacher.

use crate::Data;
use crate::digits::{digits, varied};
use crate::learn::{Lesson, fine_tuned, pruned, taught};
use tinybake_train::initial::from_topology;

const STUDENT: &str = include_str!("../../examples/flagship/student.toml");

#[test]
fn half_the_weights_keep_99_percent_of_the_accuracy_and_a_quarter_97() {
    let (given, test) = digits();
    let (training, validation) = given.split(0.1, 1).unwrap();
    let data = Data { all: varied(&training, 2, 1), validation, test };
    let lesson = Lesson { epochs: 10, rate: 0.008, seed: 1 };
    let dense = taught(from_topology(STUDENT, "student", 1).unwrap(), &data.all, &data, &lesson).unwrap();
    for (share, least) in [(0.5, 0.99), (0.25, 0.97)] {
        let tuned = fine_tuned(pruned(&dense.graph, share, &training).unwrap(), &dense.graph, &data).unwrap();
        println!(
            "{} parameters: {:.2} %; {}: {:.2} %",
            dense.parameters,
            100.0 * dense.accuracy,
            tuned.parameters,
            100.0 * tuned.accuracy
        );
        let kept = tuned.parameters as f64 / dense.parameters as f64;
        assert!((kept - share).abs() < 0.02, "{kept} of the parameters are left");
        assert!(tuned.accuracy >= least * dense.accuracy, "{} of {}", tuned.accuracy, dense.accuracy);
    }
}
