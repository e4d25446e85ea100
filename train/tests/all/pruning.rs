//! Pruned networks that are trained on: the steps of the flagship example, from fewer digits and without its teacher.

use crate::Data;
use crate::digits::digits;
use crate::learn::{Lesson, fine_tuned, pruned, taught};
use tinybake_train::initial::from_topology;

const STUDENT: &str = include_str!("../../examples/flagship/student.toml");

#[test]
fn half_the_weights_keep_99_percent_of_the_accuracy_and_a_quarter_97() {
    let all = digits(1, 1500);
    let data = Data { all, validation: digits(2, 300), test: digits(3, 1000) };
    let lesson = Lesson { epochs: 12, rate: 0.008, seed: 1 };
    let dense = taught(from_topology(STUDENT, "student", 1).unwrap(), &data.all, &data, &lesson).unwrap();
    for (share, least) in [(0.5, 0.99), (0.75, 0.97)] {
        let tuned = fine_tuned(pruned(&dense.graph, share).unwrap(), &dense.graph, &data).unwrap();
        println!(
            "{} parameters: {:.2} %; {}: {:.2} %",
            dense.parameters,
            100.0 * dense.accuracy,
            tuned.parameters,
            100.0 * tuned.accuracy
        );
        let kept = tuned.parameters as f64 / dense.parameters as f64;
        assert!((kept - (1.0 - share)).abs() < 0.01, "{kept} of the parameters are left");
        assert!(tuned.accuracy >= least * dense.accuracy, "{} of {}", tuned.accuracy, dense.accuracy);
    }
}
