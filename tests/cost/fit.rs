//! The least squares of figures over features, none of whose rates is negative.

/// Numbers that are known of a layer.
pub(crate) const FEATURES: usize = 5;

/// Rates whose sums of products with the features come closest to the figures, relative to them. The first feature, a constant, is
/// used only if `constant`.
///
/// The best of all subsets of them is found by trying each: where a rate of a subset's own least squares
/// is negative, another subset is better.
pub(crate) fn fit(rows: &[([f64; FEATURES], f64)], constant: bool) -> [f64; FEATURES] {
    let mut best = ([0.0; FEATURES], f64::INFINITY, 0);
    let mut subsets: Vec<u32> = (1..1 << FEATURES).filter(|subset| constant || subset & 1 == 0).collect();
    subsets.sort_by_key(|subset| subset.count_ones());
    for subset in subsets {
        let used: Vec<usize> = (0..FEATURES).filter(|&index| subset >> index & 1 == 1).collect();
        if used.len() + 2 > rows.len() {
            continue;
        }
        let Some(rates) = least_squares(rows, &used) else { continue };
        if rates.iter().any(|&rate| rate < 0.0) {
            continue;
        }
        let error = rows.iter().map(|(features, figure)| (predict(&rates, features) / figure - 1.0).powi(2)).sum::<f64>();
        // More features than are needed fit noise.
        if error < best.1 * if used.len() > best.2 { 0.8 } else { 1.0 } {
            best = (rates, error, used.len());
        }
    }
    best.0
}

/// What `rates` say of a layer of such features.
pub(crate) fn predict(rates: &[f64; FEATURES], features: &[f64; FEATURES]) -> f64 {
    rates.iter().zip(features).map(|(rate, feature)| rate * feature).sum()
}

/// The normal equations of the features in use, solved by elimination; `None` where the rows do not determine the rates.
fn least_squares(rows: &[([f64; FEATURES], f64)], used: &[usize]) -> Option<[f64; FEATURES]> {
    let size = used.len();
    let mut equations = vec![vec![0.0; size + 1]; size];
    for (features, figure) in rows {
        for (i, &a) in used.iter().enumerate() {
            for (j, &b) in used.iter().enumerate() {
                equations[i][j] += features[a] * features[b] / (figure * figure);
            }
            equations[i][size] += features[a] / figure;
        }
    }
    for column in 0..size {
        let pivot = (column..size).max_by(|&a, &b| equations[a][column].abs().total_cmp(&equations[b][column].abs()))?;
        equations.swap(column, pivot);
        let row = equations[column].clone();
        if row[column].abs() < 1e-12 * equations[size - 1][size].abs() || row[column] == 0.0 {
            return None;
        }
        for (_, equation) in equations.iter_mut().enumerate().filter(|&(other, _)| other != column) {
            let factor = equation[column] / row[column];
            equation.iter_mut().zip(&row).for_each(|(value, &pivot)| *value -= factor * pivot);
        }
    }
    let mut rates = [0.0; FEATURES];
    for (index, &feature) in used.iter().enumerate() {
        rates[feature] = equations[index][size] / equations[index][index];
    }
    Some(rates)
}

#[test]
fn rates_are_found_again() {
    let rates = [120.0, 2.5, 0.0, 9.0, 30.0];
    let features = [
        [1.0, 100.0, 30.0, 5.0, 2.0],
        [1.0, 900.0, 10.0, 50.0, 8.0],
        [1.0, 50.0, 70.0, 90.0, 1.0],
        [1.0, 10.0, 3.0, 9.0, 7.0],
        [1.0, 7.0, 0.0, 2.0, 3.0],
        [1.0, 70.0, 9.0, 22.0, 31.0],
        [1.0, 20.0, 90.0, 2.0, 11.0],
    ];
    let rows: Vec<_> = features.iter().map(|features| (*features, predict(&rates, features))).collect();
    let found = fit(&rows, true);
    assert!(found.iter().zip(&rates).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    // One that could only be fitted with a negative rate.
    let rows: Vec<_> = features.iter().map(|features| (*features, features[1] - 0.1 * features[3] + 1.0)).collect();
    assert!(fit(&rows, true).iter().all(|&rate| rate >= 0.0));
}
