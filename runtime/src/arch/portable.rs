//! Portable sums of products, in loops of the shape that LLVM vectorizes; the specification of any other.

/// The sum of the elements.
#[inline(always)]
pub(crate) fn sum(w: &[i8]) -> i32 {
    w.iter().fold(0i32, |sum, &w| sum.wrapping_add(w as i32))
}

/// `sum(x[i] * w[i])` over the shorter length.
#[inline(always)]
pub(crate) fn dot(x: &[i8], w: &[i8]) -> i32 {
    x.iter().zip(w).fold(0i32, |sum, (&x, &w)| sum.wrapping_add(x as i32 * w as i32))
}

/// Four dot products with one shared factor, added to `acc`: five loads for four products.
#[inline(always)]
pub(crate) fn dot_1x4(acc: [i32; 4], x: &[i8], w: [&[i8]; 4]) -> [i32; 4] {
    let [mut a, mut b, mut c, mut d] = acc;
    let [wa, wb, wc, wd] = w;
    for ((((&x, &wa), &wb), &wc), &wd) in x.iter().zip(wa).zip(wb).zip(wc).zip(wd) {
        a = a.wrapping_add(x as i32 * wa as i32);
        b = b.wrapping_add(x as i32 * wb as i32);
        c = c.wrapping_add(x as i32 * wc as i32);
        d = d.wrapping_add(x as i32 * wd as i32);
    }
    [a, b, c, d]
}

/// The dot products of each `x` with each `w`, added to `acc[x][w]`: four loads for four products.
#[inline(always)]
pub(crate) fn dot_2x2(acc: [[i32; 2]; 2], x: [&[i8]; 2], w: [&[i8]; 2]) -> [[i32; 2]; 2] {
    let [[mut a, mut b], [mut c, mut d]] = acc;
    let ([x0, x1], [w0, w1]) = (x, w);
    for (((&x0, &x1), &w0), &w1) in x0.iter().zip(x1).zip(w0).zip(w1) {
        a = a.wrapping_add(x0 as i32 * w0 as i32);
        b = b.wrapping_add(x0 as i32 * w1 as i32);
        c = c.wrapping_add(x1 as i32 * w0 as i32);
        d = d.wrapping_add(x1 as i32 * w1 as i32);
    }
    [[a, b], [c, d]]
}
