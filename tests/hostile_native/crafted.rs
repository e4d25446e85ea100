//! Small models that ask for much: each way that work or memory could grow faster than the files.

use safetensors::tensor::{Dtype, TensorView};
use std::fmt::Write as _;

/// A model, and the code of its first diagnostic or `read`.
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) topology: Option<String>,
    pub(crate) expected: &'static str,
}

/// The room that a topology has.
const TOPOLOGY: usize = 1 << 19;

fn file(tensors: &[(&str, Dtype, &[usize])]) -> Vec<u8> {
    let size = |dtype: Dtype, shape: &[usize]| shape.iter().product::<usize>() * dtype.bitsize() / 8;
    let data: Vec<Vec<u8>> = tensors.iter().map(|(_, dtype, shape)| vec![1; size(*dtype, shape)]).collect();
    let views = tensors
        .iter()
        .zip(&data)
        .map(|((name, dtype, shape), data)| (*name, TensorView::new(*dtype, shape.to_vec(), data).expect("a view")));
    safetensors::serialize(views, None).expect("a file")
}

fn header(json: &str) -> Vec<u8> {
    [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat()
}

/// A topology of an input `x` and as many pieces as there is room for.
fn filled(shape: &str, piece: impl Fn(usize) -> String) -> String {
    let mut text = format!(
        "format = 1\nlayout = 'torch'\n[[input]]\nname = 'x'\nshape = {shape}\nquantization = {{ scale = 1, zero_point = 0 }}\n"
    );
    for index in 0.. {
        let piece = piece(index);
        if text.len() + piece.len() > TOPOLOGY {
            break;
        }
        text += &piece;
    }
    text
}

/// All such models.
pub(crate) fn all() -> Vec<Model> {
    let text = |name, topology: String, expected| Model { name, bytes: file(&[]), topology: Some(topology), expected };
    let with = |name, bytes, topology: String, expected| Model { name, bytes, topology: Some(topology), expected };
    let json = |name, bytes: Vec<u8>| Model { name, bytes, topology: Some("format = 1".into()), expected: "native::header" };
    let q = "quantization = { scale = 1, zero_point = 0 }";
    let wide = |op: &str| {
        let names = "'x',".repeat(TOPOLOGY / 4 - 100);
        format!("{}[[op]]\n{op} = {{ inputs = [{names}], axis = 0 }}\noutput = {{ name = 'y' }}\n", head())
    };
    let mut tensors = String::from("{");
    for index in 0..50_000 {
        let _ = write!(tensors, "\"{index}\":{{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[0,0]}},");
    }
    vec![
        json(
            "a shape of two million dimensions",
            header(&format!("{{\"a\":{{\"dtype\":\"I8\",\"shape\":[{}0]", "0,".repeat(2_000_000))),
        ),
        json("unknown lists in the header", header(&format!("{{\"a\":{{\"x\":[{}0]", "0,".repeat(2_000_000)))),
        json("nested lists in the header", header(&"[".repeat(4_000_000))),
        json("many tensors without elements", header(&tensors)),
        json("much metadata", header(&format!("{{\"__metadata__\":{{{}", "\"\":\"\",".repeat(600_000)))),
        text("a list of a quarter of a million numbers", format!("format = 1\nx = [{}]", "0,".repeat(250_000)), "native::schema"),
        text("a list of empty lists", format!("format = 1\nx = [{}]", "[],".repeat(170_000)), "native::schema"),
        text("a list of empty tables", format!("format = 1\nx = [{}]", "{},".repeat(170_000)), "native::schema"),
        text("nested lists", format!("format = 1\nx = {}", "[".repeat(500_000)), "native::toml"),
        text("nested tables", format!("format = 1\nx = {}", "{a=".repeat(150_000)), "native::toml"),
        text(
            "a dotted key of a quarter of a million parts",
            format!("format = 1\n{}a = 1", "a.".repeat(250_000)),
            "native::toml",
        ),
        text(
            "a dotted table of a quarter of a million parts",
            format!("format = 1\n[{}a]", "a.".repeat(250_000)),
            "native::toml",
        ),
        text("many dotted tables", filled("[1]", |i| format!("[{}a{i}]\n", "a.".repeat(70))), "native::schema"),
        text("many keys", filled("[1]", |i| format!("k{i}=0\n")), "native::schema"),
        text("many empty ops", filled("[1]", |_| "[[op]]\n".into()), "native::schema"),
        text("many unknown ops", filled("[1]", |i| format!("[[op]]\nop{i}={{}}\n")), "native::schema"),
        text(
            "many unknown names",
            filled("[1]", |i| format!("[[op]]\nrelu={{input='y{i}'}}\noutput={{name='z{i}'}}\n")),
            "native::undefined",
        ),
        text("a chain of reshapes", chain("[1, 1, 1, 8]", "reshape", ",shape=[1,8,1,1]"), "read"),
        text(
            "a long name",
            format!("{}[[op]]\nrelu={{input='{}'}}\noutput={{name='y'}}", head(), "n".repeat(450_000)),
            "native::undefined",
        ),
        text(
            "long permutations",
            filled("[1]", |i| format!("[[op]]\ntranspose={{input='x',perm=[{}0]}}\noutput={{name='{i}'}}\n", "0,".repeat(9_000))),
            "native::shape",
        ),
        text(
            "axes by the hundred thousand",
            filled("[1]", |i| {
                format!("[[op]]\nreduce_max={{input='x',axes=[{}0]}}\noutput={{name='{i}'}}\n", "0,".repeat(200_000))
            }),
            "read",
        ),
        text(
            "a shape of many dimensions",
            format!("{}[[op]]\nreshape={{input='x'}}\noutput={{name='y',shape=[{}1]}}", head(), "1,".repeat(200_000)),
            "native::shape",
        ),
        text("a concatenation of the same tensor", wide("concatenation"), "read"),
        text("a pack of the same tensor", wide("pack"), "read"),
        text("packs of packs", chain("[1]", "pack", ""), "native::schema"),
        text("an input split into thousands", split(30_000), "read"),
        text("an unpacking into thousands", split(30_000).replace("split", "unpack"), "read"),
        text("sizes near the end of the address space", hostile_window(), "native::shape"),
        with(
            "one large filter in thousands of layers",
            file(&[("w", Dtype::I8, &[1024, 1024]), ("w.scale", Dtype::F32, &[1024])]),
            filled("[1, 1024]", |i| format!("[[op]]\nfully_connected={{input='x',weights='w'}}\noutput={{name='y{i}',{q}}}\n")),
            "read",
        ),
        with(
            "one large filter with as many quantizations as layers",
            file(&[("w", Dtype::I8, &[1024, 1024])]),
            filled("[1, 1024]", |i| {
                format!(
                    "[[op]]\nfully_connected={{input='x',weights={{tensor='w',quantization={{scale={i}.5}}}}}}\noutput={{name='y{i}',{q}}}\n"
                )
            }),
            "read",
        ),
        with(
            "a million scales in thousands of layers",
            file(&[("w", Dtype::I8, &[1 << 20, 1]), ("w.scale", Dtype::F32, &[1 << 20])]),
            filled("[1, 1]", |i| format!("[[op]]\nfully_connected={{input='x',weights='w'}}\noutput={{name='y{i}',{q}}}\n")),
            "read",
        ),
        with(
            "one large filter behind images of every form",
            file(&[("w", Dtype::I8, &[64, 10080]), ("w.scale", Dtype::F32, &[64])]),
            filled("[1, 10080]", |i| {
                let (height, width) = (DIVISORS[i % 72 % 8], DIVISORS[i / 8 % 8]);
                let reshape = format!("[[op]]\nreshape={{input='x'}}\noutput={{name='i{i}',shape=[1,{height},{width},-1]}}\n");
                format!(
                    "{reshape}[[op]]\nfully_connected={{input='i{i}',weights='w',flatten='chw'}}\noutput={{name='y{i}',{q}}}\n"
                )
            }),
            "native::copies",
        ),
    ]
}

const DIVISORS: [usize; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

fn head() -> String {
    "format = 1\nlayout = 'torch'\n[[input]]\nname = 'x'\nshape = [1]\nquantization = { scale = 1, zero_point = 0 }\n".into()
}

/// An op reading the one before, as often as there is room.
fn chain(shape: &str, op: &str, output: &str) -> String {
    filled(shape, |i| {
        let input = if i == 0 { "x".to_owned() } else { format!("t{}", i - 1) };
        format!("[[op]]\n{op}={{input='{input}'}}\noutput={{name='t{i}'{output}}}\n")
    })
}

fn split(count: usize) -> String {
    let outputs: String = (0..count).map(|i| format!("{{name='{i}'}},")).collect();
    let head = head().replace("[1]", &format!("[{count}]"));
    format!("{head}[[op]]\nsplit={{input='x',axis=0}}\noutputs=[{outputs}]\n")
}

fn hostile_window() -> String {
    let large = [1i64, 2, i64::MAX, i64::MAX - 1, 1 << 32, 1 << 31];
    filled("[1, 2147483647, 1, 1]", |i| {
        let at = |n: usize| large[(i / 6usize.pow(n as u32)) % 6];
        let list = format!("[{}, {}, {}, {}]", at(0), at(1), at(2), at(3));
        format!(
            "[[op]]\naverage_pool2d={{input='x',kernel=[{},{}],stride=[{},{}],padding={}}}\noutput={{name='{i}'}}\n\
             [[op]]\npad={{input='x',before={list},after={list}}}\noutput={{name='p{i}'}}\n",
            at(0),
            at(1),
            at(2),
            at(3),
            if i % 3 == 0 { "'same'" } else { &list },
        )
    })
}
